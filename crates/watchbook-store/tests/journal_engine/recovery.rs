//! What an opening journal finds after a writer died, a copy was made, or somebody meddled.

use watchbook_store::disk::{Disk, Open, SimDisk};
use watchbook_store::journal::{Flaw, JournalError, Notice};

use crate::fixture::{
    WAIT, as_disk, filled, forget_head, lines, on, open_in, put_lines, read, recovered, settings,
    sim_dir, sim_path, try_write, write,
};

const EVENTS: &str = "events.jsonl";

/// A journal of three commits, and the bytes of the fourth, which was never written there.
fn with_fourth() -> (SimDisk, Vec<u8>) {
    let (disk, _) = filled(3);
    let ahead = disk.fork();
    write(&on(&ahead), &["fourth"]);
    let whole = ahead.peek(&sim_path(EVENTS)).expect("the file");
    let before = disk.peek(&sim_path(EVENTS)).expect("the file").len();
    (disk, whole[before..].to_vec())
}

fn append(disk: &SimDisk, bytes: &[u8]) {
    let mut all = disk.peek(&sim_path(EVENTS)).expect("the file");
    all.extend_from_slice(bytes);
    disk.tamper(&sim_path(EVENTS), &all).expect("appended");
}

fn names(disk: &SimDisk, part: &str) -> Vec<String> {
    let mut names = disk.read_dir(&sim_dir()).expect("listed");
    names.retain(|name| name.contains(part));
    names
}

#[test]
fn a_last_line_torn_at_any_byte_is_set_aside() {
    let (base, fourth) = with_fourth();
    for with_head in [true, false] {
        for cut in 0..=fourth.len() {
            let disk = base.fork();
            append(&disk, &fourth[..cut]);
            if !with_head {
                forget_head(&disk);
            }
            let journal = recovered(&disk);
            let seen = read(&journal);
            assert_eq!(seen.damages, [], "cut at {cut}");
            // Without its newline the line is complete: it is kept, as one with it would be.
            let complete = cut + 1 >= fourth.len();
            assert_eq!(
                seen.commits.len(),
                if complete { 4 } else { 3 },
                "cut at {cut}"
            );
            let torn = names(&disk, ".torn-");
            if complete || cut == 0 {
                assert!(torn.is_empty(), "{torn:?}");
            } else {
                assert_eq!(torn, ["events.jsonl.torn-20260223T100000Z"]);
                assert_eq!(
                    disk.peek(&sim_path(&torn[0])).expect("aside"),
                    &fourth[..cut]
                );
            }
            write(&journal, &["fifth"]);
            assert_eq!(read(&on(&disk)).texts().last(), Some(&"fifth"));
            assert!(
                journal
                    .verify(None, 0, |_| None)
                    .expect("verified")
                    .is_whole()
            );
        }
    }
}

#[test]
fn what_was_set_aside_is_told_and_never_overwritten() {
    let (disk, fourth) = with_fourth();
    let byte = disk.peek(&sim_path(EVENTS)).expect("the file").len() as u64;
    for aside in [
        "events.jsonl.torn-20260223T100000Z",
        "events.jsonl.torn-20260223T100000Z-2",
    ] {
        append(&disk, &fourth[..50]);
        let told = recovered(&disk).take_notices();
        assert_eq!(
            told,
            [Notice::Torn {
                aside: aside.to_owned(),
                bytes: 50,
                byte
            }]
        );
    }
    assert_eq!(names(&disk, ".torn-").len(), 2);
}

#[test]
fn whole_commits_that_nobody_published_are_kept() {
    let (disk, fourth) = with_fourth();
    append(&disk, &fourth);
    append(&disk, &fourth[..20]);
    let reader = open_in(&as_disk(&disk), &sim_dir(), settings()).expect("opened");
    assert_eq!(
        read(&reader).commits.len(),
        3,
        "nobody reads what is not published"
    );
    let writer = recovered(&disk);
    assert!(matches!(
        writer.take_notices()[..],
        [
            Notice::Torn { bytes: 20, .. },
            Notice::Adopted { commits: 1 }
        ]
    ));
    assert_eq!(read(&reader).texts()[3..], ["fourth"]);
}

