//! What a backend offers to the suite.

use std::future::Future;
use std::path::PathBuf;
use std::time::Duration;

use watchbook_core::Digest;

use super::Need;
use crate::contract::{Absorb, Store, Transfer};
use crate::system::ManualClock;

/// What a backend offers to the suite: one store of its own for each case, and ways to trouble it.
///
/// Every test makes a harness of its own. The methods with a body are for what only some backends can do: a harness
/// names in [`Self::offers`] which of them it has, and the cases that need another one are skipped, which the suite's
/// `without` must say.
pub trait Harness: Sync {
    /// The store under test.
    type Store: Store;

    /// Which of [`Need::Faults`], [`Need::Damage`], [`Need::Files`], [`Need::Restoration`], [`Need::Transfer`] and
    /// [`Need::Absorbs`] this harness can do.
    fn offers(&self) -> &'static [Need] {
        &[]
    }

    /// A handle on this harness's store, which is empty at first. The store must take its time from [`Self::clock`].
    fn open(&self) -> impl Future<Output = Self::Store> + Send;

    /// Closes the handle in the ordinary way and opens the same store again, as a restarted process would.
    fn reopen(&self, store: Self::Store) -> impl Future<Output = Self::Store> + Send;

    /// The clock that the store reads.
    fn clock(&self) -> &ManualClock;

    /// Lets time pass for the leases of the store: by its clock, unless it judges them by another.
    fn pass(&self, _store: &Self::Store, span: Duration) -> impl Future<Output = ()> + Send {
        self.clock().advance(span);
        async {}
    }

    /// Keeps a copy of the store as it is, for [`Self::restore_copy`]. The newest counts.
    fn keep_copy(&self, _store: &Self::Store) -> impl Future<Output = ()> + Send {
        async {}
    }

    /// Closes the handle, puts the copy in the place of the store, and opens that. `None` if that cannot be arranged,
    /// which is never where it is offered.
    fn restore_copy(
        &self,
        _store: Self::Store,
    ) -> impl Future<Output = Option<Self::Store>> + Send {
        async { None }
    }

    /// Loses what the machine would lose in a power failure at this moment, then opens the store again.
    fn crash(&self, store: Self::Store) -> impl Future<Output = Self::Store> + Send {
        self.reopen(store)
    }

    /// A further handle, as of another process, beside the one that is open. `None` unless the store is `shared`.
    fn second(&self, _first: &Self::Store) -> impl Future<Output = Option<Self::Store>> + Send {
        async { None }
    }

    /// The store as something that gives out and takes over whole incidents. `None` if it does not, which is never where
    /// it is offered.
    fn transfer<'s>(&self, _store: &'s Self::Store) -> Option<&'s dyn Transfer> {
        None
    }

    /// Lets the `step`-th access (counted from 0) to what lies beneath the store fail once, from now on. `false` if
    /// that cannot be arranged, which is never where it is offered. Asked with 0, 1, 2 … until a write succeeds in spite of it.
    fn fail_at(&self, _step: u32) -> bool {
        false
    }

    /// Takes the fault away if it has not struck.
    fn calm(&self) {}

    /// Changes a stored artifact behind the store's back. `false` if that cannot be arranged, which is never where it is
    /// offered.
    fn damage(&self, _store: &Self::Store, _artifact: Digest) -> bool {
        false
    }

    /// The same store as one that takes in what others wrote while they were apart. `None` where it is not offered.
    fn absorbing<'s>(&self, _store: &'s Self::Store) -> Option<&'s dyn Absorb> {
        None
    }

    /// Every file the store has made so far. Empty where it is not offered.
    fn files(&self) -> Vec<FileSeen> {
        Vec::new()
    }
}

/// A file that a store has made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSeen {
    /// Where it is.
    pub path: PathBuf,
    /// Its permission bits, such as `0o640`.
    pub mode: u32,
    /// What it holds.
    pub content: Vec<u8>,
}
