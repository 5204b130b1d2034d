//! Retries that race: one key, many callers, two servers on one directory.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tempfile::TempDir;
use watchbook_store::system::ManualClock;

use crate::stand::Stand;
use crate::wire::Ask;

fn create(title: &str) -> Ask {
    let body = json!({
        "action": "incident_create", "agent_id": "sofiia", "idempotency_key": "page-4711",
        "service": "gateway", "severity": "P1", "title": title,
    });
    Ask::post("/v1/tools/oncall_tool", body)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_key_makes_one_incident() {
    let dir = TempDir::new().expect("a directory");
    let clock = ManualClock::default();
    let one = Stand::on_files(dir.path(), &clock, 10).await;
    let two = Stand::on_files(dir.path(), &clock, 20).await;
    let calls = (0..50).map(|index| {
        let address = if index % 2 == 0 {
            one.address
        } else {
            two.address
        };
        tokio::spawn(async move { create("Gateway 5xx").send(address).await })
    });
    let mut results = BTreeSet::new();
    let mut first_times = 0;
    for call in calls.collect::<Vec<_>>() {
        let answer = call.await.expect("no panic");
        assert_eq!(answer.status, 200, "{answer:?}");
        let json = answer.json();
        results.insert(json["result"].to_string());
        first_times += usize::from(json["meta"]["replayed"] == false);
    }
    assert_eq!(results.len(), 1, "one answer");
    assert_eq!(first_times, 1, "one of them did it");
    for stand in [&one, &two] {
        let list = stand.done("incident_list", json!({})).await;
        assert_eq!(list["items"].as_array().map(Vec::len), Some(1));
    }
    one.stop().await;
    two.stop().await;
    let restarted = Stand::on_files(dir.path(), &clock, 30).await;
    let again: Value = restarted.ask(create("Gateway 5xx")).await.json();
    assert_eq!(again["meta"]["replayed"], true);
    assert_eq!(BTreeSet::from([again["result"].to_string()]), results);
    let other = restarted.ask(create("Something else")).await;
    assert_eq!((other.status, other.code().as_str()), (409, "conflict"));
    restarted.stop().await;
}
