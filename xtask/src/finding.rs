//! One problem that a check found, and how a list of them is shown.

use std::fmt;

use crate::failure::Failure;

/// A problem at a place, with what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    /// `path` or `path:line`, so that editors and terminals can jump to it.
    pub(crate) place: String,
    /// What is wrong and what to do next.
    pub(crate) message: String,
}

impl Finding {
    /// A problem with a whole file, crate or folder.
    pub(crate) fn of(place: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            message: message.into(),
        }
    }

    /// A problem at one line, counted from 1.
    pub(crate) fn at(path: &str, line: usize, message: impl Into<String>) -> Self {
        Self::of(format!("{path}:{line}"), message)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, message } = self;
        write!(f, "{place}: {message}")
    }
}

/// Prints the findings in order of place; succeeds when there are none, after saying what was looked at.
pub(crate) fn conclude(
    check: &'static str,
    looked_at: &str,
    findings: Vec<Finding>,
) -> Result<(), Failure> {
    quietly_conclude(check, findings)?;
    println!("{check}: {looked_at}, nothing to mend");
    Ok(())
}

/// As [`conclude`], but silent when there is nothing to mend: for a check whose place in the output is not its own.
pub(crate) fn quietly_conclude(
    check: &'static str,
    mut findings: Vec<Finding>,
) -> Result<(), Failure> {
    findings.sort();
    findings.dedup();
    for finding in &findings {
        eprintln!("{finding}");
    }
    match findings.len() {
        0 => Ok(()),
        count => Err(Failure::Findings { check, count }),
    }
}
