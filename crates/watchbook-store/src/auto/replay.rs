//! The way back: bringing what was written meanwhile into the database.

use std::collections::BTreeSet;
use std::sync::Arc;

use watchbook_core::{IncidentId, NodeId, StoreId};

use super::audit::BroughtIn;
use super::condition::{Condition, Signal, shortened};
use super::mirror::last_line;
use super::notes::{FOLLOWED, Followed, Quarantined, REPLAYED, Replayed};
use super::renew::AT_ONCE;
use super::shelter::{Local, MAX_RUN_BYTES, OwnCommits, weight};
use super::{AutoStore, GATE};
use crate::contract::{Apart, FeedPosition, Loss, Lost, MAX_ABSORBED, Run, StoreError};

/// How often the gate is tried before a replay is put off to the next tending.
const TRIES: u32 = 20;
/// How many runs are brought in at most while writers wait at the gate.
const LAST_RUNS: u32 = 2;
/// How many runs are brought in until it is looked whether writers are quicker.
const RUNS_AT_ONCE: usize = 8;

/// A replay under way.
pub(super) struct Replay {
    pub(super) generation: u64,
    pub(super) log: StoreId,
    node: NodeId,
    own: Box<dyn OwnCommits>,
    /// Up to which number the log's own commits are in the database.
    pub(super) upto: u64,
    /// Whether commits are written quicker than they are brought in.
    is_outpaced: bool,
    /// Incidents of commits that were brought in since the fresh mirror last took them over.
    touched: BTreeSet<IncidentId>,
    trail: BroughtIn,
}

/// The log that goes on after a replay.
struct NextLog {
    generation: u64,
    /// What it has of the database; `None` when it is empty and to be made beside the healthy database.
    mirror: Option<Mirror>,
}

/// A local log, and up to where it follows the database.
struct Mirror {
    log: Arc<dyn Local>,
    position: FeedPosition,
}

/// How many own commits a look found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Looked {
    /// None.
    Nothing,
    /// Some.
    Some,
    /// As many as one run takes, so there may be more.
    FullRun,
}

