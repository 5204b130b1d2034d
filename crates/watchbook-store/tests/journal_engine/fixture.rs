//! A journal to test with: its clock, its commits, and how to read all of it.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use watchbook_core::{Clock, StoreId, Timestamp};
use watchbook_store::disk::{Disk, SimDisk};
use watchbook_store::journal::{
    Committed, Damage, Entry, Journal, JournalError, Marker, Place, Position, PreparedCommit,
    RawCommit, Settings,
};

/// The store that all tests use.
pub(crate) const STORE: StoreId = StoreId::from_bits(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef);
/// How long tests wait for a lock that they expect to get.
pub(crate) const WAIT: Duration = Duration::from_secs(10);

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub(crate) struct TestClock(AtomicI64);

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::Relaxed))
    }
}

/// 2026-02-23T10:00:00Z.
pub(crate) fn clock() -> Arc<dyn Clock> {
    Arc::new(TestClock(AtomicI64::new(1_771_840_800_000)))
}

/// The directory that simulated tests use.
pub(crate) fn sim_dir() -> PathBuf {
    PathBuf::from("/store/incidents")
}

pub(crate) fn sim_path(name: &str) -> PathBuf {
    sim_dir().join(name)
}

pub(crate) fn settings() -> Settings {
    Settings::default()
}

/// Opens or makes the journal `events` in `dir`.
pub(crate) fn create_in(
    disk: &Arc<dyn Disk>,
    dir: &Path,
    settings: Settings,
) -> Result<Journal, JournalError> {
    Journal::create(
        Arc::clone(disk),
        clock(),
        Place::new(dir, "events"),
        settings,
        STORE,
        WAIT,
    )
}

/// Opens the journal `events` in `dir`.
pub(crate) fn open_in(
    disk: &Arc<dyn Disk>,
    dir: &Path,
    settings: Settings,
) -> Result<Journal, JournalError> {
    Journal::open(
        Arc::clone(disk),
        clock(),
        Place::new(dir, "events"),
        settings,
    )
}

/// A journal on a simulated disk.
pub(crate) fn simulated() -> (SimDisk, Journal) {
    let disk = SimDisk::new();
    let journal = on(&disk);
    (disk, journal)
}

/// Opens or makes the journal on a simulated disk.
pub(crate) fn on(disk: &SimDisk) -> Journal {
    create_in(&as_disk(disk), &sim_dir(), settings()).expect("a journal")
}

pub(crate) fn as_disk(disk: &SimDisk) -> Arc<dyn Disk> {
    Arc::new(disk.clone())
}

/// Opens the journal on a simulated disk after a crash and lets a writer put it in order.
pub(crate) fn recovered(disk: &SimDisk) -> Journal {
    let journal = on(disk);
    drop(journal.lock(WAIT).expect("recovered"));
    journal
}

