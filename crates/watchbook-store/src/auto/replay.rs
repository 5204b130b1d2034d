//! The way back: bringing what was written meanwhile into the database.

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::time::Instant;
use watchbook_core::{IncidentId, NodeId, StoreId};

use super::condition::{Condition, Signal};
use super::mirror::last_line;
use super::notes::{
    FOLLOWED, Followed, MAX_QUARANTINED, QUARANTINE, Quarantined, REPLAYED, Replayed,
};
use super::shelter::{Local, OwnCommits};
use super::{AutoStore, GATE};
use crate::contract::{Apart, FeedPosition, Loss, Lost, MAX_ABSORBED, Run, StoreError};

/// How often the gate is tried before a replay is put off to the next tending.
const TRIES: u32 = 20;

/// A replay under way.
struct Replay {
    generation: u64,
    log: StoreId,
    node: NodeId,
    own: Box<dyn OwnCommits>,
    /// Own commits that were read while those before them were brought in.
    ahead: Vec<Apart>,
    /// Up to which number the log's own commits are in the database.
    upto: u64,
    /// Incidents of commits that were brought in since the fresh mirror last took them over.
    touched: BTreeSet<IncidentId>,
}

/// The log that goes on after a replay, and up to where it follows the database.
struct NextLog {
    generation: u64,
    log: Arc<dyn Local>,
    position: FeedPosition,
}

impl AutoStore {
    /// Brings everything in and goes back to the database. The caller has the right to tend.
    pub(super) async fn replay(&self, condition: &Condition) -> Result<(), StoreError> {
        let primary = &self.node.primary;
        check_store(condition.store, primary.store_id().await?)?;
        let local = self.local(condition.generation)?;
        let log = local.log_id()?;
        let mut replay = Replay {
            generation: condition.generation,
            log,
            node: local.node(log),
            own: local.own_commits(),
            ahead: Vec::new(),
            upto: primary.absorbed(log).await?,
            touched: BTreeSet::new(),
        };
        self.check_last_report(&mut replay).await?;
        self.bring_in(&mut replay).await?;
        self.bring_in_audit(&*local).await?;
        self.go_back(condition, &*local, replay).await
    }

    /// Brings in own commits until what is left is small: no more than one run, which may have been written meanwhile.
    async fn bring_in(&self, replay: &mut Replay) -> Result<(), StoreError> {
        while self.bring_in_some(replay).await? == MAX_ABSORBED {}
        Ok(())
    }

