//! The model test on the reference itself: two stores in memory live one life, and a broken one is told from them.

#![expect(clippy::unwrap_used, reason = "test code, also outside of `#[test]`")]

use std::collections::BTreeSet;
use std::sync::Arc;

use proptest::prelude::*;
use watchbook_core::query::{IncidentFilter, IncidentQuery, PageRequest, Sort};
use watchbook_core::{Clock as _, Event, EventType};
use watchbook_store::Incidents as _;
use watchbook_store::conformance::block_on;
use watchbook_store::memory::MemoryStore;
use watchbook_store::model::compare;
use watchbook_store::system::{ManualClock, SeededEntropy};

fn store(clock: &ManualClock, seed: u64) -> MemoryStore {
    MemoryStore::new(Arc::new(clock.clone()), &SeededEntropy::new(seed))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn two_stores_in_memory_live_one_life(draws in prop::collection::vec(any::<u64>(), 1..120)) {
        let clock = ManualClock::default();
        block_on(compare(&store(&clock, 1), &store(&clock, 2), &clock, &draws));
    }
}

/// Draws that are spread over everything a life can do.
fn draws(count: u64) -> Vec<u64> {
    let entropy = SeededEntropy::new(1);
    (0..count).map(|_| entropy.next_u64()).collect()
}

#[test]
#[should_panic(expected = "Command {")]
fn a_store_with_a_past_is_told_from_one_without() {
    let clock = ManualClock::default();
    let reference = store(&clock, 1);
    block_on(compare(&reference, &store(&clock, 2), &clock, &draws(100)));
    clock.set(ManualClock::default().now());
    block_on(compare(&reference, &store(&clock, 3), &clock, &draws(100)));
}

#[test]
fn a_life_sees_every_sort_of_line() {
    let clock = ManualClock::default();
    let reference = store(&clock, 1);
    let seen = block_on(async {
        compare(&reference, &store(&clock, 2), &clock, &draws(1_500)).await;
        kinds(&reference).await
    });
    let by_callers = [
        EventType::Note,
        EventType::Decision,
        EventType::Action,
        EventType::StatusChange,
        EventType::SeverityChange,
        EventType::FieldChange,
        EventType::Followup,
        EventType::FollowupUpdate,
        EventType::Merge,
        EventType::Redaction,
        EventType::Artifact,
        EventType::Custom,
    ];
    let missing: Vec<_> = by_callers
        .iter()
        .filter(|kind| !seen.contains(kind))
        .collect();
    assert!(missing.is_empty(), "no life saw {missing:?}");
}

async fn kinds(store: &MemoryStore) -> BTreeSet<EventType> {
    lines(store).await.iter().map(|line| line.kind).collect()
}

#[test]
fn a_life_changes_every_field() {
    let clock = ManualClock::default();
    let reference = store(&clock, 1);
    let lines = block_on(async {
        compare(&reference, &store(&clock, 2), &clock, &draws(3_000)).await;
        lines(&reference).await
    });
    let fields = lines
        .iter()
        .filter(|line| line.kind == EventType::FieldChange)
        .filter_map(|line| line.meta.get("fields")?.as_object());
    let changed: BTreeSet<&str> = fields
        .flat_map(|fields| fields.keys().map(String::as_str))
        .collect();
    let every = [
        "affects",
        "detected_at",
        "drill",
        "env",
        "kind",
        "labels.region",
        "resolution_summary",
        "roles.commander",
        "root_cause",
        "service",
        "signature",
        "started_at",
        "summary",
        "title",
    ];
    assert_eq!(changed, BTreeSet::from(every));
}

/// Every line of every timeline.
async fn lines(store: &MemoryStore) -> Vec<Event> {
    let first = PageRequest {
        limit: 500,
        after: None,
    };
    let all = IncidentQuery {
        filter: IncidentFilter::default(),
        sort: Sort::Created,
        page: first,
    };
    let mut lines = Vec::new();
    for incident in store.list(all).await.unwrap().items {
        lines.extend(store.events(incident.id, first).await.unwrap().items);
    }
    lines
}
