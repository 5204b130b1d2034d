//! Moving a log between files and a database: whole, again, and after being killed.

use std::path::PathBuf;

use serde_json::json;

use crate::database::schema;
use crate::world::World;

/// The two stores of a test, as the command line names them.
struct Stores {
    world: World,
    address: String,
}

impl Stores {
    fn new(name: &str) -> Self {
        let (world, address) = (World::new(), schema(name));
        let stores = Self { world, address };
        let migrated = stores.on_database(&["migrate"]);
        assert_eq!(migrated.code, 0, "{migrated:?}");
        stores
    }

    fn on_database(&self, args: &[&str]) -> crate::world::Ran {
        let settings = [
            ("INCIDENT_BACKEND", "postgres"),
            ("DATABASE_URL", self.address.as_str()),
        ];
        self.world.run_in(args, &settings)
    }

    fn copy(&self, args: &[&str]) -> crate::world::Ran {
        let args = [&["copy"], args].concat();
        self.world.run_in(&args, &[("DATABASE_URL", &self.address)])
    }

    /// How many incidents are in the database.
    fn arrived(&self) -> usize {
        let ran = std::process::Command::new("psql")
            .args([&self.address, "-XAtqc", "select count(*) from incidents"])
            .output()
            .unwrap();
        String::from_utf8(ran.stdout)
            .unwrap()
            .trim()
            .parse()
            .unwrap()
    }

    /// What a listing in JSON shows of the incidents in a folder.
    fn listed(&self, dir: &str) -> serde_json::Value {
        let listed = self
            .world
            .json(&["--dir", dir, "incident", "list", "--limit", "500"]);
        listed["result"]["items"].clone()
    }
}

/// Some incidents with a key, a file, and a trail.
fn write_some(world: &World) {
    for _ in 0..3 {
        let id = world.incident();
        let noted = world.run(&["incident", "note", &id, "rolled", "back"]);
        assert_eq!(noted.code, 0, "{noted:?}");
    }
    let id = world.incident();
    std::fs::write(world.path().join("notes.md"), "# What was done\n").unwrap();
    let attached = world.run(&["incident", "attach", &id, "notes.md"]);
    assert_eq!(attached.code, 0, "{attached:?}");
    let made = world.run(&["key", "create", "sofiia"]);
    assert_eq!(made.code, 0, "{made:?}");
}

#[test]
fn a_log_goes_into_a_database_and_back() {
    let stores = Stores::new("there_and_back");
    write_some(&stores.world);
    let dry = stores.copy(&["--from", "jsonl:.", "--to", "postgres:", "--dry-run"]);
    let there = stores.copy(&["--from", "jsonl:.", "--to", "postgres:env"]);
    let again = stores.copy(&["--from", "jsonl:.", "--to", "postgres:"]);
    let back = stores.copy(&["--from", "postgres:", "--to", "jsonl:back"]);
    assert_eq!(
        (dry.code, there.code, again.code, back.code),
        (0, 0, 0, 0),
        "{dry:?} {there:?} {again:?} {back:?}"
    );
    let told = [
        &dry.stdout,
        &dry.stderr,
        &there.stdout,
        &again.stdout,
        &back.stdout,
    ];
    let told = told.map(String::as_str).concat();
    insta::assert_snapshot!(digests_aside(&stores.world.tidy(&told)));
    assert_eq!(stores.listed("back"), stores.listed("."));
    let keys = |dir: &str| stores.world.json(&["--dir", dir, "key", "list"]);
    assert_eq!(keys("back")["result"], keys(".")["result"]);
    let verified = stores.world.run(&["--dir", "back", "verify"]);
    assert_eq!(verified.code, 0, "{verified:?}");
}

