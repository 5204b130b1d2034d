//! What became of the commits that were brought in: which of them could not be, also when this node died before it could
//! write that down.

use std::collections::{BTreeMap, HashSet};

use watchbook_core::{EventId, IncidentId};

use super::AutoStore;
use super::notes::{MAX_QUARANTINED, QUARANTINE, Quarantined, REPLAYED, Replayed};
use super::replay::Replay;
use crate::contract::{Apart, MAX_ABSORBED, StoreError};

/// The lines that the database has of some incidents.
#[derive(Default)]
struct There(BTreeMap<IncidentId, HashSet<EventId>>);

impl AutoStore {
    /// Looks at the commits whose outcome the database knows and this node does not, because it died between the
    /// answer and writing it down: those that are not there were left out.
    pub(super) async fn check_last_report(&self, replay: &mut Replay) -> Result<(), StoreError> {
        let known = self
            .note::<Replayed>(REPLAYED)?
            .filter(|known| known.log == replay.log)
            .map_or(0, |known| known.upto);
        if known >= replay.upto {
            return Ok(());
        }
        let mut own = self.local(replay.generation)?.own_commits();
        let mut left_out = Vec::new();
        let mut there = There::default();
        loop {
            let commits = own.next(MAX_ABSORBED).await?;
            let done = commits.last().is_none_or(|last| last.n >= replay.upto);
            for commit in commits {
                let is_meant = commit.n > known && commit.n <= replay.upto;
                if is_meant && !self.is_there(&commit, &mut there).await? {
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
    async fn is_there(&self, commit: &Apart, there: &mut There) -> Result<bool, StoreError> {
        let Some(event) = commit.commit.events().next() else {
            return Ok(true);
        };
        let incident = event.incident_id;
        if let Some(lines) = there.0.get(&incident) {
            return Ok(lines.contains(&event.id));
        }
        let wholes = self.node.primary.export(&[(incident, 0)]).await?;
        let lines = wholes.iter().flat_map(|whole| &whole.lines);
        let lines: HashSet<EventId> = lines.map(|line| line.event.id).collect();
        let is_there = lines.contains(&event.id);
        there.0.insert(incident, lines);
        Ok(is_there)
    }

    /// Notes what could not be brought in.
    pub(super) fn set_aside(&self, unfit: Vec<Quarantined>) -> Result<(), StoreError> {
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
