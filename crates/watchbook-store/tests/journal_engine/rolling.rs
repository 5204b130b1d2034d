//! Segments: sealed when full, read as one journal, each provable on its own.

use watchbook_store::disk::sim::{Fault, Op};
use watchbook_store::disk::{Disk, SimDisk};
use watchbook_store::journal::{Flaw, Journal, Place};

use crate::fixture::{as_disk, create_in, lines, read, read_from, sim_dir, sim_path, write};
use crate::workload::small_segments;

fn rolled(commits: usize) -> (SimDisk, Journal) {
    let disk = SimDisk::new();
    let journal = open(&disk);
    let filler = "z".repeat(1500);
    for n in 1..=commits {
        write(&journal, &[&format!("{n} {filler}")]);
    }
    (disk, journal)
}

fn open(disk: &SimDisk) -> Journal {
    create_in(&as_disk(disk), &sim_dir(), small_segments()).expect("a journal")
}

fn segments(disk: &SimDisk) -> Vec<String> {
    let mut names = disk.read_dir(&sim_dir()).expect("listed");
    names.retain(|name| name.starts_with("events"));
    names
}

#[test]
fn a_full_segment_is_sealed_and_all_are_read_as_one() {
    let (disk, journal) = rolled(20);
    assert_eq!(
        segments(&disk),
        [
            "events-000001.jsonl",
            "events-000002.jsonl",
            "events-000003.jsonl",
            "events-000004.jsonl",
            "events.jsonl"
        ]
    );
    for name in segments(&disk) {
        assert!(
            disk.peek(&sim_path(&name)).expect("the file").len() <= 8 << 10,
            "{name}"
        );
    }
    assert_eq!(read(&journal).numbers(), (1..=20).collect::<Vec<_>>());
    let report = journal.verify(None, 2, |_| None).expect("verified");
    assert!(report.is_whole());
    assert_eq!((report.segments, report.commits), (5, 20));
}

#[test]
fn each_header_ties_its_segment_to_the_one_before() {
    let (disk, _) = rolled(6);
    let before = lines(&disk, "events-000001.jsonl");
    let last: serde_json::Value = serde_json::from_str(&before[before.len() - 1]).expect("JSON");
    let header: serde_json::Value =
        serde_json::from_str(&lines(&disk, "events.jsonl")[0]).expect("JSON");
    assert_eq!(header["anchor"], last["h"]);
    assert_eq!(header["first_n"], last["n"].as_u64().expect("n") + 1);
    assert_eq!(header["segment"], 2);
}

#[test]
fn a_reader_goes_on_through_a_seal() {
    let (_disk, journal) = rolled(3);
    let (_, at) = read_from(&journal, &journal.start(), 0);
    let filler = "z".repeat(1500);
    for n in 4..=12 {
        write(&journal, &[&format!("{n} {filler}")]);
    }
    let (more, end) = read_from(&journal, &at, 2);
    assert_eq!(more.numbers(), (4..=12).collect::<Vec<_>>());
    assert!(journal.holds(&at).expect("checked") && end.segment > at.segment);
}

#[test]
fn a_commit_larger_than_a_segment_gets_one_of_its_own() {
    let disk = SimDisk::new();
    let journal = open(&disk);
    let large = "z".repeat(20 << 10);
    write(&journal, &[&large, "small", &large, &large, "small"]);
    assert_eq!(read(&journal).numbers(), [1, 2, 3, 4, 5]);
    assert_eq!(segments(&disk).len(), 4 + 1);
}

#[test]
fn a_fault_at_any_step_of_sealing_loses_nothing() {
    let (base, _) = rolled(4);
    let filler = "z".repeat(6000);
    let rehearsal = base.fork();
    let journal = open(&rehearsal);
    let before = rehearsal.operations();
    write(&journal, &[&filler]);
    assert_eq!(segments(&rehearsal).len(), 2, "the rehearsal seals");
    for step in before..rehearsal.operations() {
        for fault in [Fault::Error(std::io::ErrorKind::Other), Fault::PowerCut] {
            let disk = base.fork();
            let journal = open(&disk);
            disk.fail_at(step, fault);
            let done = crate::fixture::try_write_if_locked(&journal, &filler);
            for disk in [disk.crash(step), disk.fork()] {
                let after = open(&disk);
                write(&after, &["next"]);
                let seen = read(&after);
                assert_eq!(seen.damages, [], "step {step} {fault:?}");
                let there = seen.texts().contains(&filler.as_str());
                assert!(there || !done, "acknowledged and lost at step {step}");
                assert_eq!(
                    seen.numbers(),
                    (1..=seen.commits.len() as u64).collect::<Vec<_>>()
                );
                assert_eq!(seen.texts().last(), Some(&"next"));
            }
        }
    }
}

#[test]
fn a_writer_that_could_not_seal_tries_again() {
    let (disk, journal) = rolled(4);
    let filler = "z".repeat(6000);
    for op in [Op::Rename, Op::SyncDir] {
        disk.fail_nth(op, 0, Fault::Error(std::io::ErrorKind::Other));
        assert!(crate::fixture::try_write(&journal, &filler).is_err());
        write(&journal, &["now"]);
    }
    assert_eq!(read(&journal).numbers(), (1..=6).collect::<Vec<_>>());
    assert!(read(&open(&disk)).damages.is_empty());
}

#[test]
fn a_missing_segment_is_named_and_the_others_read() {
    let (disk, _) = rolled(20);
    let gone = lines(&disk, "events-000002.jsonl").len() - 1;
    disk.remove_file(&sim_path("events-000002.jsonl"))
        .expect("removed");
    let journal = open(&disk);
    let seen = read(&journal);
    assert_eq!(seen.commits.len(), 20 - gone);
    let flaws: Vec<_> = seen.damages.iter().map(|damage| &damage.flaw).collect();
    assert_eq!(flaws, [&Flaw::MissingSegment { segment: 2 }]);
    write(&journal, &["goes on"]);
    assert_eq!(read(&journal).numbers().last(), Some(&21));
}

#[test]
fn a_missing_beginning_is_named_once() {
    let (disk, _) = rolled(20);
    for segment in 1..=3 {
        disk.remove_file(
            &Place::new(sim_dir(), "events")
                .dir()
                .join(format!("events-00000{segment}.jsonl")),
        )
        .expect("removed");
    }
    let seen = read(&open(&disk));
    let flaws: Vec<_> = seen.damages.iter().map(|damage| &damage.flaw).collect();
    assert_eq!(flaws, [&Flaw::MissingSegment { segment: 3 }]);
    assert_eq!(seen.numbers().last(), Some(&20));
}

#[test]
fn damage_in_a_sealed_segment_is_found_at_its_place() {
    let (disk, journal) = rolled(20);
    let mut changed = lines(&disk, "events-000002.jsonl");
    changed[2] = changed[2].replace("zzz", "zyz");
    let byte = (changed[0].len() + changed[1].len() + 2) as u64;
    let text = changed.join("\n") + "\n";
    disk.tamper(&sim_path("events-000002.jsonl"), text.as_bytes())
        .expect("tampered");
    let report = journal.verify(None, 0, |_| None).expect("verified");
    let found: Vec<_> = report.damages.iter().map(ToString::to_string).collect();
    let expected = format!(
        "events-000002.jsonl line 3 (byte {byte}): its content was changed: it does not have the digest it had when written"
    );
    assert_eq!(found, [expected]);
    assert_eq!(read(&journal).commits.len(), 19);
}
