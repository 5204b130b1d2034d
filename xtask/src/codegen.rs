//! `codegen`: files that the program itself writes, committed so that people can read them, checked so that they stay true.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::checkout;
use crate::failure::Failure;
use crate::finding::{self, Finding};
use crate::process::Program;

/// One generated file.
#[derive(Debug)]
struct Generated {
    /// Where it is, below the root.
    path: &'static str,
    /// What `watchbook` prints it when called with.
    arguments: &'static [&'static str],
}

/// Every generated file. One row is all it takes to add one.
const GENERATED: &[Generated] = &[
    Generated {
        path: "docs/api.md",
        arguments: &["reference", "api"],
    },
    Generated {
        path: "docs/commands.md",
        arguments: &["reference", "cli"],
    },
];

/// Which build of the program is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Build {
    /// The command line with its default features: what a developer has at hand.
    CommandOnly,
    /// The build the tests make, so that `ci` compiles nothing for this step alone.
    AsForTests,
}

/// Writes every generated file.
pub(crate) fn write() -> Result<(), Failure> {
    for (file, content) in produce(Build::CommandOnly)? {
        checkout::write(&checkout::root().join(file.path), &content)?;
        println!("wrote {}", file.path);
    }
    Ok(())
}

/// Says which generated files differ from what the program prints now.
pub(crate) fn check(build: Build) -> Result<(), Failure> {
    let mut findings = Vec::new();
    for (file, content) in produce(build)? {
        let committed = checkout::read_if_there(&checkout::root().join(file.path))?;
        findings.extend(compare(file.path, committed.as_deref(), &content));
    }
    finding::conclude(
        "codegen",
        &format!("{} generated files", GENERATED.len()),
        findings,
    )
}

fn compare(path: &str, committed: Option<&str>, produced: &[u8]) -> Option<Finding> {
    let message = match committed {
        None => "is not there; run cargo xtask codegen",
        Some(text) if text.as_bytes() != produced => "is out of date; run cargo xtask codegen",
        Some(_) => return None,
    };
    Some(Finding::of(path, message))
}

fn produce(build: Build) -> Result<Vec<(&'static Generated, Vec<u8>)>, Failure> {
    if GENERATED.is_empty() {
        return Ok(Vec::new());
    }
    let watchbook = executable(build)?;
    let print = |file: &'static Generated| {
        let program = Program::new(&watchbook.to_string_lossy(), file.arguments.iter().copied());
        Ok((file, program.within(&checkout::root()).capture()?))
    };
    GENERATED.iter().map(print).collect()
}

/// Builds the program and asks cargo where it put it.
fn executable(build: Build) -> Result<PathBuf, Failure> {
    let what: &[&str] = match build {
        Build::CommandOnly => &["--package", "watchbook-cli", "--bin", "watchbook"],
        Build::AsForTests => &["--workspace", "--all-features", "--all-targets"],
    };
    let arguments = [
        &[
            "build",
            "--quiet",
            "--message-format",
            "json-render-diagnostics",
        ],
        what,
    ]
    .concat();
    let messages = Program::cargo(arguments)
        .within(&checkout::root())
        .capture()?;
    let messages = String::from_utf8_lossy(&messages);
    let found = messages.lines().find_map(watchbook);
    found.ok_or_else(|| Failure::Missing("cargo built no program named watchbook".to_owned()))
}

/// What cargo says about one thing that it built, reduced to what tells the program from its test harness.
#[derive(Debug, Deserialize)]
struct Artifact {
    target: Target,
    profile: Profile,
    executable: Option<PathBuf>,
}

#[derive(Debug, Deserialize)]
struct Target {
    name: String,
}

#[derive(Debug, Deserialize)]
struct Profile {
    test: bool,
}

fn watchbook(message: &str) -> Option<PathBuf> {
    let artifact: Artifact = serde_json::from_str(message).ok()?;
    let is_it = artifact.target.name == "watchbook" && !artifact.profile.test;
    artifact
        .executable
        .filter(|path| is_it && Path::new(path).is_absolute())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_file_must_be_there_and_equal() {
        let said = |committed, produced| {
            compare("docs/x", committed, produced).map(|finding| finding.to_string())
        };
        assert_eq!(said(Some("a"), b"a"), None);
        let out_of_date = "docs/x: is out of date; run cargo xtask codegen";
        assert_eq!(said(Some("a"), b"b").as_deref(), Some(out_of_date));
        let not_there = "docs/x: is not there; run cargo xtask codegen";
        assert_eq!(said(None, b"").as_deref(), Some(not_there));
    }

    #[test]
    fn the_program_is_told_from_its_test_harness_and_from_other_messages() {
        let message = |name: &str, test: bool, executable: &str| {
            format!(
                r#"{{"reason":"compiler-artifact","target":{{"name":"{name}"}},"profile":{{"test":{test}}},"executable":{executable}}}"#
            )
        };
        let program = "\"/t/debug/watchbook\"";
        let expected = Some(PathBuf::from("/t/debug/watchbook"));
        assert_eq!(watchbook(&message("watchbook", false, program)), expected);
        for other in [
            message("watchbook", true, program),
            message("watchbook", false, "null"),
            message("xtask", false, program),
            r#"{"reason":"build-finished","success":true}"#.to_owned(),
            "not JSON".to_owned(),
        ] {
            assert_eq!(watchbook(&other), None, "{other}");
        }
    }
}
