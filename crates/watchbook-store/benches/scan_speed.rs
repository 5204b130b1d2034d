//! How fast a journal is read from cold: writes about 200 MB of 400-byte commits, then scans them.
//!
//! `cargo bench -p watchbook-store --bench scan_speed`
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    reason = "a measurement, run by hand: it reads the clock, prints, and may stop at the first error"
)]

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use watchbook_core::{Clock, StoreId, Timestamp};
use watchbook_store::disk::RealDisk;
use watchbook_store::journal::{
    Entry, FsyncPolicy, Journal, Place, PreparedCommit, RawCommit, Settings,
};

const COMMITS: usize = 400_000;
const BATCH: usize = 250;
const WAIT: Duration = Duration::from_secs(10);

#[derive(Debug)]
struct Fixed;

impl Clock for Fixed {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_771_840_800_000)
    }
}

/// Runs `work` three times and prints the best.
fn measure(name: &str, bytes: u64, mut work: impl FnMut()) {
    let best = (0..3).map(|_| {
        let start = Instant::now();
        work();
        start.elapsed()
    });
    let best = best.min().unwrap();
    let rate = bytes as f64 / 1e6 / best.as_secs_f64();
    println!(
        "{name:<42} {:>8.1} ms {rate:>8.0} MB/s",
        best.as_secs_f64() * 1e3
    );
}

/// A record as the store writes it, about 250 bytes long.
fn record(n: usize) -> String {
    format!(
        r#"{{"salt":"{n:016x}","event":{{"id":"evt_{n:032x}","incident":"inc_20260223_1000_a1b2c3","type":"note","message":"p99 latency of the gateway is at {n} ms, above its objective","meta":{{"dashboard":"latency"}},"source":"agent"}}}}"#
    )
}

fn fill(journal: &Journal) -> u64 {
    let by = r#"{"agent":"sofiia","request":"req_0123456789abcdef","via":"key","source":"agent"}"#;
    let mut locked = journal.lock(WAIT).unwrap();
    for batch in 0..COMMITS / BATCH {
        let commits = (0..BATCH)
            .map(|n| PreparedCommit::new(Fixed.now(), by, &[record(batch * BATCH + n)]).unwrap());
        locked.commit_batch(&commits.collect::<Vec<_>>()).unwrap();
    }
    locked.end().offset
}

fn scan<T: Send>(journal: &Journal, workers: usize, parse: impl Fn(&RawCommit<'_>) -> T + Sync) {
    let mut commits = 0;
    let visit = |entry: Entry<'_, T>| {
        commits += usize::from(matches!(entry, Entry::Commit { .. }));
        ControlFlow::Continue(())
    };
    journal
        .scan(&journal.start(), workers, parse, visit)
        .unwrap();
    assert_eq!(commits, COMMITS);
}

fn main() {
    let dir = tempfile::tempdir().unwrap();
    let settings = Settings {
        fsync: FsyncPolicy::Never,
        ..Settings::default()
    };
    let place = Place::new(dir.path(), "events");
    let journal = Journal::create(
        Arc::new(RealDisk),
        Arc::new(Fixed),
        place,
        settings,
        StoreId::from_bits(1),
        WAIT,
    )
    .unwrap();
    let start = Instant::now();
    let bytes = fill(&journal);
    println!(
        "{COMMITS} commits, {} bytes each, written in {:.1} s",
        bytes / COMMITS as u64,
        start.elapsed().as_secs_f64()
    );
    let path = dir.path().join("events.jsonl");
    measure("read the file", bytes, || {
        drop(std::fs::read(&path).unwrap());
    });
    let whole = std::fs::read(&path).unwrap();
    measure("split it into lines", bytes, || {
        assert_eq!(memchr::memchr_iter(b'\n', &whole).count(), COMMITS + 1);
    });
    drop(whole);
    for workers in [0, 1, 2] {
        measure(
            &format!("scan, {workers} workers, records not parsed"),
            bytes,
            || scan(&journal, workers, |_| ()),
        );
    }
    let parse = |commit: &RawCommit<'_>| -> Vec<serde_json::Value> {
        commit
            .records
            .iter()
            .map(|record| serde_json::from_str(record).unwrap())
            .collect()
    };
    measure("scan, 2 workers, records as JSON values", bytes, || {
        scan(&journal, 2, parse);
    });
    measure("verify, 2 workers", bytes, || {
        assert!(journal.verify(None, 2, |_| None).unwrap().is_whole());
    });
}
