//! Reading: places, nearest names, and that no text breaks it.

use proptest::prelude::*;

use super::{Data, Findings, Node, Read, Size, Span, nearest, parse};
use crate::files::ConfigFile;
use crate::place::{Place, Source};
use crate::policy::{GovernanceKeys, LimitKeys, MatrixKeys, RolloutKeys};
use crate::settings::SettingsKeys;

const SOURCE: Source = Source::Shipped("test");

#[test]
fn values_know_their_places() {
    let node = parse("a: 1\nb:\n  - x\n  - {c: on}\n", &SOURCE).unwrap();
    let path = |parts: &[&str]| parts.iter().map(ToString::to_string).collect::<Vec<_>>();
    for (at, line, column) in [
        (path(&["a"]), 1, 4),
        (path(&["b", "0"]), 3, 5),
        (path(&["b", "1", "c"]), 4, 9),
    ] {
        let found = node.find(&at).unwrap();
        assert_eq!(
            (found.place.line, found.place.column),
            (line, column),
            "{at:?}"
        );
    }
    assert_eq!(node.find(&path(&["b", "2"])), None);
    assert_eq!(
        node.find(&path(&["b", "1", "c"])).unwrap().data,
        Data::Text("on".to_owned()),
        "on is a text"
    );
}

#[test]
fn the_nearest_name_is_near() {
    let known = ["agents", "people", "defaults", "roles"];
    for (name, expected) in [
        ("agent", Some("agents")),
        ("rolse", Some("roles")),
        ("poeple", Some("people")),
        ("bikeshed", None),
    ] {
        assert_eq!(nearest(name, known), expected, "{name}");
    }
}

fn raw(text: &str) -> Node {
    Node {
        place: Place::whole(SOURCE),
        data: Data::Raw(text.to_owned()),
    }
}

#[test]
fn amounts_have_units() {
    type AnySpan = Span<0, { u64::MAX }>;
    type AnySize = Size<0, { u64::MAX }>;
    let mut findings = Findings::default();
    for (text, millis) in [
        ("1d", 86_400_000),
        ("2 h", 7_200_000),
        ("3m", 180_000),
        ("4s", 4_000),
        (" 5ms ", 5),
    ] {
        let span = AnySpan::read(&raw(text), &mut findings).unwrap();
        assert_eq!(span.0.as_millis(), millis, "{text}");
    }
    for (text, bytes) in [
        ("1GiB", 1 << 30),
        ("2 MiB", 2 << 20),
        ("3KiB", 3 << 10),
        ("4B", 4),
    ] {
        assert_eq!(
            AnySize::read(&raw(text), &mut findings).unwrap().0,
            bytes,
            "{text}"
        );
    }
    assert!(findings.is_empty());
    for text in [
        "",
        "5",
        "s",
        "-1s",
        "1.5s",
        "1 s s",
        "99999999999999999999d",
    ] {
        assert!(
            AnySpan::read(&raw(text), &mut findings).is_none(),
            "{text:?}"
        );
    }
}

/// Reads a text as every file; it may be refused, with reasons.
fn reads_or_refuses(text: &str) {
    let Ok(node) = parse(text, &SOURCE) else {
        return;
    };
    let mut findings = Findings::default();
    let read = [
        SettingsKeys::read(&node, &mut findings).is_some(),
        MatrixKeys::read(&node, &mut findings).is_some(),
        LimitKeys::read(&node, &mut findings).is_some(),
        RolloutKeys::read(&node, &mut findings).is_some(),
        GovernanceKeys::read(&node, &mut findings).is_some(),
    ];
    assert!(
        read.iter().all(|ok| *ok) || !findings.is_empty(),
        "a refusal has a reason"
    );
    for error in findings.into_errors() {
        assert!(!error.message.is_empty() && !error.fix.is_empty());
    }
}

proptest! {
    #[test]
    fn no_text_breaks_reading(text in "[-a-z0-9:,\\[\\]{}&*!|>'\" \\t\\n#.?~%@]{0,80}") {
        reads_or_refuses(&text);
    }

    #[test]
    fn no_shipped_file_breaks_when_it_is_damaged(index in 0_usize..6, at in 0.0_f64..1.0, length in 0_usize..40, put in "[-a-z:\\[\\]{}'\" \\n]{0,10}") {
        let text = ConfigFile::ALL[index].shipped();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a place in a short text")]
        let start = text.floor_char_boundary((text.len() as f64 * at) as usize);
        let end = text.floor_char_boundary((start + length).min(text.len()));
        reads_or_refuses(&format!("{}{put}{}", &text[..start], &text[end..]));
    }
}
