//! Decoding: what the runbook sends, and what is said about what is wrong.

use serde_json::{Map, Value, json};
use watchbook_api::{
    Action, ErrorCode, Priority, Problem, Request, StatusFilter, decode, from_query,
};
use watchbook_core::{Op, Severity, Step};

const ID: &str = "inc_20260223_1000_a1b2c3";

fn call(action: &str, params: Value) -> Result<Request, Problem> {
    let Value::Object(params) = params else {
        panic!("not an object: {params}")
    };
    decode("oncall_tool", action, params)
}

fn accepted(action: &str, params: Value) -> Action {
    call(action, params)
        .unwrap_or_else(|problem| panic!("{action}: {problem:?}"))
        .action
}

/// Everything that is said about a call that is refused, one line each.
fn refused(action: &str, params: Value) -> String {
    let problem = call(action, params).expect_err("it was accepted");
    let mut text = format!("{}: {}\n", problem.code, problem.message);
    for error in &problem.errors {
        text.push_str(&format!("  {} {}\n", error.pointer, error.message));
    }
    text
}

// ---- the runbook, rows 5, 7 and 18: its payloads as they stand there ----

/// A payload of the runbook, nested or flattened, as a front-end takes it apart.
fn runbook(tool: Option<&str>, body: &str) -> Request {
    let mut body: Map<String, Value> = serde_json::from_str(body).unwrap();
    let tool = tool.map_or_else(
        || body.remove("tool").unwrap().as_str().unwrap().to_owned(),
        str::to_owned,
    );
    let action = body.remove("action").unwrap();
    body.remove("agent_id");
    let params = match body.remove("params") {
        Some(Value::Object(params)) => params,
        _ => body,
    };
    decode(&tool, action.as_str().unwrap(), params).unwrap()
}

#[test]
fn row_5_incident_create() {
    let request = runbook(
        None,
        r#"{
  "tool": "oncall_tool",
  "action": "incident_create",
  "params": {
    "service": "gateway",
    "severity": "P1",
    "title": "Gateway 5xx rate >5%",
    "env": "prod",
    "started_at": "2026-02-23T10:00:00Z"
  },
  "agent_id": "sofiia"
}"#,
    );
    let Action::IncidentCreate(params) = request.action else {
        panic!("another action")
    };
    assert_eq!(params.service.as_str(), "gateway");
    assert_eq!(params.severity, Severity::P1);
    assert_eq!(params.title.as_str(), "Gateway 5xx rate >5%");
    assert_eq!(params.env.as_str(), "prod");
    assert_eq!(
        params.started_at.unwrap().to_string(),
        "2026-02-23T10:00:00.000Z"
    );
}

#[test]
fn row_7_incident_list() {
    let request = runbook(
        None,
        r#"{
  "tool": "oncall_tool",
  "action": "incident_list",
  "params": { "status": "open", "limit": 20 }
}"#,
    );
    let Action::IncidentList(params) = request.action else {
        panic!("another action")
    };
    assert_eq!(params.status, StatusFilter::Unfinished);
    assert_eq!(params.limit.get(), 20);
    let query = params.into_query();
    assert_eq!(query.filter.statuses.unwrap().len(), 4);
}

#[test]
fn row_18_incident_followups_summary() {
    let request = runbook(
        Some("oncall_tool"),
        r#"{
  "action": "incident_followups_summary",
  "service": "gateway",
  "env": "prod",
  "window_days": 30
}"#,
    );
    let Action::IncidentFollowupsSummary(params) = request.action else {
        panic!("another action")
    };
    assert_eq!(params.service.unwrap().as_str(), "gateway");
    assert_eq!(params.env.unwrap().as_str(), "prod");
    assert_eq!(params.window_days.get(), 30);
}

// ---- what is wrong, all at once ----

#[test]
fn five_unknown_params_are_all_named_with_the_nearest() {
    insta::assert_snapshot!(
        "five_unknown_params",
        refused(
            "incident_create",
            json!({
                "servcie": "gateway", "sevrity": "P1", "titel": "x", "startedAt": "2026-02-23T10:00:00Z", "colour": "red",
                "service": "gateway", "severity": "P1", "title": "x",
            })
        )
    );
}

