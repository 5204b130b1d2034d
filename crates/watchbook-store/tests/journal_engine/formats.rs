//! Any text goes in and comes out the same; any bytes at all are read without harm.

use proptest::prelude::*;
use watchbook_core::Timestamp;
use watchbook_store::disk::SimDisk;
use watchbook_store::journal::PreparedCommit;

use crate::fixture::{
    WAIT, as_disk, filled, forget_head, lines, on, open_in, read, recovered, settings, sim_dir,
    sim_path, simulated,
};

/// Texts that a careless scanner would stumble over, among others.
fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[\\\\\"{}\\[\\],:]{0,20}",
        Just("\"records\":[{".to_owned()),
        Just("],\"d\":\"\",\"h\":\"".to_owned()),
        Just("\\\"}],\"d\"".to_owned()),
        Just("line\nbreak\r\u{0}\u{7f}\u{2028}\u{202e}".to_owned()),
        "[a-z\\\\]{0,40}",
    ]
}

/// A JSON object of hostile names and values, nested a little.
fn object() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        hostile().prop_map(serde_json::Value::from),
        any::<i64>().prop_map(serde_json::Value::from),
        any::<bool>().prop_map(serde_json::Value::from),
        Just(serde_json::Value::Null),
    ];
    let value = leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::from),
            prop::collection::btree_map(hostile(), inner, 0..4)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    });
    prop::collection::btree_map(hostile(), value, 0..4).prop_map(|map| {
        serde_json::Value::Object(map.into_iter().filter(|(name, _)| name != "salt").collect())
    })
}

/// A record with this content: its salt first, as the format wants it.
fn record(content: &serde_json::Value) -> String {
    let rest = content.to_string();
    let comma = if rest == "{}" { "" } else { "," };
    format!("{{\"salt\":\"00112233445566aa\"{comma}{}", &rest[1..])
}

/// Records whose own texts look like the end of one record and the beginning of the next.
#[test]
fn records_that_hold_what_looks_like_records_are_read_whole() {
    let (disk, journal) = filled(0);
    let records = [
        r#"{"salt":"0123456789abcdef","event":{"meta":[{"a":1},{"salt":"0123456789abcdef","redacted":true,"digest":"x"}]}}"#,
        r#"{"salt":"0123456789abcdef","event":{"message":"},{\"salt\":\"0123456789abcdef\""}}"#,
    ];
    let prepared = PreparedCommit::new(Timestamp::EPOCH, "{}", &records).expect("valid");
    journal
        .lock(WAIT)
        .expect("the lock")
        .commit_batch(&[prepared])
        .expect("written");
    drop(disk);
    let mut seen = Vec::new();
    journal
        .scan(
            &journal.start(),
            0,
            |commit| {
                commit
                    .records
                    .iter()
                    .map(|record| (*record).to_owned())
                    .collect::<Vec<_>>()
            },
            |entry| {
                if let watchbook_store::journal::Entry::Commit { value, .. } = entry {
                    seen.extend(value);
                }
                std::ops::ControlFlow::Continue(())
            },
        )
        .expect("a scan");
    assert_eq!(seen, records);
    assert!(
        journal
            .verify(None, 0, |_| None)
            .expect("verified")
            .is_whole()
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_written_is_read_back(by in object(), contents in prop::collection::vec(object(), 1..4)) {
        let (_disk, journal) = simulated();
        let records: Vec<String> = contents.iter().map(record).collect();
        let by = by.to_string();
        let prepared = PreparedCommit::new(Timestamp::EPOCH, &by, &records).expect("valid");
        journal.lock(WAIT).expect("the lock").commit_batch(&[prepared]).expect("written");
        let mut seen = Vec::new();
        journal.scan(
            &journal.start(),
            0,
            |commit| (commit.by.to_owned(), commit.records.iter().map(|record| (*record).to_owned()).collect::<Vec<_>>()),
            |entry| {
                if let watchbook_store::journal::Entry::Commit { value, .. } = entry {
                    seen.push(value);
                }
                std::ops::ControlFlow::Continue(())
            },
        ).expect("a scan");
        prop_assert_eq!(seen, vec![(by, records)]);
        prop_assert!(journal.verify(None, 0, |_| None).expect("verified").is_whole());
    }

    // Without NULs: with the head gone, they would make it a hole.
    #[test]
    fn any_bytes_in_the_middle_are_read_without_harm(junk in prop::collection::vec(1..=u8::MAX, 0..300), at in 0_usize..4) {
        let (disk, _) = filled(4);
        let mut bytes: Vec<u8> = Vec::new();
        for (index, line) in lines(&disk, "events.jsonl").iter().enumerate() {
            if index == at + 1 {
                bytes.extend_from_slice(&junk);
                bytes.push(b'\n');
            }
            bytes.extend_from_slice(line.as_bytes());
            bytes.push(b'\n');
        }
        disk.tamper(&sim_path("events.jsonl"), &bytes).expect("tampered");
        forget_head(&disk);
        let journal = open_in(&as_disk(&disk), &sim_dir(), settings()).expect("opened");
        let seen = read(&journal);
        prop_assert_eq!(seen.numbers(), vec![1, 2, 3, 4]);
        prop_assert!(!seen.damages.is_empty());
    }

    #[test]
    fn any_bytes_in_place_of_the_files_never_panic(journal in prop::collection::vec(any::<u8>(), 0..600), head in prop::collection::vec(any::<u8>(), 0..600)) {
        let disk = SimDisk::new();
        drop(on(&disk));
        disk.tamper(&sim_path("events.jsonl"), &journal).expect("tampered");
        disk.tamper(&sim_path(".watchbook/head"), &head).expect("tampered");
        if let Ok(journal) = open_in(&as_disk(&disk), &sim_dir(), settings()) {
            drop(journal.lock(WAIT));
            drop(journal.verify(None, 0, |_| None));
        }
    }

    #[test]
    fn any_bytes_at_the_end_are_set_aside(junk in prop::collection::vec(any::<u8>(), 1..600)) {
        let (disk, _) = filled(3);
        let mut bytes = disk.peek(&sim_path("events.jsonl")).expect("the file");
        bytes.extend_from_slice(&junk);
        disk.tamper(&sim_path("events.jsonl"), &bytes).expect("tampered");
        let journal = recovered(&disk);
        let seen = read(&journal);
        prop_assert_eq!((seen.commits.len(), seen.damages.len()), (3, 0));
        let aside = disk.peek(&sim_path("events.jsonl.torn-20260223T100000Z"));
        prop_assert_eq!(aside, Some(junk));
    }
}
