//! Answers as people see them, from envelopes as callers get them.

use serde_json::json;

use super::*;

const PLAIN: Terminal = Terminal {
    width: None,
    colors: false,
    progress: false,
};
const NARROW: Terminal = Terminal {
    width: Some(100),
    colors: false,
    progress: false,
};

fn incident() -> Value {
    json!({
        "id": "inc_20260223_1000_a1b2c3", "service": "gateway", "affects": ["search", "labels"], "env": "staging",
        "severity": "P1", "status": "acknowledged", "allowed": ["mitigate", "resolve"], "title": "Gateway 5xx rate >5% for everybody who asks for a price",
        "summary": "A retry storm.\nIt began in zone b.", "kind": "error_rate", "signature": "9f2c4e6a8b0d1f3e", "labels": { "region": "eu" },
        "drill": false, "roles": { "commander": "ada" }, "started_at": "2026-02-23T09:58:00.000Z", "detected_at": null,
        "created_at": "2026-02-23T10:00:00.000Z", "acknowledged_at": "2026-02-23T10:05:00.000Z", "mitigated_at": null, "resolved_at": null,
        "closed_at": null, "updated_at": "2026-02-23T10:05:00.000Z", "last_activity_at": "2026-02-23T10:05:00.000Z", "created_by": "sofiia",
        "revision": 2, "merged_into": null, "resolution_summary": null, "root_cause": "1.42 retried without a limit", "events": 3,
        "followups": [followup()],
        "artifacts": [{ "name": "timeline.md", "bytes": 120, "versions": [{}, {}], "created_by": "ada", "created_at": "2026-02-23T10:06:00.000Z" }],
        "claim": { "holder": "helion", "since": "2026-02-23T10:05:00.000Z", "until": "2026-02-23T10:35:00.000Z" },
        "proposals": [{ "id": "evt_00000000000000000000000000000009", "change": "merge", "into": "inc_20260223_0900_a1b2c3", "proposed_by": "helion", "status": "pending", "expires_at": "2026-02-24T10:05:00.000Z" }],
        "etag": "r2-00000000000000000000000000000007",
    })
}

fn followup() -> Value {
    json!({
        "id": "evt_00000000000000000000000000000007", "incident_id": "inc_20260223_1000_a1b2c3", "title": "Limit the retries", "owner": "helion",
        "priority": "P1", "due_date": "2026-02-20", "status": "open", "overdue": true, "days_over": 3,
    })
}

fn event() -> Value {
    json!({
        "id": "evt_00000000000000000000000000000001", "incident_id": "inc_20260223_1000_a1b2c3", "seq": 2, "at": "2026-02-23T10:05:00.000Z",
        "type": "note", "message": "two\nlines \u{1b}[31m", "actor": "human:ada", "redacted": false,
    })
}

fn envelope(result: &Value, meta: &Value) -> Value {
    json!({ "ok": true, "result": result, "meta": meta })
}

fn shown(kind: ActionKind, result: &Value, meta: &Value, terminal: Terminal) -> String {
    let Shown { answer, remarks } = answer(Some(kind), &envelope(result, meta), terminal);
    let remarks: Vec<String> = remarks.iter().map(|remark| format!("# {remark}")).collect();
    format!(
        "{answer}{}",
        remarks.join(
            "
"
        )
    )
}

#[test]
fn a_page_about_an_incident() {
    insta::assert_snapshot!(card(&incident(), &[event()], PLAIN));
}

#[test]
fn lists() {
    let incidents = json!({ "items": [incident()], "next_cursor": "c00" });
    insta::assert_snapshot!(
        "incidents",
        shown(ActionKind::IncidentList, &incidents, &json!({}), PLAIN)
    );
    insta::assert_snapshot!(
        "incidents_narrow",
        shown(ActionKind::IncidentList, &incidents, &json!({}), NARROW)
    );
    let events = json!({ "items": [event()], "next_cursor": null });
    insta::assert_snapshot!(
        "events",
        shown(ActionKind::IncidentEvents, &events, &json!({}), PLAIN)
    );
    let followups = json!({ "items": [followup()], "next_cursor": null });
    insta::assert_snapshot!(
        "followups",
        shown(ActionKind::IncidentFollowups, &followups, &json!({}), PLAIN)
    );
    let nothing = json!({ "items": [], "next_cursor": null });
    insta::assert_snapshot!(
        "nothing",
        shown(ActionKind::IncidentList, &nothing, &json!({}), PLAIN)
    );
}

