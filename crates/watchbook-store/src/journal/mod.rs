//! The journal: an append-only log of commits, one JSON line each, in files that `jq` and `grep` can read.
//!
//! The engine knows nothing of incidents. A *record* is a JSON text, a *commit* is a head and some records; what they
//! mean is the caller's. All calls block; nothing here knows of async.
//!
//! # Files
//! In one directory: `<stem>.jsonl`, which is appended to; `<stem>-000001.jsonl` and so on, sealed, which never
//! change; `.watchbook/lock` and `turn` (`flock`); `.watchbook/head` (how far it is durable).
//! What was set aside, and never deleted, is beside it as `*.torn-<time>` and `*.damaged-<time>`.
//!
//! Each segment begins with a [`Header`]. A commit is
//! `{"v":1,"n":12,"at":"2026-02-23T10:00:00.000Z","by":{…},"records":[{…},{…}],"d":"<64 hex>","h":"<64 hex>"}`,
//! each record beginning with `"salt":"<16 hex>"`. What `d` and `h` cover is in [`chain`].
//!
//! # Promises
//! - With [`FsyncPolicy::Always`] a commit that was acknowledged survives a power cut.
//! - Nobody reads what is not durable yet: readers stop at the published end.
//! - A commit is there whole or not at all. A refused one is not there, and never comes back.
//! - One damaged line never stops the rest; it is reported with file, line and byte.
//! - Memory is bounded: lines by [`MAX_LINE_BYTES`], scans by a few blocks of 1 MiB.

mod block;
pub mod chain;
mod check;
mod commit;
mod consume;
mod damage;
mod error;
mod files;
mod follow;
mod head;
pub mod leader;
mod line;
mod lock;
mod locked;
mod lookup;
mod mend;
mod open;
mod position;
mod prepared;
mod publish;
mod reconcile;
mod recover;
mod repair;
mod replace;
mod roll;
mod row;
mod scan;
mod settings;
mod verify;

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use parking_lot::Mutex;
use watchbook_core::StoreId;

pub use commit::{Committed, Written};
pub use damage::{Damage, Flaw};
pub use error::{CommitError, InvalidCommit, JournalError};
pub use line::{Gap, Header, Marker, RawCommit};
pub use locked::LockedJournal;
pub use position::{Location, Position};
pub use prepared::{PreparedCommit, batch_len};
pub use repair::Repaired;
pub use replace::tombstone_digest;
pub use scan::Entry;
pub use settings::{
    FsyncPolicy, MAX_BATCH_BYTES, MAX_BATCH_COMMITS, MAX_IN_FLIGHT_BYTES, MAX_LINE_BYTES, Place,
    SEGMENT_BYTES, STATE_DIR, Settings,
};
pub use verify::{AnchorCheck, Verification};

use block::Until;
use files::Files;
use scan::Span;

/// The version of the format that this program writes.
pub const FORMAT: u32 = 1;

/// How many notices are kept until somebody takes them.
const MAX_NOTICES: usize = 100;

/// The journal of one directory. Cheap to share by reference; any number of processes and threads may have it open.
///
/// Reading ([`scan`](Self::scan), [`published`](Self::published), [`verify`](Self::verify)) needs no lock and no right
/// to write. Writing happens in a [`LockedJournal`].
#[derive(Debug)]
pub struct Journal {
    files: Files,
    writer: Mutex<locked::Writer>,
    assumed: Mutex<Option<publish::Assumed>>,
    notices: Mutex<Vec<Notice>>,
    poisoned: AtomicBool,
    /// The newest format that was seen; above [`FORMAT`], writing is refused.
    newest: AtomicU32,
}

/// Something that happened to the journal that its owner should hear of.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notice {
    /// Commits whose writer died before it could acknowledge them were found whole, and kept.
    Adopted {
        /// How many.
        commits: u64,
    },
    /// The last lines were torn and were set aside.
    Torn {
        /// The file they are kept in.
        aside: String,
        /// How many bytes.
        bytes: u64,
        /// Where they were.
        byte: u64,
    },
    /// The end of the journal was found by reading all of it: the head was missing, unreadable, or of another directory.
    Searched,
    /// Damage was passed over on the way.
    Damage(Damage),
    /// A commit is durable, but other processes will see it only after the next one: the head could not be written.
    Unpublished,
}

impl Journal {
    /// The store that the journal belongs to.
    pub fn store_id(&self) -> StoreId {
        self.files.store
    }

    /// Where the journal is.
    pub fn place(&self) -> &Place {
        &self.files.place
    }

    /// The position before everything.
    pub fn start(&self) -> Position {
        Position::start(0, chain::genesis(self.files.store))
    }

    /// Reads the published commits after `from`, in order, and gives the position after them.
    ///
    /// `parse` runs in `workers` threads (in the caller's own when 0), `visit` in the caller's thread. `parse` may be
    /// shown a commit that turns out to be damaged; what it makes of that is dropped. Damage is told and passed over. When `visit` breaks, the position is one at or after the entry it broke at, and not fit to go on from.
    ///
    /// # Errors
    /// [`JournalError::Replaced`] when files were replaced since `from` was made, or meanwhile: whatever `visit` was
    /// told does not count, and the caller begins again at [`start`](Self::start). [`JournalError::Io`].
    pub fn scan<T, P, V>(
        &self,
        from: &Position,
        workers: usize,
        parse: P,
        mut visit: V,
    ) -> Result<Position, JournalError>
    where
        T: Send,
        P: Fn(&RawCommit<'_>) -> T + Sync,
        V: FnMut(Entry<'_, T>) -> ControlFlow<()>,
    {
        let end = self.published()?;
        let at = self.scan_to(from, &end, workers, parse, &mut visit)?;
        if self.published()?.generation != end.generation {
            return Err(JournalError::Replaced);
        }
        Ok(at)
    }

    /// Reads the commits between two positions of one generation.
    fn scan_to<T, P, V>(
        &self,
        from: &Position,
        end: &Position,
        workers: usize,
        parse: P,
        mut visit: V,
    ) -> Result<Position, JournalError>
    where
        T: Send,
        P: Fn(&RawCommit<'_>) -> T + Sync,
        V: FnMut(Entry<'_, T>) -> ControlFlow<()>,
    {
        if from.segment != 0 && from.generation != end.generation {
            return Err(JournalError::Replaced);
        }
        let span = Span {
            from: Position {
                generation: end.generation,
                ..*from
            },
            until: Until::Published {
                segment: end.segment,
                offset: end.offset,
            },
            workers,
        };
        let ended = scan::scan(&self.files, span, parse, |step| visit(step.entry))?;
        self.saw_format(ended.newest);
        // Damage in the last lines leaves the follower behind; what was published is where the journal goes on.
        let reached = (ended.at.segment, ended.at.offset) == (end.segment, end.offset);
        Ok(if reached { *end } else { ended.at })
    }

    /// What happened since this was last asked, oldest first. Only the first hundred are kept.
    pub fn take_notices(&self) -> Vec<Notice> {
        std::mem::take(&mut self.notices.lock())
    }

    fn notify(&self, notice: Notice) {
        let mut notices = self.notices.lock();
        if notices.len() < MAX_NOTICES {
            notices.push(notice);
        }
    }

    fn saw_format(&self, v: u32) {
        self.newest.fetch_max(v, Ordering::Relaxed);
    }
}
