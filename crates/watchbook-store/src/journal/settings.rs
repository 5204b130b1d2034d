//! What may be chosen about a journal, and its fixed limits.

use std::path::{Path, PathBuf};

/// The longest line, newline included, in bytes. A longer one is refused on write and damage on read.
pub const MAX_LINE_BYTES: usize = 4 << 20;
/// The most commits in one batch.
pub const MAX_BATCH_COMMITS: usize = 256;
/// The most bytes in one batch. A single commit may be larger, up to [`MAX_LINE_BYTES`], and then goes alone.
pub const MAX_BATCH_BYTES: usize = 1 << 20;
/// The most bytes that can be written but not yet synced, and so the most that a crash can leave behind the durable
/// end: one batch, or one large commit.
pub const MAX_IN_FLIGHT_BYTES: u64 = (MAX_LINE_BYTES + MAX_BATCH_BYTES) as u64;
/// The size at which a segment is sealed, in bytes.
pub const SEGMENT_BYTES: u64 = 256 << 20;
/// The folder of lock and head, beside the journal.
pub const STATE_DIR: &str = ".watchbook";

/// When a commit is forced to the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum FsyncPolicy {
    /// Before it is acknowledged: an acknowledged commit survives a power cut.
    #[default]
    Always,
    /// When the owner calls [`LockedJournal::sync`](super::LockedJournal::sync) every so often: a power cut may take
    /// what was acknowledged since the last call.
    Interval,
    /// When the operating system likes.
    Never,
}

/// What may be chosen about a journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// When a commit is forced to the disk.
    pub fsync: FsyncPolicy,
    /// The size at which a segment is sealed, in bytes. A segment holds at least one commit.
    pub segment_bytes: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            fsync: FsyncPolicy::Always,
            segment_bytes: SEGMENT_BYTES,
        }
    }
}

/// Where a journal is and what its files are called. One directory holds one journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    dir: PathBuf,
    stem: String,
}

impl Place {
    /// The journal `<stem>.jsonl` in the absolute path `dir`.
    pub fn new(dir: impl Into<PathBuf>, stem: impl Into<String>) -> Self {
        Self {
            dir: dir.into(),
            stem: stem.into(),
        }
    }

    /// The directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The name without number and ending, for example `events`.
    pub fn stem(&self) -> &str {
        &self.stem
    }

    /// The name of the segment that is written to, for example `events.jsonl`.
    pub fn active_name(&self) -> String {
        format!("{}.jsonl", self.stem)
    }

    /// The name of a sealed segment, for example `events-000001.jsonl`.
    pub fn sealed_name(&self, segment: u32) -> String {
        format!("{}-{segment:06}.jsonl", self.stem)
    }

    /// The number in the name of a sealed segment; `None` for any other name.
    pub(super) fn sealed_number(&self, name: &str) -> Option<u32> {
        let digits = name
            .strip_prefix(&self.stem)?
            .strip_prefix('-')?
            .strip_suffix(".jsonl")?;
        let number = digits.parse().ok()?;
        (self.sealed_name(number) == name).then_some(number)
    }

    pub(super) fn active(&self) -> PathBuf {
        self.dir.join(self.active_name())
    }

    pub(super) fn sealed(&self, segment: u32) -> PathBuf {
        self.dir.join(self.sealed_name(segment))
    }

    pub(super) fn state_dir(&self) -> PathBuf {
        self.dir.join(STATE_DIR)
    }

    pub(super) fn head(&self) -> PathBuf {
        self.state_dir().join("head")
    }

    pub(super) fn lock(&self) -> PathBuf {
        self.state_dir().join("lock")
    }

    pub(super) fn turn(&self) -> PathBuf {
        self.state_dir().join("turn")
    }
}
