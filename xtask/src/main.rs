//! Project automation: `cargo xtask <command>`. This file only matches; each command has a file of its own.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line tool talks to the person who called it"
)]

mod bench;
mod chaos;
mod checkout;
mod ci;
mod codegen;
mod failure;
mod finding;
mod layers;
mod metadata;
mod needs;
mod pg;
mod process;
mod setup;
mod source;
mod surroundings;
mod test;
mod tidy;

use std::process::ExitCode;

use crate::failure::Failure;

/// What `cargo xtask` prints when it is called without a command.
const USAGE: &str = "\
usage: cargo xtask <command>

  setup               install what the tests need from the system's packages
  test [--setup]      run every test; --setup installs what is missing first
  ci [--checks]       run everything a change must pass; --checks leaves out the tests
  layers              check which crate may depend on which
  tidy [--report]     check sizes, module heads, banned calls and names; --report prints the sizes
  codegen [--check]   write the generated files; --check only says which differ
  bench store [--large]
                      compare ours with its peers in one table (release build); --large adds a store ten times as big
  chaos [cycles [seed]]
                      let everything beneath a node fail, 200 times unless it is said, and look what became of it
  pg up|down          start a throw-away PostgreSQL cluster for the tests, or take it away
  bench http          the same for creates over HTTP
  bench postgres [writes|auto|replay|copy|pages]
                      the same for a database, beside pgbench";

fn main() -> ExitCode {
    let arguments = surroundings::arguments();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match dispatch(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("xtask: {}", failure::with_causes(&failure));
            failure.exit_code()
        }
    }
}

fn dispatch(words: &[&str]) -> Result<(), Failure> {
    match words {
        ["setup"] => setup::run(),
        ["test"] => test::run(test::Setup::Leave),
        ["test", "--setup"] => test::run(test::Setup::InstallMissing),
        ["ci"] => ci::run(ci::Scope::Everything),
        ["ci", "--checks"] => ci::run(ci::Scope::Checks),
        ["layers"] => layers::run(),
        ["tidy"] => tidy::run(),
        ["tidy", "--report"] => tidy::report(),
        ["codegen"] => codegen::write(),
        ["codegen", "--check"] => codegen::check(codegen::Build::CommandOnly),
        ["pg", "up"] => pg::run(pg::Turn::Up),
        ["pg", "down"] => pg::run(pg::Turn::Down),
        ["chaos", words @ ..] => chaos::run(words),
        ["bench", words @ ..] => bench::run(words),
        [] | ["help" | "--help" | "-h"] => {
            println!("{USAGE}");
            Ok(())
        }
        other => Err(Failure::Usage(format!(
            "no command `{}`\n\n{USAGE}",
            other.join(" ")
        ))),
    }
}
