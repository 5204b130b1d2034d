//! How a store that has a second choice stands to its first.

use watchbook_core::Timestamp;

/// How a store that has a second choice stands to its first, for monitors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Where writes go: `primary`, `degraded` or `replaying`.
    pub phase: &'static str,
    /// Since when they go to the second choice; `None` while they do not.
    pub since: Option<Timestamp>,
    /// Why the first was lost, or was not reached again at the last try.
    pub why: Option<String>,
    /// Whether somebody must mend something before the first can be used.
    pub needs_hands: bool,
    /// When the first is tried again; `None` while it answers.
    pub next_try: Option<Timestamp>,
    /// What this process has counted since it began, under the names that Prometheus knows it by.
    pub counters: Vec<(&'static str, u64)>,
}
