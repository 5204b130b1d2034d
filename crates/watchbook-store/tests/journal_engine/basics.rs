//! Writing and reading when nothing goes wrong.

use std::ops::ControlFlow;
use std::sync::Arc;
use watchbook_store::disk::sim::Op;

use watchbook_core::{StoreId, Timestamp};
use watchbook_store::disk::{Disk, SimDisk, exists};
use watchbook_store::journal::{
    CommitError, Entry, FsyncPolicy, InvalidCommit, Journal, JournalError, MAX_BATCH_BYTES,
    MAX_BATCH_COMMITS, MAX_LINE_BYTES, Place, PreparedCommit, Settings, batch_len,
};

use crate::fixture::{
    WAIT, as_disk, clock, commit, create_in, filled, lines, on, open_in, read, read_from, record,
    recovered, settings, sim_dir, sim_path, simulated, text_of, try_write, write,
};

#[test]
fn what_was_written_is_read_in_order() {
    let (disk, journal) = simulated();
    write(&journal, &["one", "two", "three"]);
    assert_eq!(
        read(&journal).commits,
        [(1, "one".into()), (2, "two".into()), (3, "three".into())]
    );
    let reopened = on(&disk);
    assert_eq!(read(&reopened).texts(), ["one", "two", "three"]);
    assert_eq!(reopened.store_id(), journal.store_id());
    assert_eq!(
        reopened.take_notices(),
        [],
        "an ordinary start has nothing to say"
    );
}

#[test]
fn a_batch_is_numbered_and_located() {
    let (disk, journal) = simulated();
    let mut locked = journal.lock(WAIT).expect("the lock");
    assert_eq!(locked.next_n(), 1);
    let done = locked
        .commit_batch(&[commit("a"), commit("b")])
        .expect("written");
    assert!(done.durable);
    assert_eq!(done.end, locked.end());
    assert_eq!(
        done.commits
            .iter()
            .map(|written| written.n)
            .collect::<Vec<_>>(),
        [1, 2]
    );
    let bytes = disk.peek(&sim_path("events.jsonl")).expect("the file");
    for (written, text) in done.commits.iter().zip(["a", "b"]) {
        let start = usize::try_from(written.location.offset).expect("small");
        let line = &bytes[start..start + written.location.len as usize];
        let line: serde_json::Value = serde_json::from_slice(line).expect("JSON");
        assert_eq!(line["n"], written.n);
        assert_eq!(line["records"][0]["text"], text);
    }
    assert_eq!(bytes.len() as u64, done.end.offset);
}

#[test]
fn the_format_is_frozen() {
    let (disk, journal) = simulated();
    write(&journal, &["naïve \"quoted\" \u{202e} text"]);
    insta::assert_snapshot!(lines(&disk, "events.jsonl").join("\n"));
}

#[test]
fn a_reader_goes_on_where_it_was() {
    let (_disk, journal) = simulated();
    write(&journal, &["one", "two"]);
    let (_, at) = read_from(&journal, &journal.start(), 1);
    write(&journal, &["three"]);
    let (more, after) = read_from(&journal, &at, 1);
    assert_eq!(more.commits, [(3, "three".into())]);
    assert!(journal.holds(&at).expect("checked") && journal.holds(&after).expect("checked"));
    let (none, same) = read_from(&journal, &after, 1);
    assert_eq!((none.commits.len(), same), (0, after));
}

#[test]
fn a_position_of_another_journal_does_not_hold() {
    let (_disk, journal) = filled(5);
    let end = journal.published().expect("an end");
    let wrong = [
        watchbook_store::journal::Position {
            n: end.n - 1,
            ..end
        },
        watchbook_store::journal::Position {
            offset: end.offset - 1,
            ..end
        },
        watchbook_store::journal::Position {
            generation: end.generation + 1,
            ..end
        },
        watchbook_store::journal::Position { segment: 2, ..end },
        watchbook_store::journal::Position {
            chain: journal.start().chain,
            ..end
        },
    ];
    for position in wrong {
        assert!(!journal.holds(&position).expect("checked"), "{position:?}");
    }
    assert!(journal.holds(&end).expect("checked"));
}

