//! How many writes a caller has made today.

use watchbook_core::Timestamp;

const MILLIS_PER_DAY: i64 = 86_400_000;

/// The writes of one caller on one day, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Daily {
    day: i64,
    writes: u32,
}

impl Daily {
    pub(super) const fn new(now: Timestamp) -> Self {
        Self {
            day: day(now),
            writes: 0,
        }
    }

    /// Begins a new count on a new day. A clock that falls back over midnight goes on with the count it had;
    /// one that was wrong by more than a day counts anew, or it would block its callers until that day comes.
    pub(super) const fn roll(&mut self, now: Timestamp) {
        let today = day(now);
        if today > self.day || today < self.day - 1 {
            *self = Self::new(now);
        }
    }

    pub(super) const fn writes(&self) -> u32 {
        self.writes
    }

    pub(super) const fn add(&mut self) {
        self.writes = self.writes.saturating_add(1);
    }
}

const fn day(now: Timestamp) -> i64 {
    now.millis() / MILLIS_PER_DAY
}
