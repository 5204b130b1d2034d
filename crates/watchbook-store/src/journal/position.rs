//! A place between two commits of a journal.

use serde::{Deserialize, Serialize};
use watchbook_core::Digest;

/// A place between two commits: everything before it has been read.
///
/// Holds for one [`generation`](Self::generation) only. Positions can be stored (in a checkpoint) and used by
/// another process; [`Journal::holds`](super::Journal::holds) says whether one still fits the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Counts how often files of the journal were replaced (repair, retention, redaction, restore).
    pub generation: u64,
    /// The segment, counted from 1; 0 before the first.
    pub segment: u32,
    /// Bytes of that segment before this place; 0 means before its header.
    pub offset: u64,
    /// Lines of that segment before this place, the header among them.
    pub line: u64,
    /// The number of the last commit before this place; 0 when there is none.
    pub n: u64,
    /// The chain's hash after that commit.
    pub chain: Digest,
}

impl Position {
    /// The position before everything, where the chain has the value `genesis`.
    pub(super) const fn start(generation: u64, genesis: Digest) -> Self {
        Self {
            generation,
            segment: 0,
            offset: 0,
            line: 0,
            n: 0,
            chain: genesis,
        }
    }
}

/// Where one line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Location {
    /// The segment, counted from 1.
    pub segment: u32,
    /// The byte of that segment at which the line begins.
    pub offset: u64,
    /// The bytes of the line, without the newline.
    pub len: u32,
}
