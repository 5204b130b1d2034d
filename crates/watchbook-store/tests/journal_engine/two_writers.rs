//! Several writers on one directory of real files: numbers without gaps, nothing lost, and who waits is told why.

use std::sync::{Arc, Barrier};
use std::time::Duration;

use watchbook_store::disk::{Disk, RealDisk};
use watchbook_store::journal::{Journal, JournalError, Settings};

use crate::fixture::{WAIT, commit, create_in, open_in, read, read_from, settings, write};

/// Writers, each with a journal of its own, as in processes of their own.
const WRITERS: usize = 4;
const COMMITS: usize = 25;

fn real() -> Arc<dyn Disk> {
    Arc::new(RealDisk)
}

fn open(dir: &tempfile::TempDir) -> Journal {
    let small = Settings {
        segment_bytes: 16 << 10,
        ..settings()
    };
    create_in(&real(), dir.path(), small).expect("a journal")
}

#[test]
fn writers_take_turns_without_a_gap() {
    let dir = tempfile::tempdir().expect("a directory");
    let start = Barrier::new(WRITERS + 1);
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (dir, start) = (&dir, &start);
            scope.spawn(move || {
                let journal = open(dir);
                start.wait();
                for n in 0..COMMITS {
                    write(&journal, &[&format!("writer {writer} commit {n}")]);
                }
            });
        }
        let journal = open(&dir);
        start.wait();
        let mut seen = Vec::new();
        while seen.len() < WRITERS * COMMITS {
            let now = read_from(&journal, &journal.start(), 0).0.commits;
            assert_eq!(now[..seen.len()], seen, "what was seen stays");
            seen = now;
        }
    });
    let journal = open_in(&real(), dir.path(), settings()).expect("opened");
    let seen = read(&journal);
    assert_eq!(
        seen.numbers(),
        (1..=(WRITERS * COMMITS) as u64).collect::<Vec<_>>()
    );
    for writer in 0..WRITERS {
        let own: Vec<_> = seen
            .texts()
            .into_iter()
            .filter(|text| text.starts_with(&format!("writer {writer} ")))
            .collect();
        let expected: Vec<_> = (0..COMMITS)
            .map(|n| format!("writer {writer} commit {n}"))
            .collect();
        assert_eq!(own, expected, "in the order it wrote them");
    }
    assert!(
        journal
            .verify(None, 2, |_| None)
            .expect("verified")
            .is_whole()
    );
}

#[test]
fn waiting_for_the_lock_ends_and_names_the_holder() {
    let dir = tempfile::tempdir().expect("a directory");
    let (first, second) = (open(&dir), open(&dir));
    let held = first.lock(WAIT).expect("the lock");
    let error = second.lock(Duration::from_millis(20)).expect_err("held");
    let message = error.to_string();
    let expected = format!(
        "waited 0.020 s for the lock, which is held by pid {} (since 2026-02-23T10:00:00.000Z); try again, or look what that process does",
        std::process::id()
    );
    assert_eq!(message, expected);
    assert!(
        matches!(error, JournalError::LockTimeout { waited, .. } if waited == Duration::from_millis(20))
    );
    drop(held);
    write(&second, &["free again"]);
    write(&first, &["and here"]);
    assert_eq!(read(&first).texts(), ["free again", "and here"]);
}

#[test]
fn another_thread_of_the_same_process_is_named_too() {
    let dir = tempfile::tempdir().expect("a directory");
    let journal = open(&dir);
    let held = journal.lock(WAIT).expect("the lock");
    let message = std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            journal
                .lock(Duration::from_millis(5))
                .expect_err("held")
                .to_string()
        });
        waiting.join().expect("joined")
    });
    assert!(
        message.contains("held by another thread of this process"),
        "{message}"
    );
    drop(held);
}

#[test]
fn a_holder_that_goes_away_releases_the_lock() {
    let dir = tempfile::tempdir().expect("a directory");
    let (first, second) = (open(&dir), open(&dir));
    // As when the process ends: the files are closed, nothing is unlocked.
    std::mem::forget(first.lock(WAIT).expect("the lock"));
    assert!(second.lock(Duration::from_millis(5)).is_err());
    drop(first);
    write(&second, &["after"]);
    assert_eq!(read(&second).texts(), ["after"]);
}

#[test]
fn nobody_starves_while_another_writes_without_pause() {
    let dir = tempfile::tempdir().expect("a directory");
    let (greedy, modest) = (open(&dir), open(&dir));
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                let mut locked = greedy.lock(WAIT).expect("the lock");
                locked.commit_batch(&[commit("greedy")]).expect("written");
            }
        });
        for _ in 0..10 {
            write(&modest, &["modest"]);
        }
        done.store(true, std::sync::atomic::Ordering::Relaxed);
    });
    let seen = read(&modest);
    assert_eq!(
        seen.texts()
            .iter()
            .filter(|text| **text == "modest")
            .count(),
        10
    );
}
