//! The engine on the operating system's files: modes, links, rights, and every byte of a torn tail once more.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::sync::Arc;

use watchbook_store::disk::{Disk, RealDisk};
use watchbook_store::journal::{Journal, JournalError};

use crate::fixture::{WAIT, create_in, open_in, read, settings, try_write_if_locked, write};

fn real() -> Arc<dyn Disk> {
    Arc::new(RealDisk)
}

fn open(dir: &Path) -> Journal {
    create_in(&real(), dir, settings()).expect("a journal")
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("there").permissions().mode() & 0o777
}

#[test]
fn files_are_for_owner_and_group_only() {
    let parent = tempfile::tempdir().expect("a directory");
    let dir = parent.path().join("ops/incidents");
    write(&open(&dir), &["one"]);
    for name in ["ops", "ops/incidents", "ops/incidents/.watchbook"] {
        assert_eq!(mode(&parent.path().join(name)) & 0o027, 0, "{name}");
    }
    for name in [
        "events.jsonl",
        ".watchbook/head",
        ".watchbook/lock",
        ".watchbook/turn",
    ] {
        assert_eq!(mode(&dir.join(name)) & 0o137, 0, "{name}");
    }
}

#[test]
fn a_symbolic_link_in_place_of_a_file_is_refused() {
    for name in ["events.jsonl", ".watchbook/head", ".watchbook/lock"] {
        let dir = tempfile::tempdir().expect("a directory");
        let elsewhere = tempfile::tempdir().expect("a directory");
        write(&open(dir.path()), &["one"]);
        let path = dir.path().join(name);
        let target = elsewhere.path().join("target");
        fs::rename(&path, &target).expect("moved");
        symlink(&target, &path).expect("linked");
        let before = fs::read(&target).expect("read");
        let refused = match open_in(&real(), dir.path(), settings()) {
            Ok(journal) => !try_write_if_locked(&journal, "two"),
            Err(_) => true,
        };
        assert!(refused, "{name}");
        assert_eq!(fs::read(&target).expect("read"), before, "{name}");
    }
}

#[test]
fn a_torn_tail_of_real_bytes_recovers() {
    let dir = tempfile::tempdir().expect("a directory");
    let journal = open(dir.path());
    write(&journal, &["one", "two"]);
    let path = dir.path().join("events.jsonl");
    let short = fs::read(&path).expect("read");
    let head = fs::read(dir.path().join(".watchbook/head")).expect("read");
    write(&journal, &["three"]);
    let whole = fs::read(&path).expect("read");
    drop(journal);
    for cut in (short.len()..=whole.len()).step_by(13) {
        // In place, as a crash leaves it: the same files, with less in them.
        fs::write(&path, &whole[..cut]).expect("cut");
        fs::write(dir.path().join(".watchbook/head"), &head).expect("put back");
        let journal = open(dir.path());
        write(&journal, &["next"]);
        let seen = read(&journal);
        assert_eq!(seen.damages, [], "cut at {cut}");
        assert_eq!(seen.texts()[..2], ["one", "two"]);
        assert_eq!(seen.texts().last(), Some(&"next"));
    }
}

#[test]
fn a_directory_that_may_not_be_written_is_read() {
    let dir = tempfile::tempdir().expect("a directory");
    write(&open(dir.path()), &["one", "two"]);
    for name in [".", ".watchbook"] {
        fs::set_permissions(dir.path().join(name), fs::Permissions::from_mode(0o550)).expect("set");
    }
    for name in [
        "events.jsonl",
        ".watchbook/head",
        ".watchbook/lock",
        ".watchbook/turn",
    ] {
        fs::set_permissions(dir.path().join(name), fs::Permissions::from_mode(0o440)).expect("set");
    }
    let journal = open_in(&real(), dir.path(), settings()).expect("opened");
    assert_eq!(read(&journal).texts(), ["one", "two"]);
    assert!(
        journal
            .verify(None, 0, |_| None)
            .expect("verified")
            .is_whole()
    );
    // Rights do not bind root.
    if fs::metadata(dir.path()).expect("there").uid() != 0 || !is_root() {
        let error = journal.lock(WAIT).expect_err("refused");
        assert_eq!(
            error.io_kind(),
            Some(std::io::ErrorKind::PermissionDenied),
            "{error:?}"
        );
    }
    for name in [".", ".watchbook"] {
        fs::set_permissions(dir.path().join(name), fs::Permissions::from_mode(0o750)).expect("set");
    }
}

/// Whether rights do not bind us: whether a file without any can be opened.
fn is_root() -> bool {
    let file = tempfile::NamedTempFile::new().expect("a file");
    fs::set_permissions(file.path(), fs::Permissions::from_mode(0o000)).expect("set");
    fs::File::open(file.path()).is_ok()
}

#[test]
fn a_live_directory_that_is_copied_opens() {
    let dir = tempfile::tempdir().expect("a directory");
    let journal = open(dir.path());
    let target = tempfile::tempdir().expect("a directory");
    let copied = target.path().join("copy");
    std::thread::scope(|scope| {
        let writing = scope.spawn(|| {
            for n in 0..60 {
                write(&journal, &[&format!("commit {n}")]);
            }
        });
        let status = std::process::Command::new("cp")
            .arg("-r")
            .arg(dir.path())
            .arg(&copied)
            .status();
        assert!(status.expect("cp ran").success());
        writing.join().expect("written");
    });
    let copy = open_in(&real(), &copied, settings()).expect("opens");
    let there = read(&copy).commits.len();
    write(&copy, &["in the copy"]);
    let seen = read(&copy);
    assert_eq!((seen.commits.len(), seen.damages.len()), (there + 1, 0));
    assert_eq!(read(&journal).commits.len(), 60);
}

#[test]
fn a_journal_cut_by_someone_else_is_refused_while_open_and_after() {
    let dir = tempfile::tempdir().expect("a directory");
    let journal = open(dir.path());
    write(&journal, &["one", "two", "three"]);
    let file = fs::OpenOptions::new()
        .write(true)
        .open(dir.path().join("events.jsonl"))
        .expect("opened");
    file.set_len(400).expect("cut");
    for journal in [
        &journal,
        &open_in(&real(), dir.path(), settings()).expect("opened"),
    ] {
        assert!(matches!(journal.lock(WAIT), Err(JournalError::Corrupt(_))));
        assert!(!read(journal).damages.is_empty());
    }
}
