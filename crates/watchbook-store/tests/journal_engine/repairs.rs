//! Repair: damage is set aside and marked, whatever is proven whole is kept, and the journal verifies again.

use watchbook_store::disk::sim::{Fault, SplitMix};
use watchbook_store::disk::{Disk, SimDisk};
use watchbook_store::journal::{AnchorCheck, Flaw, Journal, JournalError, Repaired};

use crate::fixture::{
    Read, WAIT, as_disk, filled, forget_head, lines, on, open_in, put_lines, read, recovered,
    settings, sim_dir, sim_path, write,
};

const EVENTS: &str = "events.jsonl";
const ASIDE: &str = "events.jsonl.damaged-20260223T100000Z";

fn repair(disk: &SimDisk) -> (Journal, Repaired) {
    let journal = open_in(&as_disk(disk), &sim_dir(), settings()).expect("opened");
    let repaired = journal.repair(WAIT).expect("repaired");
    (journal, repaired)
}

/// Checks that the repaired journal has nothing wrong, goes on, and has these commits missing.
fn check(disk: &SimDisk, journal: &Journal, last: u64, missing: &[u64]) -> Read {
    let report = journal.verify(None, 0, |_| None).expect("verified");
    assert_eq!(report.damages, []);
    let seen = read(journal);
    let there = seen.numbers();
    let gone: Vec<u64> = (1..=last).filter(|n| !there.contains(n)).collect();
    assert_eq!(gone, missing, "{seen:?}");
    let marked: Vec<u64> = seen
        .gaps
        .iter()
        .flat_map(|gap| gap.damaged.from..=gap.n)
        .collect();
    assert_eq!(marked, missing, "the markers say so");
    write(journal, &["afterwards"]);
    let again = recovered(disk);
    assert_eq!(
        read(&again).commits.last(),
        Some(&(last + 1, "afterwards".to_owned()))
    );
    assert!(
        again
            .verify(None, 0, |_| None)
            .expect("verified")
            .is_whole()
    );
    seen
}

#[test]
fn a_whole_journal_is_left_alone() {
    let (disk, journal) = filled(10);
    let before = disk.peek(&sim_path(EVENTS));
    let end = journal.published().expect("an end");
    let (journal, repaired) = repair(&disk);
    assert_eq!(repaired, Repaired::default());
    assert_eq!(
        (
            disk.peek(&sim_path(EVENTS)),
            journal.published().expect("an end")
        ),
        (before, end)
    );
}

#[test]
fn a_damaged_line_is_set_aside_and_marked() {
    let (disk, _) = filled(10);
    let mut changed = lines(&disk, EVENTS);
    changed[5] = changed[5].replace("text", "texd");
    let damaged = format!("{}\n", changed[5]);
    let anchor: serde_json::Value = serde_json::from_str(&changed[10]).expect("JSON");
    put_lines(&disk, EVENTS, &changed);
    let (journal, repaired) = repair(&disk);
    assert_eq!(
        (repaired.found.len(), repaired.left.len(), repaired.markers),
        (1, 0, 1)
    );
    assert_eq!(repaired.aside.as_deref(), Some(ASIDE));
    assert_eq!(
        disk.peek(&sim_path(ASIDE)).expect("aside"),
        damaged.as_bytes()
    );
    let seen = check(&disk, &journal, 10, &[5]);
    insta::assert_snapshot!(serde_json::to_string(&seen.gaps[0]).expect("JSON"));
    // The chain went through the damaged line, so everything after it is proven still.
    let anchor = anchor["h"].as_str().expect("h").parse().expect("a digest");
    let report = journal.verify(Some(anchor), 0, |_| None).expect("verified");
    assert_eq!(
        (report.anchor, report.gaps.len()),
        (AnchorCheck::Damaged { n: 10 }, 1)
    );
}

#[test]
fn lost_lines_are_marked() {
    let (disk, _) = filled(10);
    let mut changed = lines(&disk, EVENTS);
    changed.drain(3..6);
    put_lines(&disk, EVENTS, &changed);
    forget_head(&disk);
    let (journal, repaired) = repair(&disk);
    assert_eq!((repaired.aside, repaired.markers), (None, 1));
    check(&disk, &journal, 10, &[3, 4, 5]);
}

#[test]
fn copies_and_strays_are_set_aside_without_a_mark() {
    let (base, _) = filled(10);
    let original = lines(&base, EVENTS);
    for stray in [
        original[3].clone(),
        "nonsense".to_owned(),
        String::new(),
        original[0].clone(),
    ] {
        let disk = base.fork();
        let mut changed = original.clone();
        changed.insert(7, stray);
        put_lines(&disk, EVENTS, &changed);
        forget_head(&disk);
        let (journal, repaired) = repair(&disk);
        assert_eq!(
            (repaired.markers, repaired.left.len()),
            (0, 0),
            "{:?}",
            repaired.found
        );
        check(&disk, &journal, 10, &[]);
        assert_eq!(lines(&disk, EVENTS)[..11], original);
    }
}

