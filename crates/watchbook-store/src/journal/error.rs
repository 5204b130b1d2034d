//! Why a journal could not be read or written.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::damage::Damage;

/// Why a journal could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// The system refused.
    #[error("could not {doing} {}", file.display())]
    Io {
        /// What was tried, to fill "could not … FILE".
        doing: &'static str,
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There is no journal in the directory.
    #[error("there is no journal in {}", dir.display())]
    NotFound {
        /// The directory.
        dir: PathBuf,
    },
    /// The journal was cut or replaced behind our back. Reads may go on; writes are refused until it is repaired or restored.
    #[error("{0}; writes are refused: run `watchbook repair`, or restore a backup")]
    Corrupt(Damage),
    /// Written by a newer version: it may be read, as far as it reads, but not written.
    #[error(
        "{file} is in format {v}; this version writes format {}: use the newer program to write",
        super::FORMAT
    )]
    NewerFormat {
        /// The file.
        file: String,
        /// Its format.
        v: u32,
    },
    /// Somebody else holds the lock for longer than the caller would wait.
    #[error("waited {}.{:03} s for the lock, which is held by {holder}; try again, or look what that process does", waited.as_secs(), waited.subsec_millis())]
    LockTimeout {
        /// How long was waited.
        waited: Duration,
        /// Who holds it, as they wrote into the lock file.
        holder: String,
    },
    /// An earlier write ended in a way that could not be undone or made certain; writes are refused until the journal is reopened.
    #[error(
        "an earlier write could neither be completed nor undone: writes are refused until the store is reopened"
    )]
    Poisoned,
    /// The files were replaced (repair, redaction, retention, restore) since the position was made: read again from the start.
    #[error("the journal's files were replaced: read again from the start")]
    Replaced,
    /// The caller's commit breaks a rule of the format; nothing was written.
    #[error("{0}")]
    Invalid(#[from] InvalidCommit),
    /// No commit of the journal has this number and record, or it cannot be read.
    #[error("the journal has no readable record {record} in a commit {n}")]
    NoSuchRecord {
        /// The commit.
        n: u64,
        /// The record's index in it, from 0.
        record: usize,
    },
}

/// Which rule of the format a commit breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidCommit {
    /// `by` or a record is not one JSON object on one line.
    #[error("{0} is not a JSON object on one line")]
    NotAnObject(&'static str),
    /// A record does not begin with `{"salt":"<16 hex digits>"`.
    #[error("a record does not begin with its salt")]
    NoSalt,
    /// A record has the form of a tombstone.
    #[error("a new record has the form of a tombstone")]
    Tombstone,
    /// A replacement does not have the form of a tombstone, or not the digest of what it replaces.
    #[error("the replacement is not a tombstone of the record it replaces")]
    NotATombstone,
    /// There is no record.
    #[error("a commit needs at least one record")]
    Empty,
    /// The line would be too long.
    #[error(
        "the commit would make a line of {bytes} bytes; the most is {}",
        super::MAX_LINE_BYTES
    )]
    TooLong {
        /// How long.
        bytes: usize,
    },
    /// More commits or bytes than fit one batch.
    #[error("more commits or bytes than fit one batch")]
    BatchTooLarge,
}

/// What became of a batch that was not acknowledged.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// Nothing of it is in the journal, and nothing will be.
    #[error("nothing was written")]
    NotApplied(#[source] JournalError),
    /// It may or may not be in the journal; the next to open the journal finds out. Writes are refused until then.
    #[error("it is not known whether it was written")]
    Unknown(#[source] JournalError),
}

impl CommitError {
    /// Whether the disk was full: the same call may succeed once there is room.
    pub fn is_storage_full(&self) -> bool {
        let (Self::NotApplied(source) | Self::Unknown(source)) = self;
        source.io_kind().is_some_and(|kind| {
            matches!(
                kind,
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
            )
        })
    }
}

impl JournalError {
    /// What the system said, when it was the system.
    pub fn io_kind(&self) -> Option<io::ErrorKind> {
        match self {
            Self::Io { source, .. } => Some(source.kind()),
            _ => None,
        }
    }

    /// Turns a system error into one that says what was tried on which file.
    pub(super) fn io<'a>(
        doing: &'static str,
        file: &'a Path,
    ) -> impl FnOnce(io::Error) -> Self + use<'a> {
        move |source| Self::Io {
            doing,
            file: file.to_owned(),
            source,
        }
    }
}
