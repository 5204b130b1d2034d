//! What can go wrong, by meaning.

use std::error::Error;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use watchbook_core::artifact::ArtifactError;
use watchbook_core::{ChangeId, IncidentId, Refused};

use super::{Loss, Lost};

/// What went wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The command is not allowed in the present state. Nothing has changed.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// There is nothing with this id or name.
    #[error("there is no {what} {name}")]
    NotFound {
        /// The kind of thing.
        what: &'static str,
        /// Its id or name.
        name: String,
    },
    /// The bytes may not be stored as an artifact.
    #[error(transparent)]
    BadArtifact(#[from] ArtifactError),
    /// The store cannot do it now. Nothing has changed.
    #[error("the store is unavailable: {why}")]
    Unavailable {
        /// Why, and what to do.
        why: String,
        /// When it is worth trying again.
        retry_after: Duration,
        /// What lies beneath.
        source: Option<Box<dyn Error + Send + Sync>>,
    },
    /// It is not known whether the change happened. Ask again with the same change id.
    #[error("it is not known whether change {change} was stored: {why}")]
    Unknown {
        /// The change.
        change: ChangeId,
        /// What happened.
        why: String,
        /// What lies beneath.
        source: Option<Box<dyn Error + Send + Sync>>,
    },
    /// The stored data is damaged here. Everything else goes on.
    #[error("{0}")]
    Corrupt(CorruptPlace),
    /// More than fits.
    #[error("{what} has {size} bytes; the limit is {limit}")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// Its size in bytes.
        size: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// The files were written by a newer version: they can be read, not written.
    #[error(
        "the store has format version {found}; this program writes up to version {known}; upgrade watchbook to write to it"
    )]
    NewerFormat {
        /// The version found.
        found: u32,
        /// The newest version this program writes.
        known: u32,
    },
    /// What is to be taken over does not go on from what is here. Nothing has changed.
    #[error("incident {incident} cannot be taken over: {why}")]
    Diverged {
        /// The incident.
        incident: IncidentId,
        /// How it differs.
        why: String,
    },
    /// What is to be brought in does not begin where the last run ended. Nothing has changed.
    #[error("the commits after {given} were to be brought in, but those up to {here} are here")]
    OutOfStep {
        /// Up to which number the caller believes them to be here.
        given: u64,
        /// Up to which they are.
        here: u64,
    },
    /// The store was restored from a copy since the position was given out.
    #[error("the store was restored from a copy; read everything anew")]
    FeedRestarted,
}

/// A place in a file that is damaged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CorruptPlace {
    /// The file.
    pub file: PathBuf,
    /// The line, counted from 1; 0 if the file is not made of lines.
    pub line: u64,
    /// The byte at which the line begins.
    pub byte: u64,
    /// What is wrong there.
    pub what: String,
}

impl fmt::Display for CorruptPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            file,
            line,
            byte,
            what,
        } = self;
        write!(
            f,
            "{} is damaged at line {line} (byte {byte}): {what}; run `watchbook verify`",
            file.display()
        )
    }
}

/// Whether a change that ended in an error may have happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It certainly did not.
    NotApplied,
    /// It may have. Only the same change id settles it.
    Unknown(ChangeId),
}

impl StoreError {
    /// Whether the change may have happened.
    pub const fn outcome(&self) -> Outcome {
        match self {
            Self::Unknown { change, .. } => Outcome::Unknown(*change),
            _ => Outcome::NotApplied,
        }
    }

    /// Whether the store itself is lost, and how. `None` for everything that a second store would answer no better:
    /// refusals, a missing permission, a fault of our own.
    pub fn loss(&self) -> Option<Loss> {
        let (Self::Unavailable { source, .. } | Self::Unknown { source, .. }) = self else {
            return None;
        };
        let lost = source.as_ref()?.downcast_ref::<Lost>()?;
        Some(lost.loss())
    }
}