#[test]
fn every_invalid_param_is_named_at_once() {
    insta::assert_snapshot!(
        "every_invalid_param",
        refused(
            "incident_create",
            json!({
                "service": 5, "severity": "P9", "title": "a\u{202e}b", "env": "PROD", "started_at": "yesterday",
                "kind": "weird", "signature": "xyz", "affects": ["ok", "", 7], "labels": { "a b": "x", "c": null },
                "drill": "perhaps", "roles": "commander", "nonsense": 1, "max_bytes": 3, "idempotency_key": "two words",
            })
        )
    );
}

#[test]
fn what_is_said_about_single_mistakes() {
    let mut said = String::new();
    for line in include_str!("mistakes.txt").lines() {
        let (action, params) = line.split_once(' ').unwrap();
        let params = serde_json::from_str(params).unwrap();
        said.push_str(&format!("{line}\n{}\n", refused(action, params)));
    }
    insta::assert_snapshot!("single_mistakes", said);
}

#[test]
fn wrong_tools_and_actions_are_told_the_right_one() {
    let said = |tool: &str, action: &str| decode(tool, action, Map::new()).unwrap_err().to_string();
    insta::assert_snapshot!(
        "wrong_tools_and_actions",
        [
            said("oncall", "incident_list"),
            said("zzz", "incident_list"),
            said("oncall_tool", "create"),
            said("oncall_tool", "incident_creat"),
            said("oncall_tool", "incident_close_all_of_them"),
            said("oncall_tool", ""),
            said("admin_tool", "incident_list"),
            said("admin_tool", "who_am_i"),
        ]
        .join("\n")
    );
    assert_eq!(
        decode("x", "y", Map::new()).unwrap_err().code,
        ErrorCode::NotFound
    );
    assert_eq!(
        call("y", json!({})).unwrap_err().code,
        ErrorCode::InvalidParams
    );
}

#[test]
fn a_flood_of_mistakes_is_answered_with_the_first_fifty() {
    let params: Map<String, Value> = (0..10_000)
        .map(|n| (format!("zz{n:05}"), json!(1)))
        .collect();
    let problem = call("incident_get", Value::Object(params)).unwrap_err();
    assert_eq!(problem.errors.len(), 50);
    assert!(
        problem.message.starts_with("10001 parameters are invalid"),
        "{problem}"
    );
    let long = "x".repeat(100_000);
    let problem = call("incident_get", json!({ "incident_id": ID, (long): 1 })).unwrap_err();
    assert!(problem.to_string().len() < 2_000);
    assert!(problem.errors[0].pointer.len() < 200);
}

// ---- limits ----

#[test]
fn what_is_larger_than_its_limit_is_too_large() {
    let attach = |content: String| {
        call(
            "incident_attach_artifact",
            json!({ "incident_id": ID, "name": "x.md", "content": content }),
        )
    };
    assert!(attach("x".repeat(2 * 1024 * 1024)).is_ok());
    let problem = attach("x".repeat(2 * 1024 * 1024 + 1)).unwrap_err();
    assert_eq!(problem.code, ErrorCode::TooLarge);
    insta::assert_snapshot!("artifact_too_large", problem.message);

    let note = |text: String| {
        call(
            "incident_append_event",
            json!({
                "incident_id": ID, "type": "note", "message": "x", "meta": { "log": text },
            }),
        )
    };
    assert!(note("x".repeat(65_526)).is_ok());
    let problem = note("x".repeat(65_527)).unwrap_err();
    assert_eq!(problem.code, ErrorCode::TooLarge);
    insta::assert_snapshot!("meta_too_large", problem.message);
}

#[test]
fn being_too_large_and_wrong_besides_is_wrong() {
    let problem = call(
        "incident_attach_artifact",
        json!({
            "incident_id": "x", "name": "x.md", "content": "x".repeat(2 * 1024 * 1024 + 1),
        }),
    )
    .unwrap_err();
    assert_eq!(problem.code, ErrorCode::InvalidParams);
    assert_eq!(problem.errors.len(), 2);
}

