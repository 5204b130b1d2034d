//! A changed, lost or added line is found at its place, and nothing else is called damaged.

use std::collections::BTreeSet;

use watchbook_core::Digest;
use watchbook_store::disk::SimDisk;
use watchbook_store::disk::sim::SplitMix;
use watchbook_store::journal::{AnchorCheck, Damage, Flaw, Journal, Verification};

use crate::fixture::{
    Read, as_disk, filled, forget_head, lines, on, open_in, put_lines, read, settings, sim_dir,
    sim_path, write,
};

/// Enough lines to hit every sort of byte.
const LINES: usize = 200;

fn verify(journal: &Journal, anchor: Option<Digest>) -> Verification {
    journal.verify(anchor, 0, |_| None).expect("verified")
}

/// The journal as someone who did not do the tampering opens it.
fn open(disk: &SimDisk) -> Journal {
    open_in(&as_disk(disk), &sim_dir(), settings()).expect("opened")
}

fn flipped(text: &[u8], at: usize, random: &mut SplitMix) -> Vec<u8> {
    let mut bytes = text.to_vec();
    let other = u8::try_from(random.below(255)).expect("small") + 1;
    bytes[at] ^= other;
    bytes
}

/// The numbers that are not there.
fn absent(read: &Read, last: u64) -> Vec<u64> {
    let there: BTreeSet<u64> = read.numbers().into_iter().collect();
    (1..=last).filter(|n| !there.contains(n)).collect()
}

#[test]
fn a_flipped_byte_in_any_line_is_found_there_and_the_rest_reads_and_writes() {
    let (disk, _) = filled(LINES);
    let whole = disk.peek(&sim_path("events.jsonl")).expect("the file");
    let mut random = SplitMix::new(42);
    let mut start = 0;
    for (index, line) in whole.split_inclusive(|byte| *byte == b'\n').enumerate() {
        let number = index as u64 + 1;
        let column = usize::try_from(random.below(line.len() as u64)).expect("small");
        let flipped = flipped(&whole, start + column, &mut random);
        let disk = disk.fork();
        disk.tamper(&sim_path("events.jsonl"), &flipped)
            .expect("tampered");
        check_flip(&disk, number, start as u64, column == line.len() - 1);
        start += line.len();
    }
}

fn check_flip(disk: &SimDisk, line: u64, byte: u64, newline: bool) {
    let journal = open(disk);
    let report = verify(&journal, None);
    let place = |damage: &Damage| (damage.file.clone(), damage.line, damage.byte);
    let first = report
        .damages
        .first()
        .unwrap_or_else(|| panic!("the flip in line {line} was not found"));
    assert_eq!(
        place(first),
        ("events.jsonl".to_owned(), line, byte),
        "{:?}",
        report.damages
    );
    // A newline that is gone joins two lines; one that is new splits one. Otherwise only this line is named.
    assert!(report.damages.len() <= 2, "{:?}", report.damages);
    let seen = read(&journal);
    let gone = absent(&seen, LINES as u64);
    let own = line.saturating_sub(1);
    let allowed: Vec<u64> = if newline {
        vec![own, own + 1]
    } else {
        vec![own]
    };
    assert!(
        gone.iter().all(|n| allowed.contains(n)),
        "line {line}: {gone:?} are gone"
    );
    if report.damages.iter().all(|damage| damage.flaw.is_usable()) {
        assert!(gone.is_empty(), "{gone:?} {:?}", report.damages);
    }
    write(&journal, &["afterwards"]);
    assert_eq!(read(&on(disk)).texts().last(), Some(&"afterwards"));
}

