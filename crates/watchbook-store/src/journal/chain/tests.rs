//! The values of the chain are part of the format: they are frozen here, worked out by other means.

use watchbook_core::{Digest, StoreId};

use super::{commit_digest, digest_from_hex, genesis, has_salt, link, record_digest, tombstone_of};

fn hex(digest: Digest) -> String {
    digest.to_string()
}

#[test]
fn the_values_are_frozen() {
    // printf 'watchbook journal 1\n0123456789abcdef0123456789abcdef' | sha256sum
    let store = StoreId::from_bits(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef);
    let genesis = genesis(store);
    insta::assert_snapshot!(hex(genesis));
    let records = [
        br#"{"salt":"0000000000000000","a":1}"#.as_slice(),
        br#"{"salt":"0000000000000001"}"#,
    ];
    let d = commit_digest(
        br#"{"v":1,"n":1,"#,
        records.iter().map(|record| record_digest(record)),
    );
    insta::assert_snapshot!(hex(d));
    insta::assert_snapshot!(hex(link(&genesis, &d)));
}

#[test]
fn a_digest_is_read_as_it_is_written_and_in_no_other_way() {
    let digest = Digest::of(b"anything");
    let text = digest.to_string();
    assert_eq!(digest_from_hex(text.as_bytes()), Some(digest));
    assert_eq!(digest_from_hex(text.to_uppercase().as_bytes()), None);
    assert_eq!(digest_from_hex(&text.as_bytes()[1..]), None);
    for at in 0..64 {
        for wrong in [b'g', b'G', b'/', b':', b'`', b' ', 0, 255] {
            let mut bytes = text.clone().into_bytes();
            bytes[at] = wrong;
            assert_eq!(digest_from_hex(&bytes), None, "{wrong} at {at}");
        }
    }
}

#[test]
fn only_a_tombstone_is_one() {
    let digest = "ab".repeat(32);
    let is = |record: &str| tombstone_of(record.as_bytes()).is_some();
    let yes = [
        format!(r#"{{"salt":"0011223344556677","redacted":true,"digest":"{digest}"}}"#),
        format!(
            r#"{{"salt":"0011223344556677","redacted":true,"reason":"x","digest":"{digest}"}}"#
        ),
    ];
    for record in yes {
        assert!(is(&record), "{record}");
        assert_eq!(
            record_digest(record.as_bytes()),
            digest.parse().expect("a digest")
        );
    }
    let no = [
        String::new(),
        "{}".to_owned(),
        format!(r#"{{"salt":"0011223344556677","redacted":true,"x":{{"digest":"{digest}"}}}}"#),
        format!(r#"{{"salt":"0011223344556677","x":{{"redacted":true,"digest":"{digest}"}}}}"#),
        format!(r#"{{"salt":"0011223344556677","redacted":false,"digest":"{digest}"}}"#),
        format!(r#"{{"salt":"0011223344556677","redacted":true,"digest":"{digest}","more":1}}"#),
        format!(
            r#"{{"salt":"0011223344556677","redacted":true,"digest":"{}"}}"#,
            "xy".repeat(32)
        ),
        format!(r#"{{"salt":"001122334455667Z","redacted":true,"digest":"{digest}"}}"#),
        format!(r#"{{"redacted":true,"digest":"{digest}"}}"#),
        format!(
            r#"{{"salt":"0011223344556677","text":"\",\"redacted\":true,\"digest\":\"{digest}"}}"#
        ),
    ];
    for record in no {
        assert!(!is(&record), "{record}");
        assert_eq!(
            record_digest(record.as_bytes()),
            Digest::of(record.as_bytes())
        );
    }
}

#[test]
fn a_salt_is_sixteen_lower_case_hex_digits_first() {
    for (record, expected) in [
        (r#"{"salt":"0123456789abcdef"}"#, true),
        (r#"{"salt":"0123456789abcdef","x":1}"#, true),
        (r#"{"salt":"0123456789ABCDEF"}"#, false),
        (r#"{"salt":"0123456789abcde"}"#, false),
        (r#"{"salt":"0123456789abcdef0"}"#, false),
        (r#"{ "salt":"0123456789abcdef"}"#, false),
        (r#"{"x":1,"salt":"0123456789abcdef"}"#, false),
        ("", false),
    ] {
        assert_eq!(has_salt(record.as_bytes()), expected, "{record}");
    }
}
