//! Tests of the text types.

use proptest::prelude::*;

use super::*;

#[test]
fn titles_refuse_what_hides_or_reorders() {
    for (text, message) in [
        ("", "a title must not be empty"),
        (" \t ", "a title must not be empty"),
        (
            "a\0b",
            "a title contains the character U+0000 at byte 1, which can hide or reorder text; remove it",
        ),
        (
            "pay \u{202E}daol",
            "a title contains the character U+202E at byte 4, which can hide or reorder text; remove it",
        ),
        (
            "a\nb",
            "a title contains the character U+000A at byte 1, which can hide or reorder text; remove it",
        ),
        (
            "zero\u{200B}width",
            "a title contains the character U+200B at byte 4, which can hide or reorder text; remove it",
        ),
    ] {
        assert_eq!(Title::new(text).unwrap_err().to_string(), message);
    }
    assert_eq!(
        Title::new("x".repeat(301)).unwrap_err().to_string(),
        "a title is 301 bytes long; the limit is 300"
    );
    assert_eq!(
        Title::new("  Größe 日本 ☃ ").unwrap().as_str(),
        "Größe 日本 ☃"
    );
}

#[test]
fn messages_may_have_lines_but_no_overrides() {
    assert_eq!(
        Message::new("one\ntwo\tthree").unwrap().as_str(),
        "one\ntwo\tthree"
    );
    assert!(Message::new("one\u{2066}two").is_err());
    assert!(Message::new("one\u{1b}[31mtwo").is_err());
    assert!(Message::new("x".repeat(65_537)).is_err());
}

#[test]
fn environments_are_slugs() {
    for text in ["prod", "eu-west-1", "a_b", "7"] {
        assert!(Env::new(text).is_ok(), "{text}");
    }
    for text in ["Prod", "-prod", "pro d", "prod/eu", "é"] {
        assert!(Env::new(text).is_err(), "{text}");
    }
}

proptest! {
    #[test]
    fn what_is_accepted_reads_back(text in ".{0,400}") {
        if let Ok(title) = Title::new(&text) {
            prop_assert_eq!(Title::new(title.as_str()).unwrap(), title);
        }
    }
}
