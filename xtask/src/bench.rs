//! `bench`: ours beside its peers, measured in the same run on the same machine, as one table of ratios.
//!
//! The measurements link the store and SQLite, so they are behind the feature `bench`; without it this command only
//! calls itself again with it, in a release build.

#[cfg(feature = "bench")]
mod disk;
#[cfg(feature = "bench")]
mod samples;
#[cfg(feature = "bench")]
mod sqlite;
#[cfg(feature = "bench")]
mod store;
#[cfg(feature = "bench")]
mod table;

use crate::failure::Failure;

/// What can be measured.
const SUBJECTS: &[&str] = &["store"];

/// Measures one subject and prints its table.
pub(crate) fn run(subject: &str) -> Result<(), Failure> {
    if !SUBJECTS.contains(&subject) {
        let known = SUBJECTS.join(", ");
        return Err(Failure::Usage(format!(
            "no benchmark `{subject}`; there is {known}"
        )));
    }
    measure(subject)
}

#[cfg(feature = "bench")]
fn measure(subject: &str) -> Result<(), Failure> {
    match subject {
        "store" => store::run(),
        other => Err(Failure::Usage(format!("no benchmark `{other}`"))),
    }
}

#[cfg(not(feature = "bench"))]
fn measure(subject: &str) -> Result<(), Failure> {
    let itself = [
        "run",
        "--release",
        "--package",
        "xtask",
        "--features",
        "bench",
        "--",
        "bench",
        subject,
    ];
    let program = crate::process::Program::cargo(itself);
    program.within(&crate::checkout::root()).run()
}
