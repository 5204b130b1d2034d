//! Every action once through the door: its answer stands where its contract says, and a dry run writes nothing.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use watchbook_api::ActionKind;

use crate::world::World;

/// What a world has that calls can be about.
struct Scene {
    world: World,
    open: String,
    merged: String,
    closed: String,
    other: String,
    event: String,
    followup: String,
    proposal: String,
}

async fn id(world: &World, action: &str, params: Value, noun: &str) -> String {
    let answer = world.ok("helion", action, params).await;
    answer["result"][noun]["id"].as_str().unwrap().to_owned()
}

async fn scene() -> Scene {
    let world = World::new();
    let [open, merged, closed, other] = [
        world.incident("P1").await,
        world.incident("P2").await,
        world.incident("P3").await,
        world.incident("P4").await,
    ];
    let merge = json!({"incident_id": merged, "into": other});
    world.ok("sofiia", "incident_merge", merge).await;
    world
        .ok("sofiia", "incident_close", json!({"incident_id": closed}))
        .await;
    world
        .ok("sofiia", "incident_claim", json!({"incident_id": other}))
        .await;
    let file = json!({"incident_id": open, "name": "a.md", "content": "# A"});
    world.ok("sofiia", "incident_attach_artifact", file).await;
    let note = json!({"incident_id": open, "type": "note", "message": "pasted a secret"});
    let event = id(&world, "incident_append_event", note, "event").await;
    let task = json!({"incident_id": open, "type": "followup", "message": "add a test"});
    let followup = id(&world, "incident_append_event", task, "event").await;
    let close = json!({"incident_id": open, "change": "close", "reason": "quiet"});
    let proposal = id(&world, "incident_propose", close, "proposal").await;
    Scene {
        world,
        open,
        merged,
        closed,
        other,
        event,
        followup,
        proposal,
    }
}

/// A call of every action that this scene lets succeed.
fn calls(scene: &Scene) -> Vec<(&'static str, Value)> {
    let Scene {
        world: _,
        open,
        merged,
        closed,
        other,
        event,
        followup,
        proposal,
    } = scene;
    let incident = |id: &str| json!({"incident_id": id});
    vec![
        (
            "incident_create",
            json!({"service": "gateway", "severity": "P1", "title": "Gateway 5xx"}),
        ),
        ("incident_get", incident(open)),
        ("incident_list", json!({"status": "open", "limit": 2})),
        ("incident_search", json!({"q": "gateway"})),
        (
            "incident_update",
            json!({"incident_id": open, "title": "worse", "severity": "P0"}),
        ),
        ("incident_acknowledge", incident(open)),
        ("incident_mitigate", incident(open)),
        ("incident_resolve", incident(open)),
        ("incident_close", incident(open)),
        ("incident_reopen", incident(closed)),
        (
            "incident_merge",
            json!({"incident_id": open, "into": other}),
        ),
        ("incident_unmerge", incident(merged)),
        (
            "incident_cancel",
            json!({"incident_id": open, "reason": "a false alarm"}),
        ),
        (
            "incident_redact",
            json!({"incident_id": open, "event_id": event, "reason": "a secret"}),
        ),
        (
            "incident_append_event",
            json!({"incident_id": open, "type": "decision", "message": "roll back"}),
        ),
        ("incident_events", incident(open)),
        (
            "incident_attach_artifact",
            json!({"incident_id": open, "name": "b.txt", "content": "b"}),
        ),
        (
            "incident_get_artifact",
            json!({"incident_id": open, "name": "a.md"}),
        ),
        ("incident_followups", json!({"status": "open"})),
        (
            "incident_followup_update",
            json!({"incident_id": open, "followup_id": followup, "status": "done"}),
        ),
        ("incident_followups_summary", json!({})),
        ("incident_claim", incident(open)),
        ("incident_release", incident(other)),
        (
            "incident_propose",
            json!({"incident_id": open, "change": "severity", "severity": "P3", "reason": "calm"}),
        ),
        (
            "incident_approve",
            json!({"incident_id": open, "proposal_id": proposal}),
        ),
        (
            "incident_reject",
            json!({"incident_id": open, "proposal_id": proposal, "reason": "not yet"}),
        ),
        (
            "incident_import",
            json!({
                "source": "statuspage",
                "source_id": "q5v9k2x7",
                "created_at": "2026-02-20T10:00:00Z",
                "incident": {"service": "gateway", "severity": "P2", "title": "Elevated error rates"},
                "events": [{"at": "2026-02-20T11:00:00Z", "message": "over", "status": "resolved"}],
            }),
        ),
        ("audit_search", json!({"outcome": "ok"})),
        ("whoami", json!({})),
    ]
}

