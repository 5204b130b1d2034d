//! Writing: one batch of commands, decided and stored under the lock.

use std::sync::Arc;

use watchbook_core::{
    ChangeId, Command, Commit, Decision, HybridClock, Incident, IncidentId, KeyUse, Op, Stamp,
};

use crate::contract::{Applied, StoreError};
use crate::journal::{
    CommitError, Committed, Journal, JournalError, LockedJournal, MAX_BATCH_BYTES,
    MAX_BATCH_COMMITS, PreparedCommit,
};

use super::book::{KeyMemory, LineAt};
use super::obstacle::Part;
use super::overlay::{Outcome, Overlay};
use super::projection::Kept;
use super::read;
use super::redaction::{Scrub, Target};
use super::shelf::Shelf;
use super::store::Directory;
use super::{codec, failure, projection, redaction};

/// What becomes of one command of a batch.
pub(crate) type Answer = Result<Applied, StoreError>;

/// A command that is decided and waits to be stored.
struct Ready {
    /// Its place in the batch.
    index: usize,
    change: ChangeId,
    stamp: Stamp,
    key: Option<KeyUse>,
    applied: Applied,
    scrub: Option<Scrub>,
}

/// Commands that are decided and go to the journal in one write.
#[derive(Default)]
struct Batch {
    prepared: Vec<PreparedCommit>,
    ready: Vec<Ready>,
    bytes: usize,
    /// The states that they lead to.
    outcome: Outcome,
}

impl Batch {
    /// Whether a further commit would make it too large for one write.
    fn is_full_for(&self, prepared: &PreparedCommit) -> bool {
        !self.ready.is_empty() && self.bytes + prepared.max_bytes() > MAX_BATCH_BYTES
    }

    fn push(&mut self, prepared: PreparedCommit, ready: Ready) {
        self.bytes += prepared.max_bytes();
        self.prepared.push(prepared);
        self.ready.push(ready);
    }
}

/// What deciding on one command led to.
enum Decided {
    /// Store this.
    Store(Box<Storable>),
    /// There is nothing to store.
    Answer(Box<Answer>),
}

/// A commit in both its forms, with what is to be known about it.
struct Storable {
    prepared: PreparedCommit,
    commit: Commit,
    changed: bool,
    similar: Vec<IncidentId>,
    scrub: Option<Scrub>,
}

impl Directory {
    /// Decides on all commands in turn and stores what they lead to: one lock, one write, one sync.
    pub(crate) fn apply_batch(&self, commands: &[Command]) -> Vec<Answer> {
        match self.lock_and_apply(commands) {
            Ok(answers) => answers,
            Err(error) => {
                self.troubles.failed(Part::Journal, &error);
                spread(&error, commands.len())
            }
        }
    }

    fn lock_and_apply(&self, commands: &[Command]) -> Result<Vec<Answer>, StoreError> {
        let journal = self.journal_or_new().map_err(failure::writing)?;
        let mut locked = journal.lock(self.lock_deadline()).map_err(|error| {
            if matches!(error, JournalError::Poisoned) {
                self.forget_journal();
            }
            failure::writing(error)
        })?;
        self.catch_up_locked(&journal, &locked)?;
        self.finish_scrubs(&journal, &mut locked)?;
        let mut answers: Vec<Option<Answer>> = commands.iter().map(|_| None).collect();
        let mut next = 0;
        while next < commands.len() {
            next = self.apply_some(&journal, &mut locked, commands, next, &mut answers);
        }
        self.maybe_checkpoint(&journal);
        drop(locked);
        Ok(answers
            .into_iter()
            .map(|answer| answer.unwrap_or_else(|| Err(failure::abandoned())))
            .collect())
    }

