//! What can be wrong with a journal, and where.

use std::fmt;

/// One thing that is wrong, with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// The name of the file within the journal's directory.
    pub file: String,
    /// The line, counted from 1 as editors and `sed -n` do.
    pub line: u64,
    /// The byte of the file at which that line begins.
    pub byte: u64,
    /// What is wrong.
    pub flaw: Flaw,
}

/// What is wrong at one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flaw {
    /// The line is not a line of a journal: not UTF-8, not JSON, or not of the form.
    Unreadable {
        /// What the reader stumbled over.
        why: &'static str,
    },
    /// The line is longer than [`MAX_LINE_BYTES`](super::MAX_LINE_BYTES).
    TooLong,
    /// The line's bytes do not have the digest that the line and the chain give.
    Content,
    /// The digest field alone is wrong: the chain proves that the rest of the line is whole.
    DigestField,
    /// The line's chain hash does not follow from the line before. The line's own digest is right: either its hash
    /// field is wrong, or a line before was changed with care.
    Link,
    /// Commits are missing before this line.
    Missing {
        /// The first that is missing.
        from: u64,
        /// The last that is missing.
        to: u64,
    },
    /// The line stands where it does not belong: a copy of an earlier one, or out of order.
    Misplaced {
        /// The number it has.
        n: u64,
        /// The number that belongs here.
        expected: u64,
    },
    /// The first line of a segment is not the header that belongs there.
    Header,
    /// The segment before this one is not there.
    MissingSegment {
        /// Its number.
        segment: u32,
    },
    /// A record was replaced by a tombstone that no redaction in the journal authorises.
    Tombstone,
    /// The file ends before the durable end that was published.
    Shortened {
        /// The length it had at least.
        durable: u64,
    },
    /// The file is another one than the journal's: its last durable line is not the one that was published.
    Replaced,
    /// The journal's file is gone.
    Gone,
    /// The line is of a newer format and does not read as this one.
    Newer {
        /// The format's version.
        v: u32,
    },
}

impl Flaw {
    /// Whether what stands on this line can be used all the same: a commit whose bytes are proven whole, or a segment
    /// whose header does not matter for what follows it.
    pub const fn is_usable(&self) -> bool {
        match self {
            Self::DigestField | Self::Link | Self::Missing { .. } | Self::Header => true,
            Self::Unreadable { .. }
            | Self::TooLong
            | Self::Content
            | Self::Misplaced { .. }
            | Self::MissingSegment { .. }
            | Self::Tombstone
            | Self::Shortened { .. }
            | Self::Replaced
            | Self::Gone
            | Self::Newer { .. } => false,
        }
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            file,
            line,
            byte,
            flaw,
        } = self;
        write!(f, "{file} line {line} (byte {byte}): {flaw}")
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { why } => write!(f, "not a line of a journal: {why}"),
            Self::TooLong => f.write_str("longer than a line may be"),
            Self::Content => f.write_str(
                "its content was changed: it does not have the digest it had when written",
            ),
            Self::DigestField => {
                f.write_str("its digest field was changed; the rest of the line is whole")
            }
            Self::Link => f.write_str("its chain hash does not follow from the line before"),
            Self::Missing { from, to } if from == to => {
                write!(f, "commit {from} is missing before it")
            }
            Self::Missing { from, to } => write!(f, "commits {from} to {to} are missing before it"),
            Self::Misplaced { n, expected } => {
                write!(
                    f,
                    "commit {n} stands where commit {expected} belongs: a copy, or out of order"
                )
            }
            Self::Header => f.write_str("not the header that belongs here"),
            Self::MissingSegment { segment } => {
                write!(f, "the segment before it, number {segment}, is missing")
            }
            Self::Tombstone => {
                f.write_str("a record was blanked out and no redaction in the journal says so")
            }
            Self::Shortened { durable } => {
                write!(f, "the file was cut: it had {durable} durable bytes")
            }
            Self::Replaced => f.write_str("the file is not the journal that was written here"),
            Self::Gone => f.write_str("the file is gone"),
            Self::Newer { v } => {
                write!(f, "written in format {v}, which this version does not know")
            }
        }
    }
}