#[test]
fn the_visitor_may_stop() {
    let (_disk, journal) = filled(10);
    for workers in [0, 2] {
        let mut seen = 0;
        let stop = |entry: Entry<'_, String>| {
            seen += u64::from(matches!(entry, Entry::Commit { .. }));
            if seen == 3 {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        journal
            .scan(&journal.start(), workers, text_of, stop)
            .expect("a scan");
        assert_eq!(seen, 3);
    }
}

#[test]
fn a_large_journal_reads_the_same_with_any_number_of_workers() {
    let (_disk, journal) = simulated();
    let filler = "x".repeat(3000);
    let mut locked = journal.lock(WAIT).expect("the lock");
    for batch in 0..8 {
        let commits: Vec<_> = (0..100)
            .map(|n| commit(&format!("{batch} {n} {filler}")))
            .collect();
        locked.commit_batch(&commits).expect("written");
    }
    drop(locked);
    let (expected, end) = read_from(&journal, &journal.start(), 0);
    assert_eq!(expected.numbers(), (1..=800).collect::<Vec<_>>());
    for workers in [1, 2, 3, 8] {
        assert_eq!(
            read_from(&journal, &journal.start(), workers),
            (read_from(&journal, &journal.start(), 0).0, end)
        );
    }
    assert_eq!(expected.damages, []);
}

#[test]
fn opening_what_is_not_there_creates_nothing() {
    let disk = SimDisk::new();
    let result = open_in(&as_disk(&disk), &sim_dir(), settings());
    assert!(
        matches!(result, Err(JournalError::NotFound { .. })),
        "{result:?}"
    );
    assert!(!exists(&disk, &sim_dir()).expect("looked"));
}

#[test]
fn reading_changes_nothing() {
    let (disk, journal) = filled(3);
    drop(journal);
    let before = disk.operations();
    disk.record();
    let journal = open_in(&as_disk(&disk), &sim_dir(), settings()).expect("opened");
    assert_eq!(read(&journal).commits.len(), 3);
    assert!(
        journal
            .verify(None, 0, |_| None)
            .expect("verified")
            .is_whole()
    );
    let changes = [
        Op::Write,
        Op::SetLen,
        Op::SyncData,
        Op::SyncDir,
        Op::Rename,
        Op::CreateDir,
        Op::Lock,
        Op::RemoveFile,
    ];
    let log = disk.log();
    assert!(!log.is_empty() && disk.operations() > before);
    assert!(
        log.iter().all(|done| !changes.contains(&done.op)),
        "{log:?}"
    );
}

#[test]
fn a_journal_that_exists_keeps_its_store() {
    let (disk, journal) = filled(2);
    let other = StoreId::from_bits(7);
    let place = Place::new(sim_dir(), "events");
    let again =
        Journal::create(as_disk(&disk), clock(), place, settings(), other, WAIT).expect("opened");
    assert_eq!(again.store_id(), journal.store_id());
}

#[test]
fn what_breaks_the_format_is_refused() {
    let at = Timestamp::EPOCH;
    let good = record("x");
    let by = r#"{"agent":"a"}"#;
    let tombstone = format!(
        r#"{{"salt":"0011223344556677","redacted":true,"digest":"{}"}}"#,
        "0".repeat(64)
    );
    let huge = record(&"x".repeat(MAX_LINE_BYTES));
    let check = |by: &str, records: &[&str], expected: &str| {
        let error = PreparedCommit::new(at, by, records).expect_err(expected);
        assert_eq!(error.to_string(), expected);
    };
    check(
        "[]",
        &[&good],
        "the author of a commit is not a JSON object on one line",
    );
    check(
        "{\"a\":1",
        &[&good],
        "the author of a commit is not a JSON object on one line",
    );
    check(
        "{\"a\":\n1}",
        &[&good],
        "the author of a commit is not a JSON object on one line",
    );
    check(by, &["{}x}"], "a record is not a JSON object on one line");
    check(
        by,
        &["{\"salt\":\"0011223344556677\",\"a\":\"\u{0}\"}"],
        "a record is not a JSON object on one line",
    );
    check(
        by,
        &[r#"{"text":"no salt"}"#],
        "a record does not begin with its salt",
    );
    check(
        by,
        &[r#"{"salt":"short"}"#],
        "a record does not begin with its salt",
    );
    check(
        by,
        &[r#"{"salt":"0011223344556677zz"}"#],
        "a record does not begin with its salt",
    );
    check(
        by,
        &[r#"{"salt":"001122334455667G"}"#],
        "a record does not begin with its salt",
    );
    check(
        by,
        &[&tombstone],
        "a new record has the form of a tombstone",
    );
    check(by, &[], "a commit needs at least one record");
    let error = PreparedCommit::new(at, by, &[&huge]).expect_err("too long");
    assert!(matches!(error, InvalidCommit::TooLong { .. }), "{error}");
}

#[test]
fn batches_have_limits() {
    let small = vec![commit("x"); MAX_BATCH_COMMITS + 1];
    assert_eq!(batch_len(&small), MAX_BATCH_COMMITS);
    let half = vec![commit(&"x".repeat(MAX_BATCH_BYTES / 2)); 3];
    assert_eq!(batch_len(&half), 1);
    let large = vec![commit(&"x".repeat(2 * MAX_BATCH_BYTES)); 2];
    assert_eq!(batch_len(&large), 1, "a large commit goes alone");
    let (_disk, journal) = simulated();
    let mut locked = journal.lock(WAIT).expect("the lock");
    let error = locked.commit_batch(&small).expect_err("too many");
    assert!(
        matches!(
            error,
            CommitError::NotApplied(JournalError::Invalid(InvalidCommit::BatchTooLarge))
        ),
        "{error:?}"
    );
    assert_eq!(locked.next_n(), 1);
    locked.commit_batch(&large[..1]).expect("one large commit");
    let none = locked.commit_batch(&[]).expect("nothing to do");
    assert_eq!((none.commits.len(), none.end), (0, locked.end()));
    drop(locked);
    assert_eq!(read(&journal).numbers(), [1]);
}

#[test]
fn a_line_as_long_as_a_line_may_be_is_read_back() {
    let (_disk, journal) = simulated();
    let longest = "x".repeat(MAX_LINE_BYTES - 400);
    write(&journal, &["before", &longest, "after"]);
    let seen = read(&journal);
    assert_eq!(seen.damages, []);
    assert_eq!(seen.texts(), ["before", &longest, "after"]);
}

#[test]
fn without_a_sync_an_answer_does_not_claim_to_be_durable() {
    for fsync in [FsyncPolicy::Interval, FsyncPolicy::Never] {
        let disk = SimDisk::new();
        let journal = create_in(
            &as_disk(&disk),
            &sim_dir(),
            Settings {
                fsync,
                ..settings()
            },
        )
        .expect("made");
        assert!(!try_write(&journal, "one").expect("written").durable);
        assert_eq!(
            read(&journal).texts(),
            ["one"],
            "it is published all the same"
        );
        let mut locked = journal.lock(WAIT).expect("the lock");
        locked.sync().expect("synced");
        drop(locked);
        assert_eq!(read(&recovered(&disk.crash(1))).texts(), ["one"]);
        try_write(&journal, "two").expect("written");
        for seed in 0..50 {
            let after = recovered(&disk.crash(seed));
            let texts = read(&after);
            assert!(texts.damages.is_empty(), "{texts:?}");
            assert!(
                texts.texts() == ["one"] || texts.texts() == ["one", "two"],
                "{texts:?}"
            );
            write(&after, &["three"]);
        }
    }
}

#[test]
fn two_journals_share_nothing_but_their_files() {
    let (disk, first) = filled(1);
    let second = on(&disk);
    write(&first, &["a"]);
    write(&second, &["b"]);
    write(&first, &["c"]);
    assert_eq!(read(&second).numbers(), [1, 2, 3, 4]);
    let disk: Arc<dyn Disk> = as_disk(&disk);
    assert_eq!(
        read(&open_in(&disk, &sim_dir(), settings()).expect("opened")).texts()[1..],
        ["a", "b", "c"]
    );
}
