//! What the filters of timelines and of follow-ups mean, through the door and page by page.

use serde_json::{Value, json};
use watchbook_api::decode;

use crate::world::{World, local, object};

/// The numbers of the lines that are given, in pages of `limit`.
async fn seqs(world: &World, mut params: Value, limit: u64) -> Vec<u64> {
    params["limit"] = limit.into();
    let mut seqs = Vec::new();
    loop {
        let answer = world.ok("monitor", "incident_events", params.clone()).await;
        let result = &answer["result"];
        let items = result["items"].as_array().unwrap();
        assert!(items.len() as u64 <= limit);
        seqs.extend(items.iter().map(|item| item["seq"].as_u64().unwrap()));
        if result["next_cursor"].is_null() {
            return seqs;
        }
        params["cursor"] = result["next_cursor"].clone();
    }
}

#[tokio::test]
async fn a_timeline_is_asked_for_by_type_writer_time_and_words() {
    let world = World::new();
    let incident = world.incident("P1").await;
    for (agent, kind, message, meta, at) in [
        (
            "sofiia",
            "note",
            "Pool exhausted",
            json!({"release": "1.42"}),
            "2026-02-23T09:00:00Z",
        ),
        (
            "helion",
            "decision",
            "roll back",
            json!({}),
            "2026-02-23T09:10:00Z",
        ),
        (
            "sofiia",
            "action",
            "rolled back",
            json!({"release": "1.41"}),
            "2026-02-23T09:20:00Z",
        ),
        ("sofiia", "note", "quiet", json!({}), "2026-02-23T09:30:00Z"),
    ] {
        let line = json!({
            "incident_id": incident, "type": kind, "message": message, "meta": meta, "at": at,
        });
        world.ok(agent, "incident_append_event", line).await;
    }
    let ask = json!({"incident_id": incident, "note": "on it"});
    world
        .call_as(local("human:ada"), "incident_acknowledge", ask)
        .await
        .unwrap();
    for (asked, expected) in [
        (json!({}), vec![1, 2, 3, 4, 5, 6]),
        (json!({"type": "note"}), vec![2, 5]),
        (json!({"type": ["note", "action"]}), vec![2, 4, 5]),
        (json!({"type": "note,status_change"}), vec![1, 2, 5, 6]),
        (json!({"source": "human"}), vec![6]),
        (json!({"source": "agent", "type": "status_change"}), vec![1]),
        (json!({"actor": "helion"}), vec![3]),
        (json!({"to": "2026-02-23T09:20:00Z"}), vec![2, 3]),
        (
            json!({"from": "2026-02-23T09:20:00Z", "to": "2026-02-23T09:30:00Z"}),
            vec![4],
        ),
        (json!({"q": "BACK"}), vec![3, 4]),
        (json!({"q": "release 1.41"}), vec![4]),
        (json!({"q": "back pool"}), vec![]),
    ] {
        let mut params = asked.clone();
        params["incident_id"] = incident.as_str().into();
        for limit in [1, 2, 500] {
            assert_eq!(
                seqs(&world, params.clone(), limit).await,
                expected,
                "{asked} by {limit}"
            );
        }
    }
}

#[tokio::test]
async fn follow_ups_are_asked_for_by_what_their_incidents_are() {
    let world = World::new();
    let new = |severity: &str, kind: &str, region: &str, drill: bool| {
        json!({
            "service": "gateway", "severity": severity, "title": "slow", "kind": kind,
            "labels": {"region": region}, "drill": drill,
        })
    };
    for (params, title) in [
        (new("P0", "latency", "eu", false), "limit the retries"),
        (new("P2", "deploy", "eu", false), "add a test"),
        (new("P2", "latency", "us", true), "write it down"),
    ] {
        let made = world.ok("sofiia", "incident_create", params).await;
        let line = json!({
            "incident_id": made["result"]["incident"]["id"], "type": "followup", "message": title,
        });
        world.ok("sofiia", "incident_append_event", line).await;
    }
    let all = ["limit the retries", "add a test", "write it down"];
    for (asked, expected) in [
        (json!({"sort": "opened_at"}), all.to_vec()),
        (
            json!({"sort": "-opened_at"}),
            all.iter().rev().copied().collect(),
        ),
        (json!({"severity": ["P0", "P1"]}), vec![all[0]]),
        (json!({"kind": "deploy"}), vec![all[1]]),
        (
            json!({"label": "region=eu", "sort": "opened_at"}),
            vec![all[0], all[1]],
        ),
        (json!({"drill": true}), vec![all[2]]),
        (
            json!({"drill": false, "sort": "opened_at"}),
            vec![all[0], all[1]],
        ),
        (json!({"q": "TEST add"}), vec![all[1]]),
        (json!({"updated_since": "2026-02-24"}), vec![]),
        (
            json!({"from": "2026-02-23", "to": "2026-02-24", "q": "retries"}),
            vec![all[0]],
        ),
    ] {
        let answer = world
            .ok("monitor", "incident_followups", asked.clone())
            .await;
        let items = answer["result"]["items"].as_array().unwrap();
        let titles: Vec<_> = items
            .iter()
            .map(|item| item["title"].as_str().unwrap())
            .collect();
        assert_eq!(titles, expected, "{asked}");
    }
    let page = json!({"sort": "opened_at", "limit": 1});
    let page = world.ok("monitor", "incident_followups", page).await;
    let cursor = &page["result"]["next_cursor"];
    let other = decode(
        "oncall_tool",
        "incident_followups",
        object(json!({"cursor": cursor})),
    );
    assert!(
        other.unwrap_err().message.contains("cursor"),
        "it belongs to its order"
    );
}
