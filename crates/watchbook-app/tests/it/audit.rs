//! The audit trail: every call before and after, and what happens when it cannot be written.

use std::sync::atomic::Ordering;

use serde_json::json;
use watchbook_api::{ErrorCode, Problem};
use watchbook_core::audit::AuditOutcome;

use crate::world::{World, context, id, keyed, keyless};

const NEW: &str = r#"{"service": "gateway", "severity": "P2", "title": "slow"}"#;

fn new() -> serde_json::Value {
    serde_json::from_str(NEW).unwrap()
}

#[tokio::test]
async fn a_call_is_opened_and_closed_with_the_incident_it_made() {
    let world = World::new();
    let incident = world.incident("P1").await;
    let entries = world.audit().await;
    assert_eq!(entries.len(), 1, "one entry for one call");
    let opening = &entries[0].opening;
    let called = (opening.tool.as_str(), opening.action.as_str());
    assert_eq!(called, ("oncall_tool", "incident_create"));
    assert_eq!(opening.agent, id("sofiia"));
    assert_eq!(opening.request.as_str(), "req_test");
    assert_eq!(opening.params["service"], "gateway");
    assert_eq!(opening.params["title"], json!({"left_out": "11 bytes"}));
    let closing = entries[0].closing.as_ref().unwrap();
    assert_eq!(closing.outcome, AuditOutcome::Ok);
    assert_eq!(closing.code, None);
    let made = closing.incident.map(|incident| incident.to_string());
    assert_eq!(made, Some(incident));
}

#[tokio::test]
async fn an_incident_that_is_named_is_in_the_opening() {
    let world = World::new();
    let incident = world.incident("P1").await;
    let close = json!({"incident_id": incident});
    world.ok("sofiia", "incident_close", close.clone()).await;
    world.refused("sofiia", "incident_mitigate", close).await;
    for entry in world.audit().await.iter().take(2) {
        assert_eq!(entry.opening.incident.unwrap().to_string(), incident);
    }
}

#[tokio::test]
async fn what_is_denied_and_what_fails_is_told_apart() {
    let world = World::new();
    world.refused("monitor", "incident_create", new()).await;
    let missing = json!({"incident_id": "inc_20260101_0000_zzzzzz"});
    world.refused("sofiia", "incident_get", missing).await;
    let unknown = keyed("wb_unknown", None);
    world
        .call_as(unknown, "incident_create", new())
        .await
        .unwrap_err();
    let ends: Vec<_> = world
        .audit()
        .await
        .into_iter()
        .map(|entry| {
            let closing = entry.closing.unwrap();
            let code = closing.code.unwrap().to_string();
            (entry.opening.agent.to_string(), closing.outcome, code)
        })
        .collect();
    let end = |agent: &str, outcome, code: &str| (agent.to_owned(), outcome, code.to_owned());
    for expected in [
        end("monitor", AuditOutcome::Denied, "forbidden"),
        end("sofiia", AuditOutcome::Failed, "not_found"),
        end("unauthenticated", AuditOutcome::Denied, "unauthenticated"),
    ] {
        assert!(ends.contains(&expected), "{expected:?} in {ends:?}");
    }
}

#[tokio::test]
async fn without_audit_writes_are_refused_and_reads_go_on_with_a_counted_gap() {
    let world = World::new();
    let incident = world.incident("P1").await;
    let before = world.dump().await;
    world.store.no_openings.store(true, Ordering::SeqCst);
    let gaps = world.app.audit_gaps();

    let refused = world.refused("sofiia", "incident_create", new()).await;
    assert_eq!(refused.code, ErrorCode::Unavailable);
    assert!(refused.retry_after.is_some());
    let read = json!({"incident_id": incident});
    world.ok("sofiia", "incident_get", read).await;
    assert_eq!(world.app.audit_gaps() - gaps, 2);

    world.store.no_openings.store(false, Ordering::SeqCst);
    assert_eq!(world.dump().await, before, "nothing was written");
    world.ok("sofiia", "incident_create", new()).await;
}

#[tokio::test]
async fn a_closing_that_cannot_be_written_leaves_the_answer_as_it_is() {
    let world = World::new();
    world.store.no_closings.store(true, Ordering::SeqCst);
    world.incident("P1").await;
    assert_eq!(world.app.audit_gaps(), 1);
    assert_eq!(world.audit().await[0].closing, None);
}

#[tokio::test]
async fn a_call_that_dies_between_is_an_opening_without_a_closing() {
    let world = World::new();
    world.store.held.store(true, Ordering::SeqCst);
    let app = world.app.clone();
    let call = tokio::spawn(async move {
        let request = watchbook_api::decode(
            "oncall_tool",
            "incident_create",
            crate::world::object(new()),
        );
        app.execute(&context(keyless("sofiia")), request.unwrap())
            .await
    });
    world.store.reached.notified().await;
    let entries = world.audit().await;
    assert_eq!(entries.len(), 1, "it was opened before the store was asked");
    assert_eq!(
        entries[0].closing, None,
        "as it stays if the process ends here"
    );

    // A caller that goes away does not end the call: it is carried out and closed.
    call.abort();
    world.store.go_on.notify_one();
    world.store.applied.notified().await;
    while world.audit().await[0].closing.is_none() {
        tokio::task::yield_now().await;
    }
    assert_eq!(world.dump().await.matches("\"slow\"").count(), 1);
}

