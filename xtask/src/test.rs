//! `test`: everything, with one command: documentation tests, then all others, then the snapshots.
//!
//! The runner's own summary comes last on purpose: it is what a reader of a long log looks for.

mod counts;
mod snapshots;

use crate::checkout;
use crate::failure::Failure;
use crate::metadata;
use crate::needs;
use crate::process::Program;
use crate::setup;
use crate::surroundings;
use crate::test::counts::Counts;
use crate::test::snapshots::References;

/// What to do about needs that are not met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Setup {
    /// Say so and skip.
    Leave,
    /// Install what packages can bring first.
    InstallMissing,
}

/// Everything that ships and every feature of it, so that one build serves all commands.
const ALL: [&str; 2] = ["--workspace", "--all-features"];

/// Runs every test.
pub(crate) fn run(setup: Setup) -> Result<(), Failure> {
    let missing = match setup {
        Setup::Leave => needs::missing(),
        Setup::InstallMissing => setup::install_missing()?,
    };
    needs::report(&missing)?;
    documentation_tests()?;
    let references = References::start(&metadata::load()?.target_directory)?;
    other_tests(&references)?;
    // A skipped test references nothing, so unreferenced snapshots prove something in a full run only.
    snapshots::check(missing.is_empty().then_some(&references))
}

fn documentation_tests() -> Result<(), Failure> {
    let program = Program::cargo(["test", "--quiet", "--doc"].into_iter().chain(ALL));
    let counts = counted(program)?;
    println!("documentation tests: {counts}");
    Ok(())
}

fn other_tests(references: &References) -> Result<(), Failure> {
    if Program::cargo(["nextest", "--version"]).succeeds() {
        let profile = if surroundings::variable("CI").is_some() {
            "ci"
        } else {
            "default"
        };
        let arguments = ["nextest", "run", "--profile", profile]
            .into_iter()
            .chain(ALL);
        return references
            .record(Program::cargo(arguments))
            .within(&checkout::root())
            .run();
    }
    println!("cargo-nextest is not installed: running with cargo test, which takes longer");
    let arguments = ["test", "--no-fail-fast"].into_iter().chain(ALL).chain([
        "--lib",
        "--bins",
        "--tests",
        "--examples",
    ]);
    let counts = counted(references.record(Program::cargo(arguments)))?;
    println!("tests: {counts}");
    Ok(())
}

/// Runs cargo's own test runner, adding up its results.
fn counted(program: Program) -> Result<Counts, Failure> {
    let mut counts = Counts::default();
    program
        .within(&checkout::root())
        .watch(|line| counts.see(line))?;
    Ok(counts)
}
