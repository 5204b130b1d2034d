//! What keeps a directory well: checkpoints, projections made anew, keys under the lock, health.

use std::sync::Arc;

use parking_lot::RwLockWriteGuard;
use watchbook_core::{ArtifactName, Command, Decision, Digest, IncidentId, KeyRecord};

use crate::contract::{Applied, ArtifactContent, Health, Pepper, StoreError};
use crate::journal::{FsyncPolicy, Journal};

use super::obstacle::Part;
use super::overlay::Overlay;
use super::read::{self, no_incident};
use super::store::Directory;
use super::{artifacts, checkpoint, failure, keys, redaction};

/// After this many commits a checkpoint is written, so that the next opening reads little.
const CHECKPOINT_EVERY: u64 = 100_000;

impl Directory {
    /// How it is doing.
    pub(crate) fn health(&self) -> Health {
        let mut health = Health {
            backend: "jsonl",
            readable: true,
            read_only: None,
            degraded_since: None,
            commits: 0,
            head: None,
            damaged: Vec::new(),
        };
        match self.fresh() {
            Ok(shelf) => {
                health.commits = shelf.position.map_or(0, |position| position.n);
                health.head = shelf.position.map(|position| position.chain);
                health.damaged.clone_from(&shelf.damages);
            }
            Err(error) => {
                health.readable = false;
                health.read_only = Some(error.to_string());
            }
        }
        if health.read_only.is_none() {
            health.read_only = self.write_obstacle();
        }
        health
    }

    /// What `apply` would answer; nothing is locked and nothing written.
    pub(crate) fn preview(&self, command: &Command) -> Result<Applied, StoreError> {
        let shelf = self.fresh()?;
        Self::check_writable(&shelf, command)?;
        let target = redaction::find_target(self, &shelf, command)?;
        let mut overlay = Overlay::new(&shelf.book);
        let stamp = shelf.book.clock().next(self.options.clock.now());
        let redacting = target.map(|target| target.event);
        match overlay
            .decide(command, stamp, redacting)
            .map_err(failure::packed)??
        {
            Decision::Replay => read::replay(self, &shelf, &overlay, command),
            Decision::Unchanged => overlay.unchanged(command),
            Decision::Commit {
                commit,
                changed,
                similar,
            } => {
                Self::check_undamaged(&shelf, &commit)?;
                self.check_fence(command)?;
                overlay.fold(&commit);
                Ok(Applied {
                    incident: overlay.incident(command.incident)?,
                    events: commit.into_events().collect(),
                    similar,
                    changed,
                    replayed: false,
                    durable: false,
                })
            }
        }
    }

    /// Writes a checkpoint if enough has happened since the last one.
    pub(crate) fn maybe_checkpoint(&self, journal: &Arc<Journal>) {
        if self.shelf.read().since_checkpoint >= CHECKPOINT_EVERY {
            // A checkpoint is a cache: without it the next opening reads more, and that is all.
            drop(self.checkpoint(journal));
        }
    }

    /// Writes a checkpoint of the book, unless something is damaged or unfinished, which a checkpoint would hide; and
    /// compacts projections that have outgrown it. The caller holds the lock.
    pub(crate) fn checkpoint(&self, journal: &Journal) -> Result<(), StoreError> {
        let mut shelf = self.shelf.write();
        let Some(position) = shelf.position else {
            return Ok(());
        };
        if !shelf.damages.is_empty() || !shelf.unscrubbed.is_empty() {
            return Ok(());
        }
        shelf.book.pack_all();
        // Writing and syncing takes a while: readers go on meanwhile.
        let shelf = RwLockWriteGuard::downgrade(shelf);
        checkpoint::write(
            &*self.options.disk,
            &self.options.layout,
            journal.store_id(),
            position,
            &shelf.book,
        )
        .map_err(failure::checkpointing)?;
        let overgrown = self.projections.is_overgrown(shelf.book.len() as u64);
        drop(shelf);
        self.shelf.write().since_checkpoint = 0;
        if overgrown {
            self.rebuild_projections()
        } else {
            Ok(())
        }
    }

    /// Makes durable what is not yet: the audit trail, and with [`FsyncPolicy::Interval`] the journal. Called each
    /// second.
    pub(crate) fn sync(&self) -> Result<(), StoreError> {
        self.sync_audit()?;
        if self.options.journal.fsync != FsyncPolicy::Interval {
            return Ok(());
        }
        let Some(journal) = self.journal().map_err(failure::reading)? else {
            return Ok(());
        };
        let mut locked = journal
            .lock(self.lock_deadline())
            .map_err(failure::writing)?;
        let synced = locked.sync().map_err(failure::syncing);
        if let Err(error) = &synced {
            // The journal takes no writes until it is opened anew, which the next use does.
            self.troubles.failed(Part::Journal, error);
            self.forget_journal();
        }
        synced
    }

