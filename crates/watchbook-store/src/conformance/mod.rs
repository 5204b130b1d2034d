//! One suite for every backend: does it keep the contract?
//!
//! A backend offers a [`Harness`], and [`conformance_suite!`](crate::conformance_suite) turns that into one test per
//! case. Each case names the sentences of the contract that it holds a store to ([`Sentence`]). For each sentence
//! there is also a store that breaks it on purpose, and a test that its case notices (`tests/broken_stores`).
//!
//! A backend opts out of a case only by what it declares in its [`Capabilities`](crate::Capabilities), and by what its
//! harness cannot [offer](Harness::offers); the last test of every suite checks that what is declared is really so.
//!
//! ```
//! # use std::sync::Arc;
//! # use watchbook_store::conformance::{self, Harness};
//! # use watchbook_store::memory::MemoryStore;
//! # use watchbook_store::system::{ManualClock, SeededEntropy};
//! #[derive(Default)]
//! struct InMemory(ManualClock);
//!
//! impl Harness for InMemory {
//!     type Store = MemoryStore;
//!
//!     async fn open(&self) -> MemoryStore {
//!         MemoryStore::new(Arc::new(self.0.clone()), &SeededEntropy::new(1))
//!     }
//!
//!     async fn reopen(&self, _lost: MemoryStore) -> MemoryStore {
//!         self.open().await
//!     }
//!
//!     fn clock(&self) -> &ManualClock {
//!         &self.0
//!     }
//! }
//!
//! // In a test file, for all of them:
//! // watchbook_store::conformance_suite!(InMemory::default(), without: [Persistent, Shared, Verifiable, Faults, Damage, Files, Restoration, Transfer, Absorbs]);
//! let case = conformance::case("a_preview_writes_nothing").unwrap();
//! assert_eq!(conformance::run(case, &InMemory::default()), conformance::Ran::Held);
//! ```
#![expect(
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "this is test code that is exported: a case fails by a panic that says what the store did"
)]

mod apart;
pub mod cases;
mod harness;
mod run;
mod scene;
mod sentence;
mod snapshot;
mod story;
mod suite;
mod watch;

pub use harness::{FileSeen, Harness};
pub use run::{Case, Need, Ran, block_on, check_declared, run};
pub use sentence::Sentence;
pub use suite::{CASES, case};

pub(crate) use apart::Node;
pub(crate) use scene::{Scene, agent, message, prose, service, short, title};
pub(crate) use snapshot::Snapshot;
