//! The book: what one process knows of a directory, folded from its journal.
//!
//! Every incident is an entry. Most are *packed*: a compact byte form that is decoded when somebody asks; those that
//! were written lately are *open* (decoded). Events themselves stay in the journal, an entry only knows their lines.

mod brief;
mod entry;
mod keys;
mod list;
mod load;

use std::collections::{BTreeSet, HashMap, VecDeque};

use watchbook_core::query::IncidentFilter;
use watchbook_core::text::ServiceName;
use watchbook_core::{
    Event, HybridClock, IncidentId, IncidentState, KeyUse, NodeId, Signature, Stamp, Timestamp,
    fold,
};

use super::codec::Skimmed;

pub(crate) use brief::Brief;
pub(crate) use entry::{Entry, LineAt, LineRef, Lines, PackError};
pub(crate) use keys::{KeyMemory, KeySlot, MEMORY as KEY_MEMORY};
pub(crate) use load::{BookParts, PackedEntry};

/// How many incidents are kept decoded. About 3 KiB each.
pub(crate) const OPEN_ENTRIES: usize = 1_024;
/// What an entry takes beside its packed bytes and line references, in bytes: table slot, brief, headers, index nodes.
pub(crate) const BYTES_PER_ENTRY: usize = 240;
/// What a decoded incident takes, in bytes, as an estimate for the memory bound.
pub(crate) const BYTES_PER_OPEN_ENTRY: usize = 3_072;

/// What one process knows of a directory.
#[derive(Debug)]
pub(crate) struct Book {
    entries: HashMap<IncidentId, Entry>,
    by_created: BTreeSet<(i64, IncidentId)>,
    by_updated: BTreeSet<(i64, IncidentId)>,
    unfinished: BTreeSet<(i64, IncidentId)>,
    with_followups: BTreeSet<IncidentId>,
    similar: HashMap<Likeness, BTreeSet<(i64, IncidentId)>>,
    services: HashMap<ServiceName, u32>,
    open: VecDeque<IncidentId>,
    keys: KeyMemory,
    clock: HybridClock,
    packed_bytes: usize,
    line_count: usize,
}

/// What makes two unfinished incidents look like the same thing.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Likeness {
    service: u32,
    env: Box<str>,
    signature: Signature,
}

/// A likeness, and where an incident stands among those that share it.
type Alike = (Likeness, (i64, IncidentId));

impl Book {
    /// An empty book of a directory whose writes are stamped as `node`.
    pub(crate) fn new(node: NodeId) -> Self {
        Self {
            entries: HashMap::new(),
            by_created: BTreeSet::new(),
            by_updated: BTreeSet::new(),
            unfinished: BTreeSet::new(),
            with_followups: BTreeSet::new(),
            similar: HashMap::new(),
            services: HashMap::new(),
            open: VecDeque::new(),
            keys: KeyMemory::default(),
            clock: HybridClock::new(node),
            packed_bytes: 0,
            line_count: 0,
        }
    }

    /// How many incidents it knows.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The clock that has seen every commit folded so far.
    pub(crate) const fn clock(&self) -> &HybridClock {
        &self.clock
    }

    /// The services that have a number, in the order of their numbers.
    pub(crate) fn services(&self) -> Vec<ServiceName> {
        let mut numbered: Vec<_> = self.services.iter().collect();
        numbered.sort_unstable_by_key(|(_, number)| **number);
        numbered.into_iter().map(|(name, _)| name.clone()).collect()
    }

    /// The idempotency keys that are still remembered.
    pub(crate) const fn keys(&self) -> &KeyMemory {
        &self.keys
    }

    /// The memory it takes, in bytes, by the stated constants.
    pub(crate) fn bytes(&self) -> usize {
        self.packed_bytes
            + self.line_count * size_of::<LineRef>()
            + self.entries.len() * BYTES_PER_ENTRY
            + self.open.len() * BYTES_PER_OPEN_ENTRY
            + self.keys.bytes()
    }

    /// The state of one incident, decoded if need be.
    pub(crate) fn state(&self, id: IncidentId) -> Option<Result<IncidentState, PackError>> {
        self.entries.get(&id).map(Entry::state)
    }

    /// The lines that hold an incident's events.
    pub(crate) fn lines(&self, id: IncidentId) -> Option<&Lines> {
        self.entries.get(&id).map(Entry::lines)
    }

