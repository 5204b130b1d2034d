//! After a redaction the text is nowhere: no read gives it, and no file below the directory holds it.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;
use tempfile::TempDir;
use watchbook_store::system::ManualClock;

use crate::stand::Stand;
use crate::wire::Ask;

const SECRET: &str = "kolibri-42";

/// The files below `dir` that hold the secret.
fn holders(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut waiting = vec![dir.to_owned()];
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            let entries = fs::read_dir(&path).expect("a folder");
            waiting.extend(entries.map(|entry| entry.expect("one").path()));
        } else if has_secret(&fs::read(&path).expect("a file")) {
            found.push(path);
        }
    }
    found
}

fn has_secret(bytes: &[u8]) -> bool {
    bytes
        .windows(SECRET.len())
        .any(|window| window == SECRET.as_bytes())
}

/// Everything that reads give of one incident, and of calls about it.
async fn reads(stand: &Stand, incident: &str) -> String {
    let mut all = String::new();
    for (tool, action, params) in [
        (
            "oncall_tool",
            "incident_get",
            json!({"incident_id": incident}),
        ),
        (
            "oncall_tool",
            "incident_events",
            json!({"incident_id": incident, "limit": 500}),
        ),
        ("oncall_tool", "incident_followups", json!({"limit": 500})),
        ("oncall_tool", "incident_followups_summary", json!({})),
        ("admin_tool", "audit_search", json!({"limit": 500})),
    ] {
        let body = json!({"action": action, "params": params, "agent_id": "sofiia"});
        let answer = stand
            .ask(Ask::post(&format!("/v1/tools/{tool}"), body))
            .await;
        assert_eq!(answer.status, 200, "{answer:?}");
        all.push_str(&answer.json()["result"].to_string());
    }
    all
}

#[tokio::test]
async fn a_redacted_text_is_in_no_answer_and_in_no_file() {
    let dir = TempDir::new().expect("a directory");
    let stand = Stand::on_files(dir.path(), &ManualClock::default(), 20).await;
    let incident = stand.incident().await;
    let said = |text: &str| format!("{text} {SECRET}");
    let lines = [
        json!({"type": "note", "message": said("tried"), "meta": {"tried": [said("x")], SECRET: 1}}),
        json!({"type": "followup", "message": said("rotate"),
               "meta": {"owner": said("ops"), "external_ref": said("T-1")}}),
    ];
    for mut line in lines {
        line["incident_id"] = incident.as_str().into();
        let result = stand.done("incident_append_event", line).await;
        let redact =
            json!({"incident_id": incident, "event_id": result["event"]["id"], "reason": "pasted"});
        assert!(
            reads(&stand, &incident).await.contains(SECRET),
            "it is there before"
        );
        assert!(!holders(dir.path()).is_empty(), "it is there before");
        stand.done("incident_redact", redact).await;
    }
    let update = json!({"incident_id": incident, "resolution_summary": said("new key"),
                        "labels": {"region": said("eu")}, "note": said("changed")});
    stand.done("incident_update", update).await;
    let search = json!({"q": SECRET});
    stand.done("incident_search", search).await;
    let timeline = json!({"incident_id": incident, "limit": 500});
    let timeline = stand.done("incident_events", timeline).await;
    let last = timeline["items"]
        .as_array()
        .expect("a list")
        .last()
        .expect("one")
        .clone();
    let redact = json!({"incident_id": incident, "event_id": last["id"], "reason": "pasted"});
    stand.done("incident_redact", redact).await;

    let shown = reads(&stand, &incident).await;
    assert!(!shown.contains(SECRET), "{shown}");
    stand.stop().await;
    assert_eq!(holders(dir.path()), Vec::<PathBuf>::new());
}
