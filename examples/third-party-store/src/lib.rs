//! A store of another make: a list of commits, and nothing else.
//!
//! It shows how little a backend has to bring. It keeps what [`decide()`](watchbook_core::decide()) gives it, in order,
//! under one lock, and folds the whole list at every look ([`view`]). That is slow and fits no more than a trial; what
//! it shows is right, because there is nothing that could differ from the list. What lies beside the list has no limits
//! here; a store that is meant to last sets them. `tests/conformance.rs` holds it to the contract with one macro.
//!
//! To make a store of your own: take the list to where it is safe (a file, a table, a bucket), keep the fold beside it,
//! and run the same suite.

mod aside;
mod feed;
mod incidents;
mod leases;
pub mod view;

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use watchbook_core::audit::{AuditClosing, AuditOpening};
use watchbook_core::{Clock, Commit, Digest, Entropy, EventId, HybridClock, KeyRecord, NodeId};
use watchbook_store::{Pepper, ledger};

/// The most commits a ledger holds.
pub const MAX_COMMITS: usize = 10_000;

/// A list of commits, with what belongs beside it.
#[derive(Debug)]
pub struct Ledger {
    clock: Arc<dyn Clock>,
    pages: Mutex<Pages>,
}

#[derive(Debug)]
struct Pages {
    stamps: HybridClock,
    commits: Vec<Commit>,
    files: BTreeMap<Digest, Vec<u8>>,
    openings: BTreeMap<EventId, AuditOpening>,
    closings: BTreeMap<EventId, AuditClosing>,
    keys: Vec<KeyRecord>,
    pepper: Pepper,
    leases: ledger::Ledger,
}

impl Ledger {
    /// An empty ledger.
    pub fn new(clock: Arc<dyn Clock>, entropy: &dyn Entropy) -> Self {
        let mut pepper = [0; 32];
        entropy.fill(&mut pepper);
        let pages = Pages {
            stamps: HybridClock::new(NodeId::generate(entropy)),
            commits: Vec::new(),
            files: BTreeMap::new(),
            openings: BTreeMap::new(),
            closings: BTreeMap::new(),
            keys: Vec::new(),
            pepper: Pepper(pepper),
            leases: ledger::Ledger::default(),
        };
        Self {
            clock,
            pages: Mutex::new(pages),
        }
    }
}
