//! Mistakes in settings and policies.

use std::fmt;

use crate::place::Place;

/// The most mistakes that are listed; of the rest only the number is given.
const LISTED: usize = 100;

/// One mistake: where it is, what is wrong, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {}{message}; {fix}", KeyText(.key))]
pub struct ConfigError {
    /// Where it is.
    pub place: Place,
    /// The key, as a path such as `roles.viewer.allow[2]`; empty when it is about the file as a whole.
    pub key: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub fix: String,
}

struct KeyText<'a>(&'a str);

impl fmt::Display for KeyText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return Ok(());
        }
        write!(f, "{}: ", self.0)
    }
}

/// Every mistake of all files, the environment and the flags. Never empty.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", Lines(.0))]
pub struct ConfigErrors(pub Vec<ConfigError>);

struct Lines<'a>(&'a [ConfigError]);

impl fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.len();
        let plural = if count == 1 { "" } else { "s" };
        write!(f, "{count} mistake{plural} in the configuration")?;
        for error in self.0.iter().take(LISTED) {
            write!(f, "\n  {error}")?;
        }
        match count.saturating_sub(LISTED) {
            0 => Ok(()),
            more => write!(f, "\n  and {more} more"),
        }
    }
}
