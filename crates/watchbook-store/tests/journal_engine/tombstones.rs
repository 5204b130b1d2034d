//! Redaction: a text is gone from the file for good, and the log still proves itself.

use watchbook_store::journal::{AnchorCheck, Flaw, InvalidCommit, JournalError, tombstone_digest};

use crate::fixture::{WAIT, filled, lines, on, put_lines, read, record, sim_path, write};
use crate::workload::{authorises, tombstone};

#[test]
fn a_redacted_text_is_gone_and_the_log_still_verifies() {
    let (disk, journal) = filled(10);
    let anchor = journal.verify(None, 0, authorises).expect("verified").end;
    let tombstone = tombstone("text number 4");
    write(
        &journal,
        &[&format!("redaction {}", tombstone_digest(&tombstone))],
    );
    let mut locked = journal.lock(WAIT).expect("the lock");
    let before = locked.end();
    let after = locked.rewrite(4, 0, &tombstone).expect("rewritten");
    assert_eq!(
        (after.n, after.chain, after.generation),
        (before.n, before.chain, before.generation + 1)
    );
    drop(locked);
    let bytes = disk.peek(&sim_path("events.jsonl")).expect("the file");
    assert!(
        !String::from_utf8(bytes)
            .expect("text")
            .contains("text number 4")
    );
    let seen = read(&journal);
    assert_eq!(
        seen.texts()[2..5],
        ["text number 3", "(no text)", "text number 5"]
    );
    let report = journal
        .verify(Some(anchor.chain), 0, authorises)
        .expect("verified");
    assert!(report.is_whole(), "{report:?}");
    assert_eq!(
        (report.tombstones, report.anchor),
        (1, AnchorCheck::Holds { n: 10 })
    );
    write(&journal, &["goes on"]);
    assert_eq!(read(&on(&disk)).commits.len(), 12);
}

#[test]
fn positions_of_before_do_not_hold() {
    let (_disk, journal) = filled(5);
    let position = journal.published().expect("an end");
    let mut locked = journal.lock(WAIT).expect("the lock");
    locked
        .rewrite(2, 0, &tombstone("text number 2"))
        .expect("rewritten");
    let refused = locked.catch_up(
        &position,
        0,
        |_| (),
        |_| std::ops::ControlFlow::Continue(()),
    );
    assert!(
        matches!(refused, Err(JournalError::Replaced)),
        "{refused:?}"
    );
    drop(locked);
    let refused = journal.scan(
        &position,
        0,
        |_| (),
        |_| std::ops::ControlFlow::Continue(()),
    );
    assert!(
        matches!(refused, Err(JournalError::Replaced)),
        "{refused:?}"
    );
    assert!(!journal.holds(&position).expect("checked"));
}

#[test]
fn another_process_notices() {
    let (disk, journal) = filled(5);
    let other = on(&disk);
    write(&other, &["six"]);
    let mut locked = journal.lock(WAIT).expect("the lock");
    locked
        .rewrite(2, 0, &tombstone("text number 2"))
        .expect("rewritten");
    drop(locked);
    write(&other, &["seven"]);
    assert_eq!(read(&journal).commits.len(), 7);
    assert_eq!(read(&other).texts()[1], "(no text)");
}

#[test]
fn a_tombstone_that_nobody_authorised_is_damage() {
    let (disk, _) = filled(5);
    let mut changed = lines(&disk, "events.jsonl");
    changed[3] = changed[3].replace(&record("text number 3"), &tombstone("text number 3"));
    put_lines(&disk, "events.jsonl", &changed);
    crate::fixture::forget_head(&disk);
    let journal = on(&disk);
    let report = journal.verify(None, 0, authorises).expect("verified");
    let found: Vec<_> = report
        .damages
        .iter()
        .map(|damage| (damage.line, &damage.flaw))
        .collect();
    assert_eq!(found, [(4, &Flaw::Tombstone)]);
    assert_eq!(report.tombstones, 1);
}

#[test]
fn a_tombstone_altered_after_its_authorisation_is_damage() {
    let (disk, journal) = filled(5);
    let right = tombstone("text number 3");
    write(
        &journal,
        &[&format!("redaction {}", tombstone_digest(&right))],
    );
    let mut locked = journal.lock(WAIT).expect("the lock");
    locked.rewrite(3, 0, &right).expect("rewritten");
    drop(locked);
    assert!(
        journal
            .verify(None, 0, authorises)
            .expect("verified")
            .is_whole()
    );
    let mut changed = lines(&disk, "events.jsonl");
    changed[3] = changed[3].replace("\"reason\":\"test\"", "\"reason\":\"jest\"");
    put_lines(&disk, "events.jsonl", &changed);
    let report = journal.verify(None, 0, authorises).expect("verified");
    assert_eq!(
        report
            .damages
            .iter()
            .map(|damage| &damage.flaw)
            .collect::<Vec<_>>(),
        [&Flaw::Tombstone]
    );
}

#[test]
fn what_is_not_a_tombstone_of_the_record_is_refused() {
    let (disk, journal) = filled(5);
    let before = disk.peek(&sim_path("events.jsonl"));
    let mut locked = journal.lock(WAIT).expect("the lock");
    let wrong = [
        tombstone("text number 2"),
        record("text number 3"),
        tombstone("text number 3").replace("true", "false"),
        "not JSON".to_owned(),
    ];
    for wrong in wrong {
        let error = locked.rewrite(3, 0, &wrong).expect_err("refused");
        let invalid = matches!(
            error,
            JournalError::Invalid(InvalidCommit::NotATombstone | InvalidCommit::NotAnObject(_))
        );
        assert!(invalid, "{error:?}");
    }
    for (n, index) in [(9, 0), (3, 1), (0, 0)] {
        let error = locked
            .rewrite(n, index, &tombstone("text number 3"))
            .expect_err("refused");
        assert!(
            matches!(error, JournalError::NoSuchRecord { .. }),
            "{error:?}"
        );
    }
    drop(locked);
    assert_eq!(disk.peek(&sim_path("events.jsonl")), before);
}

#[test]
fn a_tombstone_may_be_replaced_by_another_of_the_same_record() {
    let (_disk, journal) = filled(3);
    let mut locked = journal.lock(WAIT).expect("the lock");
    let first = tombstone("text number 2");
    locked.rewrite(2, 0, &first).expect("rewritten");
    locked
        .rewrite(2, 0, &first.replace("test", "another reason"))
        .expect("rewritten again");
    drop(locked);
    assert_eq!(read(&journal).damages, []);
}

#[test]
fn a_sealed_segment_can_be_rewritten_too() {
    let disk = watchbook_store::disk::SimDisk::new();
    let journal = crate::fixture::create_in(
        &crate::fixture::as_disk(&disk),
        &crate::fixture::sim_dir(),
        crate::workload::small_segments(),
    )
    .expect("made");
    let filler = "z".repeat(1500);
    for n in 1..=12 {
        write(&journal, &[&format!("{n} {filler}")]);
    }
    let mut locked = journal.lock(WAIT).expect("the lock");
    let end = locked.end();
    let after = locked
        .rewrite(2, 0, &tombstone(&format!("2 {filler}")))
        .expect("rewritten");
    assert_eq!(
        (after.offset, after.segment, after.line),
        (end.offset, end.segment, end.line)
    );
    drop(locked);
    let seen = read(&journal);
    assert_eq!(
        (seen.commits.len(), seen.texts()[1], seen.damages.len()),
        (12, "(no text)", 0)
    );
    write(&journal, &["goes on"]);
    assert_eq!(read(&on(&disk)).commits.len(), 13);
}
