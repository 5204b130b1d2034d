//! What a backend can do, and how it is doing.

use watchbook_core::{Digest, Timestamp};

use super::CorruptPlace;

/// What a backend can do beyond the contract. The conformance suite skips exactly what is `false` here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// What was written is there after the handle is dropped and opened anew.
    pub persistent: bool,
    /// Several handles, in several processes, may be open at once and see each other's writes.
    pub shared: bool,
    /// The log is chained by digests and can be verified.
    pub verifiable: bool,
}

/// How a backend is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// Its name: `memory`, `jsonl`, `postgres`, `auto`.
    pub backend: &'static str,
    /// Whether reads work.
    pub readable: bool,
    /// Why writes are refused; `None` if they work.
    pub read_only: Option<String>,
    /// Since when it runs on its second choice; `None` if it does not.
    pub degraded_since: Option<Timestamp>,
    /// How many commits it holds.
    pub commits: u64,
    /// The head of the chain: give it to `verify --anchor` later.
    pub head: Option<Digest>,
    /// Places that are damaged. Their incidents take no writes.
    pub damaged: Vec<CorruptPlace>,
}
