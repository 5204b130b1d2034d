//! The life of an incident, by commands on a directory.

use serde_json::Value;

use crate::world::World;

#[test]
fn from_opening_to_closing() {
    let world = World::new();
    let id = world.incident();
    let id = id.as_str();
    std::fs::write(world.path().join("impact.md"), "# Impact\n").unwrap();
    let followup = world.json(&[
        "followup",
        "add",
        id,
        "Limit the retries",
        "--owner",
        "helion",
        "--priority",
        "high",
        "--due",
        "2020-01-01",
    ]);
    let followup = followup
        .pointer("/result/followup/id")
        .or_else(|| followup.pointer("/result/event/id"));
    let followup = followup.and_then(Value::as_str).unwrap().to_owned();
    let lines: &[&[&str]] = &[
        &["incident", "acknowledge", id, "--note", "on it"],
        &["incident", "acknowledge", id],
        &["incident", "note", id, "rolled", "back", "to", "1.41"],
        &[
            "incident",
            "append-event",
            id,
            "decision",
            "keep 1.41",
            "--meta",
            "{\"release\": \"1.41\"}",
        ],
        &[
            "incident",
            "update",
            id,
            "--severity",
            "P2",
            "--labels",
            "region=eu",
            "--dry-run",
        ],
        &[
            "incident",
            "update",
            id,
            "--severity",
            "P2",
            "--labels",
            "region=eu",
        ],
        &["incident", "attach", id, "impact.md"],
        &["incident", "get-artifact", id, "impact.md"],
        &["incident", "claim", id],
        &["incident", "release", id],
        &["incident", "mitigate", id],
        &["followup", "list", "--status", "overdue"],
        &[
            "followup", "update", id, &followup, "--status", "done", "--note", "released",
        ],
        &["incident", "resolve", id, "--root-cause", "a retry storm"],
        &["incident", "close", id],
        &["incident", "acknowledge", id],
        &["incident", "list"],
        &["incident", "search", "errors"],
        &["incident", "list", "--status", "open"],
        &["incident", "events", id],
    ];
    let shown: Vec<String> = lines.iter().map(|args| world.shown(args)).collect();
    insta::assert_snapshot!("life", shown.join("\n"));
    insta::assert_snapshot!("card", world.shown(&["incident", "show", id]));
    insta::assert_snapshot!("summary", world.shown(&["followup", "summary"]));
}

#[test]
fn a_repetition_with_a_key_opens_one_incident() {
    let world = World::new();
    let args = [
        "incident",
        "create",
        "--service",
        "a",
        "--severity",
        "sev3",
        "--title",
        "x",
        "--idempotency-key",
        "k1",
    ];
    let first = world.json(&args);
    let second = world.json(&args);
    assert_eq!(
        first["result"]["incident"]["id"],
        second["result"]["incident"]["id"]
    );
    assert_eq!(second["meta"]["replayed"], true);
    let other = world.run(
        &[
            &args[..4],
            &[
                "--severity",
                "P0",
                "--title",
                "y",
                "--idempotency-key",
                "k1",
            ],
        ]
        .concat(),
    );
    assert_eq!(other.code, 1, "{other:?}");
}

#[test]
fn a_text_can_come_from_standard_input() {
    let world = World::new();
    let id = world.incident();
    let ran = world.run_with(&["incident", "note", &id, "-"], b"two\nlines\n");
    assert_eq!(ran.code, 0, "{ran:?}");
    let events = world.json(&["incident", "events", &id]);
    assert_eq!(events["result"]["items"][1]["message"], "two\nlines");
}

#[test]
fn any_action_can_be_called_by_name() {
    let world = World::new();
    let id = world.incident();
    let events = world.json(&[
        "call",
        "oncall_tool",
        "incident_events",
        &format!("incident_id={id}"),
    ]);
    assert_eq!(events["result"]["items"][0]["seq"], 1);
    let params = format!("{{\"incident_id\": {id:?}, \"affects\": [\"a, b\", \"c\"]}}");
    let ran = world.run_with(
        &["call", "oncall_tool", "incident_update", "--params", "-"],
        params.as_bytes(),
    );
    assert_eq!(ran.code, 0, "{ran:?}");
    let shown = world.json(&["incident", "show", &id]);
    assert_eq!(
        shown["result"]["incident"]["affects"],
        serde_json::json!(["a, b", "c"])
    );
}

#[test]
fn calls_are_made_as_the_person_at_the_keyboard_or_whoever_is_named() {
    let world = World::new();
    world.incident();
    let who = |args: &[&str]| world.json(args)["result"]["identity"]["agent_id"].clone();
    assert_eq!(who(&["whoami"]), "human:ada");
    assert_eq!(who(&["--agent", "sofiia", "whoami"]), "sofiia");
    let ran = world
        .command(&["whoami", "--json"])
        .env("WATCHBOOK_AGENT", "helion")
        .output()
        .unwrap();
    let answer: Value = serde_json::from_slice(&ran.stdout).unwrap();
    assert_eq!(answer["result"]["identity"]["agent_id"], "helion");
    let audit = world.json(&["audit", "search", "--by", "helion"]);
    assert_eq!(audit["result"]["items"][0]["action"], "whoami");
    assert_eq!(audit["result"]["items"][0]["via"], "local");
}

#[test]
fn the_directory_can_come_from_the_environment() {
    let (world, elsewhere) = (World::new(), World::new());
    let id = world.incident();
    let ran = elsewhere
        .command(&["incident", "show", &id])
        .env("WATCHBOOK_DIR", world.path())
        .output()
        .unwrap();
    assert!(ran.status.success(), "{ran:?}");
}
