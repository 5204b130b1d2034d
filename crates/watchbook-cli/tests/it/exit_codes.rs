//! Each exit code, by a run that ends with it.

use crate::world::World;

#[test]
fn each_exit_code() {
    let world = World::new();
    let empty = World::new();
    let id = world.incident();
    let id = id.as_str();
    assert_eq!(world.run(&["incident", "close", id]).code, 0);
    let cases: &[(&World, i32, &[&str])] = &[
        (&world, 0, &["incident", "show", id]),
        (&world, 0, &["--help"]),
        (&world, 0, &["--version"]),
        // Refused: an illegal move, an old version.
        (&world, 1, &["incident", "acknowledge", id]),
        (
            &world,
            1,
            &[
                "incident",
                "reopen",
                id,
                "--if-match",
                "r1-00000000000000000000000000000007",
            ],
        ),
        // Usage: the command line, a value, the configuration.
        (&world, 2, &["incident", "crate"]),
        (&world, 2, &["incident", "show", "inc_1"]),
        (&world, 2, &["call", "oncall_tool", "incident_lst"]),
        (
            &world,
            2,
            &["--config", "/nowhere/at/all.yml", "incident", "list"],
        ),
        // Unavailable: nobody listens there.
        (
            &world,
            3,
            &["--server", "http://127.0.0.1:9", "incident", "list"],
        ),
        // Not found: an incident, a store, a file.
        (&world, 4, &["incident", "show", "inc_20260223_1000_a1b2c3"]),
        (&empty, 4, &["incident", "list"]),
        (&world, 4, &["import", "statuspage", "missing.json"]),
        // Forbidden: a reader that writes.
        (&world, 5, &["--agent", "monitor", "incident", "reopen", id]),
    ];
    for (world, code, args) in cases {
        let ran = world.run(args);
        assert_eq!(ran.code, *code, "{args:?}: {ran:?}");
        let json = world.run(&[*args, &["--json"]].concat());
        assert_eq!(json.code, *code, "{args:?} --json: {json:?}");
    }
}

#[test]
fn with_json_a_mistyped_command_is_told_in_json() {
    let ran = World::new().run(&["incident", "lst", "--json"]);
    let answer: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(
        (ran.code, &answer["ok"], &answer["exit_code"]),
        (2, &false.into(), &2.into())
    );
    assert_eq!(ran.stderr, "");
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let world = World::new();
    world.incident();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let ran = world
        .command(&["incident", "list"])
        .stdout(writer)
        .output()
        .unwrap();
    assert_eq!((ran.status.code(), ran.stderr), (Some(0), Vec::new()));
}

#[test]
fn damage_is_exit_1() {
    let world = World::new();
    let id = world.incident();
    assert_eq!(world.run(&["incident", "note", &id, "seen"]).code, 0);
    assert_eq!(world.run(&["verify"]).code, 0);
    let journal = world.path().join("ops/incidents/events.jsonl");
    let mut bytes = std::fs::read(&journal).unwrap();
    let middle = bytes.len() / 4;
    bytes[middle] ^= 1;
    std::fs::write(&journal, bytes).unwrap();
    let ran = world.run(&["verify"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stdout.contains("events.jsonl line"), "{ran:?}");
}

#[test]
fn refusals_say_what_to_do_next() {
    let world = World::new();
    let id = world.incident();
    let cases: &[&[&str]] = &[
        &["incident", "show", "inc_1"],
        &[
            "incident",
            "list",
            "--limit",
            "501",
            "--sort",
            "created_at",
            "--label",
            "x",
        ],
        &[
            "call",
            "oncall_tool",
            "incident_create",
            "sevice=a",
            "titel=b",
            "foo=1",
            "bar=2",
            "baz=3",
        ],
        &["call", "oncall_tool", "incident_lst"],
        &["call", "oncal_tool", "incident_list"],
        &["call", "oncall_tool", "incident_list", "--params", "{"],
        &["incident", "append-event", &id, "status_change", "closed"],
        &["incident", "attach", &id, "missing.md"],
        &["--server", "nonsense", "incident", "list"],
        &["--server", "http://127.0.0.1:1", "verify"],
        &["key", "revoke", "0123456789"],
        &["demo", "--no-serve"],
    ];
    let shown: Vec<String> = cases.iter().map(|args| world.shown(args)).collect();
    insta::assert_snapshot!(shown.join("\n"));
}

#[test]
fn an_empty_directory_says_how_to_begin_and_stays_empty() {
    let world = World::new();
    let reads: &[&[&str]] = &[
        &["incident", "list"],
        &["followup", "summary"],
        &["audit", "search"],
        &["verify"],
        &["export"],
        &["key", "list"],
        &["doctor"],
        &["config", "check"],
        &["call", "oncall_tool", "nonsense"],
    ];
    for args in reads {
        world.run(args);
    }
    assert_eq!(std::fs::read_dir(world.path()).unwrap().count(), 0);
    insta::assert_snapshot!(world.shown(&["incident", "list"]));
}
