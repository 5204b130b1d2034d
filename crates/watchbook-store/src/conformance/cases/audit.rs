//! `AuditLog` 1–3: before, beside, paired.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use watchbook_core::audit::{AuditClosing, AuditEntry, AuditOpening, AuditOutcome, AuditQuery};
use watchbook_core::query::{PageRequest, Place};
use watchbook_core::text::Name;
use watchbook_core::{EventId, IncidentId, Timestamp, Via};

use crate::conformance::{Harness, Scene, agent, short};
use crate::contract::{AuditLog, Store};

fn opening(number: u128, at: Timestamp) -> AuditOpening {
    AuditOpening {
        id: EventId::from_bits(number),
        at,
        agent: agent("sofiia"),
        key: None,
        delegate: None,
        via: Via::Keyless,
        request: Name::new(format!("req-{number}")).unwrap(),
        tool: short("oncall_tool"),
        action: short("incident_get"),
        incident: None,
        dry_run: false,
        params: json!({ "number": number.to_string(), "text": "\"}\n{\"opening\":" }),
    }
}

fn closing(number: u128, at: Timestamp) -> AuditClosing {
    AuditClosing {
        id: EventId::from_bits(number),
        at,
        outcome: AuditOutcome::Ok,
        code: None,
        incident: None,
        took_ms: u64::try_from(number).ok(),
    }
}

async fn all<S: AuditLog>(store: &S) -> Vec<AuditEntry> {
    find(store, AuditQuery::default(), 500).await
}

/// All entries that are meant, read in pages of `limit`.
async fn find<S: AuditLog>(store: &S, query: AuditQuery, limit: usize) -> Vec<AuditEntry> {
    let (mut after, mut entries) = (None, Vec::new());
    loop {
        let page = store
            .search_audit(query.clone(), PageRequest { limit, after })
            .await;
        let page = page.expect("the trail can be read");
        assert!(page.items.len() <= limit);
        entries.extend(page.items);
        after = page.next;
        if after.is_none() {
            return entries;
        }
    }
}

/// An opening is found as soon as it was answered, without a closing.
pub async fn an_opening_is_found_at_once<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    assert_eq!(all(&scene.store).await, []);
    let opening = opening(1, scene.now());
    scene
        .store
        .open_entry(opening.clone())
        .await
        .expect("it can be appended");
    assert_eq!(
        all(&scene.store).await,
        [AuditEntry {
            opening,
            closing: None
        }]
    );
}

/// An opening survives the end of the process right behind its answer.
pub async fn an_opening_survives_a_restart<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    let opening = opening(1, scene.now());
    scene
        .store
        .open_entry(opening.clone())
        .await
        .expect("it can be appended");
    let reopened = harness.reopen(scene.store).await;
    assert_eq!(
        all(&reopened).await,
        [AuditEntry {
            opening,
            closing: None
        }]
    );
}

/// What was appended before a sync survives a power failure.
pub async fn what_was_synced_survives_a_crash<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    let entry = AuditEntry {
        opening: opening(1, scene.now()),
        closing: Some(closing(1, scene.now())),
    };
    scene
        .store
        .open_entry(entry.opening.clone())
        .await
        .expect("it can be appended");
    scene
        .store
        .close_entry(closing(1, scene.now()))
        .await
        .expect("it can be appended");
    scene.store.sync_audit().await.expect("it can be synced");
    let crashed = harness.crash(scene.store).await;
    assert_eq!(all(&crashed).await, [entry]);
}

/// Two handles write to one trail, and both read all of it.
pub async fn entries_of_two_handles_stand_beside_each_other<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    let there = harness.second(&scene.store).await.expect("a shared store");
    for number in 0..10 {
        let at = scene.clock.advance(Duration::from_millis(1));
        let store = if number % 2 == 0 {
            &scene.store
        } else {
            &there
        };
        store
            .open_entry(opening(number, at))
            .await
            .expect("it can be appended");
    }
    let here = all(&scene.store).await;
    let numbers: Vec<u128> = here
        .iter()
        .map(|entry| entry.opening.id.to_bits())
        .collect();
    assert_eq!(numbers, (0..10).rev().collect::<Vec<u128>>());
    assert_eq!(all(&there).await, here);
}

/// Writers of one case that write at once.
const WRITERS: u128 = 8;
/// Entries that each of them writes.
const ENTRIES: u128 = 8;

