//! What the doctor finds: each verdict, driven by what it is about.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use watchbook_cli::{Surroundings, Terminal, run};
use watchbook_config::Environment;
use watchbook_core::Clock as _;
use watchbook_store::system::{ManualClock, SeededEntropy};

use crate::bad_disk::Small;
use crate::world::{Ran, World};

const HOUR: Duration = Duration::from_hours(1);

/// Runs the command in this process, at a time that the test gives.
fn run_at(world: &World, clock: &ManualClock, args: &[&str]) -> Ran {
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let dir = world.path().to_str().unwrap();
    let all = [&["watchbook", "--dir", dir], args].concat();
    let exit = run(
        all.into_iter().map(Into::into),
        Surroundings {
            environment: Environment::new([("USER", "ada")]),
            stdin: &mut std::io::empty(),
            stdout: &mut stdout,
            stderr: &mut stderr,
            terminal: Terminal::default(),
            clock: Arc::new(clock.clone()),
            entropy: Arc::new(SeededEntropy::new(
                u64::try_from(clock.now().millis()).unwrap(),
            )),
        },
    );
    Ran {
        code: exit as i32,
        stdout: String::from_utf8(stdout).unwrap(),
        stderr: String::from_utf8(stderr).unwrap(),
    }
}

fn did(ran: &Ran) {
    assert_eq!(ran.code, 0, "{ran:?}");
}

/// A directory in which an incident was just opened.
fn opened(clock: &ManualClock) -> (World, String) {
    let world = World::new();
    let args = [
        "incident",
        "create",
        "--service",
        "gateway",
        "--severity",
        "P1",
    ];
    let ran = run_at(
        &world,
        clock,
        &[&args as &[&str], &["--title", "Errors", "--json"]].concat(),
    );
    did(&ran);
    let answer: Value = serde_json::from_str(&ran.stdout).unwrap();
    let id = answer["result"]["incident"]["id"].as_str().unwrap();
    (world, id.to_owned())
}

/// The verdict of a check and what it says, and whether all is well.
fn verdict(world: &World, clock: &ManualClock, name: &str) -> (String, String, bool) {
    let ran = run_at(world, clock, &["doctor", "--json"]);
    let answer: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(ran.code, i32::from(answer["ok"] != true), "{ran:?}");
    let checks = answer["checks"].as_array().unwrap();
    let check = checks.iter().find(|check| check["name"] == name).unwrap();
    let text = |field: &str| check[field].as_str().unwrap().to_owned();
    (text("verdict"), text("says"), answer["ok"] == true)
}

#[test]
fn an_incident_that_nobody_writes_on_is_stale() {
    let clock = ManualClock::default();
    let (world, id) = opened(&clock);
    assert_eq!(verdict(&world, &clock, "stale").0, "ok");
    clock.advance(25 * HOUR);
    let (word, says, well) = verdict(&world, &clock, "stale");
    assert_eq!((word.as_str(), well), ("warn", true));
    assert!(says.contains(&id), "{says}");
    did(&run_at(
        &world,
        &clock,
        &["incident", "note", &id, "still at it"],
    ));
    assert_eq!(verdict(&world, &clock, "stale").0, "ok");
}

#[test]
fn a_followup_past_its_deadline_is_overdue() {
    let clock = ManualClock::default();
    let (world, id) = opened(&clock);
    let due = clock.now().plus(2 * HOUR).to_string();
    let add = ["followup", "add", &id, "Patch it", "--due-date", &due];
    did(&run_at(&world, &clock, &add));
    assert_eq!(verdict(&world, &clock, "overdue").0, "ok");
    clock.advance(3 * HOUR);
    let (word, says, well) = verdict(&world, &clock, "overdue");
    assert_eq!((word.as_str(), well), ("warn", true));
    assert!(says.starts_with("1 follow-up overdue"), "{says}");
}

#[test]
fn a_clock_behind_what_was_written_is_bad() {
    let clock = ManualClock::default();
    let (world, _) = opened(&clock);
    assert_eq!(verdict(&world, &clock, "clock").0, "ok");
    clock.set(clock.now().minus(HOUR));
    let (word, says, well) = verdict(&world, &clock, "clock");
    assert_eq!((word.as_str(), well), ("bad", false));
    assert!(
        says.contains("1h before the newest change; set the clock"),
        "{says}"
    );
    // A little behind is what clocks of several machines are.
    clock.advance(Duration::from_mins(59));
    assert_eq!(verdict(&world, &clock, "clock").0, "ok");
}

