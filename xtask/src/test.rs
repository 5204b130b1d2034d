//! `test`: everything, with one command: documentation tests, then all others, then the snapshots.
//!
//! The runner's own summary comes last on purpose: it is what a reader of a long log looks for.

mod counts;
mod snapshots;

use crate::checkout;
use crate::failure::Failure;
use crate::metadata;
use crate::needs;
use crate::pg::{self, Cluster};
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
/// Tests that need a program, told to `cargo nextest` by a filter and to `cargo test` by parts of their names.
struct Needing {
    need: &'static str,
    filter: &'static str,
    parts: &'static [&'static str],
}

/// Every such group. What is missing is left out.
const NEEDING: [Needing; 2] = [
    Needing {
        need: "postgres",
        filter: "(binary_id(watchbook-store::postgres) or binary_id(watchbook-store::chaos) or test(/^(database|auto)::/))",
        parts: &[
            "nothing_acknowledged_is_lost_or_doubled",
            "absorb::",
            "conformance_auto::",
            "feed::",
            "followups::",
            "leases::",
            "pg_dump::",
            "plans::",
            "transfer::",
            "two_servers::",
            "auto::",
            "prepared::",
            "unnamed::",
            "migrations::",
            "writers::",
            "cut::",
            "errors::",
            "limits::",
            "tls::",
            "pooled::",
            "pooler::",
            "database::",
        ],
    },
    Needing {
        need: "pgbouncer",
        filter: "(binary_id(watchbook-store::postgres) and test(/(^|::)pool(ed|er)::/))",
        parts: &["pooled::", "pooler::"],
    },
];

/// Runs every test.
pub(crate) fn run(setup: Setup) -> Result<(), Failure> {
    let missing = match setup {
        Setup::Leave => needs::missing(),
        Setup::InstallMissing => setup::install_missing()?,
    };
    needs::report(&missing)?;
    let has_postgres = !missing.iter().any(|need| need.name == "postgres");
    let cluster = has_postgres.then(Cluster::start).transpose()?;
    documentation_tests()?;
    let references = References::start(&metadata::load()?.target_directory)?;
    let left_out: Vec<&Needing> = NEEDING
        .iter()
        .filter(|group| missing.iter().any(|need| need.name == group.need))
        .collect();
    other_tests(&references, cluster.as_ref(), &left_out)?;
    drop(cluster);
    // A skipped test references nothing, so unreferenced snapshots prove something in a full run only.
    snapshots::check(missing.is_empty().then_some(&references))
}

fn documentation_tests() -> Result<(), Failure> {
    let program = Program::cargo(["test", "--quiet", "--doc"].into_iter().chain(ALL));
    let counts = counted(program)?;
    println!("documentation tests: {counts}");
    Ok(())
}

fn other_tests(
    references: &References,
    cluster: Option<&Cluster>,
    left_out: &[&Needing],
) -> Result<(), Failure> {
    let address = cluster.map(Cluster::address).unwrap_or_default();
    let found = |program: Program| references.record(program).with(pg::VARIABLE, &address);
    if Program::cargo(["nextest", "--version"]).succeeds() {
        let profile = if surroundings::variable("CI").is_some() {
            "ci"
        } else {
            "default"
        };
        let filters = left_out.iter().map(|group| format!("not {}", group.filter));
        let filter = ["all()".to_owned()].into_iter().chain(filters);
        let filter = filter.collect::<Vec<_>>().join(" and ");
        let arguments = ["nextest", "run", "--profile", profile]
            .into_iter()
            .chain(ALL)
            .chain(["--filterset", filter.as_str()]);
        return found(Program::cargo(arguments))
            .within(&checkout::root())
            .run();
    }
    println!("cargo-nextest is not installed: running with cargo test, which takes longer");
    let arguments = ["test", "--no-fail-fast"].into_iter().chain(ALL).chain([
        "--lib",
        "--bins",
        "--tests",
        "--examples",
        "--",
    ]);
    let parts = left_out.iter().flat_map(|group| group.parts);
    let arguments = arguments.chain(parts.flat_map(|part| ["--skip", *part]));
    let counts = counted(found(Program::cargo(arguments)))?;
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
