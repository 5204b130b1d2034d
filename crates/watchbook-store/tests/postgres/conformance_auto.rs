//! Every case of the suite on `auto`: a database first, and files beside it.

use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use watchbook_core::Digest;
use watchbook_store::auto::{AutoOptions, AutoStore, Folder};
use watchbook_store::conformance::{FileSeen, Harness, Need, block_on};
use watchbook_store::jsonl::JsonlOptions;
use watchbook_store::postgres::ExecMode;
use watchbook_store::system::{ManualClock, OsEntropy};

use crate::schema::Schema;

struct InBoth {
    schema: Schema,
    dir: TempDir,
}

impl InBoth {
    fn new() -> Self {
        Self {
            schema: block_on(Schema::migrated()),
            dir: TempDir::new().expect("a directory"),
        }
    }

    fn handle(&self) -> AutoStore {
        let clock = Arc::new(self.schema.clock.clone());
        let files = JsonlOptions::new(
            self.dir.path(),
            Arc::clone(&clock) as _,
            Arc::new(OsEntropy),
        );
        AutoStore::new(
            Arc::new(self.schema.store(ExecMode::Prepared)),
            Arc::new(Folder::new(self.dir.path(), files)),
            AutoOptions::new(clock),
        )
    }
}

impl Harness for InBoth {
    type Store = AutoStore;

    async fn open(&self) -> AutoStore {
        self.handle()
    }

    async fn reopen(&self, store: AutoStore) -> AutoStore {
        store.close().expect("closed");
        drop(store);
        self.handle()
    }

    async fn second(&self, _first: &AutoStore) -> Option<AutoStore> {
        Some(self.handle())
    }

    fn clock(&self) -> &ManualClock {
        &self.schema.clock
    }

    fn offers(&self) -> &'static [Need] {
        &[Need::Damage, Need::Files, Need::Restoration]
    }

    async fn pass(&self, _store: &AutoStore, span: Duration) {
        self.schema.let_leases_age(span).await;
    }

    async fn keep_copy(&self, _store: &AutoStore) {
        self.schema.keep_copy().await;
    }

    async fn restore_copy(&self, store: AutoStore) -> Option<AutoStore> {
        drop(store);
        self.schema.restore_copy().await;
        Some(self.handle())
    }

    fn damage(&self, _store: &AutoStore, artifact: Digest) -> bool {
        self.schema.damage(artifact)
    }

    fn files(&self) -> Vec<FileSeen> {
        crate::files::below(self.dir.path())
    }
}

watchbook_store::conformance_suite!(InBoth::new(), without: [Verifiable, Faults, Transfer, Absorbs]);
