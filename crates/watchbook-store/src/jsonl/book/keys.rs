//! Idempotency keys that are still remembered.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use watchbook_core::{ChangeId, Digest, KeyUse, Timestamp};

use super::LineAt;

/// How long a key is remembered.
pub(crate) const MEMORY: Duration = Duration::from_hours(7 * 24);
/// What one key takes, in bytes.
const BYTES_PER_KEY: usize = 120;

/// Where the first use of a key stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeySlot {
    /// The digest of the body it was used with.
    pub(crate) body: Digest,
    /// The line of the commit.
    pub(crate) at: LineAt,
}

/// The keys that are still remembered.
#[derive(Debug, Default)]
pub(crate) struct KeyMemory {
    slots: HashMap<ChangeId, KeySlot>,
    queue: VecDeque<(Timestamp, ChangeId)>,
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

    pub(super) fn remember(&mut self, key: &KeyUse, used: Timestamp, at: LineAt) {
        self.insert(used, key.change, KeySlot { body: key.body, at });
    }

    /// Remembers one use.
    pub(crate) fn insert(&mut self, used: Timestamp, change: ChangeId, slot: KeySlot) {
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
            self.slots.remove(&change);
        }
    }
}
