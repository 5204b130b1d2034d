//! The runbook's table of agents and roles, over HTTP.

use serde_json::{Value, json};

use crate::stand::Stand;

/// What each agent may try: reads, then writes.
fn tries(id: &str) -> Vec<(&'static str, Value)> {
    vec![
        ("incident_get", json!({"incident_id": id})),
        ("incident_list", json!({})),
        ("incident_events", json!({"incident_id": id})),
        ("incident_followups_summary", json!({})),
        (
            "incident_create",
            json!({"service": "a", "severity": "P3", "title": "t"}),
        ),
        (
            "incident_append_event",
            json!({"incident_id": id, "type": "note", "message": "seen"}),
        ),
        ("incident_acknowledge", json!({"incident_id": id})),
    ]
}

#[tokio::test]
async fn the_five_rows() {
    let stand = Stand::open().await;
    let id = stand.incident().await;
    let mut rows = Vec::new();
    for agent in ["sofiia", "helion", "monitor", "aistalk", "others"] {
        let mut row = vec![format!("{agent:7}")];
        for (action, params) in tries(&id) {
            let status = stand.call(agent, action, params).await.status;
            let short = action.trim_start_matches("incident_");
            row.push(format!("{short}={status}"));
        }
        rows.push(row.join(" "));
    }
    insta::assert_snapshot!(rows.join("\n"), @r##"
    sofiia  get=200 list=200 events=200 followups_summary=200 create=200 append_event=200 acknowledge=200
    helion  get=200 list=200 events=200 followups_summary=200 create=200 append_event=200 acknowledge=200
    monitor get=200 list=200 events=200 followups_summary=200 create=403 append_event=403 acknowledge=403
    aistalk get=200 list=200 events=200 followups_summary=200 create=403 append_event=403 acknowledge=403
    others  get=200 list=200 events=200 followups_summary=200 create=403 append_event=403 acknowledge=403
    "##);
}

#[tokio::test]
async fn who_names_nobody_reads_only() {
    let stand = Stand::open().await;
    let list = json!({"action": "incident_list"});
    let create =
        json!({"action": "incident_create", "service": "a", "severity": "P3", "title": "t"});
    let ask = |body: Value| stand.ask(crate::wire::Ask::post("/v1/tools/oncall_tool", body));
    assert_eq!(ask(list).await.status, 200);
    let refused = ask(create).await;
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (403, "forbidden")
    );
    assert!(refused.detail().contains("agent_default"), "{refused:?}");
}

#[tokio::test]
async fn a_denial_is_in_the_audit() {
    let stand = Stand::open().await;
    let params = json!({"service": "a", "severity": "P3", "title": "t"});
    stand.call("monitor", "incident_create", params).await;
    let audit = stand.audit().await;
    assert!(
        audit.contains(&"oncall_tool incident_create denied forbidden".to_owned()),
        "{audit:?}"
    );
}