#[test]
fn the_audit_trail() {
    let entry = |outcome: Value, code: Value| {
        json!({
            "at": "2026-02-23T10:05:00.000Z", "agent_id": "sofiia", "delegate": "bridge", "via": "key", "request_id": "r-1",
            "tool": "oncall_tool", "action": "incident_close", "incident_id": "inc_20260223_1000_a1b2c3", "dry_run": true,
            "outcome": outcome, "code": code, "took_ms": 3,
        })
    };
    let restored = json!({
        "at": "2026-02-23T10:05:00.000Z", "agent_id": "sofiia", "delegate": null, "via": "key", "request_id": "r-2",
        "tool": "journal", "action": "status_change", "incident_id": "inc_20260223_1000_a1b2c3", "dry_run": false,
        "params": { "restored_from_commit": 12 }, "outcome": "ok", "code": null, "took_ms": null,
    });
    let entries = [
        restored,
        entry(json!("ok"), Value::Null),
        entry(json!("denied"), json!("forbidden")),
        entry(Value::Null, Value::Null),
    ];
    let list = json!({ "items": entries, "next_cursor": null });
    insta::assert_snapshot!(shown(ActionKind::AuditSearch, &list, &json!({}), PLAIN));
}

#[test]
fn writes() {
    let meta = json!({ "changed": true, "durable": true, "dry_run": false });
    let cases = [
        (
            ActionKind::IncidentCreate,
            json!({ "incident": incident(), "possible_duplicates": ["inc_20260223_0900_a1b2c3"] }),
            meta.clone(),
        ),
        (
            ActionKind::IncidentAcknowledge,
            json!({ "incident": incident() }),
            json!({ "changed": false }),
        ),
        (
            ActionKind::IncidentAppendEvent,
            json!({ "event": event() }),
            json!({ "changed": true, "dry_run": true }),
        ),
        (
            ActionKind::IncidentFollowupUpdate,
            json!({ "followup": followup() }),
            json!({ "changed": true, "durable": false }),
        ),
        (
            ActionKind::IncidentAttachArtifact,
            json!({ "artifact": { "incident_id": "inc_1", "name": "a.md", "bytes": 7, "sha256": "ab" } }),
            meta.clone(),
        ),
        (
            ActionKind::IncidentPropose,
            json!({ "proposal": incident()["proposals"][0], "incident": incident() }),
            json!({ "changed": true, "replayed": true }),
        ),
    ];
    let all: Vec<String> = cases
        .iter()
        .map(|(kind, result, meta)| format!("{kind}\n{}", shown(*kind, result, meta, PLAIN)))
        .collect();
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn what_is_left_to_do() {
    let summary = json!({ "summary": {
        "generated_at": "2026-02-23T10:05:00.000Z", "service": "gateway", "env": null, "window_days": 30,
        "open_incidents": { "total": 8, "by_severity": { "P0": { "count": 0, "ids": [] }, "P1": { "count": 8, "ids": ["inc_1", "inc_2", "inc_3", "inc_4", "inc_5", "inc_6", "inc_7", "inc_8"] } } },
        "followups": { "open": 3, "overdue": 1, "done": 4, "canceled": 0 },
        "overdue": [followup()],
        "stale_incidents": [{ "id": "inc_1", "service": "gateway", "severity": "P1", "status": "open", "title": "Errors", "hours_quiet": 30 }],
        "oldest": { "id": "inc_1", "age_days": 4, "title": "Errors" },
    }});
    insta::assert_snapshot!(shown(
        ActionKind::IncidentFollowupsSummary,
        &summary,
        &json!({}),
        PLAIN
    ));
}

#[test]
fn refusals() {
    let many = json!({
        "detail": "2 parameters are invalid, all listed in errors; the first: /severity: is required", "code": "invalid_params",
        "errors": [{ "pointer": "/severity", "message": "is required" }, { "pointer": "/sevice", "message": "is not known; did you mean \"service\"?" }],
    });
    let illegal = json!({ "detail": "a closed incident cannot be acknowledged", "errors": [], "allowed": ["reopen"] });
    let stale = json!({ "detail": "somebody else has changed it", "current_version": "r3-7", "retry_after": 2, "allowed": [] });
    let all = [many, illegal, stale].map(|refusal| problem(&refusal));
    insta::assert_snapshot!(all.join("\n\n"));
}

#[test]
fn an_answer_of_an_unknown_kind_is_shown_member_by_member() {
    let list = json!({ "items": [{ "a": 1, "b": "x\u{7}" }, { "a": 2 }], "next_cursor": null });
    let noun = json!({ "identity": { "agent_id": "sofiia", "role": "agent_cto", "key": null, "may": ["a", "b"] } });
    let shown = [
        answer(None, &envelope(&list, &json!({})), PLAIN).answer,
        answer(
            Some(ActionKind::Whoami),
            &envelope(&noun, &json!({})),
            PLAIN,
        )
        .answer,
    ];
    insta::assert_snapshot!(shown.join("\n"));
}

#[test]
fn colours_only_where_they_are_wanted() {
    let colors = Terminal {
        colors: true,
        ..NARROW
    };
    let list = json!({ "items": [incident()], "next_cursor": null });
    let plain = shown(ActionKind::IncidentList, &list, &json!({}), NARROW);
    assert!(!plain.contains('\u{1b}'), "{plain}");
    let colored = shown(ActionKind::IncidentList, &list, &json!({}), colors);
    assert!(colored.contains('\u{1b}'), "{colored}");
}
