//! Bad days: a full disk, a read-only folder, files cut or replaced, a holder of the lock that does not let go, a newer
//! format, a copy of a living directory, damage in the middle.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command as Process, Stdio};
use std::sync::Arc;
use std::time::Duration;

use crate::process::{creation, note, open, role, say, spawn, timeline};
use tempfile::TempDir;
use watchbook_core::IncidentId;
use watchbook_store::jsonl::{JsonlOptions, JsonlStore};
use watchbook_store::system::{OsEntropy, SeededEntropy, SystemClock};
use watchbook_store::{Applied, Incidents as _, StoreError};

fn journal(dir: &Path) -> PathBuf {
    dir.join("ops/incidents/events.jsonl")
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(work)
}

/// A directory with one incident for each title.
async fn filled(dir: &Path, titles: &[&str]) -> (JsonlStore, Vec<IncidentId>) {
    let store = open(dir);
    let mut ids = Vec::new();
    for title in titles {
        ids.push(store.apply(creation(title)).await.unwrap().incident.id);
    }
    (store, ids)
}

/// A small file system of its own; `None` where this user may not make one.
struct Mounted(TempDir);

impl Mounted {
    fn new() -> Option<Self> {
        let dir = TempDir::new().unwrap();
        let made = Process::new("mount")
            .args(["-t", "tmpfs", "-o", "size=4m", "tmpfs"])
            .arg(dir.path())
            .status();
        if made.is_ok_and(|made| made.success()) {
            return Some(Self(dir));
        }
        let required = std::env::var("WATCHBOOK_REQUIRE").unwrap_or_default();
        assert!(
            !required.contains("all") && !required.contains("tmpfs"),
            "a tmpfs is required and cannot be mounted"
        );
        say("skipped: a tmpfs cannot be mounted by this user");
        None
    }

    fn remount(&self, option: &str) {
        let done = Process::new("mount")
            .args(["-o", &format!("remount,{option}")])
            .arg(self.0.path())
            .status();
        assert!(done.unwrap().success());
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Process::new("umount").arg(self.0.path()).status();
    }
}

#[test]
fn a_full_disk_refuses_writes_and_recovers_by_itself() {
    let Some(mounted) = Mounted::new() else {
        return;
    };
    let dir = mounted.0.path();
    block_on(async {
        let (store, ids) = filled(dir, &["before"]).await;
        let ballast = dir.join("ballast");
        let mut file = std::fs::File::create(&ballast).unwrap();
        while file.write_all(&[0; 4096]).is_ok() {}
        let mut acked = 1;
        let refused = loop {
            match store.apply(note(ids[0], &"x".repeat(2_000))).await {
                Ok(_) => acked += 1,
                Err(error) => break error,
            }
        };
        assert!(
            matches!(refused, StoreError::Unavailable { .. }),
            "{refused:?}"
        );
        assert!(refused.to_string().contains("free some space"), "{refused}");
        assert_eq!(timeline(&store, ids[0]).await.len(), acked, "reads go on");
        drop(file);
        std::fs::remove_file(ballast).unwrap();
        store.apply(note(ids[0], "after")).await.unwrap();
        assert_eq!(timeline(&open(dir), ids[0]).await.len(), acked + 1);
        assert!(store.verify(None).unwrap().is_whole());
    });
}

#[test]
fn a_read_only_directory_is_read_and_not_written() {
    let Some(mounted) = Mounted::new() else {
        return;
    };
    let dir = mounted.0.path();
    block_on(async {
        let (store, ids) = filled(dir, &["before"]).await;
        drop(store);
        mounted.remount("ro");
        let store = open(dir);
        assert_eq!(store.get(ids[0]).await.unwrap().title.as_str(), "before");
        let refused = store.apply(note(ids[0], "x")).await.unwrap_err();
        assert!(
            refused.to_string().contains("make the folder writable"),
            "{refused}"
        );
        mounted.remount("rw");
        store.apply(note(ids[0], "x")).await.unwrap();
    });
}

#[test]
fn a_journal_that_somebody_cut_takes_no_writes_until_it_is_repaired() {
    let dir = TempDir::new().unwrap();
    block_on(async {
        let (store, ids) = filled(dir.path(), &["first", "second"]).await;
        let file = std::fs::OpenOptions::new()
            .write(true)
            .open(journal(dir.path()))
            .unwrap();
        let len = file.metadata().unwrap().len();
        file.set_len(len - 10).unwrap();
        for store in [store, open(dir.path())] {
            let refused = store.apply(note(ids[0], "x")).await.unwrap_err();
            assert!(matches!(refused, StoreError::Corrupt(_)), "{refused:?}");
            assert_eq!(
                store.get(ids[0]).await.unwrap().title.as_str(),
                "first",
                "reads go on"
            );
        }
        assert_eq!(
            file.metadata().unwrap().len(),
            len - 10,
            "nothing was written"
        );
        let store = open(dir.path());
        assert!(!store.repair().unwrap().found.is_empty());
        store.apply(note(ids[0], "after the repair")).await.unwrap();
    });
}

