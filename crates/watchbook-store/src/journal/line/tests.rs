//! Lines are read as they were written; the fast scanner and `serde_json` agree.

use proptest::prelude::*;
use watchbook_core::{Digest, StoreId};

use super::{
    Gap, Header, Line, Marker, RawCommit, Split, Unreadable, canonical, chain_field, loose, read,
    read_split, with_fields,
};
use crate::journal::chain;

const RECORDS: [&str; 2] = [
    r#"{"salt":"0011223344556677","text":"}],\"d\":\"[{"}"#,
    r#"{"salt":"0011223344556677","deep":{"a":[{"b":[]},"]"],"c":"\\"}}"#,
];

/// A commit's line with these records, in our own layout.
fn line(n: u64, by: &str, records: &[&str]) -> String {
    let head = format!(r#"{{"v":1,"n":{n},"at":"2026-02-23T10:00:00.000Z","by":{by},"#);
    let digests = records
        .iter()
        .map(|record| chain::record_digest(record.as_bytes()));
    let d = chain::commit_digest(head.as_bytes(), digests);
    let h = chain::link(&chain::genesis(StoreId::from_bits(1)), &d);
    format!(
        r#"{head}"records":[{}],"d":"{d}","h":"{h}"}}"#,
        records.join(",")
    )
}

/// What a commit consists of, without the lifetimes.
fn parts(
    commit: &RawCommit<'_>,
) -> (
    u32,
    u64,
    String,
    String,
    Vec<String>,
    Option<Digest>,
    Digest,
) {
    let records = commit
        .records
        .iter()
        .map(|record| (*record).to_owned())
        .collect();
    (
        commit.v,
        commit.n,
        commit.at.to_owned(),
        commit.by.to_owned(),
        records,
        commit.h,
        commit.digest(),
    )
}

fn refused(text: &str) -> Unreadable {
    read(text.as_bytes(), &mut Vec::new()).expect_err(text)
}

#[test]
fn a_commit_is_split_into_its_parts() {
    let text = line(12, r#"{"agent":"a"}"#, &RECORDS);
    let mut records = Vec::new();
    let Ok(Line::Commit(commit)) = read(text.as_bytes(), &mut records) else {
        panic!("not a commit: {text}");
    };
    assert_eq!(
        (commit.v, commit.n, commit.at),
        (1, 12, "2026-02-23T10:00:00.000Z")
    );
    assert_eq!(commit.by, r#"{"agent":"a"}"#);
    assert_eq!(commit.records, RECORDS);
    assert_eq!(commit.d, Some(commit.digest()));
    assert_eq!(commit.h, chain_field(text.as_bytes()));
}

#[test]
fn the_slow_way_sees_the_same() {
    for records in [&RECORDS[..], &RECORDS[..1]] {
        let text = line(7, "{}", records);
        let (mut fast, mut slow) = (Vec::new(), Vec::new());
        let by_scanner = canonical(&text, &mut fast, Split::Careful).expect("our own layout");
        let by_serde = loose(&text, &mut slow).expect("JSON");
        let (by_scanner, by_serde) = (
            RawCommit {
                records: &fast,
                ..by_scanner
            },
            RawCommit {
                records: &slow,
                ..by_serde
            },
        );
        assert_eq!(parts(&by_scanner), parts(&by_serde));
    }
}

#[test]
fn the_quick_split_is_the_careful_one_on_ordinary_records() {
    for records in [&RECORDS[..], &RECORDS[..1]] {
        let text = line(7, "{}", records);
        let (mut quick, mut careful) = (Vec::new(), Vec::new());
        canonical(&text, &mut quick, Split::Quick).expect("our own layout");
        canonical(&text, &mut careful, Split::Careful).expect("our own layout");
        assert_eq!(quick, careful);
    }
}

#[test]
fn who_misleads_the_quick_split_is_told_by_the_digest() {
    let nested = r#"{"salt":"0123456789abcdef","event":{"meta":[{"a":1},{"salt":"x"}]}}"#;
    let text = line(7, "{}", &[nested]);
    let mut records = Vec::new();
    let Ok(Line::Commit(commit)) = read_split(text.as_bytes(), &mut records, Split::Quick) else {
        panic!("not a commit: {text}");
    };
    assert_eq!(commit.records.len(), 2);
    assert_ne!(commit.d, Some(commit.digest()));
}

#[test]
fn other_layouts_of_the_same_json_are_read() {
    let text = line(7, "{}", &RECORDS);
    let spaced = text
        .replace("\"records\":[", "\"records\" : [ ")
        .replace("],\"d\"", " ] , \"d\"");
    let mut records = Vec::new();
    let Ok(Line::Commit(commit)) = read(spaced.as_bytes(), &mut records) else {
        panic!("not a commit: {spaced}");
    };
    assert_eq!(commit.records, RECORDS);
    assert_eq!(
        commit.d,
        Some(commit.digest()),
        "the digest does not cover the layout after the head"
    );
}

#[test]
fn headers_and_markers_come_back_as_they_were_written() {
    let header = Header {
        v: 1,
        journal: "events".to_owned(),
        store_id: StoreId::from_bits(3),
        segment: 2,
        first_n: 9,
        anchor: Digest::of(b"x"),
    };
    let text = serde_json::to_string(&header).expect("JSON");
    insta::assert_snapshot!(text);
    assert!(
        matches!(read(text.as_bytes(), &mut Vec::new()), Ok(Line::Header(read)) if read == header)
    );
    let marker = Marker {
        v: 1,
        n: 4,
        damaged: Gap {
            from: 3,
            file: "events.jsonl".to_owned(),
            line: 4,
            byte: 99,
            sha256: None,
            aside: None,
        },
        d: None,
        h: Some(Digest::of(b"h")),
    };
    let text = serde_json::to_string(&marker).expect("JSON");
    insta::assert_snapshot!(text);
    assert!(
        matches!(read(text.as_bytes(), &mut Vec::new()), Ok(Line::Marker(read)) if read == marker)
    );
}

#[test]
fn what_is_wrong_with_a_line_is_said() {
    let good = line(7, "{}", &RECORDS);
    let cases = [
        (String::new(), "it breaks off"),
        ("{".to_owned(), "it breaks off"),
        ("null".to_owned(), "a field is missing or of another type"),
        (good.replace("{\"v\":1", "{\"v\":0"), "no such version"),
        (good.replace("\"n\":7", "\"n\":07"), "not JSON"),
        (
            good.replace("\"n\":7", "\"n\":-7"),
            "a field is missing or of another type",
        ),
        (good.replace("\"by\":{}", "\"by\":"), "not JSON"),
        (format!("{good}x"), "not JSON"),
        (r#"{"v":1,"journal":7}"#.to_owned(), "not a header"),
        (
            r#"{"v":1,"n":1,"at":"x","by":{},"records":[],"d":"","h":""}"#.to_owned(),
            "a field is missing or of another type",
        ),
    ];
    for (text, why) in cases {
        assert_eq!(refused(&text).why, why, "{text}");
    }
    let not_text = read(&[b'{', 255, b'}'], &mut Vec::new()).expect_err("not UTF-8");
    assert_eq!(not_text.why, "not UTF-8");
}

#[test]
fn what_can_still_be_told_is_told() {
    let good = line(7, "{}", &RECORDS);
    let broken = refused(&good.replace("{\"v\"", "x\"v\""));
    assert_eq!(broken.h, chain_field(good.as_bytes()), "the end is whole");
    assert_eq!(refused(&good[..good.len() - 1]).h, None);
    assert_eq!(refused(r#"{"v":3,"n":1,"what":"ever"}"#).newer, Some(3));
    assert_eq!(refused(r#"{"v":1,"n":1,"what":"ever"}"#).newer, None);
}

#[test]
fn fields_are_replaced_at_their_place_only() {
    let good = line(7, "{}", &RECORDS);
    let (d, h) = (Digest::of(b"d"), Digest::of(b"h"));
    let changed = with_fields(good.as_bytes(), d, h).expect("our own layout");
    let text = String::from_utf8(changed).expect("text");
    assert!(
        text.ends_with(&format!("],\"d\":\"{d}\",\"h\":\"{h}\"}}")),
        "{text}"
    );
    assert_eq!(text[..100], good[..100]);
    assert_eq!(with_fields(b"something else", d, h), None);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        drop(read(&bytes, &mut Vec::new()));
    }

    #[test]
    fn no_change_of_a_good_line_makes_it_panic(at in 0_usize..400, byte in any::<u8>(), cut in 0_usize..400) {
        let mut bytes = line(7, "{}", &RECORDS).into_bytes();
        let at = at % bytes.len();
        bytes[at] = byte;
        bytes.truncate(bytes.len() - cut % bytes.len());
        drop(read(&bytes, &mut Vec::new()));
    }

    #[test]
    fn whenever_the_scanner_accepts_what_serde_accepts_they_agree(at in 0_usize..400, byte in 32_u8..127) {
        let mut bytes = line(7, "{}", &RECORDS).into_bytes();
        let at = at % bytes.len();
        bytes[at] = byte;
        let text = String::from_utf8(bytes).expect("ASCII");
        let (mut fast, mut slow) = (Vec::new(), Vec::new());
        if let (Some(by_scanner), Ok(by_serde)) = (canonical(&text, &mut fast, Split::Careful), loose(&text, &mut slow)) {
            let by_scanner = RawCommit { records: &fast, ..by_scanner };
            let by_serde = RawCommit { records: &slow, ..by_serde };
            prop_assert_eq!(parts(&by_scanner), parts(&by_serde));
        }
    }
}
