//! What holds for every row of the table: it can be described, decoded, written back and repeated.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use watchbook_api::{
    Access, Action, ActionKind, CallOptions, ErrorCode, Request, Tool, body_digest, decode,
    decode_tool, schemas_json,
};

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        other => panic!("not an object: {other}"),
    }
}

fn decoded(kind: ActionKind, params: Map<String, Value>) -> Request {
    decode(kind.tool().as_str(), kind.name(), params)
        .unwrap_or_else(|problem| panic!("{kind}: {problem}"))
}

#[test]
fn names_are_distinct_and_every_tool_has_actions() {
    let names: BTreeSet<&str> = ActionKind::ALL.iter().map(|kind| kind.name()).collect();
    assert_eq!(names.len(), ActionKind::ALL.len());
    assert_eq!(Action::ALL, ActionKind::ALL);
    for tool in Tool::ALL {
        assert!(
            ActionKind::ALL.iter().any(|kind| kind.tool() == *tool),
            "{tool}"
        );
        assert_eq!(decode_tool(tool.as_str()), Ok(*tool));
    }
}

#[test]
fn the_actions_are_those_of_the_specification() {
    let of = |tool: Tool| -> Vec<&str> {
        ActionKind::ALL
            .iter()
            .filter(|kind| kind.tool() == tool)
            .map(|kind| kind.name())
            .collect()
    };
    let expected: BTreeSet<String> = "create get list search update acknowledge mitigate resolve close reopen merge \
        unmerge cancel redact append_event events attach_artifact get_artifact followups followup_update \
        followups_summary claim release propose approve reject import"
        .split_whitespace()
        .map(|word| format!("incident_{word}"))
        .collect();
    let found: BTreeSet<String> = of(Tool::Oncall).into_iter().map(str::to_owned).collect();
    assert_eq!(found, expected);
    assert_eq!(of(Tool::Admin), ["audit_search", "whoami"]);
}

#[test]
fn every_action_is_described_in_full() {
    for kind in ActionKind::ALL {
        let spec = kind.spec();
        assert!(spec.summary.ends_with('.'), "{kind}: {}", spec.summary);
        assert!(spec.description.starts_with(&spec.summary), "{kind}");
        assert!(!spec.fields.is_empty(), "{kind}");
        let names: BTreeSet<&str> = spec
            .params
            .iter()
            .chain(&spec.options)
            .map(|p| p.name)
            .collect();
        assert_eq!(
            names.len(),
            spec.params.len() + spec.options.len(),
            "{kind}: a name occurs twice"
        );
        for reserved in ["action", "tool", "params", "agent_id"] {
            assert!(
                !names.contains(reserved),
                "{kind}: {reserved} belongs to the flattened form"
            );
        }
        for param in spec.params.iter().chain(&spec.options) {
            assert!(
                param.description.ends_with('.'),
                "{kind}.{}: {}",
                param.name,
                param.description
            );
        }
        assert_eq!(spec.writes, kind.access() != Access::Reads, "{kind}");
    }
}

#[test]
fn every_example_decodes_and_can_be_written_back() {
    for kind in ActionKind::ALL {
        let request = decoded(*kind, kind.spec().example);
        assert_eq!(request.action.kind(), *kind);
        assert_eq!(request.options, CallOptions::default());
        let again = decoded(*kind, request.action.params());
        assert_eq!(again, request, "{kind}");
    }
}

