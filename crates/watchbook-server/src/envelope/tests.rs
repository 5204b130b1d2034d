//! Both forms of a call, and every way of getting them wrong.

use serde_json::{Map, Value, json};

use super::{Envelope, Unreadable, read};

fn object(body: Value) -> Map<String, Value> {
    match body {
        Value::Object(object) => object,
        other => panic!("not an object: {other}"),
    }
}

fn taken(path: Option<&str>, body: Value) -> Envelope {
    read(path, object(body)).expect("taken")
}

fn refused(path: Option<&str>, body: Value) -> Unreadable {
    *read(path, object(body)).expect_err("refused")
}

#[test]
fn the_nested_and_the_flattened_form_say_the_same() {
    let expected = Envelope {
        tool: "oncall_tool".into(),
        action: "incident_list".into(),
        params: object(json!({"status": "open", "limit": 20})),
        agent_id: Some("sofiia".into()),
    };
    let params = json!({"status": "open", "limit": 20});
    let nested = json!({"action": "incident_list", "params": params, "agent_id": "sofiia"});
    let flat =
        json!({"action": "incident_list", "status": "open", "limit": 20, "agent_id": "sofiia"});
    let mut generic = nested.clone();
    generic["tool"] = "oncall_tool".into();
    assert_eq!(taken(Some("oncall_tool"), nested), expected);
    assert_eq!(taken(Some("oncall_tool"), flat), expected);
    assert_eq!(taken(Some("oncall_tool"), generic.clone()), expected);
    assert_eq!(taken(None, generic), expected);
}

#[test]
fn absent_things_may_be_null() {
    let body = json!({"action": "whoami", "params": null, "agent_id": null, "tool": null});
    let read = taken(Some("admin_tool"), body);
    assert!(read.params.is_empty());
    assert_eq!(read.agent_id, None);
}

#[test]
fn refusals() {
    let oncall = Some("oncall_tool");
    let cases = [
        (oncall, json!({})),
        (None, json!({"action": "incident_list"})),
        (oncall, json!({"action": 7})),
        (oncall, json!({"action": "a", "agent_id": ["sofiia"]})),
        (oncall, json!({"action": "a", "params": [1]})),
        (oncall, json!({"action": "a", "tool": "alert_tool"})),
        (
            oncall,
            json!({"action": "a", "params": {"x": 1}, "y": 2, "z": 3}),
        ),
        (oncall, json!({"action": "a", "params": null, "y": 2})),
    ];
    let shown: Vec<String> = cases
        .iter()
        .map(|(path, body)| format!("{body} -> {}", refused(*path, body.clone()).problem))
        .collect();
    insta::assert_snapshot!(shown.join("\n"), @r##"
        {} -> malformed: "action" is missing; name what to do, for example "incident_list"
        {"action":"incident_list"} -> malformed: "tool" is missing; name it, for example "oncall_tool", or post to /v1/tools/oncall_tool
        {"action":7} -> malformed: "action" is not a text
        {"action":"a","agent_id":["sofiia"]} -> malformed: "agent_id" is not a text
        {"action":"a","params":[1]} -> malformed: "params" is not an object
        {"action":"a","tool":"alert_tool"} -> malformed: the path names the tool "oncall_tool" and the body "alert_tool"; leave "tool" out of the body (a parameter of that name goes into "params")
        {"action":"a","params":{"x":1},"y":2,"z":3} -> malformed: parameters stand in "params" and beside it (y, z); put all of them in one place
        {"action":"a","params":null,"y":2} -> malformed: parameters stand in "params" and beside it (y); put all of them in one place
        "##);
}

#[test]
fn what_was_understood_is_kept_for_the_audit() {
    let body = json!({"action": "incident_close", "agent_id": "sofiia", "params": 7});
    let read = refused(Some("oncall_tool"), body).read;
    assert_eq!(read.tool, "oncall_tool");
    assert_eq!(read.action, "incident_close");
    assert_eq!(read.agent_id.as_deref(), Some("sofiia"));
}