fn kind(action: &str) -> ActionKind {
    let named = |kind: &&ActionKind| kind.name() == action;
    *ActionKind::ALL.iter().find(named).unwrap()
}

#[tokio::test]
async fn no_action_is_left_out() {
    let called: BTreeSet<&str> = calls(&scene().await)
        .iter()
        .map(|(name, _)| *name)
        .collect();
    let all: BTreeSet<&str> = ActionKind::ALL.iter().map(|kind| kind.name()).collect();
    assert_eq!(called, all);
}

#[tokio::test]
async fn every_answer_stands_where_its_contract_says() {
    for (action, params) in calls(&scene().await) {
        let world = scene().await.world;
        let answer = world.ok("sofiia", action, params).await;
        let spec = kind(action).spec();
        let result = &answer["result"][spec.result];
        assert!(!result.is_null(), "{action}: {answer}");
        let item = if spec.result == "items" {
            &result[0]
        } else {
            result
        };
        for field in spec.fields.iter().take(1) {
            assert!(item.get(field.name).is_some(), "{action}: {item}");
        }
        assert_eq!(answer["meta"]["changed"], spec.writes, "{action}");
        assert_eq!(answer["meta"]["backend"], "memory");
    }
}

#[tokio::test]
async fn a_dry_run_of_any_write_says_what_would_be_and_writes_nothing() {
    let scene = scene().await;
    let before = scene.world.dump().await;
    for (action, mut params) in calls(&scene) {
        if !kind(action).access().writes() {
            continue;
        }
        params["dry_run"] = true.into();
        params["idempotency_key"] = "k1".into();
        let answer = scene.world.ok("sofiia", action, params).await;
        assert_eq!(answer["meta"]["dry_run"], true, "{action}");
        assert_eq!(answer["meta"]["changed"], true, "{action}");
        assert_eq!(scene.world.dump().await, before, "{action}");
    }
}

#[tokio::test]
async fn what_a_dry_run_shows_is_what_then_happens() {
    let scene = scene().await;
    let mut rehearsal =
        json!({"incident_id": scene.open, "note": "on it", "idempotency_key": "k1"});
    rehearsal["dry_run"] = true.into();
    let shown = scene
        .world
        .ok("sofiia", "incident_acknowledge", rehearsal.clone())
        .await;
    rehearsal["dry_run"] = false.into();
    let done = scene
        .world
        .ok("sofiia", "incident_acknowledge", rehearsal)
        .await;
    for field in ["status", "revision", "etag", "events"] {
        let of = |answer: &Value| answer["result"]["incident"][field].clone();
        assert_eq!(of(&shown), of(&done), "{field}");
    }
}

#[tokio::test]
async fn a_second_import_and_a_second_redaction_change_nothing() {
    let scene = scene().await;
    for (action, params) in calls(&scene) {
        if !matches!(action, "incident_import" | "incident_redact") {
            continue;
        }
        let first = scene.world.ok("sofiia", action, params.clone()).await;
        let again = scene.world.ok("sofiia", action, params).await;
        assert_eq!(first["meta"]["changed"], true, "{action}");
        assert_eq!(again["meta"]["changed"], false, "{action}");
        assert!(again["result"].is_object(), "{action}");
    }
}

#[tokio::test]
async fn a_time_out_of_range_has_the_name_of_its_parameter() {
    let world = World::new();
    let incident = world.incident("P2").await;
    let tomorrow = "2026-02-24T10:00:00Z";
    let create = |name: &str| {
        let mut params = json!({"service": "gateway", "severity": "P1", "title": "slow"});
        params[name] = tomorrow.into();
        params
    };
    for (action, params, pointer) in [
        ("incident_create", create("started_at"), "/started_at"),
        ("incident_create", create("detected_at"), "/detected_at"),
        (
            "incident_update",
            json!({"incident_id": incident, "started_at": tomorrow}),
            "/started_at",
        ),
        (
            "incident_update",
            json!({"incident_id": incident, "detected_at": tomorrow}),
            "/detected_at",
        ),
        (
            "incident_resolve",
            json!({"incident_id": incident, "at": tomorrow}),
            "/at",
        ),
    ] {
        let refused = world.refused("sofiia", action, params).await;
        assert_eq!(refused.errors[0].pointer, pointer, "{action}");
    }
}
