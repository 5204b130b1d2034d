//! One budget: it fills at a steady rate and holds so much.

use std::time::Duration;

use watchbook_core::Timestamp;

use crate::limits::Rate;

/// Drops in one unit of weight. One unit a minute is one drop a millisecond, so whole numbers suffice and
/// nothing is lost to rounding.
const DROPS: u64 = 60_000;

/// One budget's state. What it may hold and how fast it fills is passed in, so that a changed policy takes
/// effect at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bucket {
    drops: u64,
    at: Timestamp,
}

impl Bucket {
    /// A full one.
    pub(super) fn full(rate: Rate, now: Timestamp) -> Self {
        Self {
            drops: capacity(rate),
            at: now,
        }
    }

    /// Lets in what has flowed since. Time that runs backwards brings nothing in, and from there on it counts
    /// anew: a clock set back by an hour neither fills a budget nor starves it.
    pub(super) fn fill(&mut self, rate: Rate, now: Timestamp) {
        let millis = u64::try_from(now.since(self.at).as_millis()).unwrap_or(u64::MAX);
        let inflow = millis.saturating_mul(u64::from(rate.per_minute));
        self.drops = self.drops.saturating_add(inflow).min(capacity(rate));
        self.at = now;
    }

    /// How long to wait until this weight can be paid: zero when it can be paid now.
    pub(super) fn wait_for(&self, rate: Rate, weight: u32) -> Duration {
        let missing = price(rate, weight).saturating_sub(self.drops);
        Duration::from_millis(missing.div_ceil(u64::from(rate.per_minute.max(1))))
    }

    /// Pays. The caller has seen that it can be paid.
    pub(super) fn pay(&mut self, rate: Rate, weight: u32) {
        self.drops = self.drops.saturating_sub(price(rate, weight));
    }

    /// Whether it holds all it can, and so says nothing that a new one would not say.
    pub(super) fn is_full(&self, rate: Rate) -> bool {
        self.drops >= capacity(rate)
    }
}

fn capacity(rate: Rate) -> u64 {
    u64::from(rate.burst.max(1)) * DROPS
}

/// What a weight costs here: never more than a full budget holds, or it could never be paid.
fn price(rate: Rate, weight: u32) -> u64 {
    (u64::from(weight) * DROPS).min(capacity(rate))
}
