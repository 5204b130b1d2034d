//! Random lives, moved around between memory, files and a database: whatever the way, what arrives is what left.

use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;
use watchbook_store::conformance::block_on;
use watchbook_store::copy::{Silent, copy};
use watchbook_store::jsonl::{JsonlOptions, JsonlStore};
use watchbook_store::memory::MemoryStore;
use watchbook_store::model::{compare, look_alike};
use watchbook_store::postgres::ExecMode;
use watchbook_store::system::{ManualClock, SeededEntropy};
use watchbook_store::{Incidents as _, Movable, Store, Transfer, Whole};

use crate::commands::{creation, note};
use crate::schema::Schema;

fn memory(clock: &ManualClock, seed: u64) -> MemoryStore {
    MemoryStore::new(Arc::new(clock.clone()), &SeededEntropy::new(seed))
}

fn files(dir: &Path, clock: &ManualClock) -> JsonlStore {
    let entropy = Arc::new(SeededEntropy::new(7));
    JsonlStore::open(JsonlOptions::new(dir, Arc::new(clock.clone()), entropy)).unwrap()
}

async fn all(store: &dyn Transfer) -> Vec<Whole> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let some = store.export_after(after, 3).await.unwrap();
        let Some(last) = some.last() else { return all };
        after = Some(last.id);
        all.extend(some);
    }
}

/// Copies, in two halves of which the first is a few lines only, and looks at what arrived.
async fn arrives<A: Store + Transfer, B: Store + Transfer>(from: &A, to: &B, drawn: usize) {
    let left = all(from).await;
    let mut first = left.clone();
    for whole in &mut first {
        whole.lines.truncate(1 + drawn % whole.lines.len());
        let last = whole.lines.last().unwrap().event.seq;
        let last_change = whole.lines.last().unwrap().change;
        // A key comes with the lines of its change, all of them.
        whole
            .keys
            .retain(|key| key.seq < last && key.used.change != last_change);
    }
    to.plant(first, drawn.is_multiple_of(2)).await.unwrap();
    copy(from as &dyn Movable, to as &dyn Movable, false, &Silent)
        .await
        .unwrap();
    let arrived = all(to).await;
    let lines = |wholes: &[Whole]| -> Vec<_> {
        wholes
            .iter()
            .map(|whole| (whole.id, whole.lines.clone()))
            .collect()
    };
    assert_eq!(lines(&arrived), lines(&left));
    look_alike(from, to).await;
}

async fn moves(draws: &[u64]) {
    let schema = Schema::migrated().await;
    let clock = &schema.clock;
    let (first, twin) = (memory(clock, 1), memory(clock, 2));
    compare(&first, &twin, clock, draws).await;
    let drawn = usize::try_from(draws[0] % 1_000).unwrap();
    let dirs = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let database = schema.store(ExecMode::Prepared);
    let (one, two) = (files(dirs[0].path(), clock), files(dirs[1].path(), clock));
    arrives(&first, &one, drawn).await;
    arrives(&one, &database, drawn / 2).await;
    arrives(&database, &two, drawn / 3).await;
    drop(one);
    arrives(&files(dirs[0].path(), clock), &memory(clock, 3), drawn).await;
    let last = memory(clock, 4);
    arrives(&two, &last, drawn / 5).await;
    look_alike(&first, &last).await;
    let verified = two.verify(None).unwrap();
    assert!(verified.damaged.is_empty(), "{verified:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_the_way_what_arrives_is_what_left(
        draws in prop::collection::vec(any::<u64>(), 1..100),
    ) {
        block_on(moves(&draws));
    }
}

#[test]
fn a_moment_of_a_database_stays_while_others_write() {
    block_on(async {
        let schema = Schema::migrated().await;
        let store = schema.store(ExecMode::Prepared);
        let id = store.apply(creation()).await.unwrap().incident.id;
        let moment = store.frozen().await.unwrap();
        let before = all(&moment).await;
        store.apply(note(id, "later")).await.unwrap();
        store.apply(creation()).await.unwrap();
        assert_eq!(all(&moment).await, before);
        assert_eq!(moment.get(id).await.unwrap().events, 1);
        assert!(moment.apply(note(id, "never")).await.is_err());
        drop(moment);
        assert_eq!(all(&store).await.len(), 2);
    });
}
