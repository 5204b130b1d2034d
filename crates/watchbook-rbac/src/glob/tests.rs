//! Patterns: what they name, what they refuse, and that narrower ones come first.

use proptest::prelude::*;

use super::{ActionGlob, ByAction, Pattern, part_matches};
use crate::permission::Permission;

fn check(pattern: &str, tool: &str, action: &str, named: bool) {
    let glob: ActionGlob = pattern.parse().unwrap();
    assert_eq!(
        glob.matches(tool, action),
        named,
        "{pattern} over {tool}.{action}"
    );
}

#[test]
fn globs_name_actions() {
    for (pattern, named) in [
        ("*", true),
        ("*.*", true),
        ("oncall_tool.*", true),
        ("oncall_tool.incident_get", true),
        ("oncall_tool.incident_*", true),
        ("oncall_tool.*_get", true),
        ("oncall_tool.*cid*g*t", true),
        ("on*ol.inc*et", true),
        ("*.incident_get", true),
        ("oncall_tool.incident_ge", false),
        ("oncall_tool.incident_gett", false),
        ("oncall_tool.*_gets", false),
        ("alert_tool.*", false),
        ("oncall.*", false),
    ] {
        check(pattern, "oncall_tool", "incident_get", named);
    }
}

#[test]
fn a_star_stands_for_nothing_too_and_stays_on_its_side_of_the_dot() {
    check("a*.d", "a", "d", true);
    check("*d.*", "a", "d", false);
    assert!(
        "a*d".parse::<ActionGlob>().is_err(),
        "both sides are written"
    );
}

#[test]
fn mistakes_say_how_it_is_written() {
    let refused = [
        "",
        ".",
        "oncall_tool",
        "oncall_tool.",
        ".get",
        "a.b.c",
        "Oncall.get",
        "a b.c",
        "a.b:write:write",
        "a.b:read",
        ":write",
        "a.b:",
        "täg.x",
    ];
    let texts: Vec<String> = refused
        .iter()
        .map(|text| text.parse::<Pattern>().unwrap_err().to_string())
        .collect();
    insta::assert_snapshot!(texts.join("\n"));
    assert!("a.b:write".parse::<ActionGlob>().is_err());
    assert!(
        format!("a.{}", "b".repeat(200))
            .parse::<ActionGlob>()
            .is_err()
    );
}

#[test]
fn what_allow_grants_and_deny_withdraws() {
    let (read, write) = (Permission::read("t", "a"), Permission::write("t", "a"));
    for (pattern, grants, withdraws) in [
        ("t.a", (true, false), (true, true)),
        ("t.a:write", (true, true), (false, true)),
        ("t.b:write", (false, false), (false, false)),
    ] {
        let pattern: Pattern = pattern.parse().unwrap();
        assert_eq!(
            (pattern.grants(&read), pattern.grants(&write)),
            grants,
            "{pattern}"
        );
        assert_eq!(
            (pattern.withdraws(&read), pattern.withdraws(&write)),
            withdraws,
            "{pattern}"
        );
    }
}

#[test]
fn the_narrowest_pattern_decides_in_any_order() {
    let lines = [
        ("*", 1),
        ("oncall_tool.*", 2),
        ("oncall_tool.incident_*", 3),
        ("oncall_tool.incident_get", 4),
    ];
    let parse = |(text, value): (&str, u32)| (text.parse().unwrap(), value);
    let forward: ByAction<u32> = lines.into_iter().map(parse).collect();
    let backward: ByAction<u32> = lines.into_iter().rev().map(parse).collect();
    assert_eq!(forward, backward);
    for (tool, action, value) in [
        ("oncall_tool", "incident_get", 4),
        ("oncall_tool", "incident_list", 3),
        ("oncall_tool", "other", 2),
        ("jobs", "get_run", 1),
    ] {
        assert_eq!(
            forward.get(tool, action).map(|(_, value)| *value),
            Some(value),
            "{tool}.{action}"
        );
    }
    assert!(ByAction::<u32>::default().get("a", "b").is_none());
}

/// The plain definition, exponential and obviously right.
fn matches_by_definition(pattern: &[u8], text: &[u8]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some((b'*', rest)) => {
            (0..=text.len()).any(|taken| matches_by_definition(rest, &text[taken..]))
        }
        Some((byte, rest)) => text.first() == Some(byte) && matches_by_definition(rest, &text[1..]),
    }
}

proptest! {
    #[test]
    fn matching_follows_its_definition(pattern in "[ab*]{0,8}", text in "[ab]{0,10}") {
        prop_assert_eq!(
            part_matches(pattern.as_bytes(), text.as_bytes()),
            matches_by_definition(pattern.as_bytes(), text.as_bytes())
        );
    }

    #[test]
    fn what_is_read_is_written_the_same(text in "[a-z_*]{1,12}\\.[a-z_*]{1,12}(:write)?") {
        let pattern: Pattern = text.parse().unwrap();
        let again: Pattern = pattern.to_string().parse().unwrap();
        prop_assert_eq!(pattern, again);
    }

    #[test]
    fn no_text_breaks_the_parser(text in "\\PC{0,40}") {
        if let Ok(pattern) = text.parse::<Pattern>() {
            prop_assert!(pattern.to_string().parse::<Pattern>().is_ok());
        }
    }
}
