//! `chaos`: many cycles of everything failing beneath a node, beyond those that the tests run.

use crate::failure::Failure;
use crate::process::Program;

/// How many cycles, unless it is said.
const CYCLES: &str = "200";
/// From which seed, unless it is said.
const SEED: &str = "1";

/// Runs the cycles, in a release build: `[cycles [seed]]`.
pub(crate) fn run(words: &[&str]) -> Result<(), Failure> {
    let (cycles, seed) = match words {
        [] => (CYCLES, SEED),
        [cycles] => (*cycles, SEED),
        [cycles, seed] => (*cycles, *seed),
        _ => return Err(wrong(words)),
    };
    if cycles.parse::<u64>().is_err() || seed.parse::<u64>().is_err() {
        return Err(wrong(words));
    }
    let arguments = [
        "test",
        "--release",
        "--package",
        "watchbook-store",
        "--all-features",
        "--test",
        "chaos",
        "--",
        "--nocapture",
    ];
    Program::cargo(arguments)
        .with("WATCHBOOK_CHAOS_CYCLES", cycles)
        .with("WATCHBOOK_CHAOS_SEED", seed)
        .run()
}

fn wrong(words: &[&str]) -> Failure {
    let words = words.join(" ");
    Failure::Usage(format!(
        "chaos takes a number of cycles and a seed, not `{words}`; for example `cargo xtask chaos 200 1`"
    ))
}
