//! What may be chosen about a directory.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use watchbook_core::{Clock, Entropy};

use crate::disk::{Disk, RealDisk};
use crate::journal::{FsyncPolicy, Settings};

use super::layout::Layout;

/// How long a write waits for another process that holds the directory's lock.
pub const LOCK_DEADLINE: Duration = Duration::from_secs(10);
/// The memory that the book may take, in bytes: 1 GiB.
pub const MAX_MEMORY: usize = 1 << 30;
/// The threads that read a journal when a directory is opened, besides the caller's.
pub const WORKERS: usize = 2;

/// What may be chosen about a directory.
#[derive(Debug, Clone)]
pub struct JsonlOptions {
    /// Where everything lies.
    pub layout: Layout,
    /// The file system.
    pub disk: Arc<dyn Disk>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness, for salts and for the id of a new store.
    pub entropy: Arc<dyn Entropy>,
    /// When a commit is forced to the disk, and how large a segment grows.
    pub journal: Settings,
    /// How long a write waits for another process that holds the lock.
    pub lock_deadline: Duration,
    /// The memory that the book may take, in bytes. A directory that needs more is refused when it is opened.
    pub max_memory: usize,
    /// The threads that read the journal when the directory is opened, besides the caller's; 0 for none.
    pub workers: usize,
}

impl JsonlOptions {
    /// The defaults for the folder `dir` that holds `ops/`. It must be an absolute path.
    pub fn new(dir: &Path, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        Self {
            layout: Layout::below(dir),
            disk: Arc::new(RealDisk),
            clock,
            entropy,
            journal: Settings::default(),
            lock_deadline: LOCK_DEADLINE,
            max_memory: MAX_MEMORY,
            workers: WORKERS,
        }
    }

    /// The same with another durability.
    #[must_use]
    pub fn with_fsync(mut self, fsync: FsyncPolicy) -> Self {
        self.journal.fsync = fsync;
        self
    }
}
