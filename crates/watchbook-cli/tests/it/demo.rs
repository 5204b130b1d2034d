//! The demo: what a newcomer sees, and that what it says to try works.

use std::process::Command;

use crate::world::World;

#[test]
fn the_same_moment_gives_the_same_weeks() {
    let world = World::new();
    let ran = world.run(&["demo", "--keep", "larkspur", "--no-serve"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    insta::assert_snapshot!(world.tidy(&ran.stdout));
    let list = world.json(&["--dir", "larkspur", "incident", "list", "--limit", "100"]);
    let items = list["result"]["items"].as_array().unwrap();
    assert!(
        items
            .iter()
            .all(|item| item["labels"]["simulated"] == "watchbook-demo")
    );
    let summary = world.json(&["--dir", "larkspur", "followup", "summary"]);
    let summary = &summary["result"]["summary"];
    assert!(
        summary["followups"]["overdue"].as_u64().unwrap() >= 3,
        "{summary}"
    );
    assert!(
        !summary["stale_incidents"].as_array().unwrap().is_empty(),
        "{summary}"
    );
    assert_eq!(world.run(&["--dir", "larkspur", "verify"]).code, 0);
    let again = world.run(&["demo", "--keep", "larkspur", "--no-serve"]);
    assert_eq!(again.code, 2, "{again:?}");
}

#[test]
fn its_first_screen_says_what_works() {
    let world = World::new();
    let mut demo = world.start(&["demo", "--port", "0"]);
    let lines = demo.lines(|line| line.contains("Ctrl-C"));
    let curls: Vec<&str> = lines
        .iter()
        .map(|line| line.trim())
        .filter(|line| line.starts_with("curl"))
        .collect();
    assert_eq!(curls.len(), 3, "{lines:?}");
    for curl in curls {
        let ran = Command::new("sh").args(["-c", curl]).output().unwrap();
        let answer: serde_json::Value = serde_json::from_slice(&ran.stdout).unwrap_or_default();
        assert_eq!(answer["ok"], true, "{curl}: {ran:?}");
    }
    let folder = regex::Regex::new(r"--dir (\S+)").unwrap();
    let text = lines.join("\n");
    let folder = folder.captures(&text).unwrap()[1].to_owned();
    let shown = world.tidy(&text.replace(&folder, "FOLDER"));
    insta::assert_snapshot!(shown);
    assert_eq!(demo.stop().code, 0);
    assert!(!std::path::Path::new(&folder).exists(), "it is thrown away");
}
