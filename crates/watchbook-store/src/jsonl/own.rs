//! The commits that a directory made itself, as against those that were planted in it.

use std::collections::{HashMap, VecDeque};
use std::ops::ControlFlow;
use std::sync::Arc;

use async_trait::async_trait;
use watchbook_core::text::Short;
use watchbook_core::{Commit, Digest, IncidentId, NodeId, Set, StoreId};

use crate::auto::{Local, MAX_RUN_BYTES, OwnCommits, weight};
use crate::contract::{Apart, StoreError};
use crate::journal::{Entry, Journal, JournalError, Position, RawCommit};

use super::artifacts;
use super::book::LineAt;
use super::codec::{self, CodecError, Skimmed};
use super::read::read_commit;
use super::shelf::node_of;
use super::store::Directory;
use super::{JsonlStore, failure};

#[async_trait]
impl Local for JsonlStore {
    fn log_id(&self) -> Result<StoreId, StoreError> {
        let journal = self.directory.journal_or_new().map_err(failure::writing)?;
        Ok(journal.store_id())
    }

    fn node(&self, log: StoreId) -> NodeId {
        node_of(log)
    }

    fn own_commits(&self) -> Box<dyn OwnCommits> {
        Box::new(OwnLines {
            directory: Arc::clone(&self.directory),
            reading: Some(Reading::default()),
        })
    }

    async fn secure(&self) -> Result<(), StoreError> {
        self.blocking(Directory::secure).await
    }

    fn settle(&self) -> Result<(), StoreError> {
        self.close()
    }
}

/// Reads the own commits of a directory, in order.
struct OwnLines {
    directory: Arc<Directory>,
    /// `None` while a thread that may wait for the disk has it, and after that was abandoned.
    reading: Option<Reading>,
}

#[async_trait]
impl OwnCommits for OwnLines {
    async fn next(&mut self, limit: usize) -> Result<Vec<Apart>, StoreError> {
        self.read(move |reading, directory| reading.next(directory, limit))
            .await
    }

    async fn count_after(&mut self, n: u64) -> Result<u64, StoreError> {
        self.read(move |reading, directory| reading.count_after(directory, n))
            .await
    }
}

impl OwnLines {
    /// Reads on, off the threads that must not wait for the disk.
    async fn read<T, F>(&mut self, read: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Reading, &Directory) -> Result<T, StoreError> + Send + 'static,
    {
        let mut reading = self.reading.take().ok_or_else(failure::abandoned)?;
        let directory = Arc::clone(&self.directory);
        let read = tokio::task::spawn_blocking(move || {
            let answer = read(&mut reading, &directory);
            (reading, answer)
        });
        let (reading, answer) = read.await.map_err(|_| failure::abandoned())?;
        self.reading = Some(reading);
        answer
    }
}

/// How far the journal was looked through, and the own commits that were found and not given yet.
#[derive(Default)]
struct Reading {
    position: Option<Position>,
    found: VecDeque<Own>,
    known: HashMap<IncidentId, Known>,
    /// The incidents of each alert group.
    groups: HashMap<Short, Vec<IncidentId>>,
}

/// Where an own commit stands, and what its writer had seen of each of its incidents.
struct Own {
    n: u64,
    at: LineAt,
    seen: Vec<(IncidentId, u32)>,
}

/// The lines of an incident that came from the database before the first own one.
#[derive(Default)]
struct Known {
    upto: u32,
    is_own: bool,
}

impl Reading {
    fn next(&mut self, directory: &Directory, limit: usize) -> Result<Vec<Apart>, StoreError> {
        let Some(journal) = directory.journal().map_err(failure::reading)? else {
            return Ok(Vec::new());
        };
        self.look_through(&journal).map_err(failure::reading)?;
        let (mut commits, mut weighs) = (Vec::new(), 0);
        while commits.len() < limit
            && weighs < MAX_RUN_BYTES
            && let Some(own) = self.found.front()
        {
            let commit = read_commit(&journal, own.at)?.commit;
            let bytes = bytes_of(directory, &commit)?;
            if let Some(Own { n, seen, .. }) = self.found.pop_front() {
                let apart = Apart {
                    n,
                    commit,
                    seen,
                    bytes,
                };
                weighs += weight(&apart);
                commits.push(apart);
            }
        }
        Ok(commits)
    }

    fn count_after(&mut self, directory: &Directory, n: u64) -> Result<u64, StoreError> {
        let Some(journal) = directory.journal().map_err(failure::reading)? else {
            return Ok(0);
        };
        self.look_through(&journal).map_err(failure::reading)?;
        Ok(self.found.iter().filter(|own| own.n > n).count() as u64)
    }

    /// Notes where the own commits stand that were not looked at yet.
    fn look_through(&mut self, journal: &Journal) -> Result<(), JournalError> {
        let node = node_of(journal.store_id());
        let from = self.position.unwrap_or_else(|| journal.start());
        let end = journal.scan(
            &from,
            0,
            |raw: &RawCommit<'_>| codec::skim(raw.by, raw.records),
            |entry| {
                self.take(node, entry);
                ControlFlow::Continue(())
            },
        )?;
        self.position = Some(end);
        Ok(())
    }

    fn take(&mut self, node: NodeId, entry: Entry<'_, Result<Skimmed, CodecError>>) {
        // What is damaged is told by the log itself and cannot be brought anywhere.
        let Entry::Commit {
            n,
            location,
            value: Ok(skimmed),
            ..
        } = entry
        else {
            return;
        };
        let is_own = skimmed.stamp.node == node;
        let mut seen: Vec<(IncidentId, u32)> = Vec::new();
        for footprint in &skimmed.footprints {
            if let Some(group) = footprint.set.iter().find_map(Set::group_key) {
                let members = self.groups.entry(group.clone()).or_default();
                if is_own {
                    // Its writer knew of them and opened another one in spite of that.
                    seen.extend(members.iter().filter_map(|id| {
                        let known = self.known.get(id)?;
                        (known.upto > 0).then_some((*id, known.upto))
                    }));
                }
                members.push(footprint.incident_id);
            }
            let known = self.known.entry(footprint.incident_id).or_default();
            if is_own {
                known.is_own = true;
                let pair = (footprint.incident_id, known.upto);
                if known.upto > 0 && !seen.contains(&pair) {
                    seen.push(pair);
                }
            } else if !known.is_own && footprint.seq == known.upto + 1 {
                known.upto = footprint.seq;
            }
        }
        if is_own {
            self.found.push_back(Own {
                n,
                at: LineAt::new(location.segment, location.offset),
                seen,
            });
        }
    }
}

/// The bytes of the artifacts that a commit names.
fn bytes_of(
    directory: &Directory,
    commit: &Commit,
) -> Result<Vec<(IncidentId, Digest, Vec<u8>)>, StoreError> {
    let mut bytes = Vec::new();
    for event in commit.events() {
        for set in &event.set {
            if let Set::Artifact { name, version } = set {
                let incident = event.incident_id;
                let (disk, layout) = (&*directory.options.disk, &directory.options.layout);
                let sha256 = version.sha256;
                let content = artifacts::read(disk, layout, incident, name, version.clone())?;
                bytes.push((incident, sha256, content.bytes));
            }
        }
    }
    Ok(bytes)
}
