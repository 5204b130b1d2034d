//! The payloads of the runbook, as they are written there, sent by `curl` without a Content-Type header.

use std::process::Stdio;

use serde_json::Value;
use tokio::process::Command;

use crate::stand::Stand;

/// Runbook 3, "Create incident manually".
const ROW_5: &str = r#"{
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
}"#;

/// Runbook 3, "List open incidents".
const ROW_7: &str = r#"{
  "tool": "oncall_tool",
  "action": "incident_list",
  "params": { "status": "open", "limit": 20 }
}"#;

/// Runbook 7, "Check overdue follow-ups for a service".
const ROW_18: &str = r#"{
  "action": "incident_followups_summary",
  "service": "gateway",
  "env": "prod",
  "window_days": 30
}"#;

/// Runbook 9, "Correlating a specific incident": an action of a later version.
const ROW_25: &str =
    r#"{"action":"correlate","incident_id":"inc_20260218_1430_abc123","append_note":true}"#;

/// `curl -X POST <url> <more> -d <body>`, with the runbook's host led to the server. Gives status and answer.
async fn curl(stand: &Stand, url: &str, more: &[&str], body: &str) -> (String, Value) {
    let port = stand.address.port();
    let output = Command::new("curl")
        .args(["-sS", "--noproxy", "*", "-w", "\n%{http_code}"])
        .args(["--connect-to", &format!("gateway:80:127.0.0.1:{port}")])
        .args(["-X", "POST", url])
        .args(more)
        .args(["-d", body])
        .stdin(Stdio::null())
        .output()
        .await
        .expect("curl is installed");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let (answer, status) = text.rsplit_once('\n').expect("a status");
    let json = serde_json::from_str(answer).unwrap_or_else(|error| panic!("{error}: {text}"));
    (status.to_owned(), json)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_5_creates_an_incident() {
    let stand = Stand::open().await;
    for (index, url) in [
        "http://gateway/v1/tools",
        "http://gateway/v1/tools/oncall_tool",
    ]
    .into_iter()
    .enumerate()
    {
        let (status, answer) = curl(&stand, url, &[], ROW_5).await;
        assert_eq!(status, "200", "{answer}");
        assert_eq!(answer["ok"], true);
        let incident = &answer["result"]["incident"];
        assert_eq!(incident["service"], "gateway");
        assert_eq!(incident["severity"], "P1");
        assert_eq!(incident["title"], "Gateway 5xx rate >5%");
        assert_eq!(incident["env"], "prod");
        assert_eq!(incident["status"], "open");
        assert_eq!(incident["started_at"], "2026-02-23T10:00:00.000Z");
        assert_eq!(incident["created_by"], "sofiia");
        let duplicates = answer["result"]["possible_duplicates"].as_array();
        assert_eq!(duplicates.map(Vec::len), Some(index));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_7_lists_open_incidents() {
    let stand = Stand::open().await;
    let open = stand.incident().await;
    let canceled = stand.incident().await;
    let params = serde_json::json!({"incident_id": canceled, "reason": "false alarm"});
    stand.done("incident_cancel", params).await;
    let (status, answer) = curl(&stand, "http://gateway/v1/tools", &[], ROW_7).await;
    assert_eq!(status, "200", "{answer}");
    let items = answer["result"]["items"].as_array().expect("items");
    assert_eq!(items.len(), 1);
    assert_eq!(items[0]["id"], open.as_str());
    assert_eq!(answer["result"]["next_cursor"], Value::Null);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_18_sums_follow_ups_up_with_flattened_parameters() {
    let stand = Stand::open().await;
    let id = stand.incident().await;
    let params = serde_json::json!({
        "incident_id": id, "type": "followup", "message": "Add a limit",
        "meta": {"title": "Add a limit", "owner": "ada", "priority": "P1", "due_date": "2026-02-20"},
    });
    stand.done("incident_append_event", params).await;
    let url = "http://gateway/v1/tools/oncall_tool";
    let (status, answer) = curl(&stand, url, &[], ROW_18).await;
    assert_eq!(status, "200", "{answer}");
    let summary = &answer["result"]["summary"];
    assert_eq!(
        summary["overdue"][0]["incident_id"],
        id.as_str(),
        "{summary}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_key_is_none_and_an_unknown_one_is_refused() {
    let stand = Stand::open().await;
    let url = "http://gateway/v1/tools/oncall_tool";
    for (header, expected) in [
        ("X-API-Key: ", "200"),
        ("X-API-Key;", "200"),
        ("X-API-Key: x", "401"),
    ] {
        let (status, answer) = curl(&stand, url, &["-H", header], ROW_18).await;
        assert_eq!(status, expected, "{header:?} {answer}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tool_of_a_later_version_is_not_found() {
    let stand = Stand::open().await;
    let url = "http://gateway/v1/tools/incident_intelligence_tool";
    let (status, answer) = curl(&stand, url, &["-H", "X-API-Key: "], ROW_25).await;
    assert_eq!(status, "404", "{answer}");
    assert_eq!(answer["code"], "not_found");
}
