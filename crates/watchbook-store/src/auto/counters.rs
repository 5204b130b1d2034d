//! What a process counts of its node.

use std::sync::atomic::{AtomicU64, Ordering};

/// What this process has seen since it began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AutoCounts {
    /// How often it found the database lost.
    pub fallbacks: u64,
    /// How often it brought the node back to the database.
    pub recoveries: u64,
    /// Writes that went to the files of this node.
    pub apart_writes: u64,
    /// Commits that it brought into the database.
    pub replayed: u64,
    /// Commits that could not be brought in.
    pub quarantined: u64,
    /// Conflict and merge lines that came of bringing commits in.
    pub conflicts: u64,
    /// Commits of this process that did not enter the mirror at once.
    pub mirror_misses: u64,
}

impl AutoCounts {
    /// Each with the name that Prometheus knows it by.
    pub fn named(self) -> Vec<(&'static str, u64)> {
        let Self {
            fallbacks,
            recoveries,
            apart_writes,
            replayed,
            quarantined,
            conflicts,
            mirror_misses,
        } = self;
        vec![
            ("watchbook_auto_fallbacks_total", fallbacks),
            ("watchbook_auto_recoveries_total", recoveries),
            ("watchbook_auto_apart_writes_total", apart_writes),
            ("watchbook_auto_replayed_total", replayed),
            ("watchbook_auto_quarantined_total", quarantined),
            ("watchbook_auto_conflicts_total", conflicts),
            ("watchbook_auto_mirror_misses_total", mirror_misses),
        ]
    }
}

#[derive(Debug, Default)]
pub(super) struct Counters {
    fallbacks: AtomicU64,
    recoveries: AtomicU64,
    apart_writes: AtomicU64,
    replayed: AtomicU64,
    quarantined: AtomicU64,
    conflicts: AtomicU64,
    mirror_misses: AtomicU64,
}

impl Counters {
    pub(super) fn fell_back(&self) {
        self.fallbacks.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn came_back(&self) {
        self.recoveries.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn wrote_apart(&self) {
        self.apart_writes.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn missed_the_mirror(&self) {
        self.mirror_misses.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn absorbed(&self, taken: u64, quarantined: u64, conflicts: u64) {
        self.replayed.fetch_add(taken, Ordering::Relaxed);
        self.quarantined.fetch_add(quarantined, Ordering::Relaxed);
        self.conflicts.fetch_add(conflicts, Ordering::Relaxed);
    }

    pub(super) fn counts(&self) -> AutoCounts {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        AutoCounts {
            fallbacks: of(&self.fallbacks),
            recoveries: of(&self.recoveries),
            apart_writes: of(&self.apart_writes),
            replayed: of(&self.replayed),
            quarantined: of(&self.quarantined),
            conflicts: of(&self.conflicts),
            mirror_misses: of(&self.mirror_misses),
        }
    }
}