#[test]
fn fields_that_can_be_computed_are_put_right() {
    let (base, _) = filled(10);
    let original = lines(&base, EVENTS);
    let line: serde_json::Value = serde_json::from_str(&original[4]).expect("JSON");
    let (d, h) = (
        line["d"].as_str().expect("d").to_owned(),
        line["h"].as_str().expect("h").to_owned(),
    );
    let header = (0, original[0].clone(), "{}".to_owned());
    let last: serde_json::Value = serde_json::from_str(&original[10]).expect("JSON");
    let last_h = last["h"].as_str().expect("h").to_owned();
    for (index, from, to) in [
        (4, d, "0".repeat(64)),
        (4, h, "x".repeat(64)),
        (10, last_h, "a".repeat(64)),
        header,
    ] {
        let disk = base.fork();
        let mut changed = original.clone();
        changed[index] = changed[index].replace(&from, &to);
        let same_length = changed[index].len() == original[index].len();
        put_lines(&disk, EVENTS, &changed);
        if !same_length {
            forget_head(&disk);
            // Without head or header nobody can tell which store it is.
            assert!(open_in(&as_disk(&disk), &sim_dir(), settings()).is_err());
            continue;
        }
        let (journal, repaired) = repair(&disk);
        assert_eq!(
            (repaired.found.len(), repaired.markers, repaired.left.len()),
            (1, 0, 0),
            "{repaired:?}"
        );
        assert_eq!(lines(&disk, EVENTS), original, "line {index} is as it was");
        check(&disk, &journal, 10, &[]);
    }
}

#[test]
fn a_damaged_header_is_written_anew() {
    let (disk, _) = filled(5);
    let original = lines(&disk, EVENTS);
    let mut changed = original.clone();
    changed[0] = changed[0].replace("\"first_n\":1", "\"first_n\":7");
    put_lines(&disk, EVENTS, &changed);
    let (journal, repaired) = repair(&disk);
    assert_eq!((repaired.found.len(), repaired.left.len()), (1, 0));
    assert_eq!(
        disk.peek(&sim_path(ASIDE)).expect("aside"),
        format!("{}\n", changed[0]).as_bytes()
    );
    assert_eq!(lines(&disk, EVENTS), original);
    check(&disk, &journal, 5, &[]);
}

#[test]
fn a_cut_journal_goes_on_where_it_was_published() {
    let (disk, journal) = filled(10);
    let published = journal.published().expect("an end");
    put_lines(&disk, EVENTS, &lines(&disk, EVENTS)[..8]);
    assert!(matches!(journal.lock(WAIT), Err(JournalError::Corrupt(_))));
    let (journal, repaired) = repair(&disk);
    assert_eq!(
        (repaired.markers, repaired.left.len()),
        (1, 0),
        "{repaired:?}"
    );
    let end = journal.published().expect("an end");
    assert_eq!((end.n, end.chain), (published.n, published.chain));
    check(&disk, &journal, 10, &[8, 9, 10]);
}

#[test]
fn a_forged_link_is_marked_and_not_covered_up() {
    let (disk, _) = filled(10);
    let (other, forged) = crate::fixture::simulated();
    for (index, text) in crate::fixture::numbered(10).iter().enumerate() {
        write(&forged, &[if index == 4 { "tixt number 5" } else { text }]);
    }
    let mut mixed = lines(&disk, EVENTS);
    mixed[5] = lines(&other, EVENTS)[5].clone();
    put_lines(&disk, EVENTS, &mixed);
    let before: serde_json::Value = serde_json::from_str(&mixed[10]).expect("JSON");
    let (journal, repaired) = repair(&disk);
    assert_eq!(
        (repaired.markers, repaired.left.len()),
        (1, 0),
        "{repaired:?}"
    );
    let seen = read(&journal);
    assert_eq!(
        (seen.gaps[0].damaged.from, seen.gaps[0].n),
        (6, 5),
        "nothing is missing, but the chain breaks there"
    );
    let after: serde_json::Value =
        serde_json::from_str(lines(&disk, EVENTS).last().expect("a line")).expect("JSON");
    assert_eq!(after["h"], before["h"], "no hash was made to fit");
}