#[test]
fn facts_nest_32_levels_deep_and_no_deeper() {
    let nested = |levels: usize, leaf: Value| {
        let meta = (1..levels).fold(leaf, |inner, level| {
            if level % 2 == 0 {
                json!({ "a": inner })
            } else {
                json!([inner])
            }
        });
        call(
            "incident_append_event",
            json!({
                "incident_id": ID, "type": "note", "message": "x", "meta": { "a": meta },
            }),
        )
    };
    assert!(nested(32, json!("leaf")).is_ok());
    let problem = nested(33, json!("leaf")).unwrap_err();
    assert!(
        problem.message.contains("nests deeper than 32 levels"),
        "{problem}"
    );
}

// ---- forms in which values are accepted ----

#[test]
fn query_strings_and_forms_say_the_same_as_json() {
    let pairs = [
        ("status", "exact:open,acknowledged"),
        ("severity", "sev1,P1"),
        ("limit", "500"),
        ("drill", "false"),
        ("label", "region=eu"),
        ("label", "tier=1"),
        ("from", "2026-02-01"),
        ("fields", "id,title"),
        ("max_bytes", "4096"),
    ];
    let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let from_text = decode("oncall_tool", "incident_list", from_query(pairs).unwrap()).unwrap();
    let from_json = call("incident_list", json!({
        "status": "exact:open,acknowledged", "severity": ["P0", "P1"], "limit": 500, "drill": false,
        "label": { "region": "eu", "tier": "1" }, "from": "2026-02-01T00:00:00.000Z",
        "fields": ["id", "title"], "max_bytes": 4096,
    }))
    .unwrap();
    assert_eq!(from_text, from_json);
}

#[test]
fn a_query_is_bounded() {
    let pairs = |count: usize| (0..count).map(|n| ("label".to_owned(), format!("k{n}=v")));
    assert!(from_query(pairs(100)).is_ok());
    assert_eq!(
        from_query(pairs(101)).unwrap_err().code,
        ErrorCode::Malformed
    );
}

#[test]
fn one_name_with_a_comma_is_one_service() {
    let Action::IncidentCreate(params) = accepted(
        "incident_create",
        json!({
            "service": "a", "severity": "P1", "title": "x", "affects": "Pages, and the API",
        }),
    ) else {
        panic!("another action")
    };
    assert_eq!(params.affects.0.len(), 1);
}

#[test]
fn null_takes_away_and_absence_keeps() {
    let Action::IncidentUpdate(params) = accepted(
        "incident_update",
        json!({
            "incident_id": ID, "summary": null, "root_cause": "", "labels": { "a": null, "b": "2" }, "roles": ["scribe="],
        }),
    ) else {
        panic!("another action")
    };
    let Op::Update(patch) = params.into_op() else {
        panic!("another operation")
    };
    assert_eq!(patch.summary, Some(None));
    assert_eq!(patch.root_cause, Some(None));
    assert_eq!(patch.resolution_summary, None);
    let labels: Vec<String> = patch
        .labels
        .iter()
        .map(|(k, v)| format!("{k}={v:?}"))
        .collect();
    assert_eq!(labels, ["a=None", "b=Some(Short(\"2\"))"]);
    assert_eq!(patch.roles.len(), 1);
}

#[test]
fn words_for_priorities() {
    for (word, severity) in [
        ("high", Severity::P1),
        ("medium", Severity::P2),
        ("low", Severity::P3),
        ("P0", Severity::P0),
        ("sev5", Severity::P4),
        ("HIGH", Severity::P1),
    ] {
        let Action::IncidentFollowupUpdate(params) = accepted(
            "incident_followup_update",
            json!({
                "incident_id": ID, "followup_id": format!("evt_{}", "0".repeat(32)), "priority": word,
            }),
        ) else {
            panic!("another action")
        };
        assert_eq!(params.priority, Some(Priority(severity)), "{word}");
    }
}

// ---- operations ----

fn appended(params: Value) -> Op {
    let Action::IncidentAppendEvent(params) = accepted("incident_append_event", params) else {
        panic!("another action")
    };
    params.into_op().unwrap()
}

