//! One snippet per rule that breaks it, and one beside it that does not.

use super::*;
use crate::tidy::sizes::Spread;

/// Where the snippets pretend to be: a file that ships and is nobody's home.
const SHIPS: &str = "crates/watchbook-core/src/a.rs";

fn file(path: &str, text: &str) -> TextFile {
    let (path, text) = (path.to_owned(), text.to_owned());
    TextFile { path, text }
}

/// What tidy says about these files, each by itself.
fn all(files: &[TextFile]) -> Vec<Finding> {
    let (rust, mut findings) = source::parse_all(files);
    findings.extend(check(files, &rust));
    findings
}

/// What tidy says about this one file: the line (0 for the whole file) and the first words of each message.
fn findings(path: &str, text: &str) -> Vec<String> {
    let mut findings = all(&[file(path, text)]);
    findings.sort();
    let short = |finding: &Finding| {
        let place = finding.place.strip_prefix(path).unwrap_or(&finding.place);
        let message = finding.message.split(';').next().unwrap_or_default();
        format!("{place} {message}").trim().to_owned()
    };
    findings.iter().map(short).collect()
}

/// What tidy says about code below a proper head, which takes line 1.
fn code(path: &str, text: &str) -> Vec<String> {
    findings(path, &format!("//! Purpose.\n{text}\n"))
}

#[test]
fn a_file_says_its_purpose_first() {
    let complaint = [":1 does not say its purpose"];
    assert_eq!(findings(SHIPS, "fn f() {}\n"), complaint);
    assert_eq!(findings(SHIPS, ""), complaint);
    assert_eq!(findings(SHIPS, "// Licence.\n//! Purpose.\n"), complaint);
    assert_eq!(findings("crates/x/tests/all.rs", "fn f() {}\n"), complaint);
    assert_eq!(findings(SHIPS, "\n//! Purpose.\n"), [""; 0]);
    let included = "#![doc = include_str!(\"../README.md\")]\n";
    assert_eq!(findings(SHIPS, included), [""; 0]);
}

#[test]
fn a_file_has_at_most_500_lines_without_its_tests() {
    let head = "//! Purpose.\n";
    let lines = |count: usize| format!("{head}{}", "//\n".repeat(count - 1));
    let tests = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", "//\n".repeat(600));
    assert_eq!(findings(SHIPS, &lines(500)), [""; 0]);
    assert_eq!(findings(SHIPS, &format!("{}{tests}", lines(500))), [""; 0]);
    assert_eq!(
        findings(SHIPS, &lines(501)),
        ["501 lines without tests, 500 at most"]
    );
    assert_eq!(findings("crates/x/src/a/tests.rs", &lines(501)), [""; 0]);
    assert_eq!(findings("crates/x/tests/all.rs", &lines(501)), [""; 0]);
}

#[test]
fn a_function_has_at_most_70_lines_unless_it_is_a_test() {
    let function = |lines: usize| format!("fn long() {{\n{}}}", "    ();\n".repeat(lines));
    assert_eq!(code(SHIPS, &function(70)), [""; 0]);
    assert_eq!(
        code(SHIPS, &function(71)),
        [":2 `long` has 71 lines, 70 at most"]
    );
    let method = format!("impl X {{ {} }}", function(71));
    assert_eq!(code(SHIPS, &method), [":2 `long` has 71 lines, 70 at most"]);
    assert_eq!(code(SHIPS, &format!("#[test]\n{}", function(71))), [""; 0]);
    assert_eq!(code("crates/x/tests/all.rs", &function(71)), [""; 0]);
}

#[test]
fn every_banned_call_is_found_however_it_is_written() {
    let cases = [
        (
            "fn f() { std::time::SystemTime::now(); }",
            ":2 `SystemTime::now` away from home",
        ),
        (
            "fn f() { Instant::now(); }",
            ":2 `Instant::now` away from home",
        ),
        (
            "fn f() { tokio::time::Instant::now(); }",
            ":2 `Instant::now` away from home",
        ),
        (
            "fn f() { g(OffsetDateTime::now_utc); }",
            ":2 `OffsetDateTime::now_utc` away from home",
        ),
        (
            "fn f() { m!(UtcDateTime::now()); }",
            ":2 `UtcDateTime::now` away from home",
        ),
        (
            "fn f() { getrandom::fill(&mut b); }",
            ":2 `getrandom` away from home",
        ),
        ("use rand::Rng;", ":2 `rand` away from home"),
        (
            "fn f() { std::env::var(\"X\"); }",
            ":2 `std::env` away from home",
        ),
        ("use std::{io, env};", ":2 `std::env` away from home"),
        ("use std::fs;", ":2 `std::fs` away from home"),
        (
            "use std::{\n    io,\n    fs::File,\n};",
            ":4 `std::fs` away from home",
        ),
        (
            "use tokio::{fs::File, io};",
            ":2 `tokio::fs` away from home",
        ),
        (
            "fn f() { thread::sleep(d); }",
            ":2 `thread::sleep` away from home",
        ),
        (
            "use tokio::time::{self, sleep};",
            ":2 `time::sleep` away from home",
        ),
    ];
    for (snippet, expected) in cases {
        assert_eq!(code(SHIPS, snippet), [expected], "{snippet}");
    }
}

