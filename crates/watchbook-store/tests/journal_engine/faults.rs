//! Each single fault at each step: whatever the disk refuses, what was promised holds, at once and after a power cut.

use std::io::ErrorKind;
use std::sync::Arc;

use watchbook_store::disk::sim::{Fault, Op};
use watchbook_store::disk::{Disk, SimDisk};
use watchbook_store::journal::{CommitError, JournalError, Notice};

use crate::fixture::{
    WAIT, as_disk, filled, on, read, recovered, sim_path, simulated, try_write, write,
};
use crate::workload::{Promise, Workload};

/// Tries the fault at each step of the short life, and holds the disk to what was promised.
fn at_each_step(fault: Fault) {
    let workload = Workload::short();
    let rehearsal = SimDisk::new();
    let all_well = workload.run(&as_disk(&rehearsal));
    assert_eq!(
        all_well.count(Promise::Refused) + all_well.count(Promise::InDoubt),
        0
    );
    let mut refused = 0;
    for step in 0..rehearsal.operations() {
        let sim = SimDisk::new();
        sim.fail_at(step, fault);
        let promises = workload.run(&as_disk(&sim));
        refused += promises.count(Promise::Refused);
        let check = |disk: &SimDisk, when: &str| {
            let result = promises.check(disk);
            result.unwrap_or_else(|broken| panic!("{fault:?} at step {step}, {when}: {broken}"));
        };
        check(&sim.crash(step), "after a power cut");
        check(&sim, "at once");
    }
    assert!(refused > 10, "the faults must hit something: {refused}");
}

#[test]
fn an_error_at_any_step() {
    at_each_step(Fault::Error(ErrorKind::Other));
}

#[test]
fn a_full_disk_at_any_step() {
    at_each_step(Fault::Short(100, ErrorKind::StorageFull));
}

#[test]
fn a_full_disk_refuses_writes_and_reads_go_on_until_there_is_room() {
    let (disk, journal) = filled(3);
    for _ in 0..3 {
        disk.fail_nth(Op::Write, 0, Fault::Short(50, ErrorKind::StorageFull));
        let mut locked = journal.lock(WAIT).expect("the lock");
        let error = locked
            .commit_batch(&[crate::fixture::commit("no room")])
            .expect_err("no room");
        assert!(
            matches!(error, CommitError::NotApplied(_)) && error.is_storage_full(),
            "{error:?}"
        );
        drop(locked);
        assert_eq!(read(&journal).commits.len(), 3);
    }
    write(&journal, &["room again"]);
    assert_eq!(read(&journal).texts()[3..], ["room again"]);
}

#[test]
fn a_failed_sync_is_undone() {
    let (disk, journal) = filled(3);
    let before = disk.peek(&sim_path("events.jsonl"));
    disk.fail_nth(Op::SyncData, 0, Fault::Error(ErrorKind::Other));
    let error = try_write(&journal, "lost").expect_err("not synced");
    assert!(matches!(error, CommitError::NotApplied(_)), "{error:?}");
    assert_eq!(
        disk.peek(&sim_path("events.jsonl")),
        before,
        "nothing is left of it"
    );
    for seed in 0..20 {
        assert_eq!(read(&recovered(&disk.crash(seed))).commits.len(), 3);
    }
    write(&journal, &["kept"]);
    for seed in 0..20 {
        assert_eq!(read(&recovered(&disk.crash(seed))).texts()[3..], ["kept"]);
    }
}

#[test]
fn a_sync_that_keeps_failing_leaves_doubt_and_stops_writing() {
    let (disk, journal) = filled(3);
    disk.fail_all(Op::SyncData, ErrorKind::Other);
    let error = try_write(&journal, "doubtful").expect_err("not synced");
    assert!(matches!(error, CommitError::Unknown(_)), "{error:?}");
    assert_eq!(error.to_string(), "it is not known whether it was written");
    disk.heal();
    assert!(
        matches!(journal.lock(WAIT), Err(JournalError::Poisoned)),
        "refused until reopened"
    );
    assert_eq!(read(&journal).commits.len(), 3, "reads go on");
    let reopened = on(&disk);
    write(&reopened, &["goes on"]);
    assert_eq!(
        read(&reopened).texts()[3..],
        ["goes on"],
        "the undoing had cut the file before its sync failed"
    );
}

#[test]
fn a_write_in_doubt_is_settled_by_whoever_comes_next() {
    let (disk, journal) = filled(3);
    disk.fail_all(Op::SyncData, ErrorKind::Other);
    disk.fail_all(Op::SetLen, ErrorKind::Other);
    assert!(matches!(
        try_write(&journal, "doubtful"),
        Err(CommitError::Unknown(_))
    ));
    disk.heal();
    // The page cache shows the line, but the disk never got it: it must be written again to be kept.
    let next = recovered(&disk);
    assert_eq!(next.take_notices(), [Notice::Adopted { commits: 1 }]);
    assert_eq!(read(&next).texts()[3..], ["doubtful"]);
    for seed in 0..50 {
        let seen = read(&recovered(&disk.crash(seed)));
        assert_eq!(seen.texts()[3..], ["doubtful"], "seed {seed}");
        assert_eq!(seen.damages, [], "seed {seed}");
    }
}

#[test]
fn a_head_that_cannot_be_written_does_not_take_the_commit_back() {
    let (disk, journal) = filled(3);
    journal.take_notices();
    let mut locked = journal.lock(WAIT).expect("the lock");
    disk.fail_nth(Op::Write, 1, Fault::Error(ErrorKind::Other));
    locked
        .commit_batch(&[crate::fixture::commit("fourth")])
        .expect("durable");
    drop(locked);
    assert_eq!(journal.take_notices(), [Notice::Unpublished]);
    assert_eq!(read(&journal).commits.len(), 3, "nobody sees it yet");
    let other = recovered(&disk);
    assert_eq!(read(&other).texts()[3..], ["fourth"]);
    write(&journal, &["fifth"]);
    write(&other, &["sixth"]);
    assert_eq!(read(&journal).numbers(), [1, 2, 3, 4, 5, 6]);
}

#[test]
fn a_disk_that_fails_every_read_is_an_error_not_a_loss() {
    let (disk, journal) = filled(3);
    disk.fail_all(Op::Read, ErrorKind::Other);
    assert!(matches!(journal.published(), Err(JournalError::Io { .. })));
    assert!(matches!(journal.lock(WAIT), Err(JournalError::Io { .. })));
    disk.heal();
    assert_eq!(read(&journal).commits.len(), 3);
    write(&journal, &["after"]);
    let disk: Arc<dyn Disk> = as_disk(&disk);
    drop(disk);
    assert_eq!(read(&journal).commits.len(), 4);
}

#[test]
fn a_fault_while_making_the_journal_can_be_tried_again() {
    let rehearsal = SimDisk::new();
    drop(on(&rehearsal));
    for step in 0..rehearsal.operations() {
        let sim = SimDisk::new();
        sim.fail_at(step, Fault::Error(ErrorKind::Other));
        drop(crate::fixture::create_in(
            &as_disk(&sim),
            &crate::fixture::sim_dir(),
            crate::fixture::settings(),
        ));
        for disk in [sim.crash(step), sim] {
            let journal = on(&disk);
            write(&journal, &["first"]);
            assert_eq!(read(&journal).commits, [(1, "first".into())], "step {step}");
        }
    }
    let (_disk, journal) = simulated();
    assert_eq!(read(&journal).commits, []);
}