#[test]
fn every_schema_knows_exactly_what_the_decoder_knows() {
    for kind in ActionKind::ALL {
        let schema = kind.schema();
        let known: BTreeSet<&str> = schema["properties"]
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        for name in &known {
            let params = object(json!({ *name: {} }));
            let problem = decode(kind.tool().as_str(), kind.name(), params).err();
            let unknown = problem.is_some_and(|problem| {
                problem
                    .errors
                    .iter()
                    .any(|error| error.message.starts_with("there is no parameter"))
            });
            assert!(!unknown, "{kind}.{name}");
        }
        let required: Vec<&str> = schema["required"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(Value::as_str)
            .collect();
        let problem = decode(kind.tool().as_str(), kind.name(), Map::new()).err();
        let missing: Vec<String> = problem
            .map(|problem| problem.errors)
            .unwrap_or_default()
            .into_iter()
            .filter(|error| error.message == "is required")
            .map(|error| error.pointer[1..].to_owned())
            .collect();
        assert_eq!(missing, required, "{kind}");
        assert_eq!(schema["additionalProperties"], json!(false));
        assert_eq!(
            schema["$schema"],
            "https://json-schema.org/draft/2020-12/schema"
        );
    }
}

#[test]
fn the_schemas_are_listed_by_tool_and_action() {
    let schemas = schemas_json();
    for kind in ActionKind::ALL {
        assert_eq!(
            schemas[kind.tool().as_str()][kind.name()]["title"],
            kind.name()
        );
    }
}

#[test]
fn the_schema_of_a_creation() {
    let mut schema = ActionKind::IncidentCreate.schema();
    let properties = schema
        .as_object_mut()
        .unwrap()
        .remove("properties")
        .unwrap();
    insta::assert_json_snapshot!("incident_create_properties", properties);
    insta::assert_json_snapshot!("incident_create_frame", schema);
}

#[test]
fn reads_take_no_options_of_writes() {
    for kind in ActionKind::ALL {
        let mut params = kind.spec().example;
        params.extend(object(json!({ "idempotency_key": "k", "dry_run": "true" })));
        match kind.access() {
            Access::Reads => {
                let problem = decode(kind.tool().as_str(), kind.name(), params).unwrap_err();
                assert_eq!(problem.code, ErrorCode::InvalidParams);
                assert_eq!(problem.errors.len(), 2, "{kind}: {problem}");
            }
            Access::Creates | Access::Changes => {
                let request = decoded(*kind, params);
                assert!(request.options.dry_run);
                assert_eq!(request.options.idempotency_key.unwrap().as_str(), "k");
            }
        }
    }
}

#[test]
fn if_match_is_taken_where_there_is_an_incident_to_match() {
    let etag = "r3-000000000000000000000000000000ff";
    for kind in ActionKind::ALL {
        let mut params = kind.spec().example;
        params.insert("if_match".to_owned(), json!(format!("\"{etag}\"")));
        let result = decode(kind.tool().as_str(), kind.name(), params);
        match kind.access() {
            Access::Changes => {
                assert_eq!(result.unwrap().options.if_match.unwrap().to_string(), etag);
            }
            Access::Reads | Access::Creates => assert!(result.is_err(), "{kind}"),
        }
    }
}

#[test]
fn the_digest_is_of_what_is_asked_for() {
    let digest = |params: &str| {
        let params = serde_json::from_str(params).unwrap();
        body_digest(&decoded(ActionKind::IncidentCreate, params)).to_string()
    };
    let base =
        digest(r#"{"service":"gateway","severity":"P1","title":"x","labels":{"a":"1","b":"2"}}"#);
    for same in [
        r#"{"labels":{"b":"2","a":"1"},"title":"x","severity":"P1","service":"gateway"}"#,
        r#"{"service":"gateway","severity":"sev2","title":" x ","labels":["a=1","b=2"],"env":"prod"}"#,
        r#"{"service":"gateway","severity":"P1","title":"x","labels":{"a":"1","b":"2"},"idempotency_key":"k"}"#,
        r#"{"service":"gateway","severity":"P1","title":"x","labels":{"a":"1","b":"2"},"fields":["id"],"max_bytes":5000,"dry_run":true}"#,
    ] {
        assert_eq!(digest(same), base, "{same}");
    }
    for other in [
        r#"{"service":"gateway","severity":"P2","title":"x","labels":{"a":"1","b":"2"}}"#,
        r#"{"service":"gateway","severity":"P1","title":"x","labels":{"a":"1"}}"#,
        r#"{"service":"gateway","severity":"P1","title":"x","labels":{"a":"1","b":"2"},"drill":true}"#,
    ] {
        assert_ne!(digest(other), base, "{other}");
    }
}

#[test]
fn the_digest_tells_keeping_from_taking_away() {
    let digest = |params: Value| body_digest(&decoded(ActionKind::IncidentUpdate, object(params)));
    let id = "inc_20260223_1000_a1b2c3";
    let kept = digest(json!({ "incident_id": id, "title": "x" }));
    let cleared = digest(json!({ "incident_id": id, "title": "x", "summary": null }));
    assert_ne!(kept, cleared);
    let matched = digest(json!({
        "incident_id": id, "title": "x", "if_match": "r3-000000000000000000000000000000ff",
    }));
    assert_ne!(kept, matched);
}