#[test]
fn an_appended_followup_is_opened() {
    let Op::OpenFollowup(new) = appended(json!({
        "incident_id": ID, "type": "followup", "message": "Limit the retries\nof the gateway",
        "at": "2026-02-23T10:00:00Z",
        "meta": {
            "owner": "helion", "priority": "high", "due_date": "2026-03-01", "external_ref": "OPS-7",
            "status": "in_progress", "cost": 3,
        },
    })) else {
        panic!("another operation")
    };
    assert_eq!(new.title.as_str(), "Limit the retries");
    assert_eq!(
        new.message.unwrap().as_str(),
        "Limit the retries\nof the gateway"
    );
    assert_eq!(new.owner.unwrap().as_str(), "helion");
    assert_eq!(new.priority, Severity::P1);
    assert_eq!(new.due.unwrap().to_string(), "2026-03-01");
    assert_eq!(new.external_ref.unwrap().as_str(), "OPS-7");
    assert_eq!(
        Value::Object(new.meta),
        json!({ "cost": 3, "at": "2026-02-23T10:00:00.000Z" })
    );
}

#[test]
fn a_followup_without_facts_has_the_message_as_title_and_medium_priority() {
    let Op::OpenFollowup(new) = appended(json!({
        "incident_id": ID, "type": "followup", "message": "ß".repeat(400),
    })) else {
        panic!("another operation")
    };
    assert_eq!(new.title.as_str(), "ß".repeat(150));
    assert_eq!(
        (new.priority, new.owner, new.due),
        (Severity::P2, None, None)
    );
}

#[test]
fn an_appended_followup_update_changes_it() {
    let Op::UpdateFollowup {
        followup,
        patch,
        note,
    } = appended(json!({
        "incident_id": ID, "type": "followup_update", "message": "done with 1.43",
        "meta": { "followup_id": format!("evt_{}", "0".repeat(32)), "status": "done", "owner": null },
    }))
    else {
        panic!("another operation")
    };
    assert_eq!(followup.to_bits(), 0);
    assert_eq!(patch.owner, Some(None));
    assert_eq!(patch.status.unwrap().as_str(), "done");
    assert_eq!(note.unwrap().as_str(), "done with 1.43");
}

#[test]
fn steps_become_moves() {
    for (action, step) in [
        ("incident_acknowledge", Step::Acknowledge),
        ("incident_mitigate", Step::Mitigate),
        ("incident_resolve", Step::Resolve),
        ("incident_close", Step::Close),
        ("incident_reopen", Step::Reopen),
        ("incident_cancel", Step::Cancel),
    ] {
        let op = match accepted(action, step_params(action)) {
            Action::IncidentAcknowledge(params) => params.into_op(),
            Action::IncidentMitigate(params) => params.into_op(),
            Action::IncidentResolve(params) => params.into_op(),
            Action::IncidentClose(params) => params.into_op(),
            Action::IncidentReopen(params) => params.into_op(),
            Action::IncidentCancel(params) => params.into_op(),
            other => panic!("{other:?}"),
        };
        let Op::Move(lifecycle) = op else {
            panic!("another operation")
        };
        assert_eq!(lifecycle.step, step);
        assert!(
            lifecycle.note.is_some() && lifecycle.at.is_some(),
            "{action}"
        );
    }
}

fn step_params(action: &str) -> Value {
    let said = if action == "incident_cancel" {
        "reason"
    } else {
        "note"
    };
    json!({ "incident_id": ID, "at": "2026-02-23T10:00:00Z", (said): "x" })
}

#[test]
fn an_imported_incident_has_the_same_id_every_time() {
    let id = |source: &str| {
        let Action::IncidentImport(params) = accepted(
            "incident_import",
            json!({
                "source": source, "source_id": "1", "created_at": "2026-02-23T10:00:30Z",
                "incident": { "service": "a", "severity": "P1", "title": "x" },
            }),
        ) else {
            panic!("another action")
        };
        params.incident_id()
    };
    assert_eq!(id("a"), id("a"));
    assert_ne!(id("a"), id("b"));
    assert!(id("a").to_string().starts_with("inc_20260223_1000_"));
}