#[test]
fn what_only_looks_like_a_banned_call_passes() {
    let cases = [
        "// SystemTime::now()",
        "const TEXT: &str = \"std::fs::read\";",
        "fn f(getrandom: u8, rand: u8) { g(getrandom, rand); }",
        "fn f() { clock.now(); env!(\"X\"); operand::now(); }",
        "use std::time::{Duration, SystemTime};",
        "fn f() { time::sleepless(); }",
    ];
    for snippet in cases {
        assert_eq!(code(SHIPS, snippet), [""; 0], "{snippet}");
    }
}

#[test]
fn tests_may_use_files_and_the_environment_but_may_not_sleep() {
    let inside =
        "#[cfg(test)]\nmod tests {\n    use std::{env, fs};\n    fn f() { Instant::now(); }\n}";
    assert_eq!(code(SHIPS, inside), [""; 0]);
    let sleeps = "#[test]\nfn t() { std::thread::sleep(d); }";
    let complaint = [":3 `thread::sleep` away from home"];
    assert_eq!(code(SHIPS, sleeps), complaint);
    assert_eq!(code("crates/x/tests/all.rs", sleeps), complaint);
}

#[test]
fn a_home_may_do_what_is_banned_elsewhere_and_is_named_in_the_complaint() {
    let call = "//! Purpose.\nfn f() { Instant::now(); }\n";
    assert_eq!(all(&[file("xtask/src/surroundings.rs", call)]), []);
    let findings = all(&[file("xtask/src/ci.rs", call)]);
    let home = "\n    at home in xtask/src/surroundings.rs: durations shown to people";
    assert!(findings[0].message.contains(home), "{}", findings[0]);
}

#[test]
fn a_home_without_files_is_a_finding() {
    let findings = bans::check_homes(&["xtask/src/surroundings.rs"]);
    let says = |finding: &&Finding| finding.message.starts_with("xtask/src/surroundings.rs ");
    assert_eq!(findings.iter().filter(says).count(), 0);
    let findings = bans::check_homes(&[]);
    assert_ne!(findings.iter().filter(says).count(), 0);
}

#[test]
fn allow_and_ignore_are_found_in_every_spelling() {
    let allow = ":2 use `#[expect(…, reason = \"…\")]`: it fails when it is no longer needed";
    let ignore = ":2 an ignored test rots";
    let cases = [
        ("#[allow(dead_code)] fn f() {}", allow),
        ("#[allow(dead_code, reason = \"x\")] fn f() {}", allow),
        ("fn f() { #![allow(dead_code)] }", allow),
        ("#[cfg_attr(test, allow(dead_code))] fn f() {}", allow),
        (
            "macro_rules! m { () => { #[allow(dead_code)] fn f() {} } }",
            allow,
        ),
        ("#[ignore] fn f() {}", ignore),
        ("#[cfg_attr(unix, ignore = \"slow\")] fn f() {}", ignore),
    ];
    for (snippet, expected) in cases {
        assert_eq!(code(SHIPS, snippet), [expected], "{snippet}");
        assert_eq!(
            code("crates/x/tests/all.rs", snippet),
            [expected],
            "{snippet}"
        );
    }
    for snippet in [
        "#[expect(dead_code, reason = \"x\")] fn f() {}",
        "#[doc = \"allow\"] fn allow() {}",
        "#[serde(rename = \"ignore\")] struct S;",
    ] {
        assert_eq!(code(SHIPS, snippet), [""; 0], "{snippet}");
    }
}

