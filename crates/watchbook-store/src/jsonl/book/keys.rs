//! Idempotency keys that are still remembered.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use watchbook_core::{ChangeId, Digest, IncidentId, KeyUse, Timestamp};

use super::LineAt;

/// How long a key is remembered.
pub(crate) const MEMORY: Duration = Duration::from_hours(7 * 24);
/// What one key takes, in bytes.
const BYTES_PER_KEY: usize = 136;

/// Where the first use of a key stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeySlot {
    /// The digest of the body it was used with.
    pub(crate) body: Digest,
    /// The line of the commit.
    pub(crate) at: LineAt,
    /// The incident, when the change wrote no line of it that would lead here.
    pub(crate) alone: Option<IncidentId>,
}

/// The keys that are still remembered.
#[derive(Debug, Default)]
pub(crate) struct KeyMemory {
    slots: HashMap<ChangeId, KeySlot>,
    queue: VecDeque<(Timestamp, ChangeId)>,
    alone: BTreeSet<(IncidentId, ChangeId)>,
}

impl KeyMemory {
    /// How many keys are remembered at most; a write with a further key is refused until the oldest are forgotten.
    pub(crate) const MAX: usize = 2_000_000;

    /// The first use of the key that this change stands for.
    pub(crate) fn get(&self, change: ChangeId) -> Option<KeySlot> {
        self.slots.get(&change).copied()
    }

    /// Whether one more fits.
    pub(crate) fn has_room(&self) -> bool {
        self.slots.len() < Self::MAX
    }

    /// The memory it takes, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.slots.len() * BYTES_PER_KEY
    }

    /// All of them, the oldest first, with the time of their use.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Timestamp, ChangeId, KeySlot)> {
        self.queue
            .iter()
            .filter_map(|(used, change)| Some((*used, *change, self.get(*change)?)))
    }

    /// The keys that were used on an incident by changes that wrote no line of it.
    pub(crate) fn alone(&self, incident: IncidentId) -> impl Iterator<Item = (ChangeId, KeySlot)> {
        let (first, last) = (ChangeId::from_bits(0), ChangeId::from_bits(u128::MAX));
        let own = self.alone.range((incident, first)..=(incident, last));
        own.filter_map(|(_, change)| Some((*change, self.get(*change)?)))
    }

    pub(super) fn remember(&mut self, key: &KeyUse, used: Timestamp, at: LineAt, alone: bool) {
        let slot = KeySlot {
            body: key.body,
            at,
            alone: alone.then_some(key.incident),
        };
        self.insert(used, key.change, slot);
    }

    /// Remembers one use.
    pub(crate) fn insert(&mut self, used: Timestamp, change: ChangeId, slot: KeySlot) {
        if let Some(incident) = slot.alone {
            self.alone.insert((incident, change));
        }
        if self.slots.insert(change, slot).is_none() {
            self.queue.push_back((used, change));
        }
    }

    pub(super) fn forget_before(&mut self, now: Timestamp) {
        let horizon = now.minus(MEMORY);
        while let Some((used, change)) = self.queue.front().copied()
            && used < horizon
        {
            self.queue.pop_front();
            let slot = self.slots.remove(&change);
            if let Some(incident) = slot.and_then(|slot| slot.alone) {
                self.alone.remove(&(incident, change));
            }
        }
    }
}
