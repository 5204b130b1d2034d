//! The model test on files: the same life as the reference in memory, and the same again after opening anew.

#![expect(clippy::unwrap_used, reason = "test code, also outside of `#[test]`")]

use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;
use watchbook_store::conformance::block_on;
use watchbook_store::jsonl::{JsonlOptions, JsonlStore};
use watchbook_store::memory::MemoryStore;
use watchbook_store::model::{compare_through, look_alike};
use watchbook_store::system::{ManualClock, SeededEntropy};

fn files(dir: &Path, clock: &ManualClock, seed: u64) -> JsonlStore {
    let entropy = Arc::new(SeededEntropy::new(seed));
    JsonlStore::open(JsonlOptions::new(dir, Arc::new(clock.clone()), entropy)).unwrap()
}

/// Two handles on one directory that take turns, as two processes would.
struct Handles<'a> {
    dir: &'a Path,
    clock: &'a ManualClock,
    open: [JsonlStore; 2],
    opened: u64,
}

impl<'a> Handles<'a> {
    fn new(dir: &'a Path, clock: &'a ManualClock) -> Self {
        Self {
            dir,
            clock,
            open: [2, 3].map(|seed| files(dir, clock, seed)),
            opened: 3,
        }
    }

    /// The handle of this turn. Now and then it is opened anew first: after an ordinary end with its checkpoint, or
    /// after a sudden one.
    fn turn(&mut self, draw: u64) -> Arc<JsonlStore> {
        let which = usize::from(draw.is_multiple_of(2));
        match (draw >> 1) % 16 {
            0 => self.open[which].close().unwrap(),
            1 => {}
            _ => return Arc::new(self.open[which].clone()),
        }
        self.opened += 1;
        self.open[which] = files(self.dir, self.clock, self.opened);
        Arc::new(self.open[which].clone())
    }
}

/// Lives on files beside the reference, through two handles that come and go; in the end whoever opens the files, after
/// an ordinary or a sudden end, sees what the reference shows.
async fn live(draws: &[u64], sudden: bool) {
    let clock = ManualClock::default();
    let dir = tempfile::tempdir().unwrap();
    let reference = MemoryStore::new(Arc::new(clock.clone()), &SeededEntropy::new(1));
    let mut handles = Handles::new(dir.path(), &clock);
    compare_through(&reference, |draw| handles.turn(draw), &clock, draws).await;
    if !sudden {
        handles.open[0].close().unwrap();
    }
    drop(handles);
    look_alike(&reference, &files(dir.path(), &clock, 1_000)).await;
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
