//! The projections hold what the journal does, whatever happened between a commit and its append.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::process::Command as Process;
use std::sync::Arc;

use serde_json::{Value, json};
use tempfile::TempDir;
use watchbook_core::text::Prose;
use watchbook_core::{IncidentId, Op};
use watchbook_store::Incidents as _;
use watchbook_store::disk::SimDisk;
use watchbook_store::disk::sim::Fault;
use watchbook_store::journal::FsyncPolicy;
use watchbook_store::jsonl::JsonlStore;

use crate::site::{Site, all, block_on, lines, new_incident};

const INCIDENTS: &str = "/site/ops/incidents/incidents.jsonl";
const ARTIFACTS: &str = "/site/ops/incidents/artifacts.jsonl";
/// How often the power is cut at each step.
const CUTS: u64 = 8;

fn site(seed: u64) -> Site {
    Site::new(Path::new("/site"), seed)
}

/// What a projection says now: the last line of each id, after checking its first line. Gives also that line's `as_of`.
fn current(bytes: &[u8], id: impl Fn(&Value) -> String) -> (u64, BTreeMap<String, Value>) {
    let lines = lines(bytes);
    let (first, records) = lines.split_first().unwrap();
    let as_of = first["as_of"].as_u64().unwrap();
    assert_eq!(*first, json!({ "as_of": as_of }));
    let last_wins = records.iter().map(|record| (id(record), record.clone()));
    (as_of, last_wins.collect())
}

fn incident_key(record: &Value) -> String {
    record["id"].as_str().unwrap().to_owned()
}

fn version_key(record: &Value) -> String {
    ["incident_id", "name", "sha256"]
        .map(|field| record[field].as_str().unwrap())
        .join(" ")
}

/// Checks both files against the store. Gives the commits up to which they were complete when they were made.
async fn check(store: &JsonlStore, (incidents, artifacts): (&[u8], &[u8]), what: &str) -> u64 {
    let (mut wanted, mut versions) = (BTreeMap::new(), BTreeMap::new());
    for incident in all(store).await {
        for artifact in &incident.artifacts {
            for version in &artifact.versions {
                let mut record = serde_json::to_value(version).unwrap();
                record["incident_id"] = json!(incident.id);
                record["name"] = json!(artifact.name);
                versions.insert(version_key(&record), record);
            }
        }
        let record = serde_json::to_value(&incident).unwrap();
        wanted.insert(incident_key(&record), record);
    }
    let (as_of, found) = current(incidents, incident_key);
    assert_eq!(found, wanted, "{what}: incidents");
    let (also, found) = current(artifacts, version_key);
    assert_eq!(found, versions, "{what}: artifacts");
    assert_eq!(as_of, also, "{what}");
    as_of
}

async fn check_sim(disk: &SimDisk, store: &JsonlStore, what: &str) -> u64 {
    let (incidents, artifacts) = (disk.peek(INCIDENTS.as_ref()), disk.peek(ARTIFACTS.as_ref()));
    check(store, (&incidents.unwrap(), &artifacts.unwrap()), what).await
}

/// A few writes of every sort that the projections show; stops at the first that fails.
async fn work(site: &Site, store: &JsonlStore, id: IncidentId) -> Option<()> {
    let create = site.command(id, Op::Create(Box::new(new_incident())));
    store.apply(create).await.ok()?;
    let secret = site.note(store, id, "secret").await.ok()?;
    site.attach(store, id, ("log.txt", "one")).await.ok()?;
    site.attach(store, id, ("log.txt", "two")).await.ok()?;
    site.redact(store, id, secret).await.ok()?;
    site.note(store, id, "last").await.ok()?;
    Some(())
}

/// How many operations of the disk [`work`] takes.
fn steps() -> u64 {
    let (site, disk) = (site(0), SimDisk::new());
    let done = block_on(work(&site, &site.open(&disk), site.new_id()));
    assert!(done.is_some());
    disk.operations()
}

#[test]
fn each_commit_appends_its_records_and_the_last_line_of_an_id_wins() {
    let (site, disk) = (site(1), SimDisk::new());
    block_on(async {
        let store = site.open(&disk);
        let ids = [site.create(&store).await, site.create(&store).await];
        for round in 0..5 {
            for id in ids {
                site.note(&store, id, &format!("note {round}"))
                    .await
                    .unwrap();
            }
            site.attach(&store, ids[0], ("log.txt", &format!("{round}")))
                .await
                .unwrap();
            let as_of = check_sim(&disk, &store, "appended").await;
            assert_eq!(
                as_of, 1,
                "made by the first write, and appended to ever since"
            );
        }
        let records = lines(&disk.peek(INCIDENTS.as_ref()).unwrap());
        assert_eq!(records.len(), 1 + 2 + 5 * 3, "one line for each commit");
    });
}

