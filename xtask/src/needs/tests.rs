//! What is said about a need that is not met, and when that is a failure.

use super::*;
use crate::failure;

fn need(name: &str) -> &'static Need {
    let found = NEEDS.iter().find(|need| need.name == name);
    found.expect("the table has it")
}

fn enforced(required: &str, missing: &[&str]) -> String {
    let missing: Vec<&Need> = missing.iter().map(|name| need(name)).collect();
    match enforce(required, &missing) {
        Ok(()) => "passes".to_owned(),
        Err(failure) => failure::with_causes(&failure),
    }
}

#[test]
fn a_missing_need_fails_only_where_it_is_required() {
    let cases: [(&str, &[&str], &str); 7] = [
        ("", &["jq"], "passes"),
        ("all", &[], "passes"),
        ("curl", &["jq"], "passes"),
        (
            "curl, jq",
            &["jq"],
            "WATCHBOOK_REQUIRE requires jq, see above",
        ),
        (
            "all",
            &["jq", "tmpfs"],
            "WATCHBOOK_REQUIRE requires jq, tmpfs, see above",
        ),
        (
            "jp",
            &[],
            "WATCHBOOK_REQUIRE names `jp`; it may name all, curl, jq, pgbouncer, postgres, tmpfs",
        ),
        (" , ", &["jq"], "passes"),
    ];
    for (required, missing, expected) in cases {
        assert_eq!(enforced(required, missing), expected, "{required}");
    }
}

#[test]
fn a_skip_says_what_why_and_what_to_do() {
    insta::assert_snapshot!(skip_line(need("jq")), @"skipped: jq is missing, run cargo xtask setup (needed by the tests that read the store's files as the runbook does)");
    insta::assert_snapshot!(skip_line(need("tmpfs")), @"skipped: tmpfs is missing, run as root or allow user namespaces: sysctl -w kernel.unprivileged_userns_clone=1 (needed by the tests of a disk that is full)");
    insta::assert_snapshot!(datum_line(&DATA[0]), @"skipped: WATCHBOOK_TEST_STATUSPAGE names no file (needed by the import of a whole status page)");
}

#[test]
fn a_need_is_there_when_one_of_its_probes_succeeds() {
    let with = |probes| Need {
        name: "x",
        needed_by: "y",
        probes,
        remedy: Remedy::ByHand("z"),
    };
    assert!(with(&[&["no-such-program"], &["cargo", "--version"]]).is_there());
    assert!(!with(&[&["no-such-program"], &["cargo", "--no-such-option"]]).is_there());
    assert!(!with(&[]).is_there());
}
