//! Every status that the server can answer with, what it says, and the headers of every answer.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use crate::stand::{Stand, options};
use crate::wire::{Answer, Ask};

const ONCALL: &str = "/v1/tools/oncall_tool";

/// A refusal in one line, after checking that it has the members of every refusal.
fn line(answer: &Answer) -> String {
    assert_eq!(answer.header("content-type"), "application/problem+json", "{answer:?}");
    let json = answer.json();
    assert_eq!(json["ok"], false);
    assert_eq!(json["status"], answer.status);
    assert_eq!(json["request_id"], answer.header("x-request-id"));
    assert_eq!(json["type"], format!("urn:watchbook:problem:{}", answer.code()));
    assert!(json["title"].is_string() && json["errors"].is_array());
    let mut line = format!("{} {}: {}", answer.status, answer.code(), answer.detail());
    for name in ["allow", "retry-after"] {
        if answer.header(name) != "-" {
            line.push_str(&format!(" [{name}: {}]", answer.header(name)));
        }
    }
    line
}

#[tokio::test]
async fn what_is_refused_before_the_door() {
    let stand = Stand::open().await;
    let list = r#"{"action":"incident_list"}"#;
    let both = json!({"action": "incident_list", "params": {"limit": 1}, "status": "open"});
    let twice = r#"{"action":"incident_list","action":"incident_close"}"#;
    let deep = format!("{{\"action\":\"incident_list\",\"q\":{}", "[".repeat(70));
    let asks = vec![
        Ask::post(ONCALL, ""),
        Ask::post(ONCALL, "{"),
        Ask::post(ONCALL, "[]"),
        Ask::post(ONCALL, twice),
        Ask::post(ONCALL, deep),
        Ask::post(ONCALL, "").bytes(b"{\"action\":\"\xff\"}"),
        Ask::post(ONCALL, "{}"),
        Ask::post(ONCALL, both),
        Ask::post("/v1/tools", list),
        Ask::post(ONCALL, list).header("content-type", "text/plain"),
        Ask::post(ONCALL, list).header("content-encoding", "gzip"),
        Ask::post(ONCALL, list).header("host", "evil.example"),
        Ask::post(ONCALL, list).header("origin", "https://evil.example"),
        Ask::post(ONCALL, list).header("x-api-key", "wb_nobody"),
        Ask::get(ONCALL),
        Ask::post("/v1/incidents", list),
        Ask::method("DELETE", "/v1/incidents/inc_20260223_1000_aaaaaa"),
        Ask::get("/v1/incidents/"),
        Ask::post("/v1/tools/oncall_tool/", list),
        Ask::get("/nothing"),
    ];
    let mut lines = Vec::new();
    for ask in asks {
        lines.push(line(&stand.ask(ask).await));
    }
    insta::assert_snapshot!(lines.join("\n"), @"");
}

