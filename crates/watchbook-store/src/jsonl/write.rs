//! Writing: one batch of commands, decided and stored under the lock.

use std::sync::Arc;

use watchbook_core::{
    Command, Commit, Decision, HybridClock, Incident, IncidentId, IncidentState, Op,
};

use crate::contract::{Applied, StoreError};
use crate::journal::{
    CommitError, Committed, Journal, JournalError, LockedJournal, MAX_BATCH_BYTES,
    MAX_BATCH_COMMITS, PreparedCommit,
};

use super::book::{KeyMemory, LineAt};
use super::overlay::{Outcome, Overlay};
use super::read;
use super::redaction::{Scrub, Target};
use super::shelf::Shelf;
use super::store::Directory;
use super::{codec, failure, redaction};

/// What becomes of one command of a batch.
pub(crate) type Answer = Result<Applied, StoreError>;

/// A command that is decided and waits to be stored.
struct Ready {
    /// Its place in the batch.
    index: usize,
    commit: Commit,
    outcome: Outcome,
    applied: Applied,
    scrub: Option<Scrub>,
}

/// What deciding on one command led to.
enum Decided {
    /// Store this.
    Store(PreparedCommit, Box<Ready>),
    /// There is nothing to store.
    Answer(Box<Answer>),
}

impl Directory {
    /// Decides on all commands in turn and stores what they lead to: one lock, one write, one sync.
    pub(crate) fn apply_batch(&self, commands: &[Command]) -> Vec<Answer> {
        match self.lock_and_apply(commands) {
            Ok(answers) => answers,
            Err(error) => spread(&error, commands.len()),
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
        let (ready, next) = self.decide_some(commands, first, answers);
        if ready.is_empty() {
            return next;
        }
        let (prepared, ready): (Vec<PreparedCommit>, Vec<Ready>) = ready.into_iter().unzip();
        match locked.commit_batch(&prepared) {
            Ok(committed) => {
                let scrubs = self.publish(&committed, ready, answers);
                self.scrub_or_note(journal, locked, scrubs);
            }
            Err(error) => {
                if matches!(error, CommitError::Unknown(_)) {
                    self.forget_journal();
                }
                for Ready { index, commit, .. } in ready {
                    answers[index] = Some(Err(failure::committing(&error, commit.change)));
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
    ) -> (Vec<(PreparedCommit, Ready)>, usize) {
        let shelf = self.shelf.read();
        let mut overlay = Overlay::new(&shelf.book);
        let mut clock = *shelf.book.clock();
        let (mut ready, mut bytes) = (Vec::new(), 0);
        for (index, command) in commands.iter().enumerate().skip(first) {
            // A redaction looks for its event in the journal, so everything before it must stand there.
            let alone = !ready.is_empty() && matches!(command.op, Op::Redact { .. });
            if alone || ready.len() == MAX_BATCH_COMMITS {
                return (ready, index);
            }
            match self.decide_one(&shelf, &mut overlay, &mut clock, index, command) {
                // What no longer fits is decided again with the next write.
                Ok(Decided::Store(prepared, _))
                    if !ready.is_empty() && bytes + prepared.max_bytes() > MAX_BATCH_BYTES =>
                {
                    return (ready, index);
                }
                Ok(Decided::Store(prepared, one)) => {
                    bytes += prepared.max_bytes();
                    ready.push((prepared, *one));
                }
                Ok(Decided::Answer(answer)) => answers[index] = Some(*answer),
                Err(error) => answers[index] = Some(Err(error)),
            }
        }
        (ready, commands.len())
    }

    fn decide_one(
        &self,
        shelf: &Shelf,
        overlay: &mut Overlay<'_>,
        clock: &mut HybridClock,
        index: usize,
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
        let scrub = target
            .filter(|_| changed)
            .map(Target::scrub)
            .transpose()
            .map_err(failure::encoding)?;
        let redactions: Vec<_> = scrub.iter().map(Scrub::redaction).collect();
        let encoded = codec::encode(&commit, &redactions, &*self.options.entropy)
            .map_err(failure::encoding)?;
        let prepared = PreparedCommit::new(commit.stamp.time, &encoded.by, &encoded.records)
            .map_err(failure::refused_by_journal)?;
        let outcome = overlay.fold(&commit);
        clock.observe(commit.last_stamp());
        let applied = Applied {
            incident: overlay.incident(command.incident)?,
            events: commit.events().cloned().collect(),
            similar,
            changed,
            replayed: false,
            durable: false,
        };
        overlay.remember(command, &applied);
        Ok(Decided::Store(
            prepared,
            Box::new(Ready {
                index,
                commit,
                outcome,
                applied,
                scrub,
            }),
        ))
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

    /// Makes stored commits visible, and fills in the answers. Gives what is to be blacked out now.
    fn publish(
        &self,
        committed: &Committed,
        ready: Vec<Ready>,
        answers: &mut [Option<Answer>],
    ) -> Vec<Scrub> {
        let incidents = last_states(&ready);
        let mut shelf = self.shelf.write();
        let mut scrubs = Vec::new();
        let mut commits = Vec::with_capacity(ready.len());
        for (one, written) in ready.into_iter().zip(&committed.commits) {
            let Ready {
                index,
                commit,
                outcome,
                applied,
                scrub,
            } = one;
            let at = LineAt::new(written.location.segment, written.location.offset);
            shelf.book.publish(&commit, at, outcome);
            answers[index] = Some(Ok(Applied {
                durable: committed.durable,
                ..applied
            }));
            scrubs.extend(scrub);
            commits.push(commit);
        }
        shelf.since_checkpoint += commits.len() as u64;
        shelf.position = Some(committed.end);
        drop(shelf);
        // The projections are made anew from the journal when they fall behind: a failure here loses nothing.
        drop(self.projections.append(incidents.iter(), commits.iter()));
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

/// The same failure for every command of a batch.
fn spread(error: &StoreError, commands: usize) -> Vec<Answer> {
    (0..commands).map(|_| Err(failure::repeat(error))).collect()
}

fn answer(applied: Applied) -> Decided {
    Decided::Answer(Box::new(Ok(applied)))
}

/// The last state of every incident of a batch, each once.
fn last_states(ready: &[Ready]) -> Vec<Incident> {
    let mut last: Vec<(IncidentId, &IncidentState)> = Vec::new();
    for (id, state) in ready.iter().rev().flat_map(|one| &one.outcome) {
        if !last.iter().any(|(known, _)| known == id) {
            last.push((*id, state));
        }
    }
    last.into_iter()
        .rev()
        .filter_map(|(id, state)| state.incident(id))
        .collect()
}
