//! The commits that a store made itself, as against those that it took over.

use std::sync::Arc;

use async_trait::async_trait;
use parking_lot::Mutex;
use watchbook_core::text::Short;
use watchbook_core::{Commit, Digest, IncidentId, NodeId, Set, StoreId};

use super::MemoryStore;
use super::book::Book;
use crate::auto::{Local, MAX_RUN_BYTES, OwnCommits, Primary, weight};
use crate::contract::{Apart, KeptLine, StoreError};

/// A commit that was decided here.
#[derive(Debug, Clone)]
pub(super) struct Made {
    pub(super) n: u64,
    pub(super) commit: Commit,
    /// Up to which number its writer had seen the lines of other logs, for each incident that has any.
    pub(super) seen: Vec<(IncidentId, u32)>,
}

impl Primary for MemoryStore {
    fn reconnect(&self) {}
}

#[async_trait]
impl Local for MemoryStore {
    fn log_id(&self) -> Result<StoreId, StoreError> {
        Ok(self.id)
    }

    fn node(&self, _log: StoreId) -> NodeId {
        self.book.lock().node()
    }

    fn own_commits(&self) -> Box<dyn OwnCommits> {
        Box::new(OwnMade {
            book: Arc::clone(&self.book),
            given: 0,
        })
    }

    async fn secure(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn settle(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

struct OwnMade {
    book: Arc<Mutex<Book>>,
    given: usize,
}

#[async_trait]
impl OwnCommits for OwnMade {
    async fn next(&mut self, limit: usize) -> Result<Vec<Apart>, StoreError> {
        let book = self.book.lock();
        let (mut commits, mut bytes) = (Vec::new(), 0);
        for made in book.made.iter().skip(self.given).take(limit) {
            let apart = book.apart(made);
            bytes += weight(&apart);
            commits.push(apart);
            if bytes >= MAX_RUN_BYTES {
                break;
            }
        }
        self.given += commits.len();
        Ok(commits)
    }

    async fn count_after(&mut self, n: u64) -> Result<u64, StoreError> {
        let book = self.book.lock();
        let made = book.made.iter().skip(self.given);
        Ok(made.filter(|made| made.n > n).count() as u64)
    }
}

impl Book {
    /// What the writer of a commit that is decided now has seen: the lines of other logs before the first own one, of the
    /// incidents that it touches and of those that were opened for the same alert group.
    pub(super) fn seen(&self, commit: &Commit) -> Vec<(IncidentId, u32)> {
        let mut seen: Vec<(IncidentId, u32)> = Vec::new();
        for event in commit.events() {
            let group = event.set.iter().find_map(Set::group_key);
            let alike = group.into_iter().flat_map(|group| self.opened_for(group));
            for id in std::iter::once(event.incident_id).chain(alike) {
                let upto = self.known_upto(id);
                if upto > 0 && !seen.contains(&(id, upto)) {
                    seen.push((id, upto));
                }
            }
        }
        seen
    }

    /// The incidents that were opened for an alert group.
    fn opened_for<'a>(&'a self, group: &'a Short) -> impl Iterator<Item = IncidentId> + 'a {
        let is_for = move |line: &KeptLine| {
            line.event
                .set
                .iter()
                .any(|set| set.group_key() == Some(group))
        };
        let opened = self.incidents.iter();
        opened
            .filter(move |(_, entry)| entry.lines.first().is_some_and(is_for))
            .map(|(id, _)| *id)
    }

    /// Up to which number the lines of an incident came from another log before the first own one.
    fn known_upto(&self, id: IncidentId) -> u32 {
        let entry = self.incidents.get(&id).into_iter();
        let others = entry
            .flat_map(|entry| &entry.lines)
            .take_while(|line| line.event.stamp.node != self.node());
        others.last().map_or(0, |line| line.event.seq)
    }

    fn apart(&self, made: &Made) -> Apart {
        Apart {
            n: made.n,
            commit: made.commit.clone(),
            seen: made.seen.clone(),
            bytes: self.bytes_of(&made.commit),
        }
    }

    /// The bytes of the artifacts that a commit names.
    fn bytes_of(&self, commit: &Commit) -> Vec<(IncidentId, Digest, Vec<u8>)> {
        let sets = commit
            .events()
            .flat_map(|event| event.set.iter().map(|set| (event.incident_id, set)));
        sets.filter_map(|(incident, set)| {
            let Set::Artifact { version, .. } = set else {
                return None;
            };
            let bytes = self.artifacts.get(&version.sha256)?;
            Some((incident, version.sha256, bytes.clone()))
        })
        .collect()
    }
}