    /// Leaves everything as the next opening likes to find it.
    pub(crate) fn close(&self) -> Result<(), StoreError> {
        self.sync()?;
        let Some(journal) = self.journal().map_err(failure::reading)? else {
            return Ok(());
        };
        if self.shelf.read().since_checkpoint == 0 {
            return Ok(());
        }
        let locked = journal
            .lock(self.lock_deadline())
            .map_err(failure::writing)?;
        self.catch_up_locked(&journal, &locked)?;
        self.checkpoint(&journal)
    }

    /// Makes `incidents.jsonl` and `artifacts.jsonl` anew. The caller holds the lock.
    pub(crate) fn rebuild_projections(&self) -> Result<(), StoreError> {
        let shelf = self.shelf.read();
        let Some(position) = shelf.position else {
            return Ok(());
        };
        let mut ids: Vec<IncidentId> = shelf.book.entries().map(|(id, _)| id).collect();
        ids.sort_unstable();
        let incidents = ids
            .into_iter()
            .filter_map(|id| shelf.book.incident(id).and_then(Result::ok));
        self.projections
            .rebuild(&position, incidents)
            .map_err(|error| failure::file("incidents.jsonl cannot be made anew", error))
    }

    /// Makes the projections anew when they have fallen behind. Not while something is damaged: they may be the only
    /// trace of what was lost. The caller holds the lock.
    pub(crate) fn renew_projections(&self) {
        let wanted = {
            let shelf = self.shelf.read();
            shelf.damages.is_empty() && self.projections.have_room(shelf.book.len() as u64)
        };
        if wanted {
            // Without a mark they are behind still, and the next writer tries again.
            drop(self.rebuild_projections());
        }
    }

    /// Refuses an attachment whose bytes are not there.
    pub(crate) fn check_bytes(
        &self,
        incident: IncidentId,
        sha256: Digest,
    ) -> Result<(), StoreError> {
        let path = self.options.layout.version(incident, sha256);
        match crate::disk::exists(&*self.options.disk, &path) {
            Ok(true) => Ok(()),
            Ok(false) => Err(StoreError::NotFound {
                what: "stored content",
                name: sha256.to_string(),
            }),
            Err(error) => Err(failure::file("the artifacts cannot be read", error)),
        }
    }

    /// Checks the bytes of an attachment and makes them durable, before anything names them.
    pub(crate) fn keep_bytes(&self, command: &Command, content: &[u8]) -> Result<(), StoreError> {
        let (name, sha256) = command.check_content(content)?;
        // Whatever decide would refuse must leave no bytes behind.
        self.preview(command)?;
        artifacts::keep(
            &*self.options.disk,
            &self.options.layout,
            command.incident,
            (name, sha256),
            content,
        )
    }

    /// Gives stored bytes their name. When that fails the bytes are still found by the log, and the next attachment
    /// or `rebuild` puts the name right.
    pub(crate) fn name_bytes(&self, incident: IncidentId, name: &ArtifactName, content: &[u8]) {
        drop(artifacts::publish(
            &*self.options.disk,
            &self.options.layout,
            incident,
            name,
            content,
        ));
    }

    /// An artifact with its bytes.
    pub(crate) fn artifact(
        &self,
        incident: IncidentId,
        name: &ArtifactName,
        version: Option<Digest>,
    ) -> Result<ArtifactContent, StoreError> {
        let found = {
            let shelf = self.fresh()?;
            let state = shelf
                .book
                .state(incident)
                .ok_or_else(|| no_incident(incident))?
                .map_err(failure::packed)?;
            state.artifact(name).and_then(|record| match version {
                None => record.versions.last().cloned(),
                Some(wanted) => record
                    .versions
                    .into_iter()
                    .find(|known| known.sha256 == wanted),
            })
        };
        let version = found.ok_or_else(|| StoreError::NotFound {
            what: "artifact",
            name: name.to_string(),
        })?;
        artifacts::read(
            &*self.options.disk,
            &self.options.layout,
            incident,
            name,
            version,
        )
    }

    /// All records of keys.
    pub(crate) fn keys(&self) -> Result<Vec<KeyRecord>, StoreError> {
        keys::read(&*self.options.disk, &self.options.layout)
    }

    /// Stores a record of a key, under the lock.
    pub(crate) fn put_key(&self, record: KeyRecord) -> Result<(), StoreError> {
        let journal = self.journal_or_new().map_err(failure::writing)?;
        let _locked = journal
            .lock(self.lock_deadline())
            .map_err(failure::writing)?;
        keys::put(&*self.options.disk, &self.options.layout, record)
    }

    /// The pepper, made under the lock when there is none.
    pub(crate) fn pepper(&self) -> Result<Pepper, StoreError> {
        let (disk, layout) = (&*self.options.disk, &self.options.layout);
        if let Some(pepper) = keys::read_pepper(disk, layout)? {
            return Ok(pepper);
        }
        let journal = self.journal_or_new().map_err(failure::writing)?;
        let _locked = journal
            .lock(self.lock_deadline())
            .map_err(failure::writing)?;
        match keys::read_pepper(disk, layout)? {
            Some(pepper) => Ok(pepper),
            None => keys::make_pepper(disk, layout, &*self.options.entropy),
        }
    }
}