/// A text without the digest that depends on times and ids.
fn digests_aside(text: &str) -> String {
    let digest = regex::Regex::new("content [0-9a-f]{64}").unwrap();
    digest.replace_all(text, "content [digest]").into_owned()
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let stores = Stores::new("refused");
    write_some(&stores.world);
    let same = stores.copy(&["--from", "jsonl:.", "--to", "jsonl:./"]);
    let nothing = stores.copy(&["--from", "jsonl:nothing", "--to", "postgres:"]);
    let strange = stores.copy(&["--from", "mysql:x", "--to", "postgres:"]);
    assert_eq!((same.code, nothing.code, strange.code), (2, 4, 2));
    let opened = stores.on_database(&[
        "incident",
        "create",
        "--service",
        "db",
        "--severity",
        "P2",
        "--title",
        "Slow",
    ]);
    assert_eq!(opened.code, 0, "{opened:?}");
    let foreign = stores.copy(&["--from", "jsonl:.", "--to", "postgres:"]);
    assert_eq!(foreign.code, 1, "{foreign:?}");
    insta::assert_snapshot!(stores.world.tidy(&foreign.stderr));
    let beside = stores.copy(&["--from", "jsonl:.", "--to", "postgres:", "--into-existing"]);
    assert_eq!(beside.code, 0, "{beside:?}");
}

/// Incidents in the store whose copy is killed: several portions.
const MANY: usize = 1_600;

/// Many incidents of another program.
fn import_many(world: &World) {
    let record = |number: usize| {
        let incident = json!({"service": "gateway", "severity": "P2", "title": "Errors"});
        let event = |at: &str, message: &str| json!({"at": at, "message": message});
        let record = json!({
            "source": "pager",
            "source_id": number.to_string(),
            "created_at": "2026-02-23T10:00:00Z",
            "incident": incident,
            "events": [
                event("2026-02-23T10:05:00Z", "We look into it."),
                event("2026-02-23T11:00:00Z", "It is over."),
            ],
        });
        format!("{record}\n")
    };
    let records: String = (0..MANY).map(record).collect();
    let ran = world.run_with(&["import", "jsonl", "-"], records.as_bytes());
    assert_eq!(ran.code, 0, "{ran:?}");
}

#[test]
fn chaos_a_copy_that_is_killed_is_begun_again() {
    let stores = Stores::new("killed");
    import_many(&stores.world);
    let copy = ["copy", "--from", "jsonl:.", "--to", "postgres:"];
    let mut cut = 0;
    for wanted in [1, 501, 1_001] {
        let mut command = stores.world.command(&copy);
        let mut child = command
            .env("DATABASE_URL", &stores.address)
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        while stores.arrived() < wanted && child.try_wait().unwrap().is_none() {}
        child.kill().unwrap();
        child.wait().unwrap();
        cut += usize::from(stores.arrived() < MANY);
    }
    assert!(cut > 0, "all copies had ended before they were killed");
    let there = stores.copy(&copy[1..]);
    assert_eq!(there.code, 0, "{there:?}");
    let back = stores.copy(&["--from", "postgres:", "--to", "jsonl:back", "--json"]);
    let back: serde_json::Value = serde_json::from_str(&back.stdout).unwrap();
    assert_eq!(back["compared"]["incidents"], MANY);
    assert_eq!(stores.listed("back"), stores.listed("."));
}

#[test]
fn a_database_is_backed_up_and_restored_like_a_directory() {
    let stores = Stores::new("backed_up");
    write_some(&stores.world);
    let there = stores.copy(&["--from", "jsonl:.", "--to", "postgres:"]);
    assert_eq!(there.code, 0, "{there:?}");
    let backed = stores.on_database(&["backup", "--output", "all.tar"]);
    assert_eq!(backed.code, 0, "{backed:?}");
    let into_files = stores.world.run(&["--dir", "files", "restore", "all.tar"]);
    assert_eq!(into_files.code, 0, "{into_files:?}");
    assert_eq!(stores.listed("files"), stores.listed("."));
    let other = Stores {
        world: World::new(),
        address: schema("restored"),
    };
    assert_eq!(other.on_database(&["migrate"]).code, 0);
    let file: PathBuf = stores.world.path().join("all.tar");
    let into_database = other.on_database(&["restore", file.to_str().unwrap()]);
    assert_eq!(into_database.code, 0, "{into_database:?}");
    let back = other.copy(&["--from", "postgres:", "--to", "jsonl:back"]);
    assert_eq!(back.code, 0, "{back:?}");
    assert_eq!(other.listed("back"), stores.listed("."));
}
