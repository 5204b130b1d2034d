//! The store in memory keeps the contract, as far as something without a disk can.

use std::sync::Arc;

use watchbook_core::Digest;
use watchbook_store::conformance::{Harness, Need};
use watchbook_store::memory::MemoryStore;
use watchbook_store::system::{ManualClock, SeededEntropy};
use watchbook_store::{Absorb, Transfer};

#[derive(Debug, Default)]
struct InMemory {
    clock: ManualClock,
}

impl Harness for InMemory {
    type Store = MemoryStore;

    async fn open(&self) -> MemoryStore {
        MemoryStore::new(Arc::new(self.clock.clone()), &SeededEntropy::new(1))
    }

    async fn reopen(&self, lost: MemoryStore) -> MemoryStore {
        drop(lost);
        self.open().await
    }

    fn absorbing<'s>(&self, store: &'s MemoryStore) -> Option<&'s dyn Absorb> {
        Some(store)
    }

    fn clock(&self) -> &ManualClock {
        &self.clock
    }

    fn offers(&self) -> &'static [Need] {
        &[Need::Damage, Need::Transfer, Need::Absorbs]
    }

    fn transfer<'s>(&self, store: &'s MemoryStore) -> Option<&'s dyn Transfer> {
        Some(store)
    }

    fn damage(&self, store: &MemoryStore, artifact: Digest) -> bool {
        store.damage(artifact)
    }
}

watchbook_store::conformance_suite!(InMemory::default(), without: [Persistent, Shared, Verifiable, Faults, Files, Restoration]);