#[tokio::test]
async fn what_the_door_refuses() {
    let stand = Stand::open().await;
    let id = stand.incident().await;
    let large = "x".repeat(2 * 1024 * 1024 + 1);
    let create = |severity: &str| json!({"service": "a", "severity": severity, "title": "t"});
    let calls: Vec<(&str, &str, Value)> = vec![
        ("sofiia", "incident_lst", json!({})),
        ("sofiia", "incident_get", json!({"incident_id": "7"})),
        ("sofiia", "incident_get", json!({"incident_id": "inc_20260223_1000_aaaaaa"})),
        ("sofiia", "incident_create", create("P9")),
        ("monitor", "incident_create", create("P1")),
        ("not an id", "incident_list", json!({})),
        ("sofiia", "incident_reopen", json!({"incident_id": id})),
        (
            "sofiia",
            "incident_append_event",
            json!({"incident_id": id, "type": "status_change", "message": "closed"}),
        ),
        (
            "sofiia",
            "incident_attach_artifact",
            json!({"incident_id": id, "name": "a.txt", "content": large}),
        ),
        (
            "sofiia",
            "incident_attach_artifact",
            json!({"incident_id": id, "name": "../x.md", "content": "x"}),
        ),
    ];
    let mut lines = Vec::new();
    for (agent, action, params) in calls {
        let answer = stand.call(agent, action, params).await;
        lines.push(line(&answer).replace(&id, "<id>"));
    }
    let unknown = Ask::post("/v1/tools/oncal_tool", r#"{"action":"incident_list"}"#);
    lines.push(line(&stand.ask(unknown).await));
    insta::assert_snapshot!(lines.join("\n"), @"");
}

#[tokio::test]
async fn an_illegal_move_names_the_legal_ones() {
    let stand = Stand::open().await;
    let id = stand.incident().await;
    let refused = stand.call("sofiia", "incident_reopen", json!({"incident_id": id})).await;
    assert_eq!(refused.status, 409);
    let allowed = refused.json()["allowed"].clone();
    assert!(allowed.as_array().is_some_and(|moves| !moves.is_empty()), "{allowed}");
}

#[tokio::test]
async fn five_unknown_parameters_at_once() {
    let stand = Stand::open().await;
    let body = json!({
        "action": "incident_create", "agent_id": "sofiia",
        "service": "gateway", "severity": "P1", "title": "t",
        "sevrity": 1, "titel": 2, "servce": 3, "lables": 4, "zzz": 5,
    });
    let answer = stand.ask(Ask::post(ONCALL, body)).await;
    assert_eq!(answer.status, 422);
    let errors = answer.json()["errors"].clone();
    let mut lines: Vec<String> = errors
        .as_array()
        .expect("a list")
        .iter()
        .map(|error| format!("{} {}", error["pointer"], error["message"]))
        .collect();
    lines.sort();
    insta::assert_snapshot!(lines.join("\n"), @"");
}

#[tokio::test]
async fn too_many_calls_are_told_when_to_come_back() {
    let limits = "rates:\n  agent: { per_minute: 6, burst: 2 }\n";
    let (stand, _store) = Stand::with(options(), &[("tool_limits.yml", limits)]).await;
    let list = || stand.call("sofiia", "incident_list", json!({}));
    let mut answers = Vec::new();
    for _ in 0..4 {
        answers.push(list().await);
    }
    let limited = answers.last().expect("an answer");
    assert_eq!((limited.status, limited.code().as_str()), (429, "rate_limited"));
    let wait: u64 = limited.header("retry-after").parse().expect("seconds");
    assert_eq!(limited.json()["retry_after"], wait);
    stand.advance(wait);
    assert_eq!(list().await.status, 200);
}

#[tokio::test]
async fn a_store_that_cannot_write() {
    let (stand, store) = Stand::with(options(), &[]).await;
    store.is_full.store(true, Ordering::SeqCst);
    stand.advance(2);
    let params = json!({"service": "a", "severity": "P3", "title": "t"});
    let refused = stand.call("sofiia", "incident_create", params).await;
    assert_eq!((refused.status, refused.code().as_str()), (503, "unavailable"));
    assert_eq!(refused.header("retry-after"), "5");
    assert_eq!(stand.get("/v1/incidents").await.status, 200, "reads go on");
    assert_eq!(stand.get("/healthz").await.status, 200, "and it lives");
    let ready = stand.get("/readyz").await;
    assert_eq!(ready.status, 503);
    insta::assert_json_snapshot!(ready.json(), @"");
}

#[tokio::test]
async fn a_fault_of_ours_says_nothing_of_the_inside() {
    let (stand, store) = Stand::with(options(), &[]).await;
    store.is_mad.store(true, Ordering::SeqCst);
    let params = json!({"service": "a", "severity": "P3", "title": "t"});
    let answer = stand.call("sofiia", "incident_create", params.clone()).await;
    assert_eq!((answer.status, answer.code().as_str()), (500, "internal"));
    assert!(!answer.body.contains("secret"), "{answer:?}");
    store.is_mad.store(false, Ordering::SeqCst);
    assert_eq!(stand.call("sofiia", "incident_create", params).await.status, 200);
}

#[tokio::test]
async fn every_answer_has_its_headers() {
    let stand = Stand::open().await;
    let mut seen = std::collections::BTreeSet::new();
    for target in ["/", "/healthz", "/readyz", "/v1/incidents", "/nothing", "/v1/incidents/7"] {
        let answer = stand.get(target).await;
        let names = [
            "x-content-type-options",
            "x-frame-options",
            "referrer-policy",
            "content-security-policy",
            "cross-origin-resource-policy",
            "cross-origin-opener-policy",
            "cache-control",
        ];
        let lines: Vec<String> = names
            .iter()
            .map(|name| format!("{name}: {}", answer.header(name)))
            .collect();
        seen.insert(lines.join("\n"));
        assert!(answer.header("x-request-id").starts_with("req_000000000000002a_"));
        assert_eq!(answer.header("server"), "-");
    }
    assert_eq!(seen.len(), 1, "{seen:?}");
    insta::assert_snapshot!(seen.into_iter().collect::<String>(), @"");
}

#[tokio::test]
async fn a_request_id_comes_back_and_is_in_the_audit() {
    let stand = Stand::open().await;
    let body = json!({"action": "whoami", "agent_id": "sofiia"});
    let ask = Ask::post("/v1/tools/admin_tool", body).header("x-request-id", "trace/7");
    let answer = stand.ask(ask).await;
    assert_eq!(answer.header("x-request-id"), "trace/7");
    assert_eq!(answer.json()["meta"]["request_id"], "trace/7");
    let evil = Ask::get("/nothing").header("x-request-id", "a b<script>");
    let answer = stand.ask(evil).await;
    assert!(answer.header("x-request-id").starts_with("req_"), "{answer:?}");
    let search = json!({"action": "audit_search", "params": {"limit": 10}, "agent_id": "sofiia"});
    let found = stand.ask(Ask::post("/v1/tools/admin_tool", search)).await;
    assert!(found.body.contains("trace/7"), "{found:?}");
}

#[tokio::test]
async fn what_cannot_be_understood_is_audited() {
    let stand = Stand::open().await;
    for (target, body) in [
        (ONCALL, "{"),
        (ONCALL, r#"{"action":"incident_close","agent_id":"sofiia","params":7}"#),
        (ONCALL, r#"{"action":"incident_list","stattus":"open"}"#),
        (ONCALL, r#"{"action":"incident_list","agent_id":"not an id"}"#),
        ("/v1/tools/nothing", r#"{"action":"incident_list"}"#),
        ("/v1/tools", r#"{"action":"incident_list"}"#),
    ] {
        stand.ask(Ask::post(target, body)).await;
        stand.clock.advance(std::time::Duration::from_millis(1));
    }
    insta::assert_snapshot!(stand.audit().await.join("\n"), @"");
}
