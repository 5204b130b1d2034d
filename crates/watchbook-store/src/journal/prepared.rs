//! A commit that is ready to be written: checked, serialised and hashed as far as that goes without its number.

use serde::de::IgnoredAny;
use watchbook_core::{Digest, Timestamp};

use super::FORMAT;
use super::chain;
use super::error::InvalidCommit;
use super::settings::{MAX_BATCH_BYTES, MAX_BATCH_COMMITS, MAX_LINE_BYTES};

/// The bytes of a line apart from `by` and the records: at most this many.
const FRAME_BYTES: usize = 256;

/// A commit that is ready to be written. Making one is the expensive part and needs no lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreparedCommit {
    at: Timestamp,
    by: String,
    /// The records, joined by commas.
    body: String,
    digests: Vec<Digest>,
}

impl PreparedCommit {
    /// Checks and hashes the records of a commit.
    ///
    /// `by` is a JSON object on one line. Each record is a JSON object on one line that begins with
    /// `{"salt":"<16 hex digits>"`, the salt being random.
    ///
    /// # Errors
    /// When they are not, when there is no record, or when the line would exceed [`MAX_LINE_BYTES`].
    pub fn new<R: AsRef<str>>(
        at: Timestamp,
        by: &str,
        records: &[R],
    ) -> Result<Self, InvalidCommit> {
        check_object(by, "the author of a commit")?;
        // Before the records are parsed: what is too long is refused by its length alone.
        line_bytes(by, records)?;
        for record in records {
            check_record(record.as_ref())?;
        }
        Self::of_serialized(at, by.to_owned(), records)
    }

    /// The same for parts that `serde_json` wrote just now, each record behind a salt: they need not be parsed again.
    ///
    /// # Errors
    /// When there is no record, or when the line would exceed [`MAX_LINE_BYTES`].
    pub(crate) fn of_serialized<R: AsRef<str>>(
        at: Timestamp,
        by: String,
        records: &[R],
    ) -> Result<Self, InvalidCommit> {
        let bytes = line_bytes(&by, records)?;
        let mut body = String::with_capacity(bytes);
        let mut digests = Vec::with_capacity(records.len());
        for record in records {
            let record = record.as_ref();
            debug_assert_eq!(check_record(record), Ok(()));
            if !body.is_empty() {
                body.push(',');
            }
            body.push_str(record);
            digests.push(Digest::of(record.as_bytes()));
        }
        Ok(Self {
            at,
            by,
            body,
            digests,
        })
    }

    /// The most bytes its line can have, newline included.
    pub fn max_bytes(&self) -> usize {
        self.body.len() + self.by.len() + FRAME_BYTES
    }

    /// Appends its line to `out` and gives the chain's value after it.
    pub(super) fn write_to(&self, out: &mut Vec<u8>, n: u64, previous: &Digest) -> Digest {
        let start = out.len();
        let Self {
            at,
            by,
            body,
            digests,
        } = self;
        out.extend_from_slice(
            format!(r#"{{"v":{FORMAT},"n":{n},"at":"{at}","by":{by},"#).as_bytes(),
        );
        let d = chain::commit_digest(&out[start..], digests.iter().copied());
        let h = chain::link(previous, &d);
        out.extend_from_slice(br#""records":["#);
        out.extend_from_slice(body.as_bytes());
        out.extend_from_slice(format!("],\"d\":\"{d}\",\"h\":\"{h}\"}}\n").as_bytes());
        h
    }
}

/// How many of `commits`, from the first on, fit into one batch: at least one, if there is any.
pub fn batch_len<'a>(commits: impl IntoIterator<Item = &'a PreparedCommit>) -> usize {
    let mut bytes = 0;
    commits
        .into_iter()
        .take(MAX_BATCH_COMMITS)
        .enumerate()
        .take_while(|(index, commit)| {
            bytes += commit.max_bytes();
            *index == 0 || bytes <= MAX_BATCH_BYTES
        })
        .count()
}

/// The bytes that a line of these parts takes at most.
fn line_bytes<R: AsRef<str>>(by: &str, records: &[R]) -> Result<usize, InvalidCommit> {
    if records.is_empty() {
        return Err(InvalidCommit::Empty);
    }
    let records = records.iter().map(|record| record.as_ref().len() + 1);
    let bytes = records.sum::<usize>() + by.len() + FRAME_BYTES;
    if bytes > MAX_LINE_BYTES {
        return Err(InvalidCommit::TooLong { bytes });
    }
    Ok(bytes)
}

/// Checks that a text is one JSON object on one line.
fn check_object(text: &str, what: &'static str) -> Result<(), InvalidCommit> {
    let whole = text.starts_with('{') && text.ends_with('}') && !text.contains(['\n', '\r']);
    if whole && serde_json::from_str::<IgnoredAny>(text).is_ok() {
        Ok(())
    } else {
        Err(InvalidCommit::NotAnObject(what))
    }
}

/// Checks that a text may be a new record.
fn check_record(record: &str) -> Result<(), InvalidCommit> {
    check_object(record, "a record")?;
    if !chain::has_salt(record.as_bytes()) {
        return Err(InvalidCommit::NoSalt);
    }
    if chain::tombstone_of(record.as_bytes()).is_some() {
        return Err(InvalidCommit::Tombstone);
    }
    Ok(())
}

/// Checks that `new` may take the place of `old`: a tombstone that carries the digest of `old`.
pub(super) fn check_replacement(old: &str, new: &str) -> Result<(), InvalidCommit> {
    check_object(new, "a tombstone")?;
    let original = chain::record_digest(old.as_bytes());
    if chain::tombstone_of(new.as_bytes()) == Some(original) {
        Ok(())
    } else {
        Err(InvalidCommit::NotATombstone)
    }
}