    /// Every incident with its entry, in no order.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (IncidentId, &Entry)> {
        self.entries.iter().map(|(id, entry)| (*id, entry))
    }

    /// Unfinished incidents with this likeness, each with its creation in milliseconds, the newest first.
    pub(crate) fn similar(
        &self,
        service: &ServiceName,
        env: &str,
        signature: Signature,
    ) -> impl Iterator<Item = (i64, IncidentId)> {
        let likeness = self.services.get(service).map(|service| Likeness {
            service: *service,
            env: env.into(),
            signature,
        });
        let ids = likeness.and_then(|likeness| self.similar.get(&likeness));
        ids.into_iter().flat_map(|ids| ids.iter().rev().copied())
    }

    /// Folds one commit of the journal.
    ///
    /// # Errors
    /// When a packed entry cannot be decoded: the book is not to be trusted then and must be made anew.
    pub(crate) fn fold(&mut self, commit: Skimmed, at: LineAt) -> Result<(), PackError> {
        let (last, made) = (commit.last_stamp(), commit.stamp.time);
        let mut touched: Vec<(IncidentId, IncidentState, u32)> = Vec::with_capacity(1);
        for footprint in commit.footprints {
            let id = footprint.incident_id;
            let known = touched.iter().position(|(known, ..)| *known == id);
            if known.is_none() {
                touched.push((id, self.take(id)?, footprint.seq));
            }
            let place = known.unwrap_or(touched.len() - 1);
            fold::follow(&mut touched[place].1, footprint);
        }
        let own = |key: &KeyUse| touched.iter().any(|(id, ..)| *id == key.incident);
        let key = commit.key.as_ref().map(|key| (key, !own(key)));
        for (id, state, first_seq) in touched {
            self.put(id, state);
            self.add_line(id, LineRef::new(at, first_seq));
        }
        self.remember(last, made, key, at);
        Ok(())
    }

    /// Takes over the states that a batch of commits led to, folded elsewhere.
    pub(crate) fn publish(&mut self, states: Vec<(IncidentId, IncidentState)>) {
        for (id, state) in states {
            self.put(id, state);
        }
    }

    /// Takes note of a commit of a batch whose states were published: of its lines, its greatest stamp and its key.
    pub(crate) fn note(
        &mut self,
        events: &[Event],
        stamp: Stamp,
        key: Option<&KeyUse>,
        at: LineAt,
    ) {
        let mut last = stamp;
        for (index, event) in events.iter().enumerate() {
            last = last.max(event.stamp);
            let id = event.incident_id;
            let is_first = !events[..index]
                .iter()
                .any(|before| before.incident_id == id);
            if is_first {
                self.add_line(id, LineRef::new(at, event.seq));
            }
        }
        let own = |key: &KeyUse| events.iter().any(|event| event.incident_id == key.incident);
        self.remember(last, stamp.time, key.map(|key| (key, !own(key))), at);
    }

    /// Takes note of a commit's greatest stamp, and of its key, made at `made`; with the key, whether the commit has no
    /// line of the key's incident.
    fn remember(&mut self, last: Stamp, made: Timestamp, key: Option<(&KeyUse, bool)>, at: LineAt) {
        self.clock.observe(last);
        if let Some((key, alone)) = key {
            self.keys.remember(key, made, at, alone);
        }
        self.keys.forget_before(made);
    }

    /// The state of an incident for folding on; the entry's own is left empty until [`Self::put`].
    fn take(&mut self, id: IncidentId) -> Result<IncidentState, PackError> {
        match self.entries.get_mut(&id) {
            None => Ok(IncidentState::default()),
            Some(entry) => entry.take_state(),
        }
    }

    fn add_line(&mut self, id: IncidentId, line: LineRef) {
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.add_line(line);
            self.line_count += 1;
        }
    }

    fn put(&mut self, id: IncidentId, state: IncidentState) {
        let brief = Brief::of(&state, &mut self.services);
        let likeness = brief.and_then(|brief| likeness(&brief, &state));
        let known = self.entries.contains_key(&id);
        let entry = self.entries.entry(id).or_default();
        let before = (entry.brief(), entry.likeness().cloned());
        if known {
            self.packed_bytes = self.packed_bytes.saturating_sub(entry.packed_len());
        }
        let was_open = entry.is_open() && known;
        entry.open(state, brief, likeness.clone());
        self.reindex(id, before, (brief, likeness));
        if !was_open {
            self.open.push_back(id);
            self.pack_oldest();
        }
    }

    fn reindex(
        &mut self,
        id: IncidentId,
        before: (Option<Brief>, Option<Likeness>),
        after: (Option<Brief>, Option<Likeness>),
    ) {
        if let Some(brief) = before.0 {
            self.by_created.remove(&(brief.created, id));
            self.by_updated.remove(&(brief.updated, id));
            self.unfinished.remove(&(brief.created, id));
            self.with_followups.remove(&id);
        }
        if let Some(brief) = after.0 {
            self.by_created.insert((brief.created, id));
            self.by_updated.insert((brief.updated, id));
            if brief.status.is_unfinished() {
                self.unfinished.insert((brief.created, id));
            }
            if brief.unfinished_followups {
                self.with_followups.insert(id);
            }
        }
        let dated = |(brief, likeness): (Option<Brief>, Option<Likeness>)| {
            Some((likeness?, (brief?.created, id)))
        };
        let (before, after) = (dated(before), dated(after));
        if before != after {
            self.relike(before, after);
        }
    }

    fn relike(&mut self, before: Option<Alike>, after: Option<Alike>) {
        if let Some((likeness, place)) = before
            && let Some(ids) = self.similar.get_mut(&likeness)
        {
            ids.remove(&place);
            if ids.is_empty() {
                self.similar.remove(&likeness);
            }
        }
        if let Some((likeness, place)) = after {
            self.similar.entry(likeness).or_default().insert(place);
        }
    }

    /// Packs entries that were opened longest ago, until the rest fits.
    fn pack_oldest(&mut self) {
        while self.open.len() > OPEN_ENTRIES {
            let Some(id) = self.open.pop_front() else {
                return;
            };
            if let Some(entry) = self.entries.get_mut(&id) {
                self.packed_bytes += entry.pack();
            }
        }
    }

    /// Packs everything: the form in which the book is written to a checkpoint.
    pub(crate) fn pack_all(&mut self) {
        while let Some(id) = self.open.pop_front() {
            if let Some(entry) = self.entries.get_mut(&id) {
                self.packed_bytes += entry.pack();
            }
        }
    }
}

fn likeness(brief: &Brief, state: &IncidentState) -> Option<Likeness> {
    if !brief.status.is_unfinished() {
        return None;
    }
    let outline = state.outline()?;
    Some(Likeness {
        service: brief.service,
        env: outline.env.as_str().into(),
        signature: outline.signature,
    })
}

/// Whether a filter asks for unfinished incidents alone, so that the rest need not be looked at.
fn only_unfinished(filter: &IncidentFilter) -> bool {
    filter
        .statuses
        .as_ref()
        .is_some_and(|statuses| statuses.iter().all(|status| status.is_unfinished()))
}
