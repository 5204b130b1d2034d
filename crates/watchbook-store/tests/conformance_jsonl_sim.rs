//! Files keep the contract on a disk that loses what was not synced, and on one that fails at any single step.
#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use watchbook_core::Digest;
use watchbook_store::Transfer;
use watchbook_store::conformance::{Harness, Need};
use watchbook_store::disk::sim::Fault;
use watchbook_store::disk::{Disk as _, Kind, SimDisk};
use watchbook_store::jsonl::{JsonlOptions, JsonlStore};
use watchbook_store::system::{ManualClock, SeededEntropy};

struct Simulated {
    disk: Mutex<SimDisk>,
    copy: Mutex<Option<SimDisk>>,
    clock: ManualClock,
    entropy: Arc<SeededEntropy>,
}

impl Default for Simulated {
    fn default() -> Self {
        let (disk, clock) = (Mutex::new(SimDisk::new()), ManualClock::default());
        Self {
            disk,
            copy: Mutex::new(None),
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

    fn offers(&self) -> &'static [Need] {
        &[
            Need::Faults,
            Need::Damage,
            Need::Restoration,
            Need::Transfer,
        ]
    }

    async fn keep_copy(&self, _store: &JsonlStore) {
        *self.copy.lock().unwrap() = Some(self.disk().crash(3));
    }

    async fn restore_copy(&self, store: JsonlStore) -> Option<JsonlStore> {
        drop(store);
        let copy = self.copy.lock().unwrap().take()?;
        *self.disk.lock().unwrap() = copy;
        Some(self.handle())
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

    fn transfer<'s>(&self, store: &'s JsonlStore) -> Option<&'s dyn Transfer> {
        Some(store)
    }

    fn damage(&self, _store: &JsonlStore, artifact: Digest) -> bool {
        let (disk, name) = (self.disk(), artifact.to_string());
        let found = walk(&disk, Path::new("/site"))
            .into_iter()
            .find(|path| path.ends_with(&name));
        found.is_some_and(|path| disk.tamper(&path, b"something else").is_ok())
    }
}

fn walk(disk: &SimDisk, dir: &Path) -> Vec<PathBuf> {
    let paths = disk.read_dir(dir).unwrap().into_iter();
    let below = |path: PathBuf| match disk.metadata(&path).unwrap().kind {
        Kind::Directory => walk(disk, &path),
        Kind::File | Kind::Other => vec![path],
    };
    paths.map(|name| dir.join(name)).flat_map(below).collect()
}

watchbook_store::conformance_suite!(Simulated::default(), without: [Files, Absorbs]);
