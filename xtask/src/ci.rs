//! `ci`: everything a change must pass, cheapest first, stopping at the first step that fails.
//!
//! All steps build the same packages with the same features and profile, so each crate is compiled once per kind of
//! build: once for clippy and the documentation, once for the tests and the generated files.

use crate::checkout;
use crate::codegen;
use crate::failure::Failure;
use crate::layers;
use crate::process::Program;
use crate::surroundings;
use crate::test;
use crate::tidy;

/// How much to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// All steps.
    Everything,
    /// All but the tests, for a caller that runs them next with options of its own.
    Checks,
}

/// One step: its name in the heading and in the failure, and what it does.
struct Step {
    name: &'static str,
    run: fn() -> Result<(), Failure>,
}

const CHECKS: &[Step] = &[
    Step {
        name: "fmt",
        run: fmt,
    },
    Step {
        name: "layers",
        run: layers::run,
    },
    Step {
        name: "tidy",
        run: tidy::run,
    },
    Step {
        name: "clippy",
        run: clippy,
    },
    Step {
        name: "doc",
        run: doc,
    },
    Step {
        name: "deny",
        run: deny,
    },
    Step {
        name: "codegen",
        run: || codegen::check(codegen::Build::AsForTests),
    },
];

const TEST: Step = Step {
    name: "test",
    run: || test::run(test::Setup::Leave),
};

/// Runs the steps in order.
pub(crate) fn run(scope: Scope) -> Result<(), Failure> {
    CHECKS.iter().try_for_each(timed)?;
    match scope {
        Scope::Everything => timed(&TEST),
        Scope::Checks => Ok(()),
    }
}

fn timed(step: &Step) -> Result<(), Failure> {
    let Step { name, run } = *step;
    println!("\n=== {name}");
    let start = surroundings::now();
    run().map_err(|source| Failure::Step {
        step: name,
        source: Box::new(source),
    })?;
    println!(
        "=== {name} passed in {:.1} s",
        start.elapsed().as_secs_f64()
    );
    Ok(())
}

fn fmt() -> Result<(), Failure> {
    in_root(Program::cargo(["fmt", "--all", "--check"]))
}

fn clippy() -> Result<(), Failure> {
    let arguments = [
        "clippy",
        "--workspace",
        "--all-targets",
        "--all-features",
        "--",
        "-D",
        "warnings",
    ];
    in_root(Program::cargo(arguments))
}

fn doc() -> Result<(), Failure> {
    let program = Program::cargo([
        "doc",
        "--workspace",
        "--all-features",
        "--no-deps",
        "--document-private-items",
    ]);
    in_root(program.with("RUSTDOCFLAGS", "-D warnings"))
}

/// Optional, because building cargo-deny takes longer than everything else here together.
fn deny() -> Result<(), Failure> {
    if !Program::cargo(["deny", "--version"]).succeeds() {
        println!("not checked: cargo-deny is not installed; cargo install --locked cargo-deny");
        return Ok(());
    }
    in_root(Program::cargo([
        "deny", "check", "licenses", "bans", "sources",
    ]))
}

fn in_root(program: Program) -> Result<(), Failure> {
    program.within(&checkout::root()).run()
}