impl Looked {
    fn at(commits: &[Apart]) -> Self {
        let weighs: usize = commits.iter().map(weight).sum();
        match commits.len() {
            0 => Self::Nothing,
            MAX_ABSORBED => Self::FullRun,
            _ if weighs >= MAX_RUN_BYTES => Self::FullRun,
            _ => Self::Some,
        }
    }
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
            upto: primary.absorbed(log).await?,
            is_outpaced: false,
            touched: BTreeSet::new(),
            trail: BroughtIn::default(),
        };
        self.check_last_report(&mut replay).await?;
        self.bring_in(&mut replay).await?;
        self.bring_in_audit(&*local, &mut replay.trail).await?;
        self.go_back(condition, &*local, replay).await
    }

    /// Brings in own commits until what is left is small: no more than one run. Writers go on meanwhile; when they are
    /// quicker than that, they are let in for moments only.
    async fn bring_in(&self, replay: &mut Replay) -> Result<(), StoreError> {
        let mut before = u64::MAX;
        loop {
            let waiting = replay.own.count_after(replay.upto).await?;
            if waiting <= MAX_ABSORBED as u64 {
                return self.bring_in_some(replay).await.map(|_| ());
            }
            replay.is_outpaced |= waiting >= before;
            before = waiting;
            if replay.is_outpaced {
                let _closed = self.node.shelter.close(GATE).await?;
                Self::in_time(self.bring_in_the_rest(replay)).await?;
            } else {
                for _ in 0..RUNS_AT_ONCE {
                    self.bring_in_some(replay).await?;
                }
            }
        }
    }

    /// Brings in what is left while the gate is closed; `false` when that is more than a few runs.
    async fn bring_in_the_rest(&self, replay: &mut Replay) -> Result<bool, StoreError> {
        for _ in 0..LAST_RUNS {
            if self.bring_in_some(replay).await? == Looked::Nothing {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Brings in the next run of own commits.
    async fn bring_in_some(&self, replay: &mut Replay) -> Result<Looked, StoreError> {
        let commits = replay.own.next(MAX_ABSORBED).await?;
        let (looked, after) = (Looked::at(&commits), replay.upto);
        let commits: Vec<Apart> = commits.into_iter().filter(|one| one.n > after).collect();
        if let Some(upto) = commits.last().map(|last| last.n) {
            self.absorb_run(replay, commits, upto).await?;
        }
        Ok(looked)
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
        let absorbed = self.node.primary.absorb(run).await?;
        self.node.counters.absorbed(
            absorbed.taken,
            absorbed.unfit.len() as u64,
            absorbed.conflicts,
        );
        let unfit = absorbed.unfit.into_iter().map(|unfit| Quarantined {
            generation: replay.generation,
            n: unfit.n,
            why: shortened(unfit.why),
        });
        self.set_aside(unfit.collect())?;
        replay.upto = upto;
        replay.touched.extend(touched);
        let (log, upto) = (replay.log, replay.upto);
        self.keep_note(REPLAYED, &Replayed { log, upto })
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
            let last = self.bring_in_the_last(condition, local, &mut replay, &mut next);
            if Self::in_time(last).await? {
                return self.switch(condition, next);
            }
        }
        Err(StoreError::Unavailable {
            why: "writers leave no moment to go back to the database".to_owned(),
            retry_after: GATE,
            source: None,
        })
    }

    /// What is left when the gate is closed; `false` when that is too much.
    async fn bring_in_the_last(
        &self,
        condition: &Condition,
        local: &dyn Local,
        replay: &mut Replay,
        next: &mut NextLog,
    ) -> Result<bool, StoreError> {
        if !self.bring_in_the_rest(replay).await? {
            return Ok(false);
        }
        self.refresh(next, replay).await?;
        if next.generation == condition.generation && replay.upto > 0 {
            return Ok(false);
        }
        self.bring_in_audit(local, &mut replay.trail).await?;
        Ok(true)
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
                mirror: Some(Mirror {
                    log: self.local(condition.generation)?,
                    position: followed.position(),
                }),
            }),
            _ => {
                let generation = condition.generation + 1;
                let mirror = match self.make_mirror(generation).await {
                    Ok((log, position)) => Some(Mirror { log, position }),
                    Err(error) => self.without_mirror(generation, error)?,
                };
                if let Some(Mirror { log, .. }) = &mirror {
                    // What is in it was read after all of them were brought in.
                    for id in std::mem::take(&mut replay.touched) {
                        if last_line(&**log, id).await? == 0 {
                            replay.touched.insert(id);
                        }
                    }
                }
                Ok(NextLog { generation, mirror })
            }
        }
    }

    /// Goes on without a mirror when it is this node that cannot keep one: everything is in the database, and a disk
    /// that is full must not stand before it.
    fn without_mirror(
        &self,
        generation: u64,
        error: StoreError,
    ) -> Result<Option<Mirror>, StoreError> {
        let is_in_use = self.node.shelter.condition()?.generation == generation;
        if error.loss().is_some() || is_in_use {
            return Err(error);
        }
        tracing::error!("there is no local copy of the database until one can be made: {error}");
        self.node.shelter.clear(generation)?;
        Ok(None)
    }

    fn switch(&self, condition: &Condition, next: NextLog) -> Result<(), StoreError> {
        let NextLog { generation, mirror } = next;
        let caught_up = Signal::CaughtUp { generation };
        if self.signal(&caught_up, condition.epoch)?.phase.is_apart() {
            return Err(StoreError::Unavailable {
                why: "another process of this node has lost the database meanwhile".to_owned(),
                retry_after: super::RETRY,
                source: None,
            });
        }
        if let Some(Mirror { log, position }) = mirror {
            self.keep_note(FOLLOWED, &Followed::new(generation, position))?;
            self.use_log(generation, log);
        }
        self.retire_before(generation);
        Ok(())
    }

    /// Brings in what was written since the last time, and takes over what became of it.
    async fn refresh(&self, next: &mut NextLog, replay: &mut Replay) -> Result<(), StoreError> {
        self.bring_in(replay).await?;
        if next.generation == replay.generation && replay.upto > 0 {
            return Ok(());
        }
        let Some(mirror) = &mut next.mirror else {
            return Ok(());
        };
        if let Err(error) = self.take_along(mirror, replay).await {
            next.mirror = self.without_mirror(next.generation, error)?;
        }
        Ok(())
    }

    async fn take_along(&self, mirror: &mut Mirror, replay: &mut Replay) -> Result<(), StoreError> {
        // The feed tells of them once every older transaction has ended; reads may not wait for that.
        let touched: Vec<IncidentId> = std::mem::take(&mut replay.touched).into_iter().collect();
        for some in touched.chunks(AT_ONCE) {
            self.take_over_these(&*mirror.log, some).await?;
        }
        mirror.position = self.catch_up(&*mirror.log, mirror.position).await?.1;
        mirror.log.secure().await
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