#[test]
fn a_lost_or_broken_head_costs_a_search_and_nothing_else() {
    let (base, journal) = filled(20);
    let before = journal.published().expect("an end");
    let head = base.peek(&sim_path(".watchbook/head")).expect("the head");
    let mut broken_slots = head.clone();
    broken_slots[5] ^= 1;
    broken_slots[517] ^= 1;
    for bytes in [&[][..], b"nonsense", &head[..100], &broken_slots] {
        let disk = base.fork();
        disk.tamper(&sim_path(".watchbook/head"), bytes)
            .expect("tampered");
        let reader = open_in(&as_disk(&disk), &sim_dir(), settings()).expect("opened");
        assert_eq!(read(&reader).commits.len(), 20, "a reader searches too");
        let writer = recovered(&disk);
        assert_eq!(writer.take_notices(), [Notice::Searched]);
        let after = writer.published().expect("an end");
        assert_eq!(
            (after.n, after.chain, after.offset, after.line),
            (before.n, before.chain, before.offset, before.line)
        );
        assert!(
            !writer.holds(&before).expect("checked"),
            "positions of before the search do not count"
        );
        write(&writer, &["next"]);
        assert_eq!(read(&reader).commits.len(), 21);
    }
}

#[test]
fn one_torn_slot_of_the_head_leaves_the_other() {
    let (base, journal) = filled(20);
    let published = journal.published().expect("an end");
    let head = base.peek(&sim_path(".watchbook/head")).expect("the head");
    for broken in [5, 517] {
        let disk = base.fork();
        let mut bytes = head.clone();
        bytes[broken] ^= 1;
        disk.tamper(&sim_path(".watchbook/head"), &bytes)
            .expect("tampered");
        let writer = recovered(&disk);
        assert!(!writer.take_notices().contains(&Notice::Searched));
        assert_eq!(writer.published().expect("an end"), published);
    }
}

/// Copies a file to another disk, as `cp` would: with an inode of its own.
fn copy(from: &SimDisk, to: &SimDisk, name: &str) {
    let bytes = from.peek(&sim_path(name)).expect("the file");
    to.tamper(&sim_path(name), &bytes).expect("copied");
}

#[test]
fn a_copy_of_a_live_directory_opens_whatever_was_copied_first() {
    let (early, _) = filled(3);
    let late = early.fork();
    write(&on(&late), &["four", "five"]);
    for (journal_from, head_from, commits) in
        [(&early, &late, 3), (&late, &early, 5), (&late, &late, 5)]
    {
        let disk = SimDisk::new();
        // Something else comes first, so that the copies get other inodes than the originals.
        disk.tamper("/something".as_ref(), b"else").expect("made");
        watchbook_store::disk::create_dir_all(&disk, &sim_path(".watchbook")).expect("made");
        copy(journal_from, &disk, EVENTS);
        copy(head_from, &disk, ".watchbook/head");
        copy(head_from, &disk, ".watchbook/lock");
        let reader = open_in(&as_disk(&disk), &sim_dir(), settings()).expect("opens");
        assert_eq!(read(&reader).commits.len(), commits);
        let writer = recovered(&disk);
        assert_eq!(writer.take_notices(), [Notice::Searched]);
        write(&writer, &["in the copy"]);
        assert_eq!(read(&writer).commits.len(), commits + 1);
        assert_eq!(read(&writer).damages, []);
    }
}

/// Checks that the journal refuses to write with this flaw, and that reads go on.
fn refuses(disk: &SimDisk, flaw: &Flaw, readable: usize) {
    let journal = open_in(&as_disk(disk), &sim_dir(), settings()).expect("opened");
    for _ in 0..2 {
        match journal.lock(WAIT) {
            Err(JournalError::Corrupt(damage)) => {
                assert_eq!((damage.file.as_str(), &damage.flaw), (EVENTS, flaw));
            }
            other => panic!("{flaw:?} was not noticed: {other:?}"),
        }
    }
    assert_eq!(read(&journal).commits.len(), readable);
    assert!(
        !journal
            .verify(None, 0, |_| None)
            .expect("verified")
            .is_whole()
    );
}

