//! A database in place of files: the same commands, and what a person is told who has not set it up.

use crate::world::World;

/// Where the test command has a cluster.
#[expect(
    clippy::disallowed_methods,
    reason = "the test command says by a variable where the cluster is"
)]
pub(crate) fn cluster() -> String {
    // `cargo xtask test` starts one, and `cargo xtask pg up` one that stays.
    std::env::var("WATCHBOOK_TEST_POSTGRES").unwrap()
}

/// The address of an empty schema of this test's own.
pub(crate) fn schema(name: &str) -> String {
    let name = format!("cli_{}_{name}", std::process::id());
    let made = std::process::Command::new("psql")
        .args([&cluster(), "-qc", &format!("create schema {name}")])
        .status()
        .unwrap();
    assert!(made.success());
    format!(
        "{} sslmode=disable options='-c search_path={name},public'",
        cluster()
    )
}

#[test]
fn a_dry_run_prints_the_tables_and_needs_no_database() {
    let world = World::new();
    let ran = world.run(&["migrate", "--dry-run"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(
        ran.stdout.trim_end(),
        watchbook_store::database_ddl().trim_end()
    );
}

#[test]
fn a_database_that_nobody_named_is_asked_for() {
    let world = World::new();
    let ran = world.run_in(&["incident", "list"], &[("INCIDENT_BACKEND", "postgres")]);
    assert_eq!(ran.code, 2, "{ran:?}");
    insta::assert_snapshot!(world.tidy(&ran.stderr));
}

#[test]
fn a_database_that_is_not_there_is_told() {
    let world = World::new();
    let nowhere = "host=/nowhere user=nobody dbname=none sslmode=disable";
    let settings = [("INCIDENT_BACKEND", "postgres"), ("DATABASE_URL", nowhere)];
    let ran = world.run_in(&["incident", "list"], &settings);
    assert_eq!(ran.code, 3, "{ran:?}");
    insta::assert_snapshot!(world.tidy(&ran.stderr));
    let migrated = world.run_in(&["migrate"], &settings);
    assert_eq!(migrated.code, 3, "{migrated:?}");
}

#[test]
fn the_same_commands_work_on_a_database() {
    let world = World::new();
    let address = schema("works");
    let settings = [
        ("INCIDENT_BACKEND", "postgres"),
        ("DATABASE_URL", address.as_str()),
    ];
    let before = world.run_in(&["incident", "list"], &settings);
    assert_eq!(before.code, 3, "{before:?}");
    assert!(before.stderr.contains("watchbook migrate"), "{before:?}");
    let first = world.run_in(&["migrate"], &settings);
    let second = world.run_in(&["migrate"], &settings);
    insta::assert_snapshot!(format!("{}{}", first.stdout, second.stdout));
    let create = [
        "incident",
        "create",
        "--service",
        "gateway",
        "--severity",
        "P1",
    ];
    let create = [&create[..], &["--title", "5xx rate over 5 %"]].concat();
    let created = world.run_in(&create, &settings);
    assert_eq!(created.code, 0, "{created:?}");
    let listed = world.run_in(&["incident", "list"], &settings);
    assert!(listed.stdout.contains("5xx rate over 5 %"), "{listed:?}");
    let doctor = world.run_in(&["doctor"], &settings);
    assert!(
        doctor.stdout.contains("1 commit, readable and writable"),
        "{doctor:?}"
    );
    let verify = world.run_in(&["verify"], &settings);
    assert_eq!(verify.code, 2, "{verify:?}");
    assert!(!world.path().join("ops/incidents").exists());
}