/// A record with this text, which need not be a nice one.
pub(crate) fn record(text: &str) -> String {
    let text = serde_json::to_string(text).expect("a JSON string");
    format!(r#"{{"salt":"00112233445566aa","text":{text}}}"#)
}

/// A commit of one record with this text.
pub(crate) fn commit(text: &str) -> PreparedCommit {
    PreparedCommit::new(clock().now(), r#"{"agent":"sofiia"}"#, &[record(text)]).expect("a commit")
}

/// Writes one commit per text, each in a batch of its own.
pub(crate) fn write(journal: &Journal, texts: &[&str]) {
    for text in texts {
        try_write(journal, text).expect("written");
    }
}

/// Writes one commit.
pub(crate) fn try_write(
    journal: &Journal,
    text: &str,
) -> Result<Committed, watchbook_store::journal::CommitError> {
    let mut locked = journal.lock(WAIT).expect("the lock");
    locked.commit_batch(&[commit(text)])
}

/// Writes one commit if the journal can be locked, and says whether it was acknowledged.
pub(crate) fn try_write_if_locked(journal: &Journal, text: &str) -> bool {
    match journal.lock(WAIT) {
        Ok(mut locked) => locked.commit_batch(&[commit(text)]).is_ok(),
        Err(_) => false,
    }
}

/// All that a scan tells.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Read {
    /// The texts of the commits, with their numbers.
    pub(crate) commits: Vec<(u64, String)>,
    pub(crate) damages: Vec<Damage>,
    pub(crate) gaps: Vec<Marker>,
}

impl Read {
    pub(crate) fn texts(&self) -> Vec<&str> {
        self.commits.iter().map(|(_, text)| text.as_str()).collect()
    }

    pub(crate) fn numbers(&self) -> Vec<u64> {
        self.commits.iter().map(|(n, _)| *n).collect()
    }

    fn take(&mut self, entry: Entry<'_, String>) -> ControlFlow<()> {
        match entry {
            Entry::Commit { n, value, .. } => self.commits.push((n, value)),
            Entry::Damaged { damage, .. } => self.damages.push(damage),
            Entry::Gap { marker, .. } => self.gaps.push(marker.clone()),
            Entry::Segment { .. } => {}
        }
        ControlFlow::Continue(())
    }
}

/// The text of a commit's first record.
pub(crate) fn text_of(commit: &RawCommit<'_>) -> String {
    let record: serde_json::Value = serde_json::from_str(commit.records[0]).unwrap_or_default();
    record["text"].as_str().unwrap_or("(no text)").to_owned()
}

/// Reads everything that is published, in one thread and in two, and checks that both tell the same.
pub(crate) fn read(journal: &Journal) -> Read {
    let (one, at_one) = read_from(journal, &journal.start(), 0);
    let (two, at_two) = read_from(journal, &journal.start(), 2);
    assert_eq!(one, two, "the number of workers must not matter");
    assert_eq!(at_one, at_two);
    one
}

/// Reads everything that is published, unless the disk fails.
pub(crate) fn try_read(journal: &Journal) -> Result<Read, JournalError> {
    let mut read = Read::default();
    journal.scan(&journal.start(), 0, text_of, |entry| read.take(entry))?;
    Ok(read)
}

pub(crate) fn read_from(journal: &Journal, from: &Position, workers: usize) -> (Read, Position) {
    let mut read = Read::default();
    let at = journal
        .scan(from, workers, text_of, |entry| read.take(entry))
        .expect("a scan");
    (read, at)
}

/// The texts `one`, `two` … as tests number them.
pub(crate) fn numbered(count: usize) -> Vec<String> {
    (1..=count).map(|n| format!("text number {n}")).collect()
}

/// A journal with `count` commits of the texts [`numbered`].
pub(crate) fn filled(count: usize) -> (SimDisk, Journal) {
    let (disk, journal) = simulated();
    let texts = numbered(count);
    let commits: Vec<_> = texts.iter().map(|text| commit(text)).collect();
    let mut locked = journal.lock(WAIT).expect("the lock");
    for batch in commits.chunks(100) {
        locked.commit_batch(batch).expect("written");
    }
    drop(locked);
    (disk, journal)
}

/// The lines of a file of a simulated journal, without newlines.
pub(crate) fn lines(disk: &SimDisk, name: &str) -> Vec<String> {
    let bytes = disk.peek(&sim_path(name)).expect("the file");
    let text = String::from_utf8(bytes).expect("text");
    text.lines().map(str::to_owned).collect()
}

/// Puts a file of a simulated journal in place, behind the journal's back.
pub(crate) fn put_lines(disk: &SimDisk, name: &str, lines: &[String]) {
    let text = lines.join("\n") + "\n";
    disk.tamper(&sim_path(name), text.as_bytes())
        .expect("tampered");
}

/// Removes the head, so that only the journal itself can tell where it ends.
pub(crate) fn forget_head(disk: &SimDisk) {
    drop(disk.remove_file(&sim_path(".watchbook/head")));
}