#[test]
fn processes_that_take_turns_append_to_the_same_files() {
    let (site, disk) = (site(2), SimDisk::new());
    block_on(async {
        let (one, other) = (site.open(&disk), site.open(&disk));
        let id = site.create(&one).await;
        for round in 0..4 {
            site.note(&other, id, "by the other").await.unwrap();
            site.note(&one, id, "by the one").await.unwrap();
            assert_eq!(check_sim(&disk, &one, "in turn").await, 1, "round {round}");
        }
        // Made anew by one of them, behind the back of the other.
        one.rebuild().unwrap();
        site.note(&other, id, "after").await.unwrap();
        assert_eq!(check_sim(&disk, &other, "made anew").await, 9);
        site.note(&one, id, "after").await.unwrap();
        assert_eq!(check_sim(&disk, &one, "made anew").await, 9);
    });
}

#[test]
fn a_process_killed_at_any_step_leaves_nothing_behind_for_long() {
    for step in 0..steps() {
        let (site, disk) = (site(step), SimDisk::new());
        let id = site.new_id();
        block_on(async {
            disk.fail_at(step, Fault::PowerCut);
            if let Ok(store) = site.try_open(Arc::new(disk.clone())) {
                work(&site, &store, id).await;
            }
            // What the process had written is with the operating system.
            recovers(&site, &disk.fork(), &format!("killed at step {step}")).await;
        });
    }
}

#[test]
fn a_power_cut_at_any_step_leaves_nothing_behind_for_long() {
    for step in 0..=steps() {
        let (site, disk) = (site(step), SimDisk::new());
        let id = site.new_id();
        block_on(async {
            disk.fail_at(step, Fault::PowerCut);
            if let Ok(store) = site.try_open(Arc::new(disk.clone())) {
                work(&site, &store, id).await;
            }
            for seed in 0..CUTS {
                let what = format!("cut at step {step}, seed {seed}");
                recovers(&site, &disk.crash(seed), &what).await;
            }
        });
    }
}

#[test]
fn a_power_cut_around_a_sync_leaves_nothing_behind_for_long() {
    const SYNC_EVERY: usize = 8 << 20;
    const LARGE: usize = 16 * 1024;
    let (site, disk) = (site(6), SimDisk::new());
    block_on(async {
        let store = site.open(&disk);
        let mut incident = new_incident();
        incident.summary = Some(Prose::new("x".repeat(LARGE)).unwrap());
        let id = site.new_id();
        let create = site.command(id, Op::Create(Box::new(incident)));
        store.apply(create).await.unwrap();
        let len = || disk.peek(INCIDENTS.as_ref()).unwrap().len();
        while len() < SYNC_EVERY - 2 * LARGE {
            site.note(&store, id, "x").await.unwrap();
        }
        // The sync is somewhere in these.
        for _ in 0..6 {
            site.note(&store, id, "x").await.unwrap();
            recovers(&site, &disk.crash(len() as u64), "around a sync").await;
        }
        assert!(len() > SYNC_EVERY);
    });
}

/// The next write makes the projections right, and the one after that appends to them.
async fn recovers(site: &Site, disk: &SimDisk, what: &str) {
    let store = site.open(disk);
    let id = site.create(&store).await;
    let as_of = check_sim(disk, &store, what).await;
    site.note(&store, id, "after").await.unwrap();
    assert_eq!(
        check_sim(disk, &store, what).await,
        as_of,
        "{what}: appended"
    );
}

#[test]
fn a_disk_that_fails_or_is_full_at_any_step_leaves_nothing_behind_for_long() {
    let faults = [
        Fault::Error(io::ErrorKind::StorageFull),
        Fault::Short(7, io::ErrorKind::StorageFull),
    ];
    for step in 0..steps() {
        for fault in faults {
            let (site, disk) = (site(step), SimDisk::new());
            let what = format!("step {step}, {fault:?}");
            block_on(async {
                disk.fail_at(step, fault);
                let store = match site.try_open(Arc::new(disk.clone())) {
                    Ok(store) => store,
                    Err(_) => site.open(&disk),
                };
                work(&site, &store, site.new_id()).await;
                disk.heal();
                site.create(&store).await;
                check_sim(&disk, &store, &what).await;
            });
        }
    }
}

/// Something that is done to a file behind the store's back.
type Harm = fn(&Path);