#[test]
fn a_journal_that_was_cut_is_refused() {
    let (disk, journal) = filled(10);
    let durable = journal.published().expect("an end").offset;
    put_lines(&disk, EVENTS, &lines(&disk, EVENTS)[..8]);
    refuses(&disk, &Flaw::Shortened { durable }, 7);
    assert!(
        matches!(journal.lock(WAIT), Err(JournalError::Corrupt(_))),
        "also by who had it open"
    );
    let error = journal.lock(WAIT).expect_err("refused").to_string();
    assert!(error.starts_with("events.jsonl line 11 (byte "), "{error}");
    assert!(
        error.ends_with("writes are refused: run `watchbook repair`, or restore a backup"),
        "{error}"
    );
}

#[test]
fn a_journal_that_was_replaced_is_refused() {
    let (disk, journal) = filled(10);
    let (other, another) = crate::fixture::simulated();
    for text in crate::fixture::numbered(12) {
        write(&another, &[&text.replace("text", "tale")]);
    }
    put_lines(&disk, "new", &lines(&other, EVENTS));
    disk.rename(&sim_path("new"), &sim_path(EVENTS))
        .expect("replaced");
    refuses(&disk, &Flaw::Replaced, 10);
    drop(journal);
}

#[test]
fn a_journal_that_was_replaced_by_its_own_copy_goes_on() {
    let (disk, journal) = filled(10);
    put_lines(&disk, "new", &lines(&disk, EVENTS));
    disk.rename(&sim_path("new"), &sim_path(EVENTS))
        .expect("replaced");
    write(&journal, &["eleven"]);
    assert_eq!(read(&journal).numbers(), (1..=11).collect::<Vec<_>>());
    assert_eq!(lines(&disk, EVENTS).len(), 12);
}

#[test]
fn a_journal_whose_file_is_gone_is_refused() {
    let (disk, journal) = filled(10);
    disk.remove_file(&sim_path(EVENTS)).expect("removed");
    let error = journal.lock(WAIT).expect_err("refused");
    assert!(
        matches!(&error, JournalError::Corrupt(damage) if damage.flaw == Flaw::Gone),
        "{error:?}"
    );
    assert!(on_result(&disk).is_err(), "and it is not made anew");
}

fn on_result(disk: &SimDisk) -> Result<(), JournalError> {
    let journal = crate::fixture::create_in(&as_disk(disk), &sim_dir(), settings())?;
    journal.lock(WAIT).map(drop)
}

#[test]
fn damage_in_the_last_line_does_not_stop_writing() {
    let (base, _) = filled(5);
    let whole = base.peek(&sim_path(EVENTS)).expect("the file");
    for back in [1, 2, 80, 200] {
        let disk = base.fork();
        let mut bytes = whole.clone();
        let at = bytes.len() - back;
        bytes[at] ^= 0x11;
        disk.tamper(&sim_path(EVENTS), &bytes).expect("tampered");
        let journal = on(&disk);
        write(&journal, &["sixth"]);
        let seen = read(&on(&disk));
        assert_eq!(
            seen.texts().last(),
            Some(&"sixth"),
            "{back} bytes before the end: {seen:?}"
        );
        assert_eq!(seen.damages[0].line, 6, "{back} bytes before the end");
        assert_eq!(seen.numbers().last(), Some(&6));
    }
}