/// Entries that are written at once are each there once, whole, with their own closings.
pub async fn entries_at_once_are_each_whole<H: Harness>(harness: &H) {
    let scene = Arc::new(Scene::open(harness).await);
    let now = scene.now();
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..WRITERS {
        let scene = Arc::clone(&scene);
        writers.spawn(async move {
            for number in (0..ENTRIES).map(|entry| writer * ENTRIES + entry) {
                scene
                    .store
                    .open_entry(opening(number, now))
                    .await
                    .expect("it can be appended");
                scene
                    .store
                    .close_entry(closing(number, now))
                    .await
                    .expect("it can be appended");
            }
        });
    }
    writers.join_all().await;
    let mut entries = find(&scene.store, AuditQuery::default(), 10).await;
    entries.sort_by_key(|entry| entry.opening.id);
    let expected = (0..WRITERS * ENTRIES).map(|number| AuditEntry {
        opening: opening(number, now),
        closing: Some(closing(number, now)),
    });
    assert_eq!(entries, expected.collect::<Vec<_>>());
}

/// Each opening is given with the closing of the same id, whatever came in between.
pub async fn an_opening_comes_with_its_own_closing<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    let now = scene.now();
    for number in 0..4 {
        scene
            .store
            .open_entry(opening(number, now))
            .await
            .expect("it can be appended");
    }
    for number in [2, 0, 3] {
        scene
            .store
            .close_entry(closing(number, now))
            .await
            .expect("it can be appended");
    }
    let entries = all(&scene.store).await;
    assert_eq!(entries.len(), 4);
    for entry in entries {
        let number = entry.opening.id.to_bits();
        assert_eq!(entry.closing, (number != 1).then(|| closing(number, now)));
    }
}

/// The outcomes, agents and days that the questions below tell apart.
async fn trail<S: Store>(scene: &Scene<S>) -> IncidentId {
    let incident = scene.id();
    let day = Duration::from_hours(24);
    let entries = [
        (0, "sofiia", "incident_get", None, Some(AuditOutcome::Ok)),
        (
            1,
            "monitor",
            "incident_close",
            Some(incident),
            Some(AuditOutcome::Denied),
        ),
        (2, "sofiia", "incident_create", None, Some(AuditOutcome::Ok)),
        (3, "monitor", "incident_get", None, None),
    ];
    for (number, who, action, about, outcome) in entries {
        let at = scene.clock.advance(day);
        let mut opening = opening(number, at);
        (opening.agent, opening.action, opening.incident) = (agent(who), short(action), about);
        scene
            .store
            .open_entry(opening)
            .await
            .expect("it can be appended");
        if let Some(outcome) = outcome {
            let created = (number == 2).then_some(incident);
            let closing = AuditClosing {
                outcome,
                incident: created,
                ..closing(number, at)
            };
            scene
                .store
                .close_entry(closing)
                .await
                .expect("it can be appended");
        }
    }
    incident
}

/// A change of the question that means everything, and the numbers of what is left.
type Row = (&'static [u128], fn(&mut AuditQuery));

const QUESTIONS: &[Row] = &[
    (&[3, 2, 1, 0], |_| {}),
    (&[3, 1], |q| q.agent = Some(agent("monitor"))),
    (&[3, 2, 1, 0], |q| q.tool = Some(short("oncall_tool"))),
    (&[], |q| q.tool = Some(short("admin_tool"))),
    (&[3, 0], |q| q.action = Some(short("incident_get"))),
    (&[2, 0], |q| q.outcome = Some(AuditOutcome::Ok)),
    (&[1], |q| q.outcome = Some(AuditOutcome::Denied)),
    (&[], |q| q.outcome = Some(AuditOutcome::Failed)),
];

/// Each question gives the entries it speaks of, the newest first, page by page, over several days.
pub async fn each_question_about_the_trail_means_what_it_says<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    let begun = scene.now();
    let incident = trail(&scene).await;
    let asked = QUESTIONS.iter().map(|(expected, change)| {
        let mut query = AuditQuery::default();
        change(&mut query);
        (query, *expected)
    });
    for (query, expected) in asked {
        check(&scene, query, expected).await;
    }
    let day = |days: u64| Some(begun.plus(Duration::from_hours(24 * days)));
    let between = |from, to| AuditQuery {
        from,
        to,
        ..AuditQuery::default()
    };
    check(&scene, between(day(2), day(4)), &[2, 1]).await;
    check(&scene, between(day(5), None), &[]).await;
    let about = AuditQuery {
        incident: Some(incident),
        ..AuditQuery::default()
    };
    check(&scene, about, &[2, 1]).await;
}

async fn check<S: Store>(scene: &Scene<S>, query: AuditQuery, expected: &[u128]) {
    for limit in [1, 3, 500] {
        let found = find(&scene.store, query.clone(), limit).await;
        let numbers = found.iter().map(|entry| entry.opening.id.to_bits());
        let numbers: Vec<u128> = numbers.collect();
        assert_eq!(numbers, expected, "{query:?} in pages of {limit}");
        assert!(found.is_sorted_by_key(|entry| Place::of_audit(&entry.opening)));
    }
}
