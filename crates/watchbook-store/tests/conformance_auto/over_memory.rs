//! `auto` over two stores in memory, with nothing that fails.

use std::sync::Arc;

use watchbook_store::auto::{AutoOptions, AutoStore, Local, MemoryShelter, Primary};
use watchbook_store::conformance::Harness;
use watchbook_store::memory::MemoryStore;
use watchbook_store::system::{ManualClock, SeededEntropy};

/// A store in memory with a number of its own.
pub(crate) fn memory(clock: &ManualClock, seed: u64) -> Arc<MemoryStore> {
    Arc::new(MemoryStore::new(
        Arc::new(clock.clone()),
        &SeededEntropy::new(seed),
    ))
}

/// A shelter whose logs are in memory.
pub(crate) fn shelter(clock: &ManualClock) -> Arc<MemoryShelter> {
    let clock = clock.clone();
    let make = move |generation| -> Arc<dyn Local> { memory(&clock, 100 + generation) };
    Arc::new(MemoryShelter::new(make))
}

#[derive(Default)]
struct InMemory(ManualClock);

impl Harness for InMemory {
    type Store = AutoStore;

    async fn open(&self) -> AutoStore {
        let primary: Arc<dyn Primary> = memory(&self.0, 1);
        let options = AutoOptions::new(Arc::new(self.0.clone()));
        AutoStore::new(primary, shelter(&self.0), options)
    }

    async fn reopen(&self, lost: AutoStore) -> AutoStore {
        drop(lost);
        self.open().await
    }

    fn clock(&self) -> &ManualClock {
        &self.0
    }
}

watchbook_store::conformance_suite!(
    InMemory::default(),
    without: [Persistent, Shared, Verifiable, Faults, Damage, Files, Restoration, Transfer, Absorbs]
);
