//! What the files' errors mean to a caller.

use std::io;
use std::time::Duration;

use watchbook_core::ChangeId;

use crate::contract::StoreError;
use crate::journal::{CommitError, InvalidCommit, JournalError, MAX_LINE_BYTES};

use crate::journal::leader::LeaderGone;

use super::book::PackError;
use super::checkpoint::CheckpointError;
use super::codec::CodecError;
use super::layout::Layout;
use super::shelf::{ShelfError, corrupt_place};

/// When it is worth trying again after a failure of the disk.
const RETRY: Duration = Duration::from_secs(5);
/// When it is worth trying again after the lock was not to be had.
const RETRY_LOCK: Duration = Duration::from_secs(1);
/// The newest format that this program writes.
const FORMAT: u32 = crate::journal::FORMAT;

/// A journal that could not be read.
pub(crate) fn reading(error: JournalError) -> StoreError {
    translate("the journal cannot be read", error)
}

/// A journal that could not be locked or made ready for writing. Nothing was written.
pub(crate) fn writing(error: JournalError) -> StoreError {
    translate("the journal cannot be written", error)
}

/// A shelf that could not be filled.
pub(crate) fn filling(error: ShelfError) -> StoreError {
    match error {
        ShelfError::Journal(error) => reading(error),
        ShelfError::Pack(error) => packed(error),
    }
}

/// Memory that does not decode.
pub(crate) fn packed(error: PackError) -> StoreError {
    unavailable(
        "what is kept in memory does not decode; restart the program".to_owned(),
        RETRY,
        error,
    )
}

/// A commit that could not be put into words.
pub(crate) fn encoding(error: CodecError) -> StoreError {
    unavailable("the change cannot be written down".to_owned(), RETRY, error)
}

/// A file beside the journal that could not be read or written.
pub(crate) fn file(what: &str, error: io::Error) -> StoreError {
    let why = format!("{what} ({error}); {}", advice(error.kind()));
    unavailable(why, RETRY, error)
}

/// A commit that was not acknowledged.
pub(crate) fn committing(error: &CommitError, change: ChangeId) -> StoreError {
    let retry_after = RETRY;
    match error {
        CommitError::NotApplied(source) => StoreError::Unavailable {
            why: format!(
                "nothing was written: {}; {}",
                chain(source),
                source.io_kind().map_or("try again", advice)
            ),
            retry_after,
            source: None,
        },
        CommitError::Unknown(source) => StoreError::Unknown {
            change,
            why: chain(source),
            source: None,
        },
    }
}

/// What was published and not yet synced could not be synced.
pub(crate) fn syncing(error: CommitError) -> StoreError {
    unavailable(
        "what was written last could not be forced to the disk; look at the disk".to_owned(),
        RETRY,
        error,
    )
}

/// A book that does not fit into the memory it may take.
pub(crate) fn memory(needed: usize, limit: usize) -> StoreError {
    const MIB: usize = 1 << 20;
    StoreError::Unavailable {
        why: format!(
            "this directory needs {} MiB of memory and {} MiB are allowed; raise the limit or archive old incidents",
            needed.div_ceil(MIB),
            limit / MIB
        ),
        retry_after: RETRY,
        source: None,
    }
}

/// A commit that breaks a rule of the journal's format.
pub(crate) fn refused_by_journal(error: InvalidCommit) -> StoreError {
    match error {
        InvalidCommit::TooLong { bytes } => StoreError::TooLarge {
            what: "the change",
            size: bytes,
            limit: MAX_LINE_BYTES,
        },
        other => unavailable("the change cannot be written down".to_owned(), RETRY, other),
    }
}

/// A checkpoint that could not be written.
pub(crate) fn checkpointing(error: CheckpointError) -> StoreError {
    unavailable(
        "the checkpoint cannot be written; the next start will be slower".to_owned(),
        RETRY,
        error,
    )
}

/// Files were replaced while they were copied.
pub(crate) fn replaced_meanwhile() -> StoreError {
    let why = "files were replaced meanwhile by a repair or a redaction; try again".to_owned();
    StoreError::Unavailable {
        why,
        retry_after: RETRY_LOCK,
        source: None,
    }
}

/// More callers wait than the queue holds.
pub(crate) fn overloaded() -> StoreError {
    let why = "too many writes are waiting; try again in a moment".to_owned();
    StoreError::Unavailable {
        why,
        retry_after: RETRY_LOCK,
        source: None,
    }
}

/// The thread that did the work is gone.
pub(crate) fn abandoned() -> StoreError {
    let why = "the work was abandoned, most likely because the program ends; try again".to_owned();
    StoreError::Unavailable {
        why,
        retry_after: RETRY_LOCK,
        source: None,
    }
}

/// The leader of a batch is gone. It may have got as far as writing.
pub(crate) fn leader_gone(change: ChangeId, gone: LeaderGone) -> StoreError {
    StoreError::Unknown {
        change,
        why: gone.to_string(),
        source: None,
    }
}

/// The same failure once more, for another command of the batch that it ended.
pub(crate) fn repeat(error: &StoreError) -> StoreError {
    match error {
        StoreError::Corrupt(place) => StoreError::Corrupt(place.clone()),
        StoreError::NewerFormat { found, known } => StoreError::NewerFormat {
            found: *found,
            known: *known,
        },
        StoreError::Fenced(fence) => StoreError::Fenced(fence.clone()),
        StoreError::Unavailable {
            why,
            retry_after,
            source: _,
        } => StoreError::Unavailable {
            why: why.clone(),
            retry_after: *retry_after,
            source: None,
        },
        other => StoreError::Unavailable {
            why: other.to_string(),
            retry_after: RETRY,
            source: None,
        },
    }
}

fn translate(what: &'static str, error: JournalError) -> StoreError {
    match error {
        JournalError::Corrupt(damage) => {
            let place = corrupt_place(&damage, &Layout::below(std::path::Path::new("")));
            StoreError::Corrupt(place)
        }
        JournalError::NewerFormat { v, .. } => StoreError::NewerFormat {
            found: v,
            known: FORMAT,
        },
        JournalError::LockTimeout { .. } => unavailable(error.to_string(), RETRY_LOCK, error),
        other => {
            let advice = other.io_kind().map_or("run `watchbook doctor`", advice);
            let why = format!("{what}: {}; {advice}", chain(&other));
            unavailable(why, RETRY, other)
        }
    }
}

/// An error with everything beneath it, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        text = format!("{text}: {source}");
        next = source.source();
    }
    text
}

/// What to do about an error of the system.
const fn advice(kind: io::ErrorKind) -> &'static str {
    match kind {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "free some space; writing goes on by itself then"
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "make the folder writable for this user"
        }
        _ => "look at the disk and try again",
    }
}

fn unavailable(
    why: String,
    retry_after: Duration,
    source: impl std::error::Error + Send + Sync + 'static,
) -> StoreError {
    StoreError::Unavailable {
        why,
        retry_after,
        source: Some(Box::new(source)),
    }
}
