//! Taking whole incidents over: one lock, as many writes as their size asks for, at most one sync.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use watchbook_core::{
    ChangeId, Entropy, Event, EventId, Incident, IncidentId, IncidentState, fold,
};

use super::part::{Part, ReadyPart, parts, ready};
use crate::contract::{KeptLine, Planted, StoreError, Whole};
use crate::journal::{
    CommitError, Committed, Journal, JournalError, LockedJournal, MAX_BATCH_BYTES,
    MAX_BATCH_COMMITS, PreparedCommit,
};
use crate::jsonl::book::{KeyMemory, LineAt};
use crate::jsonl::failure;
use crate::jsonl::obstacle::Part as Troubled;
use crate::jsonl::projection::{self, Kept};
use crate::jsonl::redaction::{self, Scrub};
use crate::jsonl::store::Directory;
use crate::planting;

/// Parts that go to the journal in one write.
#[derive(Debug, Default)]
struct Batch {
    prepared: Vec<PreparedCommit>,
    parts: Vec<Part>,
    bytes: usize,
}

impl Batch {
    fn is_full_for(&self, next: &PreparedCommit) -> bool {
        let full = self.parts.len() == MAX_BATCH_COMMITS;
        !self.parts.is_empty() && (full || self.bytes + next.max_bytes() > MAX_BATCH_BYTES)
    }

    fn push(&mut self, ReadyPart { prepared, part }: ReadyPart) {
        self.bytes += prepared.max_bytes();
        self.prepared.push(prepared);
        self.parts.push(part);
    }
}

impl Directory {
    /// Takes over incidents, or the next lines of incidents.
    pub(crate) fn plant(&self, wholes: Vec<Whole>, durable: bool) -> Result<Planted, StoreError> {
        let wholes = planting::pieced(wholes)?;
        if wholes.is_empty() {
            return Ok(Planted::default());
        }
        let journal = self.journal_or_new().map_err(failure::writing)?;
        let mut locked = journal.lock(self.lock_deadline()).map_err(|error| {
            if matches!(error, JournalError::Poisoned) {
                self.forget_journal();
            }
            failure::writing(error)
        })?;
        self.catch_up_locked(&journal, &locked)?;
        self.finish_scrubs(&journal, &mut locked)?;
        let (rests, planted) = self.rests(wholes)?;
        self.write_parts(&journal, &mut locked, rests)?;
        if durable {
            locked.sync().map_err(|error| {
                self.forget_journal();
                failure::syncing(error)
            })?;
        }
        self.maybe_checkpoint(&journal);
        Ok(planted)
    }

    /// Makes durable what was taken over so far. Where there is no journal, nothing was.
    pub(crate) fn secure(&self) -> Result<(), StoreError> {
        let Some(journal) = self.journal().map_err(failure::reading)? else {
            return Ok(());
        };
        let mut locked = journal
            .lock(self.lock_deadline())
            .map_err(failure::writing)?;
        self.catch_up_locked(&journal, &locked)?;
        locked.sync().map_err(|error| {
            self.forget_journal();
            failure::syncing(error)
        })
    }

    /// What of the incidents is not there yet.
    fn rests(&self, wholes: Vec<Whole>) -> Result<(Vec<Whole>, Planted), StoreError> {
        let (mut rests, mut planted) = (Vec::new(), Planted::default());
        for whole in wholes {
            let rest = self.rest(whole)?;
            let is_new = self.shelf.read().book.lines(rest.id).is_none();
            planted.incidents += u64::from(is_new && !rest.lines.is_empty());
            planted.lines += rest.lines.len() as u64;
            planted.keys += rest.keys.len() as u64;
            if !rest.lines.is_empty() || !rest.keys.is_empty() {
                rests.push(rest);
            }
        }
        Ok((rests, planted))
    }

    fn rest(&self, whole: Whole) -> Result<Whole, StoreError> {
        let id = whole.id;
        let state = self.state_here(id)?;
        let last_seq = state.last_seq();
        let here = match planting::before(&whole) {
            Some(before) if before < last_seq => self.lines_here(id, before)?,
            _ => Vec::new(),
        };
        let mut rest = planting::continued(whole, last_seq, &here)?;
        planting::folded(state, &rest)?;
        let shelf = self.shelf.read();
        let known = |change: ChangeId| shelf.book.keys().get(change).map(|slot| slot.body);
        planting::new_keys(&mut rest, known)?;
        if !rest.keys.is_empty() && !shelf.book.keys().has_room() {
            return Err(StoreError::TooLarge {
                what: "the memory of idempotency keys",
                size: KeyMemory::MAX + 1,
                limit: KeyMemory::MAX,
            });
        }
        Ok(rest)
    }

    /// The state of an incident that may be written to; the empty one if it is not there.
    fn state_here(&self, id: IncidentId) -> Result<IncidentState, StoreError> {
        let shelf = self.shelf.read();
        if let Some(place) = shelf.damaged.get(&id) {
            return Err(StoreError::Corrupt(place.clone()));
        }
        let state = shelf.book.state(id).transpose().map_err(failure::packed)?;
        Ok(state.unwrap_or_default())
    }

