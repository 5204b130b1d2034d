//! What is left to do, summed up: which incidents and follow-ups count, and for how long.

use std::time::Duration;

use serde_json::{Value, json};

use crate::world::World;

const DAY: Duration = Duration::from_hours(24);

async fn create(world: &World, more: Value) -> String {
    let mut params = json!({"service": "gateway", "severity": "P1", "title": "Gateway 5xx"});
    for (name, value) in more.as_object().unwrap() {
        params[name] = value.clone();
    }
    let answer = world.ok("sofiia", "incident_create", params).await;
    answer["result"]["incident"]["id"]
        .as_str()
        .unwrap()
        .to_owned()
}

async fn followup(world: &World, incident: &str, title: &str, due: Option<&str>) -> String {
    let params = json!({
        "incident_id": incident,
        "type": "followup",
        "message": title,
        "meta": {"owner": "helion", "due_date": due},
    });
    let answer = world.ok("sofiia", "incident_append_event", params).await;
    answer["result"]["event"]["id"].as_str().unwrap().to_owned()
}

async fn summary(world: &World, params: Value) -> Value {
    let answer = world
        .ok("monitor", "incident_followups_summary", params)
        .await;
    answer["result"]["summary"].clone()
}

fn counts(summary: &Value) -> [u64; 5] {
    let followups = &summary["followups"];
    [
        &summary["open_incidents"]["total"],
        &followups["open"],
        &followups["overdue"],
        &followups["done"],
        &followups["canceled"],
    ]
    .map(|count| count.as_u64().unwrap())
}

#[tokio::test]
async fn the_window_limits_only_what_is_finished() {
    let world = World::new();
    let incident = create(&world, json!({})).await;
    let open = followup(&world, &incident, "limit the retries", Some("2026-03-01")).await;
    let done = followup(&world, &incident, "add a test", None).await;
    let finish = json!({"incident_id": incident, "followup_id": done, "status": "done"});
    world.ok("sofiia", "incident_followup_update", finish).await;
    let close = json!({"incident_id": incident});
    world.ok("sofiia", "incident_close", close).await;
    assert_eq!(counts(&summary(&world, json!({})).await), [0, 1, 0, 1, 0]);

    world.clock.advance(40 * DAY);
    let later = summary(&world, json!({"window_days": 30})).await;
    assert_eq!(
        counts(&later),
        [0, 1, 1, 0, 0],
        "it outlives the incident and the window"
    );
    assert_eq!(later["overdue"][0]["id"], *open);
    assert_eq!(later["overdue"][0]["incident_id"], *incident);
    assert_eq!(later["overdue"][0]["owner"], "helion");
    let wide = summary(&world, json!({"window_days": 60})).await;
    assert_eq!(counts(&wide), [0, 1, 1, 1, 0]);
}

#[tokio::test]
async fn the_runbook_asks_for_a_service_and_an_environment() {
    let world = World::new();
    let asked = json!({"service": "gateway", "env": "prod", "window_days": 30});
    create(&world, json!({})).await;
    create(&world, json!({"service": "billing"})).await;
    create(
        &world,
        json!({"service": "billing", "affects": ["gateway"], "severity": "P3"}),
    )
    .await;
    create(&world, json!({"env": "staging"})).await;
    create(&world, json!({"drill": true})).await;
    let found = summary(&world, asked).await;
    assert_eq!(counts(&found), [2, 0, 0, 0, 0]);
    let by_severity = &found["open_incidents"]["by_severity"];
    let count = |severity: &str| by_severity[severity]["count"].as_u64().unwrap();
    assert_eq!(["P0", "P1", "P2", "P3", "P4"].map(count), [0, 1, 0, 1, 0]);
}

#[tokio::test]
async fn whoever_is_silent_too_long_is_stale_until_somebody_writes() {
    let world = World::new();
    let (grave, mild) = (
        create(&world, json!({})).await,
        create(&world, json!({"severity": "P3"})).await,
    );
    world.clock.advance(DAY + DAY);
    let stale = |summary: Value| {
        let items = summary["stale_incidents"].as_array().unwrap().clone();
        let id = |item: &Value| item["id"].as_str().unwrap().to_owned();
        items.iter().map(id).collect::<Vec<_>>()
    };
    assert_eq!(stale(summary(&world, json!({})).await), [grave.as_str()]);
    world.clock.advance(DAY + DAY);
    let both = [grave.as_str(), mild.as_str()];
    assert_eq!(stale(summary(&world, json!({})).await), both);
    let note = json!({"incident_id": grave, "type": "note", "message": "still at it"});
    world.ok("sofiia", "incident_append_event", note).await;
    assert_eq!(stale(summary(&world, json!({})).await), [mild.as_str()]);
}

#[tokio::test]
async fn more_than_one_page_is_counted() {
    let world = World::new();
    for _ in 0..501 {
        create(&world, json!({"severity": "P4"})).await;
    }
    let answer = world.ok("monitor", "incident_followups_summary", json!({}));
    let answer = answer.await;
    let of_severity = &answer["result"]["summary"]["open_incidents"]["by_severity"]["P4"];
    assert_eq!(of_severity["count"], 501);
    assert_eq!(of_severity["ids"].as_array().unwrap().len(), 100);
    assert_eq!(answer["meta"]["truncated"], true);
    let one = json!({"service": "nothing-here"});
    let answer = world.ok("monitor", "incident_followups_summary", one).await;
    assert_eq!(answer["meta"]["truncated"], false);
}

#[tokio::test]
async fn the_whole_answer() {
    let world = World::new();
    let incident = create(&world, json!({})).await;
    followup(&world, &incident, "limit the retries", Some("2026-02-24")).await;
    world.clock.advance(3 * DAY);
    let found = summary(&world, json!({"service": "gateway", "env": "prod"})).await;
    insta::assert_json_snapshot!(found, {
        ".open_incidents.by_severity.P1.ids[]" => "[id]",
        ".overdue[].id" => "[id]",
        ".overdue[].incident_id" => "[id]",
        ".stale_incidents[].id" => "[id]",
        ".oldest.id" => "[id]",
    });
}