#[test]
fn a_journal_that_somebody_replaced_takes_no_writes() {
    let (dir, other) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    block_on(async {
        let (store, ids) = filled(dir.path(), &["ours"]).await;
        let (_, _) = filled(other.path(), &["theirs"]).await;
        let foreign = std::fs::read(journal(other.path())).unwrap();
        std::fs::remove_file(journal(dir.path())).unwrap();
        std::fs::write(journal(dir.path()), &foreign).unwrap();
        let refused = store.apply(note(ids[0], "x")).await.unwrap_err();
        assert!(matches!(refused, StoreError::Corrupt(_)), "{refused:?}");
        assert_eq!(
            std::fs::read(journal(dir.path())).unwrap(),
            foreign,
            "nothing was written"
        );
    });
}

#[test]
fn the_lock_of_a_dead_process_is_no_obstacle() {
    let dir = TempDir::new().unwrap();
    block_on(async {
        let (store, ids) = filled(dir.path(), &["first"]).await;
        drop(store);
        std::fs::write(
            dir.path().join("ops/incidents/.watchbook/lock"),
            "pid 4194304 since 2020-01-01",
        )
        .unwrap();
        open(dir.path()).apply(note(ids[0], "x")).await.unwrap();
    });
}

#[test]
fn a_stopped_process_that_holds_the_lock_is_named() {
    let dir = TempDir::new().unwrap();
    block_on(async {
        let (store, ids) = filled(dir.path(), &["first"]).await;
        drop(store);
        let mut holder = spawn("bad_days::holder", "hold", dir.path());
        let mut lines = BufReader::new(holder.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap() == "held"));
        let stopped = Process::new("kill")
            .args(["-STOP", &holder.id().to_string()])
            .status();
        assert!(stopped.unwrap().success());
        let options = JsonlOptions::new(dir.path(), Arc::new(SystemClock), Arc::new(OsEntropy));
        let store = JsonlStore::open(JsonlOptions {
            lock_deadline: Duration::from_millis(50),
            ..options
        })
        .unwrap();
        let refused = store.apply(note(ids[0], "x")).await.unwrap_err();
        assert!(
            refused.to_string().contains(&holder.id().to_string()),
            "{refused}"
        );
        assert_eq!(
            store.get(ids[0]).await.unwrap().title.as_str(),
            "first",
            "reads go on"
        );
        holder.kill().unwrap();
        holder.wait().unwrap();
        store.apply(note(ids[0], "x")).await.unwrap();
    });
}

/// Not a test by itself: the process that takes the lock and keeps it.
#[test]
fn holder() {
    use watchbook_store::disk::RealDisk;
    use watchbook_store::journal::{Journal, Place, Settings};
    let Some((_, dir)) = role() else { return };
    let place = Place::new(dir.join("ops/incidents"), "events");
    let journal = Journal::open(
        Arc::new(RealDisk),
        Arc::new(SystemClock),
        place,
        Settings::default(),
    )
    .unwrap();
    let _locked = journal.lock(Duration::from_secs(10)).unwrap();
    say("held");
    loop {
        std::thread::park();
    }
}

#[test]
fn a_newer_format_is_read_and_not_written() {
    let dir = TempDir::new().unwrap();
    block_on(async {
        let (store, ids) = filled(dir.path(), &["first"]).await;
        drop(store);
        let text = std::fs::read_to_string(journal(dir.path())).unwrap();
        let newer = text.replacen(r#"{"v":1,"journal""#, r#"{"v":2,"journal""#, 1);
        assert_ne!(newer, text);
        std::fs::write(journal(dir.path()), &newer).unwrap();
        let store = open(dir.path());
        assert_eq!(store.get(ids[0]).await.unwrap().title.as_str(), "first");
        let refused = store.apply(note(ids[0], "x")).await.unwrap_err();
        assert!(
            matches!(refused, StoreError::NewerFormat { found: 2, known: 1 }),
            "{refused:?}"
        );
        assert_eq!(std::fs::read_to_string(journal(dir.path())).unwrap(), newer);
    });
}

#[test]
fn a_copy_of_a_living_directory_opens() {
    let (dir, copies) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .build()
        .unwrap();
    let (store, ids) = runtime.block_on(filled(dir.path(), &["first"]));
    let id = ids[0];
    let writer = {
        let store = store.clone();
        runtime.spawn(async move {
            let mut acked = 1;
            while store
                .apply(note(id, "x"))
                .await
                .map(|Applied { durable, .. }| durable)
                .unwrap()
            {
                acked += 1;
                if acked == 2_000 {
                    return;
                }
            }
        })
    };
    for round in 0..10 {
        let copy = copies.path().join(round.to_string());
        let before = runtime.block_on(timeline(&store, id)).len();
        let copied = Process::new("cp")
            .arg("-r")
            .arg(dir.path())
            .arg(&copy)
            .stderr(Stdio::null())
            .status();
        assert!(copied.unwrap().success());
        runtime.block_on(async {
            let copied = open(&copy);
            let there = timeline(&copied, id).await.len();
            assert!(
                there >= before,
                "the copy has {there} lines, and {before} were there before"
            );
            copied.apply(note(id, "in the copy")).await.unwrap();
            assert!(copied.verify(None).unwrap().is_whole());
        });
    }
    runtime.block_on(writer).unwrap();
}

const LINES: usize = 10_000;

/// A journal of ten thousand commits on a hundred incidents.
fn long_journal(dir: &Path) -> (JsonlStore, Vec<IncidentId>) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap();
    runtime.block_on(async {
        let titles: Vec<String> = (0..100).map(|index| format!("incident {index}")).collect();
        let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
        let (store, ids) = filled(dir, &titles).await;
        let calls = ids.iter().map(|id| {
            let (store, id) = (store.clone(), *id);
            tokio::spawn(async move {
                for number in 1..LINES / 100 {
                    store
                        .apply(note(id, &format!("note {number} of {id}")))
                        .await
                        .unwrap();
                }
            })
        });
        for call in calls.collect::<Vec<_>>() {
            call.await.unwrap();
        }
        (store, ids)
    })
}