#[test]
fn what_is_torn_changed_or_gone_is_made_anew_by_the_next_write() {
    let harms: [(&str, Harm); 5] = [
        ("torn", |path| {
            let mut bytes = std::fs::read(path).unwrap();
            bytes.truncate(bytes.len() - 5);
            std::fs::write(path, bytes).unwrap();
        }),
        ("begun", |path| {
            let mut bytes = std::fs::read(path).unwrap();
            bytes.extend(br#"{"id":"inc_"#);
            std::fs::write(path, bytes).unwrap();
        }),
        ("flipped", |path| {
            let mut bytes = std::fs::read(path).unwrap();
            let last = bytes.len() - 9;
            bytes[last] ^= 1;
            std::fs::write(path, bytes).unwrap();
        }),
        ("empty", |path| std::fs::write(path, "").unwrap()),
        ("gone", |path| std::fs::remove_file(path).unwrap()),
    ];
    for (name, harm) in harms {
        for file in ["incidents.jsonl", "artifacts.jsonl"] {
            let dir = TempDir::new().unwrap();
            let site = Site::new(dir.path(), 3);
            block_on(async {
                let store = site.open_real();
                let id = site.create(&store).await;
                site.attach(&store, id, ("log.txt", "one")).await.unwrap();
                site.attach(&store, id, ("log.txt", "two")).await.unwrap();
                site.note(&store, id, "before").await.unwrap();
                drop(store);
                harm(&dir.path().join("ops/incidents").join(file));
                let store = site.open_real();
                site.note(&store, id, "after").await.unwrap();
                check_real(dir.path(), &store, &format!("{name} {file}")).await;
            });
        }
    }
}

async fn check_real(dir: &Path, store: &JsonlStore, what: &str) -> u64 {
    let read = |name: &str| std::fs::read(dir.join("ops/incidents").join(name)).unwrap();
    check(
        store,
        (&read("incidents.jsonl"), &read("artifacts.jsonl")),
        what,
    )
    .await
}

#[test]
fn a_projection_that_has_outgrown_its_records_is_made_anew() {
    const LARGE: usize = 16 * 1024;
    let dir = TempDir::new().unwrap();
    let mut site = Site::new(dir.path(), 4);
    site.fsync = FsyncPolicy::Never;
    let records = dir.path().join("ops/incidents/incidents.jsonl");
    let len = || std::fs::metadata(&records).unwrap().len();
    block_on(async {
        let store = site.open_real();
        let mut incident = new_incident();
        incident.summary = Some(Prose::new("x".repeat(LARGE)).unwrap());
        let id = site.new_id();
        let create = site.command(id, Op::Create(Box::new(incident)));
        store.apply(create).await.unwrap();
        let mut commits = 1;
        while len() <= 64 << 20 {
            site.note(&store, id, "x").await.unwrap();
            commits += 1;
        }
        assert_eq!(check_real(dir.path(), &store, "grown").await, 1);
        store.close().unwrap();
        assert!(len() < 2 * LARGE as u64, "{} bytes are left", len());
        assert_eq!(check_real(dir.path(), &store, "compacted").await, commits);
        site.note(&store, id, "after").await.unwrap();
        assert_eq!(check_real(dir.path(), &store, "appended").await, commits);
    });
}

/// What `jq` makes of a projection; `None` where there is no `jq` and none is required.
fn jq(dir: &Path, program: &str, file: &str) -> Option<Value> {
    let ran = Process::new("jq")
        .args(["--slurp", "--compact-output", program])
        .arg(dir.join("ops/incidents").join(file))
        .output();
    let Ok(ran) = ran else {
        let required = std::env::var("WATCHBOOK_REQUIRE").unwrap_or_default();
        assert!(
            !required.contains("all") && !required.contains("jq"),
            "jq is required and missing"
        );
        return None;
    };
    assert!(ran.status.success(), "{ran:?}");
    Some(serde_json::from_slice(&ran.stdout).unwrap())
}

#[test]
fn people_read_them_with_jq() {
    let dir = TempDir::new().unwrap();
    let site = Site::new(dir.path(), 5);
    block_on(async {
        let store = site.open_real();
        let (first, second) = (site.create(&store).await, site.create(&store).await);
        site.note(&store, first, "one").await.unwrap();
        site.attach(&store, second, ("log.txt", "one"))
            .await
            .unwrap();
        site.attach(&store, second, ("log.txt", "three"))
            .await
            .unwrap();
        let newest = "map(select(.id)) | group_by(.id) | map(last | {id, status, events}) | sort_by(.events)";
        let Some(shown) = jq(dir.path(), newest, "incidents.jsonl") else {
            return;
        };
        let wanted = json!([
            {"id": first, "status": "open", "events": 2},
            {"id": second, "status": "open", "events": 3},
        ]);
        assert_eq!(shown, wanted);
        let sizes = "map(select(.incident_id)) | map({incident_id, name, bytes})";
        let wanted = json!([
            {"incident_id": second, "name": "log.txt", "bytes": 3},
            {"incident_id": second, "name": "log.txt", "bytes": 5},
        ]);
        assert_eq!(jq(dir.path(), sizes, "artifacts.jsonl").unwrap(), wanted);
        let as_of = jq(dir.path(), ".[0].as_of", "incidents.jsonl");
        assert_eq!(as_of, Some(json!(1)));
    });
}