#[test]
fn each_part_of_a_line_has_its_own_flaw() {
    let (disk, _) = filled(5);
    let original = lines(&disk, "events.jsonl");
    let check = |from: &str, to: &str, expected: &Flaw, gone: &[u64]| {
        let mut changed = original.clone();
        assert!(changed[3].contains(from), "{from}");
        changed[3] = changed[3].replacen(from, to, 1);
        put_lines(&disk, "events.jsonl", &changed);
        forget_head(&disk);
        let journal = open(&disk);
        let report = verify(&journal, None);
        assert_eq!(
            report
                .damages
                .iter()
                .map(|damage| &damage.flaw)
                .collect::<Vec<_>>(),
            [expected],
            "{from} → {to}"
        );
        assert_eq!(report.damages[0].line, 4);
        assert_eq!(absent(&read(&journal), 5), gone, "{from} → {to}");
        on(&disk)
            .lock(crate::fixture::WAIT)
            .expect("writable")
            .end();
    };
    let line: serde_json::Value = serde_json::from_str(&original[3]).expect("JSON");
    let (d, h) = (
        line["d"].as_str().expect("d"),
        line["h"].as_str().expect("h"),
    );
    let not_json = Flaw::Unreadable { why: "not JSON" };
    check("text number 3", "text number 4", &Flaw::Content, &[3]);
    check("\"n\":3", "\"n\":4", &Flaw::Content, &[3]);
    check("sofiia", "helion", &Flaw::Content, &[3]);
    check("2026", "2027", &Flaw::Content, &[3]);
    check("{\"v\":1", "{\"v\":9", &Flaw::Content, &[3]);
    check(d, &"0".repeat(64), &Flaw::DigestField, &[]);
    check(d, &d.to_uppercase(), &Flaw::DigestField, &[]);
    check(h, &"0".repeat(64), &Flaw::Link, &[]);
    check(h, &"x".repeat(64), &Flaw::Link, &[]);
    check(
        "{\"v\":1",
        "{\"v\":0",
        &Flaw::Unreadable {
            why: "no such version",
        },
        &[3],
    );
    check("{\"v\":1", "x\"v\":1", &not_json, &[3]);
    check(
        "\"records\"",
        "\"recordx\"",
        &Flaw::Unreadable {
            why: "a field is missing or of another type",
        },
        &[3],
    );
    check("\"}],\"d\"", "\"}\u{0},\"d\"", &not_json, &[3]);
    check(
        &original[3].clone(),
        "",
        &Flaw::Unreadable {
            why: "it breaks off",
        },
        &[3],
    );
}

#[test]
fn what_is_taken_in_order_can_be_read_by_its_place() {
    let (disk, _) = filled(3);
    let original = lines(&disk, "events.jsonl");
    // The first commit follows a header, the others a commit.
    for index in 1..4 {
        let offset: u64 = original[..index]
            .iter()
            .map(|line| line.len() as u64 + 1)
            .sum();
        let line: serde_json::Value = serde_json::from_str(&original[index]).expect("JSON");
        let d = line["d"].as_str().expect("d");
        let wrong = |field: &str| field.replace(d, &"0".repeat(64));
        let reads = |changed: String| {
            let mut all = original.clone();
            all[index] = changed;
            put_lines(&disk, "events.jsonl", &all);
            open(&disk).read(1, offset, |commit| commit.n)
        };
        assert_eq!(
            reads(wrong(&original[index])).expect("proven by the chain"),
            index as u64
        );
        let both = wrong(&original[index]).replace("sofiia", "helion");
        assert!(reads(both).is_err(), "nothing proves line {index}");
    }
}

#[test]
fn a_deleted_line_is_missed_at_its_place() {
    let (disk, _) = filled(20);
    let original = lines(&disk, "events.jsonl");
    for index in 1..20 {
        let mut changed = original.clone();
        changed.remove(index);
        put_lines(&disk, "events.jsonl", &changed);
        forget_head(&disk);
        let journal = open(&disk);
        let n = index as u64;
        let report = verify(&journal, None);
        assert_eq!(report.damages.len(), 1, "{:?}", report.damages);
        assert_eq!(
            (report.damages[0].line, &report.damages[0].flaw),
            (n + 1, &Flaw::Missing { from: n, to: n })
        );
        assert_eq!(absent(&read(&journal), 20), [n]);
    }
}

#[test]
fn swapped_and_doubled_lines_are_found() {
    let (disk, _) = filled(20);
    let original = lines(&disk, "events.jsonl");
    for index in 1..19 {
        let n = index as u64;
        let mut swapped = original.clone();
        swapped.swap(index, index + 1);
        put_lines(&disk, "events.jsonl", &swapped);
        forget_head(&disk);
        let found: Vec<_> = verify(&open(&disk), None)
            .damages
            .into_iter()
            .map(|damage| (damage.line, damage.flaw))
            .collect();
        let expected = [
            (n + 1, Flaw::Missing { from: n, to: n }),
            (n + 2, Flaw::Misplaced { n, expected: n + 2 }),
        ];
        assert_eq!(found, expected);
        let mut doubled = original.clone();
        doubled.insert(index + 1, original[index].clone());
        put_lines(&disk, "events.jsonl", &doubled);
        let journal = open(&disk);
        let found: Vec<_> = verify(&journal, None)
            .damages
            .into_iter()
            .map(|damage| (damage.line, damage.flaw))
            .collect();
        assert_eq!(found, [(n + 2, Flaw::Misplaced { n, expected: n + 1 })]);
        assert_eq!(
            read(&journal).numbers(),
            (1..=20).collect::<Vec<_>>(),
            "a copy is not told twice"
        );
    }
}

