//! Writes: once, if nobody else was first, or only for show.

use serde_json::{Value, json};
use watchbook_api::ErrorCode;
use watchbook_core::ChangeId;
use watchbook_store::StoreError;

use crate::world::World;

fn new(title: &str, key: &str) -> Value {
    json!({"service": "gateway", "severity": "P2", "title": title, "idempotency_key": key})
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_calls_with_one_key_over_two_processes_make_one_incident() {
    let here = std::sync::Arc::new(World::new());
    let there = std::sync::Arc::new(here.other_process());
    let calls: Vec<_> = (0..50)
        .map(|at| {
            let world = if at % 2 == 0 { &here } else { &there };
            let world = std::sync::Arc::clone(world);
            tokio::spawn(async move {
                world
                    .ok("sofiia", "incident_create", new("slow", "k1"))
                    .await
            })
        })
        .collect();
    let mut answers = Vec::new();
    for call in calls {
        answers.push(call.await.unwrap());
    }
    let first = &answers[0]["result"];
    assert!(answers.iter().all(|answer| answer["result"] == *first));
    let fresh = answers
        .iter()
        .filter(|answer| answer["meta"]["replayed"] != true);
    assert_eq!(fresh.count(), 1);

    let other = there
        .refused("sofiia", "incident_create", new("other", "k1"))
        .await;
    assert_eq!(other.code, ErrorCode::Conflict);
    let list = here.ok("sofiia", "incident_list", json!({})).await;
    assert_eq!(list["result"]["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_key_belongs_to_its_agent_and_its_action() {
    let world = World::new();
    world
        .ok("sofiia", "incident_create", new("slow", "k1"))
        .await;
    let other = world
        .ok("helion", "incident_create", new("slow", "k1"))
        .await;
    assert_ne!(other["meta"]["replayed"], true);
    let id = other["result"]["incident"]["id"].clone();
    let acknowledge = json!({"incident_id": id, "idempotency_key": "k1"});
    let other = world
        .ok("helion", "incident_acknowledge", acknowledge)
        .await;
    assert_ne!(other["meta"]["replayed"], true);
}

#[tokio::test]
async fn if_match_lets_only_the_first_of_two_write() {
    let world = World::new();
    let id = world.incident("P2").await;
    let read = world
        .ok("sofiia", "incident_get", json!({"incident_id": id}))
        .await;
    let version = read["result"]["incident"]["etag"].clone();
    let change = |title: &str| json!({"incident_id": id, "title": title, "if_match": version});
    let first = world.ok("sofiia", "incident_update", change("one")).await;
    let stale = world
        .refused("helion", "incident_update", change("two"))
        .await;
    assert_eq!(stale.code, ErrorCode::PreconditionFailed);
    let current = stale.current.unwrap().to_string();
    assert_eq!(first["result"]["incident"]["etag"], current);
}

#[tokio::test]
async fn acknowledging_twice_changes_nothing() {
    let world = World::new();
    let id = json!({"incident_id": world.incident("P2").await});
    let first = world.ok("sofiia", "incident_acknowledge", id.clone()).await;
    let again = world.ok("sofiia", "incident_acknowledge", id).await;
    assert_eq!(first["meta"]["changed"], true);
    assert_eq!(again["meta"]["changed"], false);
}

#[tokio::test]
async fn an_unknown_outcome_is_settled_by_the_same_key() {
    let world = World::new();
    *world.store.next_apply.lock() = Some(StoreError::Unknown {
        change: ChangeId::from_bits(7),
        why: "the disk did not answer".to_owned(),
        source: None,
    });
    let unknown = world
        .refused("sofiia", "incident_create", new("slow", "k1"))
        .await;
    assert_eq!(unknown.code, ErrorCode::Unavailable);
    assert!(
        unknown.message.contains("same idempotency key"),
        "{unknown}"
    );
    world
        .ok("sofiia", "incident_create", new("slow", "k1"))
        .await;
    let again = world
        .ok("sofiia", "incident_create", new("slow", "k1"))
        .await;
    assert_eq!(again["meta"]["replayed"], true);
}

#[tokio::test]
async fn an_id_that_is_taken_is_drawn_again() {
    let world = World::new();
    let taken: watchbook_core::IncidentId = world.incident("P2").await.parse().unwrap();
    *world.store.next_apply.lock() = Some(watchbook_core::Refused::Exists(taken).into());
    let made = world
        .ok("sofiia", "incident_create", new("slow", "k1"))
        .await;
    assert_ne!(made["result"]["incident"]["id"], taken.to_string());
}