#[test]
fn what_cannot_be_repaired_is_left_and_named() {
    let disk = SimDisk::new();
    let journal = crate::fixture::create_in(
        &as_disk(&disk),
        &sim_dir(),
        crate::workload::small_segments(),
    )
    .expect("made");
    for n in 0..12 {
        write(&journal, &[&format!("{n} {}", "z".repeat(1500))]);
    }
    disk.remove_file(&sim_path("events-000001.jsonl"))
        .expect("removed");
    let repaired = journal.repair(WAIT).expect("done");
    assert_eq!(
        repaired
            .left
            .iter()
            .map(|damage| &damage.flaw)
            .collect::<Vec<_>>(),
        [&Flaw::MissingSegment { segment: 1 }]
    );
}

#[test]
fn a_journal_of_another_store_is_refused() {
    let (disk, _) = filled(10);
    let foreign = lines(&disk, EVENTS)[0].replace("0123456789abcdef", "fedcba9876543210");
    put_lines(&disk, EVENTS, &[foreign]);
    let journal = open_in(&as_disk(&disk), &sim_dir(), settings()).expect("opened");
    assert!(matches!(
        journal.repair(WAIT),
        Err(JournalError::Corrupt(_))
    ));
}

#[test]
fn any_damage_is_repaired_so_that_nothing_is_wrong_afterwards() {
    let (base, _) = filled(40);
    let whole = base.peek(&sim_path(EVENTS)).expect("the file");
    for seed in 0..150 {
        let mut random = SplitMix::new(seed);
        let mut bytes = whole.clone();
        for _ in 0..=random.below(6) {
            meddle(&mut bytes, &mut random);
        }
        let disk = base.fork();
        disk.tamper(&sim_path(EVENTS), &bytes).expect("tampered");
        let journal =
            open_in(&as_disk(&disk), &sim_dir(), settings()).expect("the head knows the store");
        let before = read(&journal);
        let repaired = match journal.repair(WAIT) {
            Ok(repaired) => repaired,
            // A header that was changed to name another store, or a newer format.
            Err(JournalError::Corrupt(_) | JournalError::NewerFormat { .. }) => continue,
            Err(error) => panic!("seed {seed}: {error}"),
        };
        assert_eq!(repaired.left, [], "seed {seed}");
        assert!(
            journal
                .verify(None, 0, |_| None)
                .expect("verified")
                .is_whole(),
            "seed {seed}"
        );
        let after = read(&journal);
        let kept = before
            .commits
            .iter()
            .all(|commit| after.commits.contains(commit));
        assert!(kept, "seed {seed}: what was readable stays");
        write(&journal, &["afterwards"]);
        assert_eq!(
            read(&recovered(&disk)).texts().last(),
            Some(&"afterwards"),
            "seed {seed}"
        );
        let again = journal.repair(WAIT).expect("repaired");
        assert_eq!(again, Repaired::default(), "seed {seed}: once is enough");
    }
}

/// Does one bad thing: a flip, a lost line, a doubled line, two swapped lines, a lost byte, a cut.
fn meddle(bytes: &mut Vec<u8>, random: &mut SplitMix) {
    let at = usize::try_from(random.below(bytes.len() as u64 - 1)).expect("small");
    let start = bytes[..at]
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |newline| newline + 1);
    let end = bytes[at..]
        .iter()
        .position(|byte| *byte == b'\n')
        .map_or(bytes.len(), |newline| at + newline + 1);
    let line = bytes[start..end].to_vec();
    match random.below(6) {
        0 | 1 => bytes[at] ^= u8::try_from(1 + random.below(255)).expect("small"),
        2 => drop(bytes.drain(start..end)),
        3 => drop(bytes.splice(end..end, line)),
        4 => drop(bytes.remove(at)),
        _ => {
            bytes.drain(start..end);
            let next = bytes[start..]
                .iter()
                .position(|byte| *byte == b'\n')
                .map_or(bytes.len(), |newline| start + newline + 1);
            bytes.splice(next..next, line);
        }
    }
}

#[test]
fn a_repair_that_is_cut_off_can_be_done_again() {
    let (base, _) = filled(10);
    let mut changed = lines(&base, EVENTS);
    changed[5] = changed[5].replace("text", "texd");
    put_lines(&base, EVENTS, &changed);
    let rehearsal = base.fork();
    drop(repair(&rehearsal));
    for step in 0..rehearsal.operations() {
        let disk = base.fork();
        disk.fail_at(step, Fault::PowerCut);
        if let Ok(journal) = open_in(&as_disk(&disk), &sim_dir(), settings()) {
            drop(journal.repair(WAIT));
        }
        let disk = disk.crash(step);
        drop(on(&disk).lock(WAIT).expect("writable"));
        let (journal, _) = repair(&disk);
        check(&disk, &journal, 10, &[5]);
    }
}