#[test]
fn a_newer_format_is_read_and_not_written() {
    let (base, _) = filled(3);
    let original = lines(&base, EVENTS);
    // A newer program may add fields; the digests are over what it wrote.
    let newer_line = r#"{"v":2,"n":4,"at":"2026-02-23T10:00:00.000Z","by":{},"node":7,"records":[{"salt":"0011223344556677","text":"from the future"}],"#;
    let head = &newer_line[..newer_line.find("\"records\"").expect("there")];
    let record = r#"{"salt":"0011223344556677","text":"from the future"}"#;
    let d = sha(&[head.as_bytes(), &sha(&[record.as_bytes()])]);
    let last: serde_json::Value = serde_json::from_str(&original[3]).expect("JSON");
    let previous: watchbook_core::Digest =
        last["h"].as_str().expect("h").parse().expect("a digest");
    let h = sha(&[previous.as_bytes(), &d]);
    let digest = |bytes: [u8; 32]| watchbook_core::Digest::from_bytes(bytes);
    let line = format!(
        "{newer_line}\"x\":1,\"d\":\"{}\",\"h\":\"{}\"}}",
        digest(d),
        digest(h)
    );
    let mut with_line = original.clone();
    with_line.push(line);
    let mut with_header = original.clone();
    with_header[0] = with_header[0].replace("{\"v\":1", "{\"v\":2");
    for (changed, commits) in [(with_line, 4), (with_header, 3)] {
        let disk = base.fork();
        put_lines(&disk, EVENTS, &changed);
        forget_head(&disk);
        let before = disk.peek(&sim_path(EVENTS));
        let journal = open_in(&as_disk(&disk), &sim_dir(), settings()).expect("opened");
        let seen = read(&journal);
        assert_eq!(
            (seen.commits.len(), seen.damages.len()),
            (commits, 0),
            "{seen:?}"
        );
        let error = journal.lock(WAIT).expect_err("refused");
        assert!(
            matches!(error, JournalError::NewerFormat { v: 2, .. }),
            "{error:?}"
        );
        assert_eq!(
            error.to_string(),
            "events.jsonl is in format 2; this version writes format 1: use the newer program to write"
        );
        assert_eq!(disk.peek(&sim_path(EVENTS)), before, "nothing was touched");
    }
}

fn sha(parts: &[&[u8]]) -> [u8; 32] {
    *watchbook_core::Digest::of(&parts.concat()).as_bytes()
}

#[test]
fn a_newer_line_that_does_not_read_is_named() {
    let (disk, _) = filled(3);
    let mut changed = lines(&disk, EVENTS);
    changed.insert(2, r#"{"v":3,"n":9,"something":"else"}"#.to_owned());
    put_lines(&disk, EVENTS, &changed);
    forget_head(&disk);
    let journal = open_in(&as_disk(&disk), &sim_dir(), settings()).expect("opened");
    let seen = read(&journal);
    assert_eq!(seen.commits.len(), 3);
    assert_eq!(
        (seen.damages[0].line, &seen.damages[0].flaw),
        (3, &Flaw::Newer { v: 3 })
    );
    assert!(matches!(
        journal.lock(WAIT),
        Err(JournalError::NewerFormat { v: 3, .. })
    ));
}

#[test]
fn the_state_folder_may_be_removed_under_way() {
    let (disk, journal) = filled(3);
    for name in ["head", "lock", "turn"] {
        disk.remove_file(&sim_path(".watchbook").join(name))
            .expect("removed");
    }
    write(&journal, &["four"]);
    let other = on(&disk);
    write(&other, &["five"]);
    write(&journal, &["six"]);
    assert_eq!(read(&other).numbers(), [1, 2, 3, 4, 5, 6]);
}

#[test]
fn a_stale_temporary_file_is_no_obstacle() {
    let (disk, journal) = filled(3);
    for name in ["events.jsonl.next", "events.jsonl.new"] {
        disk.tamper(
            &sim_path(name),
            b"left over from a crash, and longer than any header could be"
                .repeat(9)
                .as_slice(),
        )
        .expect("left");
    }
    let mut locked = journal.lock(WAIT).expect("the lock");
    let tombstone = crate::workload::tombstone("text number 2");
    locked.rewrite(2, 0, &tombstone).expect("rewritten");
    drop(locked);
    assert_eq!(
        read(&journal).texts(),
        ["text number 1", "(no text)", "text number 3"]
    );
    assert_eq!(
        disk.open(&sim_path("events.jsonl.new"), Open::Read)
            .map(drop)
            .map_err(|error| error.kind()),
        Err(std::io::ErrorKind::NotFound)
    );
    try_write(&journal, "four").expect("written");
}
