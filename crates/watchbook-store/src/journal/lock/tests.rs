//! The lock files, apart from any journal.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use watchbook_core::{Clock, Timestamp};

use super::{LockFiles, Patience, padded, read_holder};
use crate::disk::{Disk, Open, SimDisk};
use crate::journal::error::JournalError;

#[derive(Debug)]
struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::EPOCH
    }
}

fn open(disk: &SimDisk) -> LockFiles {
    LockFiles::open(disk, Path::new("/lock"), Path::new("/turn"), &Still).expect("opened")
}

const NO_WAIT: Duration = Duration::ZERO;

fn holder_of(result: Result<(), JournalError>) -> String {
    match result {
        Err(JournalError::LockTimeout { holder, .. }) => holder,
        other => panic!("not a timeout: {other:?}"),
    }
}

#[test]
fn one_at_a_time() {
    let disk = SimDisk::new();
    let (first, second) = (open(&disk), open(&disk));
    first.acquire(NO_WAIT).expect("free");
    let holder = holder_of(second.acquire(Duration::from_millis(1)));
    assert_eq!(
        holder,
        format!(
            "pid {} (since 1970-01-01T00:00:00.000Z)",
            std::process::id()
        )
    );
    first.release().expect("released");
    second.acquire(NO_WAIT).expect("free");
}

#[test]
fn who_gave_up_is_not_in_the_way() {
    let disk = SimDisk::new();
    let (first, second, third) = (open(&disk), open(&disk), open(&disk));
    first.acquire(NO_WAIT).expect("free");
    holder_of(second.acquire(NO_WAIT));
    first.release().expect("released");
    third.acquire(NO_WAIT).expect("the turn was given back");
}

#[test]
fn a_removed_lock_file_is_noticed() {
    let disk = SimDisk::new();
    let files = open(&disk);
    assert!(files.is_current(&disk).expect("looked"));
    disk.remove_file(Path::new("/lock")).expect("removed");
    assert!(!files.is_current(&disk).expect("looked"));
    disk.open(Path::new("/lock"), Open::Create)
        .expect("another");
    assert!(!files.is_current(&disk).expect("looked"));
}

#[test]
fn whatever_stands_in_the_lock_file_is_shown_safely() {
    let disk = SimDisk::new();
    let file: Arc<_> = disk.open(Path::new("/lock"), Open::Create).expect("made");
    assert_eq!(read_holder(&*file), "a process that did not say who it is");
    file.write_all_at(b"\x1b[31mred\n\xff", 0).expect("written");
    assert_eq!(read_holder(&*file), "[31mred");
    file.write_all_at(&padded(&"long ".repeat(40)), 0)
        .expect("written");
    assert_eq!(read_holder(&*file).len(), 63);
}

#[test]
fn patience_ends() {
    let mut patience = Patience::new(Duration::from_micros(120));
    let pauses = std::iter::from_fn(|| patience.pause().then_some(())).count();
    assert_eq!(pauses, 2, "50 µs, then the 70 µs that are left");
}