    fn lines_here(&self, id: IncidentId, after: u32) -> Result<Vec<KeptLine>, StoreError> {
        let whole = self.export(vec![(id, after)])?.pop();
        Ok(whole.map(|whole| whole.lines).unwrap_or_default())
    }

    fn write_parts(
        &self,
        journal: &Arc<Journal>,
        locked: &mut LockedJournal<'_>,
        rests: Vec<Whole>,
    ) -> Result<(), StoreError> {
        let scrubs = self.wanted_scrubs(journal, &rests)?;
        let mut parts = parts(rests);
        give(scrubs, &mut parts);
        let entropy: &dyn Entropy = &*self.options.entropy;
        let mut batch = Batch::default();
        for part in parts {
            for next in ready(part, entropy)? {
                if batch.is_full_for(&next.prepared) {
                    self.write_batch(journal, locked, std::mem::take(&mut batch))?;
                }
                batch.push(next);
            }
        }
        self.write_batch(journal, locked, batch)
    }

    /// What stands in this journal and is blacked out by lines that are taken over.
    fn wanted_scrubs(
        &self,
        journal: &Journal,
        rests: &[Whole],
    ) -> Result<Vec<(EventId, Scrub)>, StoreError> {
        let shelf = self.shelf.read();
        let mut scrubs = Vec::new();
        for rest in rests {
            for event in planting::redacted(&rest.lines) {
                if let Some(target) = redaction::find(journal, &shelf, rest.id, event)?
                    && !target.event.redacted
                {
                    scrubs.push((event, target.scrub().map_err(failure::encoding)?));
                }
            }
        }
        Ok(scrubs)
    }

    fn write_batch(
        &self,
        journal: &Arc<Journal>,
        locked: &mut LockedJournal<'_>,
        batch: Batch,
    ) -> Result<(), StoreError> {
        let Some(first) = batch.parts.first() else {
            return Ok(());
        };
        let change = first.commit.change;
        let outcome = self.outcome(&batch.parts)?;
        let committed = locked.commit_unsynced(&batch.prepared).map_err(|error| {
            if matches!(error, CommitError::Unknown(_)) {
                self.forget_journal();
            }
            let error = failure::committing(&error, change);
            self.troubles.failed(Troubled::Journal, &error);
            error
        })?;
        self.troubles.succeeded(Troubled::Journal);
        let scrubs = self.show(&committed, batch.parts, outcome);
        self.scrub_or_note(journal, locked, scrubs);
        Ok(())
    }

    /// The states that the parts lead to.
    fn outcome(&self, parts: &[Part]) -> Result<Vec<(IncidentId, IncidentState)>, StoreError> {
        let shelf = self.shelf.read();
        let mut states: HashMap<IncidentId, IncidentState> = HashMap::new();
        for event in parts.iter().flat_map(|part| part.commit.events()) {
            let id = event.incident_id;
            let state = match states.entry(id) {
                Entry::Occupied(state) => state.into_mut(),
                Entry::Vacant(place) => {
                    let known = shelf.book.state(id).transpose().map_err(failure::packed)?;
                    place.insert(known.unwrap_or_default())
                }
            };
            fold::apply(state, event);
        }
        Ok(states.into_iter().collect())
    }

    /// Makes what was written visible. Gives what is to be blacked out now.
    fn show(
        &self,
        committed: &Committed,
        parts: Vec<Part>,
        outcome: Vec<(IncidentId, IncidentState)>,
    ) -> Vec<Scrub> {
        let shown = outcome.iter().filter_map(|(id, state)| state.incident(*id));
        let mut incidents: Vec<Incident> = shown.collect();
        incidents.sort_unstable_by_key(|incident| incident.id);
        let mut shelf = self.shelf.write();
        shelf.since_checkpoint += parts.len() as u64;
        let before = shelf.position.replace(committed.end);
        shelf.book.publish(outcome);
        let (mut all, mut scrubs) = (Vec::<Event>::new(), Vec::new());
        for (part, written) in parts.into_iter().zip(&committed.commits) {
            let at = LineAt::new(written.location.segment, written.location.offset);
            let (stamp, key) = (part.commit.stamp, part.commit.key().cloned());
            let events: Vec<Event> = part.commit.into_events().collect();
            shelf.book.note(&events, stamp, key.as_ref(), at);
            scrubs.extend(part.scrubs);
            all.extend(events);
        }
        drop(shelf);
        let kept = projection::artifact_lines(all.iter()).and_then(|artifacts| {
            self.projections
                .append((before, committed.end), &incidents, &artifacts)
        });
        if !matches!(kept, Ok(Kept::Complete)) {
            self.renew_projections();
        }
        self.name_planted(&all);
        scrubs
    }
}

/// Gives each permission to the part whose line blacks its record out.
fn give(scrubs: Vec<(EventId, Scrub)>, parts: &mut [Part]) {
    for (event, scrub) in scrubs {
        let blacks_out = |part: &&mut Part| {
            let sets = part.commit.events().flat_map(|line| &line.set);
            sets.into_iter()
                .any(|set| matches!(set, watchbook_core::Set::Redacted(id) if *id == event))
        };
        if let Some(part) = parts.iter_mut().find(blacks_out) {
            part.scrubs.push(scrub);
        }
    }
}
