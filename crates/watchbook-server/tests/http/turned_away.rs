//! What is refused by its head alone is in the audit: every address that is a call, and a flood as a number.

use serde_json::{Value, json};
use watchbook_core::audit::{AuditOutcome, AuditQuery};
use watchbook_core::query::PageRequest;
use watchbook_core::text::Short;
use watchbook_store::AuditLog;

use crate::stand::{Stand, options};
use crate::wire::Ask;

/// The entries of the trail about calls that were turned away, oldest first, with their agents and parameters.
async fn entries(stand: &Stand) -> Vec<Value> {
    let search = json!({"agent": "unauthenticated", "limit": 500});
    let body = json!({"action": "audit_search", "params": search, "agent_id": "sofiia"});
    let answer = stand.ask(Ask::post("/v1/tools/admin_tool", body)).await;
    let mut items = answer.json()["result"]["items"].take();
    let items = items.as_array_mut().expect("a list");
    items.reverse();
    std::mem::take(items)
}

fn line(entry: &Value) -> String {
    let text = |name: &str| entry[name].as_str().unwrap_or("-").to_owned();
    ["via", "tool", "action", "outcome", "code", "request_id"]
        .map(text)
        .join(" ")
}

async fn foreign(stand: &Stand, ask: Ask, id: &str) -> u16 {
    let ask = ask
        .header("origin", "https://evil.example")
        .header("x-request-id", id);
    stand.ask(ask).await.status
}

#[tokio::test]
async fn every_address_that_is_a_call_is_audited_when_it_is_refused_by_its_head() {
    let stand = Stand::open().await;
    let id = "inc_20260223_1000_a1b2c3";
    let asks = [
        Ask::post("/v1/tools", "{}"),
        Ask::post("/v1/tools/oncall_tool", "{}"),
        Ask::get("/v1/incidents"),
        Ask::get(&format!("/v1/incidents/{id}")),
        Ask::get(&format!("/v1/incidents/{id}/events")),
        Ask::get(&format!("/v1/incidents/{id}/artifacts/a.txt")),
        Ask::get("/v1/followups"),
        Ask::get("/v1/followups/summary"),
        // These are no calls.
        Ask::get("/healthz"),
        Ask::get("/v1/nothing"),
    ];
    for (number, ask) in asks.into_iter().enumerate() {
        assert_eq!(foreign(&stand, ask, &format!("r{number}")).await, 403);
        stand.advance(1);
    }
    let lines: Vec<String> = entries(&stand).await.iter().map(line).collect();
    let calls = [
        "? ?",
        "oncall_tool ?",
        "oncall_tool incident_list",
        "oncall_tool incident_get",
        "oncall_tool incident_events",
        "oncall_tool incident_get_artifact",
        "oncall_tool incident_followups",
        "oncall_tool incident_followups_summary",
    ];
    let expected = calls.iter().enumerate();
    let expected: Vec<String> = expected
        .map(|(number, call)| format!("keyless {call} denied forbidden r{number}"))
        .collect();
    assert_eq!(lines, expected);
}

#[tokio::test]
async fn a_foreign_host_and_a_forwarded_call_are_audited() {
    let stand = Stand::open().await;
    let call = || Ask::post("/v1/tools/oncall_tool", "{}").header("x-request-id", "r1");
    let host = stand.ask(call().header("host", "evil.example")).await;
    assert_eq!(host.status, 421);
    stand.advance(1);
    let forwarded = call()
        .header("x-forwarded-for", "192.0.2.1")
        .header("x-api-key", "wb_1");
    assert_eq!(stand.ask(forwarded).await.status, 403);
    let lines: Vec<String> = entries(&stand).await.iter().map(line).collect();
    assert_eq!(
        lines,
        [
            "keyless oncall_tool ? denied misdirected r1",
            "key oncall_tool ? denied forbidden r1",
        ]
    );
}

#[tokio::test]
async fn a_flood_is_a_number() {
    let stand = Stand::open().await;
    for _ in 0..100 {
        let ask = Ask::post("/v1/tools/oncall_tool", "{}");
        assert_eq!(foreign(&stand, ask, "r1").await, 403);
    }
    stand.app.sync_audit().await.expect("synced");
    let entries = entries(&stand).await;
    let (counts, singly): (Vec<_>, Vec<_>) = entries
        .iter()
        .partition(|entry| entry["action"] == "turned_away");
    assert_eq!(singly.len(), 30);
    // The server syncs each second too, so there may be several of these.
    let counted = counts
        .iter()
        .map(|entry| entry["params"]["forbidden"].as_u64());
    assert_eq!(counted.map(Option::unwrap_or_default).sum::<u64>(), 70);
    assert!(counts.len() <= 5, "{counts:?}");
    stand.stop().await;
}

#[tokio::test]
async fn a_call_without_a_place_is_audited() {
    let mut options = options();
    options.limits.requests = 0;
    let (stand, store) = Stand::with(options, &[]).await;
    assert_eq!(stand.get("/v1/incidents").await.status, 503);
    let all = (AuditQuery::default(), PageRequest::default());
    let trail = store.search_audit(all.0, all.1).await.expect("a trail");
    let entry = trail.items.first().expect("one entry");
    let closing = entry.closing.as_ref().expect("closed");
    let code = closing.code.as_ref().map(Short::as_str);
    assert_eq!(entry.opening.action.as_str(), "incident_list");
    assert_eq!(
        (closing.outcome, code),
        (AuditOutcome::Failed, Some("unavailable"))
    );
}