    /// Stores as many commands as fit one write; gives the index of the first that is left.
    fn apply_some(
        &self,
        journal: &Arc<Journal>,
        locked: &mut LockedJournal<'_>,
        commands: &[Command],
        first: usize,
        answers: &mut [Option<Answer>],
    ) -> usize {
        let (batch, next) = self.decide_some(commands, first, answers);
        if batch.ready.is_empty() {
            return next;
        }
        match locked.commit_batch(&batch.prepared) {
            Ok(committed) => {
                self.troubles.succeeded(Part::Journal);
                let scrubs = self.publish(&committed, batch, answers);
                self.scrub_or_note(journal, locked, scrubs);
            }
            Err(error) => {
                if matches!(error, CommitError::Unknown(_)) {
                    self.forget_journal();
                }
                for Ready { index, change, .. } in batch.ready {
                    let error = failure::committing(&error, change);
                    self.troubles.failed(Part::Journal, &error);
                    answers[index] = Some(Err(error));
                }
            }
        }
        next
    }

    fn decide_some(
        &self,
        commands: &[Command],
        first: usize,
        answers: &mut [Option<Answer>],
    ) -> (Batch, usize) {
        let shelf = self.shelf.read();
        let mut overlay = Overlay::new(&shelf.book);
        let mut clock = *shelf.book.clock();
        let mut batch = Batch::default();
        let mut next = first;
        while let Some(command) = commands.get(next) {
            // A redaction looks for its event in the journal, so everything before it must stand there.
            let alone = !batch.ready.is_empty() && matches!(command.op, Op::Redact { .. });
            if alone || batch.ready.len() == MAX_BATCH_COMMITS {
                break;
            }
            match self.decide_one(&shelf, &mut overlay, &clock, command) {
                // What no longer fits is decided again with the next write.
                Ok(Decided::Store(storable)) if batch.is_full_for(&storable.prepared) => break,
                Ok(Decided::Store(storable)) => {
                    clock.observe(storable.commit.last_stamp());
                    match storable.settle(&mut overlay, command, next) {
                        Ok((prepared, ready)) => batch.push(prepared, ready),
                        Err(error) => answers[next] = Some(Err(error)),
                    }
                }
                Ok(Decided::Answer(answer)) => answers[next] = Some(*answer),
                Err(error) => answers[next] = Some(Err(error)),
            }
            next += 1;
        }
        batch.outcome = overlay.into_outcome();
        (batch, next)
    }

    fn decide_one(
        &self,
        shelf: &Shelf,
        overlay: &mut Overlay<'_>,
        clock: &HybridClock,
        command: &Command,
    ) -> Result<Decided, StoreError> {
        Self::check_writable(shelf, command)?;
        let target = redaction::find_target(self, shelf, command)?;
        let stamp = clock.next(self.options.clock.now());
        let redacting = target.as_ref().map(|target| target.event.clone());
        let decision = overlay
            .decide(command, stamp, redacting)
            .map_err(failure::packed)??;
        let (commit, changed, similar) = match decision {
            Decision::Unchanged => return overlay.unchanged(command).map(answer),
            Decision::Replay => return read::replay(self, shelf, overlay, command).map(answer),
            Decision::Commit {
                commit,
                changed,
                similar,
            } => (commit, changed, similar),
        };
        Self::check_undamaged(shelf, &commit)?;
        self.check_fence(command)?;
        let scrub = target
            .filter(|_| changed)
            .map(Target::scrub)
            .transpose()
            .map_err(failure::encoding)?;
        let redactions: Vec<_> = scrub.iter().map(Scrub::redaction).collect();
        let encoded = codec::encode(&commit, &redactions, &*self.options.entropy)
            .map_err(failure::encoding)?;
        let prepared =
            PreparedCommit::of_serialized(commit.stamp.time, encoded.by, &encoded.records)
                .map_err(failure::refused_by_journal)?;
        Ok(Decided::Store(Box::new(Storable {
            prepared,
            commit,
            changed,
            similar,
            scrub,
        })))
    }

    /// Refuses to write to an incident that is touched by damage, and a key when no more can be remembered.
    pub(crate) fn check_writable(shelf: &Shelf, command: &Command) -> Result<(), StoreError> {
        if let Some(place) = shelf.damaged.get(&command.incident) {
            return Err(StoreError::Corrupt(place.clone()));
        }
        if command.key.is_some() && !shelf.book.keys().has_room() {
            return Err(StoreError::TooLarge {
                what: "the memory of idempotency keys",
                size: KeyMemory::MAX + 1,
                limit: KeyMemory::MAX,
            });
        }
        Ok(())
    }