#[test]
fn a_lost_or_foreign_header_is_found_and_the_commits_stay() {
    let (disk, _) = filled(3);
    let original = lines(&disk, "events.jsonl");
    let foreign = original[0].replace("\"first_n\":1", "\"first_n\":2");
    for replacement in [None, Some("nonsense".to_owned()), Some(foreign)] {
        let mut changed = original.clone();
        changed.splice(0..1, replacement);
        put_lines(&disk, "events.jsonl", &changed);
        let (file, line, byte) = ("events.jsonl".to_owned(), 1, 0);
        // The head still knows the store; the file is as long as it was or longer in two cases out of three.
        let journal = open(&disk);
        let report = verify(&journal, None);
        assert_eq!(
            report.damages[0],
            Damage {
                file,
                line,
                byte,
                flaw: Flaw::Header
            }
        );
        assert_eq!(read(&journal).texts()[0], "text number 1");
    }
}

#[test]
fn a_cut_tail_is_found_with_an_anchor() {
    let (disk, journal) = filled(50);
    let anchor = verify(&journal, None).end.chain;
    write(&journal, &["one more"]);
    assert_eq!(
        verify(&journal, Some(anchor)).anchor,
        AnchorCheck::Holds { n: 50 }
    );
    let original = lines(&disk, "events.jsonl");
    forget_head(&disk);
    put_lines(&disk, "events.jsonl", &original[..50]);
    let cut = verify(&open(&disk), Some(anchor));
    assert_eq!((cut.damage_count, cut.anchor), (0, AnchorCheck::NotFound));
    assert!(!cut.is_whole());
    assert!(
        verify(&open(&disk), None).is_whole(),
        "without an anchor nothing tells"
    );
    let genesis = journal.start().chain;
    assert_eq!(
        verify(&open(&disk), Some(genesis)).anchor,
        AnchorCheck::Holds { n: 0 }
    );
    let mut damaged = original;
    damaged[10] = damaged[10].replace("text", "txet");
    put_lines(&disk, "events.jsonl", &damaged);
    assert_eq!(
        verify(&open(&disk), Some(anchor)).anchor,
        AnchorCheck::Damaged { n: 50 }
    );
}

#[test]
fn a_cut_tail_is_found_without_an_anchor_while_the_head_knows() {
    let (disk, journal) = filled(50);
    let durable = journal.published().expect("an end").offset;
    let original = lines(&disk, "events.jsonl");
    put_lines(&disk, "events.jsonl", &original[..40]);
    let report = verify(&open(&disk), None);
    assert_eq!(
        report.damages.last().map(|damage| &damage.flaw),
        Some(&Flaw::Shortened { durable })
    );
}

#[test]
fn a_careful_forgery_breaks_the_next_link() {
    let (disk, journal) = filled(10);
    // The same journal with another text in commit 5 and everything of that line computed anew.
    let (other, forged) = crate::fixture::simulated();
    let texts = crate::fixture::numbered(10);
    for (index, text) in texts.iter().enumerate() {
        write(&forged, &[if index == 4 { "tixt number 5" } else { text }]);
    }
    let mut mixed = lines(&disk, "events.jsonl");
    mixed[5] = lines(&other, "events.jsonl")[5].clone();
    put_lines(&disk, "events.jsonl", &mixed);
    let found: Vec<_> = verify(&journal, None)
        .damages
        .into_iter()
        .map(|damage| (damage.line, damage.flaw))
        .collect();
    assert_eq!(found, [(7, Flaw::Link)]);
}

#[test]
fn many_damages_at_once_are_all_named() {
    let (disk, journal) = filled(100);
    let mut changed = lines(&disk, "events.jsonl");
    let hit = [3_usize, 4, 5, 20, 40, 41, 99];
    for index in hit {
        changed[index] = changed[index].replace("text", "texd");
    }
    put_lines(&disk, "events.jsonl", &changed);
    let report = verify(&journal, None);
    let found: Vec<_> = report
        .damages
        .iter()
        .map(|damage| usize::try_from(damage.line).expect("small") - 1)
        .collect();
    assert_eq!(found, hit);
    assert_eq!(read(&journal).commits.len(), 100 - hit.len());
}
