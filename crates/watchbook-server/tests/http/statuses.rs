//! Every status that the server can answer with, what it says, and the headers of every answer.

use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::{Value, json};
use watchbook_core::Timestamp;
use watchbook_store::Standing;

use crate::stand::{Stand, options};
use crate::wire::{Answer, Ask};

const ONCALL: &str = "/v1/tools/oncall_tool";

/// A refusal in one line, after checking that it has the members of every refusal.
fn line(answer: &Answer) -> String {
    assert_eq!(
        answer.header("content-type"),
        "application/problem+json",
        "{answer:?}"
    );
    let json = answer.json();
    assert_eq!(json["ok"], false);
    assert_eq!(json["status"], answer.status);
    assert_eq!(json["request_id"], answer.header("x-request-id"));
    assert_eq!(
        json["type"],
        format!("urn:watchbook:problem:{}", answer.code())
    );
    assert!(json["title"].is_string() && json["errors"].is_array());
    let said = format!("{} {}: {}", answer.status, answer.code(), answer.detail());
    let headers = ["allow", "retry-after"].into_iter();
    let told = headers.filter(|name| answer.header(name) != "-");
    told.fold(said, |line, name| {
        format!("{line} [{name}: {}]", answer.header(name))
    })
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
        Ask::post(ONCALL, &deep),
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
    insta::assert_snapshot!(lines.join("\n"), @r##"
    400 malformed: the body is empty; send a JSON object with "action"
    400 malformed: the body is not JSON that can be read: EOF while parsing an object at line 1 column 1
    400 malformed: the body is not a JSON object; send one with "action"
    400 malformed: the body is not JSON that can be read: the key "action" occurs twice in one object at line 1 column 34
    400 malformed: the body is not JSON that can be read: it is nested deeper than 64 levels at line 1 column 94
    400 malformed: the body is not UTF-8 from byte 11 on; send JSON as UTF-8
    400 malformed: "action" is missing; name what to do, for example "incident_list"
    400 malformed: parameters stand in "params" and beside it (status); put all of them in one place
    400 malformed: "tool" is missing; name it, for example "oncall_tool", or post to /v1/tools/oncall_tool
    415 unsupported_media_type: a body of the type "text/plain" is not read; send JSON as application/json
    415 unsupported_media_type: a compressed body is not read; send it plain
    421 misdirected: this watchbook does not answer for the host "evil.example"; call it by its own address, set server.public_url in watchbook.yml, or start it with --allow-host
    403 forbidden: a page of another origin sent this request through a browser; such requests are refused
    401 unauthenticated: this key is not known, was revoked or has expired; ask an operator for a new one (watchbook key create)
    405 malformed: /v1/tools/oncall_tool does not take GET; the header Allow names what it takes [allow: POST]
    405 malformed: /v1/incidents does not take POST; the header Allow names what it takes [allow: GET,HEAD]
    405 malformed: /v1/incidents/inc_20260223_1000_aaaaaa does not take DELETE; the header Allow names what it takes [allow: GET,HEAD]
    404 not_found: there is nothing at /v1/incidents/; leave out the slash at the end
    404 not_found: there is nothing at /v1/tools/oncall_tool/; leave out the slash at the end
    404 not_found: there is nothing at /nothing; tools are under /v1/tools, reads under /v1/incidents and /v1/followups
    "##);
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
        (
            "sofiia",
            "incident_get",
            json!({"incident_id": "inc_20260223_1000_aaaaaa"}),
        ),
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
    insta::assert_snapshot!(lines.join("\n"), @r##"
    422 invalid_params: there is no action of oncall_tool named "incident_lst"; did you mean "incident_list"?
    422 invalid_params: /incident_id: "7" is not an incident id; the form is inc_YYYYMMDD_HHMM_<6 of 0-9a-z>, for example inc_20260223_1000_a1b2c3
    404 not_found: there is no incident inc_20260223_1000_aaaaaa
    422 invalid_params: /severity: "P9" is not a severity; use P0, P1, P2, P3 or P4 (P0 is the worst), or sev1 to sev5
    403 forbidden: monitor (agent_monitor) may not do oncall_tool.incident_create:write: roles.agent_monitor.allow: no line names it; ask somebody who may, or change rbac_tools_matrix.yml
    422 invalid_params: "not an id" is not an agent id; the form is 1 to 64 of A-Z a-z 0-9 _ . : @ -
    409 conflict: cannot reopen an incident that is open; allowed from there: acknowledge, mitigate, resolve, close, merge, cancel
    422 invalid_params: /type: status_change events cannot be appended; use incident_acknowledge, incident_mitigate, incident_resolve, incident_close, incident_reopen or incident_cancel
    413 too_large: /content: the artifact has 2097153 bytes; the limit is 2097152 (2 MiB)
    422 invalid_params: /name: "../x.md" is not an artifact name; use 1 to 120 of A-Z a-z 0-9 . _ - without a leading dot
    404 not_found: there is no tool "oncal_tool"; did you mean "oncall_tool"?
    "##);
}

#[tokio::test]
async fn an_illegal_move_names_the_legal_ones() {
    let stand = Stand::open().await;
    let id = stand.incident().await;
    let refused = stand
        .call("sofiia", "incident_reopen", json!({"incident_id": id}))
        .await;
    assert_eq!(refused.status, 409);
    let allowed = refused.json()["allowed"].clone();
    assert!(
        allowed.as_array().is_some_and(|moves| !moves.is_empty()),
        "{allowed}"
    );
}

#[tokio::test]
async fn whatever_the_status_forbids_names_the_legal_moves() {
    let stand = Stand::open().await;
    let (merged, main, canceled) = (
        stand.incident().await,
        stand.incident().await,
        stand.incident().await,
    );
    let merge = json!({"incident_id": merged, "into": main});
    stand.done("incident_merge", merge).await;
    let cancel = json!({"incident_id": canceled, "reason": "a probe"});
    stand.done("incident_cancel", cancel).await;
    let note = |id: &str| json!({"incident_id": id, "type": "note", "message": "x"});
    let allowed = async |action: &str, params: Value| {
        let refused = stand.call("sofiia", action, params).await;
        assert_eq!((refused.status, refused.code().as_str()), (409, "conflict"));
        refused.json()["allowed"].clone()
    };
    let of_merged = allowed("incident_append_event", note(&merged)).await;
    assert_eq!(of_merged, json!(["unmerge"]));
    let update = json!({"incident_id": canceled, "title": "y"});
    assert_eq!(allowed("incident_update", update).await, json!([]));
    let into_canceled = json!({"incident_id": main, "into": canceled});
    let of_open = json!([
        "acknowledge",
        "mitigate",
        "resolve",
        "close",
        "merge",
        "cancel"
    ]);
    assert_eq!(allowed("incident_merge", into_canceled).await, of_open);
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
    insta::assert_snapshot!(lines.join("\n"), @r##"
    "/lables" "there is no parameter \"lables\"; did you mean \"labels\"?"
    "/servce" "there is no parameter \"servce\"; did you mean \"service\"?"
    "/sevrity" "there is no parameter \"sevrity\"; did you mean \"severity\"?"
    "/titel" "there is no parameter \"titel\"; did you mean \"title\"?"
    "/zzz" "there is no parameter \"zzz\"; known are service, severity, title, env, started_at, detected_at, summary, kind, signature, affects, labels, drill, roles, fields, max_bytes, idempotency_key, dry_run"
    "##);
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
    assert_eq!(
        (limited.status, limited.code().as_str()),
        (429, "rate_limited")
    );
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
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (503, "unavailable")
    );
    assert_eq!(refused.header("retry-after"), "5");
    assert_eq!(stand.get("/v1/incidents").await.status, 200, "reads go on");
    assert_eq!(stand.get("/healthz").await.status, 200, "and it lives");
    let ready = stand.get("/readyz").await;
    assert_eq!(ready.status, 503);
    insta::assert_json_snapshot!(ready.json(), @r##"
    {
      "audit_gaps": 0,
      "backend": "memory",
      "damaged_places": 0,
      "degraded_since": null,
      "ok": false,
      "readable": true,
      "status": "read_only",
      "version": "0.1.0",
      "why": "the disk is full",
      "writable": false
    }
    "##);
}

#[tokio::test]
async fn a_lost_first_choice_is_told_by_readyz_and_is_ready() {
    let (stand, store) = Stand::with(options(), &[]).await;
    let since = Timestamp::from_millis(1_771_840_800_000);
    *store.standing.lock().unwrap() = Some(Standing {
        phase: "degraded",
        since: Some(since),
        why: Some("the database: it cannot be reached".to_owned()),
        needs_hands: false,
        next_try: Some(since.plus(Duration::from_mins(5))),
        counters: vec![("watchbook_auto_fallbacks_total", 1)],
    });
    let ready = stand.get("/readyz").await;
    assert_eq!(ready.status, 200);
    insta::assert_json_snapshot!(ready.json());
    let listed = stand.get("/v1/incidents").await.json();
    assert_eq!(listed["meta"]["degraded"], true);
    assert_eq!(listed["meta"]["provisional"], true);
    assert_eq!(listed["meta"]["stale_since"], since.to_string());
}

#[tokio::test]
async fn a_fault_of_ours_says_nothing_of_the_inside() {
    let (stand, store) = Stand::with(options(), &[]).await;
    store.is_mad.store(true, Ordering::SeqCst);
    let params = json!({"service": "a", "severity": "P3", "title": "t"});
    let answer = stand
        .call("sofiia", "incident_create", params.clone())
        .await;
    assert_eq!((answer.status, answer.code().as_str()), (500, "internal"));
    assert!(!answer.body.contains("secret"), "{answer:?}");
    store.is_mad.store(false, Ordering::SeqCst);
    assert_eq!(
        stand.call("sofiia", "incident_create", params).await.status,
        200
    );
}

#[tokio::test]
async fn every_answer_has_its_headers() {
    let stand = Stand::open().await;
    let mut seen = std::collections::BTreeSet::new();
    for target in [
        "/",
        "/healthz",
        "/readyz",
        "/v1/incidents",
        "/nothing",
        "/v1/incidents/7",
    ] {
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
        assert!(
            answer
                .header("x-request-id")
                .starts_with("req_000000000000002a_")
        );
        assert_eq!(answer.header("server"), "-");
    }
    assert_eq!(seen.len(), 1, "{seen:?}");
    insta::assert_snapshot!(seen.into_iter().collect::<String>(), @r##"
    x-content-type-options: nosniff
    x-frame-options: DENY
    referrer-policy: no-referrer
    content-security-policy: default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'
    cross-origin-resource-policy: same-origin
    cross-origin-opener-policy: same-origin
    cache-control: no-store
    "##);
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
    assert!(
        answer.header("x-request-id").starts_with("req_"),
        "{answer:?}"
    );
    let search = json!({"action": "audit_search", "params": {"limit": 10}, "agent_id": "sofiia"});
    let found = stand.ask(Ask::post("/v1/tools/admin_tool", search)).await;
    assert!(found.body.contains("trace/7"), "{found:?}");
}

#[tokio::test]
async fn what_cannot_be_understood_is_audited() {
    let stand = Stand::open().await;
    for (target, body) in [
        (ONCALL, "{"),
        (
            ONCALL,
            r#"{"action":"incident_close","agent_id":"sofiia","params":7}"#,
        ),
        (ONCALL, r#"{"action":"incident_list","stattus":"open"}"#),
        (
            ONCALL,
            r#"{"action":"incident_list","agent_id":"not an id"}"#,
        ),
        ("/v1/tools/nothing", r#"{"action":"incident_list"}"#),
        ("/v1/tools", r#"{"action":"incident_list"}"#),
    ] {
        stand.ask(Ask::post(target, body)).await;
        stand.clock.advance(Duration::from_millis(1));
    }
    insta::assert_snapshot!(stand.audit().await.join("\n"), @r##"
    oncall_tool ? failed malformed
    oncall_tool incident_close failed malformed
    oncall_tool incident_list failed invalid_params
    oncall_tool incident_list failed invalid_params
    nothing incident_list failed not_found
    ? incident_list failed malformed
    admin_tool audit_search - -
    "##);
}
