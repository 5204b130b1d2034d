//! Bad days: a full disk, a read-only folder, files cut or replaced, a holder of the lock that does not let go, a newer
//! format, a copy of a living directory.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command as Process, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use crate::process::{creation, note, open, role, say, spawn, timeline};
use tempfile::TempDir;
use watchbook_core::IncidentId;
use watchbook_store::jsonl::{JsonlOptions, JsonlStore};
use watchbook_store::system::{OsEntropy, SystemClock};
use watchbook_store::{Applied, Incidents as _, StoreError};

pub(crate) fn journal(dir: &Path) -> PathBuf {
    dir.join("ops/incidents/events.jsonl")
}

pub(crate) fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(work)
}

/// A directory with one incident for each title.
pub(crate) async fn filled(dir: &Path, titles: &[&str]) -> (JsonlStore, Vec<IncidentId>) {
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

/// How many copies are made while the writer writes.
const COPIES: usize = 10;
/// So often a copy may be done before the writer has had a turn.
const ROUNDS: usize = 200;

#[test]
fn a_copy_of_a_living_directory_opens() {
    let dir = TempDir::new().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .build()
        .unwrap();
    let (store, ids) = runtime.block_on(filled(dir.path(), &["first"]));
    let (acked, stop) = (
        Arc::new(AtomicUsize::new(1)),
        Arc::new(AtomicBool::new(false)),
    );
    let writer = runtime.spawn(write_until(
        Arc::clone(&stop),
        store.clone(),
        ids[0],
        Arc::clone(&acked),
    ));
    let mut living = 0;
    for round in 0.. {
        assert!(round < ROUNDS, "only {living} copies met a writer at work");
        let before = acked.load(Ordering::SeqCst);
        let copy = copied(dir.path());
        assert!(!writer.is_finished(), "the writer is still running");
        if acked.load(Ordering::SeqCst) == before {
            continue;
        }
        runtime.block_on(opens_with(copy.path(), ids[0], before));
        living += 1;
        if living == COPIES {
            break;
        }
    }
    stop.store(true, Ordering::SeqCst);
    runtime.block_on(writer).unwrap();
}

async fn write_until(
    stop: Arc<AtomicBool>,
    store: JsonlStore,
    id: IncidentId,
    acked: Arc<AtomicUsize>,
) {
    while !stop.load(Ordering::SeqCst) {
        let Applied { durable, .. } = store.apply(note(id, "x")).await.unwrap();
        assert!(durable);
        acked.fetch_add(1, Ordering::SeqCst);
    }
}

fn copied(dir: &Path) -> TempDir {
    let copy = TempDir::new().unwrap();
    let done = Process::new("cp")
        .arg("-r")
        .arg(dir.join("ops"))
        .arg(copy.path())
        .stderr(Stdio::null())
        .status();
    assert!(done.unwrap().success());
    copy
}

/// The copy has all that was acknowledged before it was begun, and can be worked with.
async fn opens_with(copy: &Path, id: IncidentId, before: usize) {
    let copied = open(copy);
    let there = timeline(&copied, id).await.len();
    assert!(
        there >= before,
        "the copy has {there} lines, and {before} were there before"
    );
    copied.apply(note(id, "in the copy")).await.unwrap();
    assert!(copied.verify(None).unwrap().is_whole());
}
