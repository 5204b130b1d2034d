//! A store in memory: nothing survives it, and everything about it is easy to see.
//!
//! It is the reference that the other backends are compared with, and what tests of everything above the store run
//! on. So it is written to be obviously right, not to be fast: one lock, ordered maps, and lists that look at
//! every item.

mod absorb;
mod artifacts;
mod audit;
mod book;
mod feed;
mod incidents;
mod keys;
mod leases;
mod own;
mod transfer;

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use watchbook_core::query::{MAX_LIMIT, PageRequest};
use watchbook_core::{Clock, Entropy, NodeId, StoreId};

use crate::contract::{Pepper, StoreError};

use audit::Trail;
use book::Book;
use keys::KeyRing;

/// The most commits it holds; then it takes no more writes.
pub const MAX_COMMITS: u64 = 1_000_000;
/// The most audit entries it holds; then it takes no more.
pub const MAX_AUDIT_ENTRIES: usize = 1_000_000;
/// The most keys it holds; then it takes no more.
pub const MAX_KEYS: usize = 10_000;
/// How long an idempotency key is remembered.
pub const KEY_MEMORY: Duration = Duration::from_hours(7 * 24);
/// When it is worth trying again after a limit was hit. The limits do not go away, but the process may be restarted.
const RETRY_AFTER: Duration = Duration::from_mins(1);

/// A store in memory. Share it in an [`Arc`].
#[derive(Debug)]
pub struct MemoryStore {
    clock: Arc<dyn Clock>,
    book: Arc<Mutex<Book>>,
    trail: Mutex<Trail>,
    keys: Mutex<KeyRing>,
    id: StoreId,
    /// Tells positions in the feed of this store from those of another.
    epoch: u64,
}

impl MemoryStore {
    /// An empty store that takes its time from `clock`, and its ids and pepper from `entropy`.
    pub fn new(clock: Arc<dyn Clock>, entropy: &dyn Entropy) -> Self {
        let mut pepper = [0; 32];
        entropy.fill(&mut pepper);
        let mut epoch = [0; 8];
        entropy.fill(&mut epoch);
        Self {
            clock,
            book: Arc::new(Mutex::new(Book::new(NodeId::generate(entropy)))),
            trail: Mutex::new(Trail::default()),
            keys: Mutex::new(KeyRing::new(Pepper(pepper))),
            id: StoreId::generate(entropy),
            epoch: u64::from_le_bytes(epoch),
        }
    }
}

/// A page of a size that the contract allows.
fn bounded(page: PageRequest) -> PageRequest {
    PageRequest {
        limit: page.limit.clamp(1, MAX_LIMIT),
        after: page.after,
    }
}

fn full(what: &str) -> StoreError {
    StoreError::Unavailable {
        why: format!(
            "the store in memory holds no more {what}; use a store on disk for more than a trial"
        ),
        retry_after: RETRY_AFTER,
        source: None,
    }
}
