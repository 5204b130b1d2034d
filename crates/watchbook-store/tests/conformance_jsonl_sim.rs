//! Files keep the contract on a disk that loses what was not synced, and on one that fails at any single step.
#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

use watchbook_core::Digest;
use watchbook_store::conformance::Harness;
use watchbook_store::disk::SimDisk;
use watchbook_store::disk::sim::Fault;
use watchbook_store::jsonl::{JsonlOptions, JsonlStore};
use watchbook_store::system::{ManualClock, SeededEntropy};

struct Simulated {
    disk: Mutex<SimDisk>,
    clock: ManualClock,
    entropy: Arc<SeededEntropy>,
}

impl Default for Simulated {
    fn default() -> Self {
        let (disk, clock) = (Mutex::new(SimDisk::new()), ManualClock::default());
        Self {
            disk,
            clock,
            entropy: Arc::new(SeededEntropy::new(7)),
        }
    }
}

impl Simulated {
    fn disk(&self) -> SimDisk {
        self.disk.lock().unwrap().clone()
    }

    fn handle(&self) -> JsonlStore {
        let entropy = Arc::clone(&self.entropy);
        let options = JsonlOptions::new(Path::new("/site"), Arc::new(self.clock.clone()), entropy);
        JsonlStore::open(JsonlOptions {
            disk: Arc::new(self.disk()),
            workers: 0,
            ..options
        })
        .unwrap()
    }
}

impl Harness for Simulated {
    type Store = JsonlStore;

    async fn open(&self) -> JsonlStore {
        self.handle()
    }

    async fn reopen(&self, store: JsonlStore) -> JsonlStore {
        store.close().unwrap();
        drop(store);
        self.handle()
    }

    async fn crash(&self, store: JsonlStore) -> JsonlStore {
        let after = self.disk().crash(3);
        drop(store);
        *self.disk.lock().unwrap() = after;
        self.handle()
    }

    async fn second(&self, _first: &JsonlStore) -> Option<JsonlStore> {
        Some(self.handle())
    }

    fn clock(&self) -> &ManualClock {
        &self.clock
    }

    fn fail_at(&self, step: u32) -> bool {
        let disk = self.disk();
        disk.fail_at(
            disk.operations() + u64::from(step),
            Fault::Error(io::ErrorKind::StorageFull),
        );
        true
    }

    fn calm(&self) {
        self.disk().heal();
    }

    fn damage(&self, _store: &JsonlStore, _artifact: Digest) -> bool {
        false
    }
}

watchbook_store::conformance_suite!(Simulated::default(), without: []);