#[test]
fn names_say_something() {
    let cases = [
        ("crates/watchbook-common/src/lib.rs", "common"),
        ("crates/x/src/utils.rs", "utils"),
        ("crates/x/src/string_utils.rs", "utils"),
        ("crates/x/tests/common/mod.rs", "common"),
        ("crates/x/src/helpers/a.rs", "helpers"),
        ("xtask/src/session_manager.rs", "manager"),
        ("examples/misc.rs", "misc"),
    ];
    for (path, word) in cases {
        let expected = format!("`{word}` says nothing");
        assert_eq!(findings(path, "//! Purpose.\n"), [expected], "{path}");
    }
    for path in [
        "crates/x/src/managers_row.rs",
        "crates/x/src/commonest.rs",
        "docs/common.md",
    ] {
        assert_eq!(findings(path, "//! Purpose.\n"), [""; 0], "{path}");
    }
}

#[test]
fn places_of_one_machine_are_not_committed() {
    let cases = [
        ("docs/a.md", concat!("see /wo", "rk/shared")),
        ("docs/a.md", concat!("`/ho", "me/me/x`")),
        ("config/a.yml", concat!("dir: /ro", "ot/x")),
        ("a.txt", concat!("/tmp/", "plan/x")),
        (
            "Cargo.lock",
            "source = \"registry+https://mirror.example/index\"",
        ),
        ("Cargo.lock", "source = \"sparse+https://mirror.example/\""),
        ("Cargo.lock", "source = \"git+https://example.com/x#1\""),
        (".cargo/config.toml", "[source.crates-io]"),
        (".cargo/config.toml", "[registries.mirror]"),
    ];
    for (path, text) in cases {
        assert_eq!(findings(path, text).len(), 1, "{path}: {text}");
    }
    let cases = [
        ("docs/a.md", concat!("../wo", "rk/x and ${ROOT}/ho", "me/x")),
        ("docs/a.md", concat!("https://example.com/ho", "me/")),
        (
            "Cargo.lock",
            "source = \"registry+https://github.com/rust-lang/crates.io-index\"",
        ),
        (".cargo/config.toml", "[alias]"),
    ];
    for (path, text) in cases {
        assert_eq!(findings(path, text), [""; 0], "{path}: {text}");
    }
}

#[test]
fn a_file_that_does_not_parse_is_a_finding() {
    assert_eq!(findings(SHIPS, "//! Purpose.\nfn {").len(), 1);
}

#[test]
fn the_report_shows_medians_of_what_ships() {
    let spread = |sizes: &[usize]| {
        Spread::of(
            sizes
                .iter()
                .map(|size| (*size, format!("n{size}")))
                .collect(),
        )
    };
    assert_eq!(spread(&[]), Spread::default());
    let Spread {
        count,
        median,
        p90,
        max,
        largest,
    } = spread(&[10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
    assert_eq!(
        (count, median, p90, max, largest.as_str()),
        (10, 5, 9, 10, "n10")
    );
    let files = [
        file("crates/x/src/a.rs", "//! A.\nfn f() {\n    1;\n    2;\n}\n"),
        file("crates/x/src/b.rs", "//! B.\nfn f() {}\n"),
        file("crates/x/tests/t.rs", "//! T.\nfn f() {}\n"),
    ];
    let (files, _) = source::parse_all(&files);
    insta::assert_snapshot!(sizes::report(&files), @"
    lines per   count median    p90    max  largest
    file            2      2      5      5  crates/x/src/a.rs
    function        2      1      2      2  crates/x/src/a.rs:2
    ");
}

/// Files that ship: so many of each count of lines, all in one function.
fn shipping(sizes: &[(usize, usize)]) -> Vec<RustFile> {
    let text = |lines: usize| format!("//! A.\nfn f() {{\n{}}}\n", "    ();\n".repeat(lines));
    let files = sizes.iter().flat_map(|(count, lines)| {
        let one = file("crates/x/src/a.rs", &text(*lines));
        std::iter::repeat_with(move || file(&one.path, &one.text)).take(*count)
    });
    source::parse_all(&files.collect::<Vec<_>>()).0
}

#[test]
fn half_of_all_functions_and_files_are_small() {
    let told = |sizes: &[(usize, usize)]| {
        let findings = sizes::check_medians(&shipping(sizes));
        findings.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(told(&[]), [""; 0]);
    assert_eq!(told(&[(5, 10), (4, 60)]), [""; 0]);
    let functions =
        "functions: half of all functions have 11 lines or more, 10 at most; name their parts";
    assert_eq!(told(&[(4, 10), (5, 11)]), [functions]);
    let large = told(&[(1, 196), (1, 300)]);
    assert_eq!(large.len(), 1, "199 lines with head and braces: {large:?}");
    let files = "files: half of all files have 201 lines or more, 200 at most; name their parts";
    assert_eq!(told(&[(1, 198), (1, 300)])[0], files);
}
