//! Who may do what, at the door itself: the five rows of the runbook, and people.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use watchbook_api::{Access, ActionKind, ErrorCode};
use watchbook_app::Caller;

use crate::world::{World, keyless, local};

/// The actions that the door refuses this caller. Whatever else is wrong with a call does not count.
async fn forbidden(caller: Caller) -> BTreeSet<&'static str> {
    let world = World::new();
    let mut forbidden = BTreeSet::new();
    for kind in ActionKind::ALL {
        let example = Value::Object(kind.spec().example);
        let answer = world.call_as(caller.clone(), kind.name(), example).await;
        if answer.is_err_and(|problem| problem.code == ErrorCode::Forbidden) {
            forbidden.insert(kind.name());
        }
    }
    forbidden
}

fn writes() -> BTreeSet<&'static str> {
    let writes = |kind: &&ActionKind| kind.access() != Access::Reads;
    ActionKind::ALL
        .iter()
        .filter(writes)
        .map(|kind| kind.name())
        .collect()
}

#[tokio::test]
async fn who_has_everything() {
    for caller in [keyless("sofiia"), local("human:ada")] {
        assert_eq!(forbidden(caller).await, BTreeSet::new());
    }
    let oncall = forbidden(keyless("helion")).await;
    assert_eq!(oncall, BTreeSet::from(["incident_redact"]));
}

#[tokio::test]
async fn everyone_else_reads() {
    let mut expected = writes();
    expected.insert("audit_search");
    let readers = ["monitor", "aistalk", "anybody", "", "human:eve"];
    for caller in readers.map(keyless).into_iter().chain([local("monitor")]) {
        assert_eq!(forbidden(caller.clone()).await, expected, "{caller:?}");
    }
}

#[tokio::test]
async fn a_refusal_names_the_line_that_decided() {
    let world = World::new();
    let example = Value::Object(ActionKind::IncidentCreate.spec().example);
    let refused = world.refused("monitor", "incident_create", example).await;
    insta::assert_snapshot!(refused.message);
}

#[tokio::test]
async fn callers_are_told_who_they_are() {
    let world = World::new();
    let answer = world.call_as(keyless("monitor"), "whoami", json!({})).await;
    insta::assert_json_snapshot!(answer.unwrap()["result"]);
}
