//! What the program tells, on files and in memory alike.

#![expect(clippy::unwrap_used, reason = "test code, also outside of `#[test]`")]

use std::sync::Arc;

use embed_store::Watcher;
use watchbook_store::contract::Store;
use watchbook_store::jsonl::{JsonlOptions, JsonlStore};
use watchbook_store::memory::MemoryStore;
use watchbook_store::system::{ManualClock, SeededEntropy};

async fn told<S: Store>(store: &S) -> String {
    let (clock, entropy) = (ManualClock::default(), SeededEntropy::new(7));
    Watcher::new(store, &clock, &entropy)
        .unwrap()
        .tell()
        .await
        .unwrap()
}

#[tokio::test]
async fn it_tells_one_incident_from_beginning_to_end() {
    let clock = Arc::new(ManualClock::default());
    let in_memory = told(&MemoryStore::new(clock.clone(), &SeededEntropy::new(1))).await;
    insta::assert_snapshot!(in_memory);
    let dir = tempfile::tempdir().unwrap();
    let options = JsonlOptions::new(dir.path(), clock, Arc::new(SeededEntropy::new(1)));
    let on_files = told(&JsonlStore::open(options).unwrap()).await;
    assert_eq!(on_files, in_memory);
}