    /// Brings in what is left while the gate is closed; `false` when it cannot be closed for as long as that takes.
    async fn bring_in_the_rest(&self, replay: &mut Replay) -> Result<bool, StoreError> {
        let opens = Instant::now() + GATE;
        while self.bring_in_some(replay).await? > 0 {
            if Instant::now() >= opens {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Brings in the next run of own commits; gives how many were looked at.
    async fn bring_in_some(&self, replay: &mut Replay) -> Result<usize, StoreError> {
        let mut commits = std::mem::take(&mut replay.ahead);
        // None were there when it was looked ahead, and some may have come since.
        if commits.is_empty() {
            commits = replay.own.next(MAX_ABSORBED).await?;
        }
        let (count, after) = (commits.len(), replay.upto);
        let commits: Vec<Apart> = commits.into_iter().filter(|one| one.n > after).collect();
        if let Some(upto) = commits.last().map(|last| last.n) {
            self.absorb_run(replay, commits, upto).await?;
        }
        Ok(count)
    }

    async fn absorb_run(
        &self,
        replay: &mut Replay,
        commits: Vec<Apart>,
        upto: u64,
    ) -> Result<(), StoreError> {
        let after = replay.upto;
        let incidents = commits.iter().flat_map(|one| one.commit.events());
        let touched: Vec<IncidentId> = incidents.map(|event| event.incident_id).collect();
        let run = Run {
            source: replay.log,
            node: replay.node,
            after,
            commits,
            upto,
        };
        let (absorbed, ahead) =
            tokio::join!(self.node.primary.absorb(run), replay.own.next(MAX_ABSORBED));
        let absorbed = absorbed?;
        self.node.counters.absorbed(
            absorbed.taken,
            absorbed.unfit.len() as u64,
            absorbed.conflicts,
        );
        let unfit = absorbed.unfit.into_iter().map(|unfit| Quarantined {
            generation: replay.generation,
            n: unfit.n,
            why: unfit.why,
        });
        self.set_aside(unfit.collect())?;
        replay.upto = upto;
        replay.touched.extend(touched);
        let (log, upto) = (replay.log, replay.upto);
        self.keep_note(REPLAYED, &Replayed { log, upto })?;
        replay.ahead = ahead?;
        Ok(())
    }

    /// Goes back: with a fresh mirror when anything was written here, whose numbers were provisional.
    async fn go_back(
        &self,
        condition: &Condition,
        local: &dyn Local,
        mut replay: Replay,
    ) -> Result<(), StoreError> {
        let mut next = self.next_log(condition, &mut replay).await?;
        for _ in 0..TRIES {
            self.refresh(&mut next, &mut replay).await?;
            if next.generation == condition.generation && replay.upto > 0 {
                next = self.next_log(condition, &mut replay).await?;
                continue;
            }
            let Some(_closed) = self.node.shelter.close(GATE).await? else {
                continue;
            };
            if !self.bring_in_the_rest(&mut replay).await? {
                continue;
            }
            self.refresh(&mut next, &mut replay).await?;
            if next.generation == condition.generation && replay.upto > 0 {
                continue;
            }
            self.bring_in_audit(local).await?;
            return self.switch(condition, next);
        }
        Err(StoreError::Unavailable {
            why: "writers leave no moment to go back to the database".to_owned(),
            retry_after: GATE,
            source: None,
        })
    }

    /// The log that goes on after the replay: the same one if nothing was written here.
    async fn next_log(
        &self,
        condition: &Condition,
        replay: &mut Replay,
    ) -> Result<NextLog, StoreError> {
        match self.followed(condition.generation)? {
            Some(followed) if replay.upto == 0 => Ok(NextLog {
                generation: condition.generation,
                log: self.local(condition.generation)?,
                position: followed.position(),
            }),
            _ => {
                let generation = condition.generation + 1;
                let (log, position) = self.make_mirror(generation).await?;
                // What is in it was read after all of them were brought in.
                for id in std::mem::take(&mut replay.touched) {
                    if last_line(&*log, id).await? == 0 {
                        replay.touched.insert(id);
                    }
                }
                Ok(NextLog {
                    generation,
                    log,
                    position,
                })
            }
        }
    }

    fn switch(&self, condition: &Condition, next: NextLog) -> Result<(), StoreError> {
        let NextLog {
            generation,
            log,
            position,
        } = next;
        self.keep_note(FOLLOWED, &Followed::new(generation, position))?;
        self.signal(&Signal::CaughtUp { generation }, condition.epoch)?;
        self.use_log(generation, log);
        self.retire_before(generation)
    }

    /// Brings in what was written since the last time, and takes over what became of it.
    async fn refresh(&self, next: &mut NextLog, replay: &mut Replay) -> Result<(), StoreError> {
        self.bring_in(replay).await?;
        if next.generation == replay.generation && replay.upto > 0 {
            return Ok(());
        }
        // The feed tells of them once every older transaction has ended; reads may not wait for that.
        let touched: Vec<IncidentId> = std::mem::take(&mut replay.touched).into_iter().collect();
        self.take_over_these(&*next.log, &touched).await?;
        next.position = self.catch_up(&*next.log, next.position).await?.1;
        Ok(())
    }

    /// Looks at the commits whose outcome the database knows and this node does not, because it died between the
    /// answer and writing it down: those that are not there were left out.
    async fn check_last_report(&self, replay: &mut Replay) -> Result<(), StoreError> {
        let known = self
            .note::<Replayed>(REPLAYED)?
            .filter(|known| known.log == replay.log)
            .map_or(0, |known| known.upto);
        if known >= replay.upto {
            return Ok(());
        }
        let mut own = self.local(replay.generation)?.own_commits();
        let mut left_out = Vec::new();
        loop {
            let commits = own.next(MAX_ABSORBED).await?;
            let done = commits.last().is_none_or(|last| last.n >= replay.upto);
            for commit in commits {
                if commit.n > known && commit.n <= replay.upto && !self.is_there(&commit).await? {
                    left_out.push(Quarantined {
                        generation: replay.generation,
                        n: commit.n,
                        why: "it is not in the database, and why was not written down".to_owned(),
                    });
                }
            }
            if done {
                break;
            }
        }
        self.set_aside(left_out)?;
        let (log, upto) = (replay.log, replay.upto);
        self.keep_note(REPLAYED, &Replayed { log, upto })
    }

    /// Whether the lines of a commit are in the database.
    async fn is_there(&self, commit: &Apart) -> Result<bool, StoreError> {
        let Some(event) = commit.commit.events().next() else {
            return Ok(true);
        };
        let wholes = self.node.primary.export(&[(event.incident_id, 0)]).await?;
        let mut lines = wholes.iter().flat_map(|whole| &whole.lines);
        Ok(lines.any(|line| line.event.id == event.id))
    }

    fn set_aside(&self, unfit: Vec<Quarantined>) -> Result<(), StoreError> {
        if unfit.is_empty() {
            return Ok(());
        }
        let mut all = self.quarantine()?;
        for one in unfit {
            tracing::error!(
                generation = one.generation,
                commit = one.n,
                "a commit could not be brought into the database and is kept here: {}",
                one.why
            );
            if all.len() < MAX_QUARANTINED && !all.contains(&one) {
                all.push(one);
            }
        }
        self.keep_note(QUARANTINE, &all)
    }

    /// The commits that could not be brought in.
    pub(super) fn quarantine(&self) -> Result<Vec<Quarantined>, StoreError> {
        Ok(self.note(QUARANTINE)?.unwrap_or_default())
    }
}

/// Refuses to bring commits into another database than the one they belong to.
pub(super) fn check_store(expected: Option<StoreId>, found: StoreId) -> Result<(), StoreError> {
    match expected {
        Some(expected) if expected != found => {
            let why = format!(
                "DATABASE_URL leads to another store ({found}) than this node belongs to ({expected}); correct DATABASE_URL, or move ops/auto away if that is meant"
            );
            Err(StoreError::Unavailable {
                why: why.clone(),
                retry_after: super::RETRY,
                source: Some(Box::new(Lost::new(Loss::Misconfigured, why))),
            })
        }
        _ => Ok(()),
    }
}
