//! The model test on files: the same life as the reference in memory, and the same again after opening anew.

#![expect(clippy::unwrap_used, reason = "test code, also outside of `#[test]`")]

use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;
use watchbook_store::conformance::block_on;
use watchbook_store::jsonl::{JsonlOptions, JsonlStore};
use watchbook_store::memory::MemoryStore;
use watchbook_store::model::{compare, look_alike};
use watchbook_store::system::{ManualClock, SeededEntropy};

fn files(dir: &Path, clock: &ManualClock, seed: u64) -> JsonlStore {
    let entropy = Arc::new(SeededEntropy::new(seed));
    JsonlStore::open(JsonlOptions::new(dir, Arc::new(clock.clone()), entropy)).unwrap()
}

/// Lives on files beside the reference, then opens the files again: by the checkpoint of an ordinary end, or after
/// a sudden one.
async fn live(draws: &[u64], sudden: bool) {
    let clock = ManualClock::default();
    let dir = tempfile::tempdir().unwrap();
    let reference = MemoryStore::new(Arc::new(clock.clone()), &SeededEntropy::new(1));
    let store = files(dir.path(), &clock, 2);
    compare(&reference, &store, &clock, draws).await;
    if !sudden {
        store.close().unwrap();
    }
    drop(store);
    look_alike(&reference, &files(dir.path(), &clock, 3)).await;
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn files_live_the_life_of_the_reference(
        draws in prop::collection::vec(any::<u64>(), 1..100),
        sudden in any::<bool>(),
    ) {
        block_on(live(&draws, sudden));
    }
}
