//! The loss of a store, for whoever has a second one to go on with.

use std::error::Error;
use std::fmt;

/// What an error says about the store as a whole, beyond the call that met it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Loss {
    /// It cannot be reached, does not answer in time, or cannot take writes just now: it was shut down, became a
    /// replica, has no room or no connections left. It comes back by itself or by its operators. One call that was too
    /// slow looks the same, so this is worth believing after a second try on a fresh connection.
    Gone,
    /// It answers, and it is not the one that was meant: a wrong password, database or schema, another store, a newer
    /// or older version of the tables. Somebody must correct it, so a program refuses to start with it, and a program
    /// that runs must say so loudly.
    Misconfigured,
}

/// What lies beneath an error of the store that means its loss.
#[derive(Debug)]
pub struct Lost {
    loss: Loss,
    cause: Box<dyn Error + Send + Sync>,
}

impl Lost {
    /// `cause` means `loss`.
    pub fn new(loss: Loss, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            loss,
            cause: cause.into(),
        }
    }

    /// Which loss it is.
    pub const fn loss(&self) -> Loss {
        self.loss
    }
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.cause.fmt(f)
    }
}

impl Error for Lost {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.source()
    }
}
