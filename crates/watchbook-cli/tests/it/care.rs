//! Looking after a directory: keys, verification, backup, doctor, settings.

use crate::world::World;

#[test]
fn a_backup_restores_to_the_same_incidents() {
    let (world, other) = (World::new(), World::new());
    let id = world.incident();
    assert_eq!(
        world
            .run(&["incident", "note", &id, "before the backup"])
            .code,
        0
    );
    let file = world.path().join("backup.tar");
    let file = file.to_str().unwrap();
    let made = world.json(&["backup", "-o", file]);
    let head = made["head"].as_str().unwrap();
    assert_eq!(
        world
            .run(&["incident", "note", &id, "after the backup"])
            .code,
        0
    );
    let restored = other.json(&["restore", file]);
    assert_eq!(restored["head"], made["head"]);
    let events = other.json(&["incident", "events", &id]);
    let events = events["result"]["items"].as_array().unwrap();
    assert_eq!(events.last().unwrap()["message"], "before the backup");
    for world in [&world, &other] {
        let verified = world.json(&["verify", "--anchor", head]);
        assert_eq!(verified["anchor"], "holds");
    }
    assert_eq!(
        other.run(&["restore", file]).code,
        1,
        "there is a store already"
    );
}

#[test]
fn a_restored_directory_has_names_and_records_and_its_keys() {
    let (world, other) = (World::new(), World::new());
    let id = world.incident();
    let file = world.path().join("log.txt");
    for text in ["one", "two"] {
        std::fs::write(&file, text).unwrap();
        world.json(&["incident", "attach", &id, file.to_str().unwrap()]);
    }
    let token = world.run(&["key", "create", "helion"]).stdout;
    let backup = world.path().join("backup.tar");
    world.json(&["backup", "-o", backup.to_str().unwrap()]);
    let ran = other.run(&["restore", backup.to_str().unwrap()]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
    let there = other.path().join("ops/incidents");
    assert_eq!(
        std::fs::read(there.join(&id).join("log.txt")).unwrap(),
        b"two"
    );
    for (name, lines) in [("incidents.jsonl", 2), ("artifacts.jsonl", 3)] {
        let records = std::fs::read_to_string(there.join(name)).unwrap();
        assert_eq!(records.lines().count(), lines, "{records}");
        assert!(records.contains(&id), "{records}");
    }
    let trail = |world: &World| {
        let day = std::fs::read_dir(world.path().join("ops/audit")).unwrap();
        let path = day.map(|day| day.unwrap().path()).min().unwrap();
        std::fs::read_to_string(path).unwrap()
    };
    assert!(
        trail(&world).starts_with(&trail(&other)),
        "the trail came, too"
    );
    let (server, address) = other.serve();
    let ran = other.run(&["--server", &address, "--key", token.trim(), "whoami"]);
    assert!(ran.code == 0 && ran.stdout.contains("helion"), "{ran:?}");
    assert_eq!(server.stop().code, 0);
}

#[test]
fn a_backup_with_a_changed_byte_is_refused() {
    let (world, other) = (World::new(), World::new());
    let id = world.incident();
    let file = world.path().join("backup.tar");
    world.json(&["backup", "-o", file.to_str().unwrap()]);
    let mut bytes = std::fs::read(&file).unwrap();
    let at = bytes
        .windows(id.len())
        .position(|there| there == id.as_bytes())
        .unwrap();
    bytes[at + id.len() - 1] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let ran = other.run(&["restore", file.to_str().unwrap()]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stderr.contains("the backup is damaged"), "{ran:?}");
    assert_eq!(other.run(&["incident", "list"]).code, 4);
}

#[test]
fn a_cut_backup_is_refused_and_leaves_no_store() {
    let (world, other) = (World::new(), World::new());
    world.incident();
    let file = world.path().join("backup.tar");
    world.json(&["backup", "-o", file.to_str().unwrap()]);
    let bytes = std::fs::read(&file).unwrap();
    std::fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();
    let ran = other.run(&["restore", file.to_str().unwrap()]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert_eq!(other.run(&["incident", "list"]).code, 4);
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the test moves a folder behind the store's back"
)]
fn names_are_not_made_anew_behind_a_planted_link() {
    let (world, outside) = (World::new(), World::new());
    let id = world.incident();
    let ours = world.path().join("note.md");
    std::fs::write(&ours, "ours").unwrap();
    let ours = ours.to_str().unwrap();
    world.json(&["incident", "attach", &id, ours]);
    // The folder moves away with everything that we look for in it, and a link leads there.
    let (folder, moved) = (
        world.path().join("ops/incidents").join(&id),
        outside.path().join("moved"),
    );
    std::fs::rename(&folder, &moved).unwrap();
    std::os::unix::fs::symlink(&moved, &folder).unwrap();
    std::fs::write(moved.join("note.md"), "theirs").unwrap();
    let before = outside.tree();
    assert_eq!(world.json(&["rebuild"])["incidents"], 1);
    assert_eq!(before, outside.tree());
}

#[test]
fn the_derived_files_can_be_made_anew() {
    let world = World::new();
    let id = world.incident();
    let records = world.path().join("ops/incidents/incidents.jsonl");
    std::fs::remove_file(&records).unwrap();
    assert_eq!(world.json(&["rebuild"])["incidents"], 1);
    assert!(std::fs::read_to_string(&records).unwrap().contains(&id));
}

#[test]
fn repair_sets_damage_aside() {
    let world = World::new();
    for _ in 0..4 {
        world.incident();
    }
    let journal = world.path().join("ops/incidents/events.jsonl");
    let mut bytes = std::fs::read(&journal).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&journal, bytes).unwrap();
    assert_eq!(world.run(&["verify"]).code, 1);
    let ran = world.run(&["repair"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(world.run(&["verify"]).code, 0);
}

#[test]
fn repair_restores_what_the_audit_trail_has_lost_of_writes() {
    let world = World::new();
    for _ in 0..2 {
        world.incident();
    }
    let trail = world.path().join("ops/audit");
    for day in std::fs::read_dir(&trail).unwrap() {
        std::fs::remove_file(day.unwrap().path()).unwrap();
    }
    std::fs::remove_file(world.path().join("ops/incidents/.watchbook/audited")).unwrap();
    let ran = world.run(&["repair"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let told = "restored to the audit trail from their commits: 2 writes";
    assert!(ran.stdout.contains(told), "{ran:?}");
    assert_eq!(world.json(&["repair"])["audit_restored"], 0, "once");
    let shown = world.run(&["audit", "search"]).stdout;
    for commit in ["1", "2"] {
        let told = format!("journal.status_change (restored from commit {commit})");
        assert!(shown.contains(&told), "{shown}");
    }
}

#[test]
fn keys_are_shown_once_and_taken_back() {
    let world = World::new();
    let made = world.run(&["key", "create", "sofiia", "--label", "pager", "--delegate"]);
    assert_eq!(made.code, 0, "{made:?}");
    let token = made.stdout.trim();
    assert!(token.starts_with("wb_") && !made.stderr.contains(token));
    let id = token.split('_').nth(1).unwrap();
    let listed = world.run(&["key", "list"]);
    assert!(listed.stdout.contains(id) && !listed.stdout.contains(token));
    assert_eq!(world.run(&["key", "rotate", id]).code, 0);
    let lines = [
        world.tidy(&made.stderr),
        world.shown(&["key", "list"]),
        world.shown(&["key", "revoke", id]),
        world.shown(&["key", "rotate", id]),
    ];
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn the_doctor_finds_nothing_wrong_and_then_does() {
    let world = World::new();
    world.incident();
    world.run(&["key", "create", "sofiia"]);
    let healthy = world.run(&["doctor"]);
    assert_eq!(healthy.code, 0, "{healthy:?}");
    let names: Vec<&str> = healthy
        .stdout
        .lines()
        .filter_map(|line| line.split_whitespace().nth(1))
        .collect();
    insta::assert_debug_snapshot!(names);
    let pepper = world.path().join("ops/incidents/.watchbook/pepper");
    rustix::fs::chmod(&pepper, rustix::fs::Mode::from_raw_mode(0o644)).unwrap();
    let ran = world.run(&["doctor"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stdout.contains("BAD   secrets"), "{ran:?}");
}

#[test]
fn settings_are_checked_shown_and_described() {
    let world = World::new();
    let ran = world.run(&["config", "show"]);
    assert!(ran.stdout.contains("store.fsync = always"), "{ran:?}");
    let schema = world.run(&["config", "schema"]);
    assert!(schema.stdout.contains("draft/2020-12"), "{schema:?}");
    std::fs::create_dir(world.path().join("config")).unwrap();
    std::fs::write(
        world.path().join("config/watchbook.yml"),
        "store:\n  fsnc: always\n",
    )
    .unwrap();
    insta::assert_snapshot!(world.shown(&["config", "check"]));
}