#[test]
fn a_key_that_ends_soon_is_told() {
    let clock = ManualClock::default();
    let (world, _) = opened(&clock);
    let end = clock.now().plus(30 * 24 * HOUR).to_string();
    let create = ["key", "create", "helion", "--expires-at", &end];
    did(&run_at(&world, &clock, &create));
    let warns = |clock: &ManualClock| {
        let ran = run_at(&world, clock, &["doctor"]);
        ran.stdout.contains("of helion ends in")
    };
    assert!(!warns(&clock));
    clock.advance(20 * 24 * HOUR);
    assert!(warns(&clock));
    clock.advance(20 * 24 * HOUR);
    assert_eq!(
        verdict(&world, &clock, "keys").0,
        "warn",
        "no key is good any more"
    );
}

#[test]
fn too_little_room_and_fast_growth_are_bad() {
    let Some(small) = Small::new() else { return };
    let ran = small.world.run(&["doctor"]);
    assert!(ran.stdout.contains("BAD   room"), "{ran:?}");
    small.world.incident();
    let grows = |ran: &Ran| {
        ran.stdout
            .lines()
            .any(|line| line.starts_with("BAD   size"))
    };
    let ran = small.world.run(&["doctor"]);
    assert!(!grows(&ran), "{ran:?}");
    // A trail that began ten days ago, and a file that has taken most of the disk since.
    let trail = small.world.path().join("ops/audit");
    let clock = watchbook_store::system::SystemClock;
    let (year, month, day) = clock.now().minus(10 * 24 * HOUR).date();
    std::fs::write(
        trail.join(format!("audit-{year:04}-{month:02}-{day:02}.jsonl")),
        "",
    )
    .unwrap();
    let ballast = small.world.path().join("ops/incidents/ballast");
    std::fs::write(ballast, vec![0; 3 << 20]).unwrap();
    let ran = small.world.run(&["doctor"]);
    assert!(grows(&ran) && ran.code == 1, "{ran:?}");
}

#[test]
fn artifacts_go_where_they_are_told_and_the_doctor_says_when_they_cannot() {
    let world = World::new();
    let id = world.incident();
    let file = world.path().join("log.txt");
    std::fs::write(&file, "what was done").unwrap();
    let with_dir = |dir: &std::path::Path, args: &[&str]| {
        let mut command = world.command(args);
        Ran::from(command.env("INCIDENT_ARTIFACTS_DIR", dir).output().unwrap())
    };
    let attach = ["incident", "attach", &id, file.to_str().unwrap()];
    let elsewhere = world.path().join("else/where");
    let told = |ran: &Ran, word: &str| {
        let told = ran.stdout.lines().any(|line| line.starts_with(word));
        assert!(told, "{word}: {ran:?}");
    };
    told(
        &with_dir(&elsewhere, &["doctor"]),
        "ok    artifacts  the first one makes",
    );
    did(&with_dir(&elsewhere, &attach));
    let stored = elsewhere.join(&id).join("log.txt");
    assert_eq!(std::fs::read(&stored).unwrap(), b"what was done");
    assert!(!world.path().join("ops/incidents").join(&id).exists());
    told(&with_dir(&elsewhere, &["doctor"]), "ok    artifacts");
    let shown = with_dir(&elsewhere, &["incident", "get-artifact", &id, "log.txt"]);
    assert!(shown.stdout.contains("what was done"), "{shown:?}");
    // A file where the folder belongs.
    let before = world.tree();
    let refused = with_dir(&file, &attach);
    assert_eq!(refused.code, 3, "{refused:?}");
    assert!(
        refused.stderr.contains("artifacts cannot be written to")
            && refused.stderr.contains("INCIDENT_ARTIFACTS_DIR"),
        "{refused:?}"
    );
    assert_eq!(world.tree(), before);
    let ran = with_dir(&file, &["doctor"]);
    told(&ran, "BAD   artifacts  artifacts cannot be written to");
    assert_eq!(ran.code, 1);
}

#[test]
fn artifacts_on_a_read_only_disk_are_refused_and_everything_else_goes_on() {
    let Some(small) = Small::new() else { return };
    small.remount("ro");
    let world = World::new();
    let id = world.incident();
    let file = world.path().join("log.txt");
    std::fs::write(&file, "what was done").unwrap();
    let run = |args: &[&str]| {
        let mut command = world.command(args);
        command.env("INCIDENT_ARTIFACTS_DIR", small.world.path());
        Ran::from(command.output().unwrap())
    };
    let refused = run(&["incident", "attach", &id, file.to_str().unwrap()]);
    assert_eq!(refused.code, 3, "{refused:?}");
    assert!(
        refused.stderr.contains("artifacts cannot be written to"),
        "{refused:?}"
    );
    did(&run(&["incident", "note", &id, "without the file"]));
    let ran = run(&["doctor"]);
    assert!(ran.stdout.contains("BAD   artifacts"), "{ran:?}");
    assert!(ran.stdout.contains("ok    store"), "{ran:?}");
}