#[tokio::test]
async fn a_call_that_panics_is_answered_and_the_next_goes_on() {
    let world = World::new();
    world.store.panics.store(true, Ordering::SeqCst);
    let died = world.refused("sofiia", "incident_create", new()).await;
    assert_eq!(died.code, ErrorCode::Internal);
    assert!(
        !died.message.contains("dies"),
        "nothing of the inside shows"
    );
    assert_eq!(world.audit().await[0].closing, None);
    world.store.panics.store(false, Ordering::SeqCst);
    world.ok("sofiia", "incident_create", new()).await;
}

#[tokio::test]
async fn a_call_that_cannot_be_understood_is_audited_without_its_parameters() {
    let world = World::new();
    let wrong = Problem::new(ErrorCode::InvalidParams, "severity: use P0 to P4");
    let caller = context(keyless("sofiia"));
    let tool = format!("ops\u{202e}\n{}", "x".repeat(500));
    let answer = world
        .app
        .refuse_undecodable(&caller, &tool, "", wrong.clone())
        .await;
    assert_eq!(answer, wrong);
    let entry = &world.audit().await[0];
    assert_eq!(entry.opening.tool.as_str().len(), 80);
    assert_eq!(entry.opening.action.as_str(), "?");
    assert_eq!(entry.opening.params, json!({}));
    let closing = entry.closing.as_ref().unwrap();
    assert_eq!(closing.code.as_ref().unwrap().as_str(), "invalid_params");

    let stranger = context(keyed("wb_nobody", None));
    let answer = world
        .app
        .refuse_undecodable(&stranger, "oncall_tool", "incident_create", wrong)
        .await;
    assert_eq!(
        answer.code,
        ErrorCode::Unauthenticated,
        "who may not come in learns nothing of what would be valid"
    );
}

/// The shipped `data_governance.yml`, except that the trail keeps free texts.
fn keeping_texts() -> World {
    let shipped = include_str!("../../../../config/data_governance.yml");
    let keeping = shipped.replace("free_texts: left_out", "free_texts: kept");
    assert_ne!(shipped, keeping);
    World::with(&[("data_governance.yml", &keeping)])
}

#[tokio::test]
async fn what_a_redaction_takes_back_was_never_in_the_trail() {
    let world = World::new();
    let made = json!({
        "service": "gateway", "severity": "P2", "title": "hunter2 one", "summary": "hunter2 two",
        "labels": {"region": "hunter2 three"}, "roles": {"scribe": "hunter2 four"},
    });
    let answer = world.ok("sofiia", "incident_create", made).await;
    let incident = answer["result"]["incident"]["id"].clone();
    for (action, mut params) in [
        (
            "incident_update",
            json!({"title": "hunter2", "root_cause": "hunter2", "labels": {"zone": "hunter2"}}),
        ),
        (
            "incident_append_event",
            json!({"type": "note", "message": "hunter2", "meta": {"hunter2": ["hunter2"]}}),
        ),
        (
            "incident_append_event",
            json!({"type": "followup", "message": "hunter2", "meta": {"owner": "hunter2"}}),
        ),
        (
            "incident_propose",
            json!({"change": "close", "reason": "hunter2", "resolution_summary": "hunter2"}),
        ),
        (
            "incident_resolve",
            json!({"note": "hunter2", "root_cause": "hunter2"}),
        ),
        ("incident_cancel", json!({"reason": "hunter2"})),
        (
            "incident_attach_artifact",
            json!({"name": "a.txt", "content": "hunter2"}),
        ),
        (
            "incident_followup_update",
            json!({"followup_id": "evt_00000000000000000000000000000007", "owner": "hunter2",
                   "external_ref": "hunter2", "reason": "hunter2", "note": "hunter2"}),
        ),
        (
            "incident_followups",
            json!({"owner": "hunter2", "label": "region=hunter2"}),
        ),
    ] {
        params["incident_id"] = incident.clone();
        // Refused or not: both are in the trail.
        let _ = world.call("sofiia", action, params).await;
    }
    let search = json!({"q": "hunter2"});
    world.ok("sofiia", "incident_search", search).await;
    let trail = world.ok("sofiia", "audit_search", json!({})).await;
    assert_eq!(trail["result"]["items"].as_array().unwrap().len(), 12);
    let trail = trail.to_string();
    assert!(!trail.contains("hunter2"), "{trail}");
    assert!(trail.contains("left_out"), "{trail}");
}

#[tokio::test]
async fn secrets_and_bulk_stay_out_of_the_trail() {
    let world = keeping_texts();
    let incident = world.incident("P1").await;
    let note = json!({
        "incident_id": incident,
        "type": "note",
        "message": format!("tried password=hunter2hunter2 {}", "long ".repeat(10_000)),
        "meta": {"api_key": "s3cr3t-value", "steps": (0..100).collect::<Vec<_>>()},
    });
    let file = json!({"incident_id": incident, "name": "a.txt", "content": "private words ".repeat(1_000)});
    world.ok("sofiia", "incident_attach_artifact", file).await;
    world.ok("sofiia", "incident_append_event", note).await;
    let trail = world.audit().await;
    for entry in &trail {
        let params = entry.opening.params.to_string();
        for secret in ["hunter2", "s3cr3t", "private words"] {
            assert!(!params.contains(secret), "{params}");
        }
        assert!(params.len() < 2_000, "{} bytes", params.len());
    }
    let note = &trail[0].opening.params;
    assert_eq!(note["meta"]["api_key"], "[redacted: secret]");
    assert_eq!(note["meta"]["steps"][32], "(68 more)");
    let file = &trail[1].opening.params["content"];
    assert_eq!(*file, json!({"left_out": "14000 bytes"}));
}
