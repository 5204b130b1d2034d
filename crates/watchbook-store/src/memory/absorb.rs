//! Commits of a log that was apart, brought in.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use watchbook_core::reconcile::{self, Ground, Held, Opening, Reconciled, reconcile};
use watchbook_core::text::Short;
use watchbook_core::{
    ChangeId, Commit, Digest, Event, EventId, IncidentId, IncidentState, KeyUse, Set, StoreId,
};

use super::book::Book;
use super::{MAX_COMMITS, MemoryStore, full};
use crate::contract::{Absorb, Absorbed, Apart, KeptLine, Run, StoreError, Unfit};

/// What is known of the logs that were brought in.
#[derive(Debug, Clone, Default)]
pub(super) struct TakenIn {
    /// Up to which number the commits of each are here.
    progress: BTreeMap<StoreId, u64>,
    /// Lines that a log has of its own, though another node stamped the one that is here.
    met: BTreeSet<(StoreId, EventId)>,
}

#[async_trait]
impl Absorb for MemoryStore {
    async fn store_id(&self) -> Result<StoreId, StoreError> {
        Ok(self.id)
    }

    async fn absorbed(&self, source: StoreId) -> Result<u64, StoreError> {
        Ok(self.book.lock().absorbed(source))
    }

    async fn absorb(&self, run: Run) -> Result<Absorbed, StoreError> {
        self.book.lock().absorb(&run)
    }
}

impl Book {
    fn absorbed(&self, source: StoreId) -> u64 {
        self.taken_in.progress.get(&source).copied().unwrap_or(0)
    }

    fn absorb(&mut self, run: &Run) -> Result<Absorbed, StoreError> {
        run.check(self.absorbed(run.source))?;
        if self.commits() >= MAX_COMMITS {
            return Err(full("commits"));
        }
        let mut absorbed = Absorbed::default();
        for apart in &run.commits {
            match self.found(run, apart) {
                Err(unfit) => absorbed.unfit.push(Unfit {
                    n: apart.n,
                    why: unfit.to_string(),
                }),
                Ok(reconciled) => {
                    absorbed.count(&reconciled);
                    self.write(run.source, reconciled, apart);
                }
            }
        }
        self.taken_in.progress.insert(run.source, run.upto);
        Ok(absorbed)
    }

    fn found(&self, run: &Run, apart: &Apart) -> Result<Reconciled, reconcile::Unfit> {
        let ground = Here {
            book: self,
            source: run.source,
            bytes: &apart.bytes,
        };
        let Apart { commit, seen, .. } = apart;
        let node = run.node;
        reconcile(&ground, reconcile::Apart { node, commit, seen })
    }

    fn write(&mut self, source: StoreId, reconciled: Reconciled, apart: &Apart) {
        let Reconciled {
            commit,
            beside,
            met,
        } = reconciled;
        let sound = |bytes: &&(IncidentId, Digest, Vec<u8>)| Digest::of(&bytes.2) == bytes.1;
        for (_, sha256, bytes) in apart.bytes.iter().filter(sound) {
            self.artifacts.insert(*sha256, bytes.clone());
        }
        let commits: Vec<Commit> = commit.into_iter().chain(beside).collect();
        for commit in &commits {
            self.take(commit);
        }
        let met = met.into_iter().map(|event| (source, event));
        self.taken_in.met.extend(met);
    }
}

/// The book as a log finds it that is brought in.
struct Here<'a> {
    book: &'a Book,
    source: StoreId,
    /// What comes with the commit.
    bytes: &'a [(IncidentId, Digest, Vec<u8>)],
}

impl Here<'_> {
    fn lines(&self) -> impl Iterator<Item = &KeptLine> {
        self.book.incidents.values().flat_map(|entry| &entry.lines)
    }
}

impl Ground for Here<'_> {
    fn incident(&self, id: IncidentId) -> Option<&IncidentState> {
        self.book.incidents.get(&id).map(|entry| &entry.state)
    }

    fn holds(&self, event: EventId) -> Option<Held> {
        let line = self.lines().find(|line| line.event.id == event)?;
        Some(Held {
            incident: line.event.incident_id,
            node: line.event.stamp.node,
        })
    }

    fn lines_after(&self, incident: IncidentId, seq: u32) -> Vec<&Event> {
        let entry = self.book.incidents.get(&incident).into_iter();
        let events = entry.flat_map(|entry| entry.lines.iter().map(|line| &line.event));
        events
            .filter(|event| event.seq > seq && !event.set.is_empty())
            .collect()
    }

    fn is_met(&self, event: EventId) -> bool {
        self.book.taken_in.met.contains(&(self.source, event))
    }

    fn openings(&self, change: ChangeId, group: Option<&Short>) -> Vec<Opening<'_>> {
        let is_for = |set: &Set| matches!(set, Set::GroupKey(key) if Some(key) == group);
        let first = self.book.incidents.values();
        first
            .filter_map(|entry| entry.lines.first())
            .filter(|line| line.change == change || line.event.set.iter().any(is_for))
            .map(|line| Opening {
                change: line.change,
                event: &line.event,
            })
            .collect()
    }

    fn key(&self, change: ChangeId) -> Option<&KeyUse> {
        let remembered = self.book.remembered.get(&change);
        remembered.map(|remembered| &remembered.used)
    }

    fn has_bytes(&self, incident: IncidentId, sha256: Digest) -> bool {
        let comes = |(on, digest, bytes): &(IncidentId, Digest, Vec<u8>)| {
            (*on, *digest) == (incident, sha256) && Digest::of(bytes) == sha256
        };
        self.book.artifacts.contains_key(&sha256) || self.bytes.iter().any(comes)
    }
}