    /// Refuses a commit that writes to an incident beside its own, as a merge does, which is touched by damage.
    pub(crate) fn check_undamaged(shelf: &Shelf, commit: &Commit) -> Result<(), StoreError> {
        if shelf.damaged.is_empty() {
            return Ok(());
        }
        let mut touched = commit.events().map(|event| &event.incident_id);
        match touched.find_map(|id| shelf.damaged.get(id)) {
            Some(place) => Err(StoreError::Corrupt(place.clone())),
            None => Ok(()),
        }
    }

    /// Makes stored commits visible, and fills in the answers. Gives what is to be blacked out now.
    fn publish(
        &self,
        committed: &Committed,
        batch: Batch,
        answers: &mut [Option<Answer>],
    ) -> Vec<Scrub> {
        let Batch { ready, outcome, .. } = batch;
        let mut incidents: Vec<Incident> = outcome
            .iter()
            .filter_map(|(id, state)| state.incident(*id))
            .collect();
        incidents.sort_unstable_by_key(|incident| incident.id);
        let events = ready.iter().flat_map(|one| &one.applied.events);
        let artifacts = projection::artifact_lines(events);
        let mut shelf = self.shelf.write();
        shelf.since_checkpoint += ready.len() as u64;
        let before = shelf.position.replace(committed.end);
        shelf.book.publish(outcome);
        let mut scrubs = Vec::new();
        for (one, written) in ready.into_iter().zip(&committed.commits) {
            let Ready {
                index,
                change: _,
                stamp,
                key,
                applied,
                scrub,
            } = one;
            let at = LineAt::new(written.location.segment, written.location.offset);
            shelf.book.note(&applied.events, stamp, key.as_ref(), at);
            answers[index] = Some(Ok(Applied {
                durable: committed.durable,
                ..applied
            }));
            scrubs.extend(scrub);
        }
        drop(shelf);
        let span = (before, committed.end);
        let kept =
            artifacts.and_then(|artifacts| self.projections.append(span, &incidents, &artifacts));
        if !matches!(kept, Ok(Kept::Complete)) {
            self.renew_projections();
        }
        scrubs
    }

    /// Folds what other processes have written, now that the lock is held.
    pub(crate) fn catch_up_locked(
        &self,
        journal: &Journal,
        locked: &LockedJournal<'_>,
    ) -> Result<(), StoreError> {
        if self.shelf.read().position == Some(locked.end()) {
            return Ok(());
        }
        self.fill(&mut self.shelf.write(), journal)
            .map_err(failure::filling)
    }
}

impl Storable {
    /// Folds the commit into the batch's state, and makes the answer that its caller gets once it is stored.
    fn settle(
        self,
        overlay: &mut Overlay<'_>,
        command: &Command,
        index: usize,
    ) -> Result<(PreparedCommit, Ready), StoreError> {
        let Self {
            prepared,
            commit,
            changed,
            similar,
            scrub,
        } = self;
        overlay.fold(&commit);
        let (change, stamp, key) = (commit.change, commit.stamp, commit.key().cloned());
        let applied = Applied {
            incident: overlay.incident(command.incident)?,
            events: commit.into_events().collect(),
            similar,
            changed,
            replayed: false,
            durable: false,
        };
        overlay.remember(command, &applied);
        let ready = Ready {
            index,
            change,
            stamp,
            key,
            applied,
            scrub,
        };
        Ok((prepared, ready))
    }
}

/// The same failure for every command of a batch.
fn spread(error: &StoreError, commands: usize) -> Vec<Answer> {
    (0..commands).map(|_| Err(failure::repeat(error))).collect()
}

fn answer(applied: Applied) -> Decided {
    Decided::Answer(Box::new(Ok(applied)))
}