#[test]
fn damage_in_the_middle_is_found_with_its_place_and_stops_nobody_else() {
    let dir = TempDir::new().unwrap();
    let (store, ids) = long_journal(dir.path());
    let whole = store.verify(None).unwrap();
    assert!(whole.is_whole());
    drop(store);
    let original = std::fs::read(journal(dir.path())).unwrap();
    let lines: Vec<&[u8]> = original.split_inclusive(|byte| *byte == b'\n').collect();
    assert_eq!(lines.len(), LINES + 1);
    let dice = SeededEntropy::new(5);
    let column = |line: &[u8]| usize::try_from(dice.next_u64()).unwrap_or(0) % (line.len() - 1);
    // A flipped byte in each line, in three passes so that each has whole neighbours: every one of them is named.
    for pass in 0..3 {
        let mut flipped = lines.iter().map(|line| line.to_vec()).collect::<Vec<_>>();
        for line in flipped[1..].iter_mut().skip(pass).step_by(3) {
            let at = column(line);
            line[at] ^= 1;
        }
        let found = damaged_lines(dir.path(), &flipped.concat());
        let missed: Vec<usize> = (2 + pass..=LINES + 1)
            .step_by(3)
            .filter(|line| !found.contains(&(*line as u64)))
            .collect();
        assert_eq!(missed, Vec::<usize>::new(), "pass {pass}");
    }
    for number in [1, 17, 5_000, LINES - 1, LINES] {
        let mut single = lines.clone();
        let mut changed = single[number].to_vec();
        let at = column(&changed);
        changed[at] ^= 1;
        single[number] = &changed;
        assert!(
            damaged_lines(dir.path(), &single.concat()).contains(&(number as u64 + 1)),
            "flipped {number}"
        );
    }
    let (mut deleted, mut swapped, mut doubled) = (lines.clone(), lines.clone(), lines.clone());
    deleted.remove(400);
    swapped.swap(600, 601);
    doubled.insert(800, lines[799]);
    assert!(damaged_lines(dir.path(), &deleted.concat()).contains(&401));
    assert!(
        damaged_lines(dir.path(), &swapped.concat())
            .iter()
            .any(|line| (601..=602).contains(line))
    );
    assert!(damaged_lines(dir.path(), &doubled.concat()).contains(&801));
    others_go_on(dir.path(), &lines, &ids);
    // A cut tail is whole by itself; the anchor tells.
    std::fs::write(journal(dir.path()), lines[..LINES - 5].concat()).unwrap();
    std::fs::remove_dir_all(dir.path().join("ops/incidents/.watchbook")).unwrap();
    assert!(open(dir.path()).verify(None).unwrap().is_whole());
    assert!(
        !open(dir.path())
            .verify(Some(whole.head))
            .unwrap()
            .is_whole()
    );
}

/// The lines that a verification of these bytes complains of.
fn damaged_lines(dir: &Path, bytes: &[u8]) -> Vec<u64> {
    std::fs::write(journal(dir), bytes).unwrap();
    let found = open(dir).verify(None).unwrap();
    found.damaged.iter().map(|place| place.line).collect()
}

/// With one line damaged, its incident is read but takes no writes, and all others do both.
fn others_go_on(dir: &Path, lines: &[&[u8]], ids: &[IncidentId]) {
    let mut damaged = lines.to_vec();
    // The creation of the first incident is line 2; the note after it is damaged in its message.
    let at = damaged
        .iter()
        .rposition(|line| String::from_utf8_lossy(line).contains(&ids[0].to_string()))
        .unwrap();
    let changed = String::from_utf8_lossy(damaged[at])
        .replace("note ", "nope ")
        .into_bytes();
    damaged[at] = &changed;
    std::fs::write(journal(dir), damaged.concat()).unwrap();
    block_on(async {
        let store = open(dir);
        assert!(!timeline(&store, ids[0]).await.is_empty());
        assert!(matches!(
            store.apply(note(ids[0], "x")).await,
            Err(StoreError::Corrupt(_))
        ));
        for id in &ids[1..5] {
            let before = timeline(&store, *id).await.len();
            store.apply(note(*id, "x")).await.unwrap();
            assert_eq!(timeline(&store, *id).await.len(), before + 1);
        }
    });
}
