//! Importing and exporting: nothing twice, nothing lost, everything told.

use serde_json::{Value, json};

use crate::world::World;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/statuspage.json");

#[test]
fn a_statuspage_comes_in_once() {
    let world = World::new();
    let before = world.tree();
    let dry = world.run(&["import", "statuspage", PAGE, "--dry-run"]);
    assert_eq!(world.tree(), before, "a dry run writes nothing");
    let first = world.run(&["import", "statuspage", PAGE]);
    let incidents = world.json(&["incident", "list", "--sort", "created_at"]);
    let second = world.run(&["import", "statuspage", PAGE]);
    assert_eq!(
        world.json(&["incident", "list", "--sort", "created_at"])["result"],
        incidents["result"]
    );
    // Two of the page's records cannot be read, so each run ends with 1.
    assert_eq!([dry.code, first.code, second.code], [1, 1, 1]);
    let runs = [dry, first, second].map(|ran| format!("{}{}", ran.stdout, ran.stderr));
    insta::assert_snapshot!(runs.join("\n"));
    let ids: Vec<&Value> = incidents["result"]["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| &item["id"])
        .collect();
    insta::assert_json_snapshot!(ids);
}

#[test]
fn its_updates_are_the_timeline() {
    let world = World::new();
    world.run(&["import", "statuspage", PAGE, "--source", "github"]);
    let found = world.json(&["incident", "search", "printed"]);
    let incident = &found["result"]["items"][0];
    let id = incident["id"].as_str().unwrap();
    assert!(id.starts_with("inc_20260105_0800_"), "{id}");
    assert_eq!(incident["service"], "Labels");
    assert_eq!(incident["affects"], json!(["Printing"]));
    assert_eq!(incident["severity"], "P2");
    assert_eq!(incident["status"], "resolved");
    assert_eq!(incident["labels"]["source"], "github");
    let events = world.json(&["incident", "events", id]);
    let lines: Vec<String> = events["result"]["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| format!("{} {} {}", event["at"], event["type"], event["message"]))
        .collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn a_report_for_programs() {
    let world = World::new();
    let ran = world.run(&["import", "statuspage", PAGE, "--json"]);
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    insta::assert_json_snapshot!(report);
}

#[test]
fn what_was_exported_comes_in_elsewhere_with_its_past_and_its_follow_ups() {
    let (world, other) = (World::new(), World::new());
    world.run(&["import", "statuspage", PAGE]);
    let id = world.incident();
    for args in [
        &[
            "followup",
            "add",
            &id,
            "Limit the retries",
            "--owner",
            "helion",
            "--due",
            "2026-03-01",
        ] as &[&str],
        &["incident", "mitigate", &id],
        &["incident", "resolve", &id, "--root-cause", "a retry storm"],
    ] {
        assert_eq!(world.run(args).code, 0);
    }
    let file = world.path().join("all.jsonl");
    let file = file.to_str().unwrap();
    assert_eq!(world.run(&["export", "-o", file]).code, 0);
    assert_eq!(
        world.run(&["export", "-o", file]).code,
        2,
        "an export overwrites nothing"
    );
    let first = other.json(&["import", "jsonl", file]);
    assert_eq!([&first["imported"], &first["followups"]], [4, 1], "{first}");
    let second = other.json(&["import", "jsonl", file]);
    assert_eq!(
        [
            &second["imported"],
            &second["followups"],
            &second["already_there"]
        ],
        [0, 0, 4],
        "{second}"
    );
    let states = |world: &World| -> Vec<Value> {
        let list = world.json(&["incident", "list", "--sort", "created_at"]);
        let items = list["result"]["items"].as_array().unwrap();
        items
            .iter()
            .map(|item| {
                let followups = item["followups"].as_array().unwrap();
                let titles: Vec<&Value> = followups
                    .iter()
                    .map(|followup| &followup["title"])
                    .collect();
                json!([
                    item["title"],
                    item["service"],
                    item["severity"],
                    item["status"],
                    item["created_at"],
                    item["resolved_at"],
                    titles
                ])
            })
            .collect()
    };
    assert_eq!(states(&world), states(&other));
    let ids = |world: &World| {
        world.json(&["incident", "search", "printed"])["result"]["items"][0]["id"].clone()
    };
    assert_eq!(
        ids(&world),
        ids(&other),
        "an imported incident keeps its id"
    );
}

#[test]
fn a_csv_for_spreadsheets() {
    let world = World::new();
    world.run(&["import", "statuspage", PAGE]);
    let ran = world.run(&["export", "--format", "csv"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    insta::assert_snapshot!(ran.stdout.replace('\r', ""));
}
