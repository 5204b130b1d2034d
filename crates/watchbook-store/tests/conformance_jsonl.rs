//! Files keep the contract: on the real file system, with a second handle standing for a second process.
#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use tempfile::TempDir;
use watchbook_core::Digest;
use watchbook_store::Transfer;
use watchbook_store::conformance::{FileSeen, Harness, Need};
use watchbook_store::jsonl::{JsonlOptions, JsonlStore};
use watchbook_store::system::{ManualClock, OsEntropy};

struct Files {
    dir: TempDir,
    copy: TempDir,
    clock: ManualClock,
}

impl Default for Files {
    fn default() -> Self {
        Self {
            dir: TempDir::new().unwrap(),
            copy: TempDir::new().unwrap(),
            clock: ManualClock::default(),
        }
    }
}

impl Files {
    fn handle(&self) -> JsonlStore {
        let options = JsonlOptions::new(
            self.dir.path(),
            Arc::new(self.clock.clone()),
            Arc::new(OsEntropy),
        );
        JsonlStore::open(options).unwrap()
    }
}

impl Harness for Files {
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
        // The process dies without a word; what the machine would lose is the simulator's subject.
        drop(store);
        self.handle()
    }

    async fn second(&self, _first: &JsonlStore) -> Option<JsonlStore> {
        Some(self.handle())
    }

    fn clock(&self) -> &ManualClock {
        &self.clock
    }

    fn offers(&self) -> &'static [Need] {
        &[Need::Damage, Need::Files, Need::Restoration, Need::Transfer]
    }

    async fn keep_copy(&self, _store: &JsonlStore) {
        put(self.dir.path(), self.copy.path());
    }

    async fn restore_copy(&self, store: JsonlStore) -> Option<JsonlStore> {
        drop(store);
        put(self.copy.path(), self.dir.path());
        Some(self.handle())
    }

    fn transfer<'s>(&self, store: &'s JsonlStore) -> Option<&'s dyn Transfer> {
        Some(store)
    }

    fn damage(&self, _store: &JsonlStore, artifact: Digest) -> bool {
        let name = artifact.to_string();
        let found = walk(self.dir.path())
            .into_iter()
            .find(|file| file.path.ends_with(&name));
        found.is_some_and(|file| std::fs::write(file.path, "something else").is_ok())
    }

    fn files(&self) -> Vec<FileSeen> {
        walk(self.dir.path())
    }
}

/// Makes `to` hold what `from` holds.
fn put(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(to).unwrap() {
        std::fs::remove_dir_all(entry.unwrap().path()).unwrap();
    }
    for file in walk(from) {
        let path = to.join(file.path.strip_prefix(from).unwrap());
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::copy(file.path, path).unwrap();
    }
}

fn walk(dir: &Path) -> Vec<FileSeen> {
    let mut seen = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let is = std::fs::symlink_metadata(&path).unwrap();
        if is.is_dir() {
            seen.extend(walk(&path));
        } else {
            let content = std::fs::read(&path).unwrap();
            seen.push(FileSeen {
                path,
                mode: is.permissions().mode() & 0o777,
                content,
            });
        }
    }
    seen
}

watchbook_store::conformance_suite!(Files::default(), without: [Faults, Absorbs]);
