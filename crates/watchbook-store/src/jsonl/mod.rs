//! Files: one journal as the truth, shared by any number of processes.
//!
//! What lies where is in [`Layout`]; how a line looks, in `codec`; what a process keeps in memory, in `book`.
//! Writers go through one [group commit](crate::journal), readers through the book, which catches up with the
//! journal's published end before each read.

mod artifacts;
mod audit;
mod backup;
mod book;
mod bytes;
mod care;
mod checkpoint;
mod codec;
mod failure;
mod keys;
mod layout;
mod losses;
mod maintenance;
mod moving;
mod obstacle;
mod options;
mod overlay;
mod projection;
mod read;
mod redaction;
mod restoring;
mod shelf;
mod store;
mod traits;
mod transfer;
mod whole_file;
mod write;

use std::fmt;
use std::sync::Arc;

use watchbook_core::Command;

use crate::contract::{Applied, StoreError};
use crate::journal::leader::GroupCommit;

pub use backup::{BackedUp, BackupReport, RestoreError, restore};
pub use care::{Repaired, Verified};
pub use layout::Layout;
pub use options::{JsonlOptions, LOCK_DEADLINE, MAX_MEMORY, WORKERS};

use store::Directory;
use write::Answer;

/// The incidents of one directory.
///
/// Cheap to clone; all clones share one book. Any number of processes may have the same directory open.
#[derive(Clone)]
pub struct JsonlStore {
    directory: Arc<Directory>,
    group: GroupCommit<Command, Answer>,
}

/// Says where it is. What it holds, keys among it, is nobody's business in a log.
impl fmt::Debug for JsonlStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JsonlStore")
            .field("layout", &self.directory.options.layout)
            .finish_non_exhaustive()
    }
}

impl JsonlStore {
    /// Opens a directory. Reads what is there; makes nothing: the first write does.
    ///
    /// Blocks while the journal is read: with a checkpoint for a moment, without one for about a second per
    /// 400 MB.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when the files were cut or replaced, [`StoreError::Unavailable`] when they cannot be
    /// read or need more memory than allowed.
    pub fn open(options: JsonlOptions) -> Result<Self, StoreError> {
        let directory = Arc::new(Directory::open(options)?);
        Ok(Self {
            directory,
            group: GroupCommit::new(),
        })
    }

    /// Whether anything was ever written here.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub fn exists(&self) -> Result<bool, StoreError> {
        Ok(self
            .directory
            .journal()
            .map_err(failure::reading)?
            .is_some())
    }

    /// Writes a checkpoint, so that the next opening is quick, and syncs what is not synced yet. Blocks.
    ///
    /// # Errors
    /// When the files cannot be written. Nothing that was acknowledged is lost by that.
    pub fn close(&self) -> Result<(), StoreError> {
        self.directory.close()
    }

    /// Queues a command; the first in a row becomes the leader of all that come while it works.
    async fn submit(&self, command: Command) -> Result<Applied, StoreError> {
        let change = command.change;
        let (waiter, leadership) = self
            .group
            .submit(command)
            .map_err(|_| failure::overloaded())?;
        if let Some(leadership) = leadership {
            let directory = Arc::clone(&self.directory);
            drop(tokio::task::spawn_blocking(move || {
                leadership.lead(|batch| directory.apply_batch(&batch));
            }));
        }
        waiter
            .await
            .unwrap_or_else(|gone| Err(failure::leader_gone(change, gone)))
    }

    /// Does something that may wait for the disk, off the threads that must not wait.
    async fn blocking<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Directory) -> Result<T, StoreError> + Send + 'static,
    {
        let directory = Arc::clone(&self.directory);
        tokio::task::spawn_blocking(move || work(&directory))
            .await
            .unwrap_or_else(|_| Err(failure::abandoned()))
    }

    /// Reads from the book: at once when it is up to date, else off the threads that must not wait.
    async fn reading<T, F>(&self, look: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&shelf::Shelf) -> Result<T, StoreError> + Send + 'static,
    {
        if self.directory.is_fresh() {
            return look(&self.directory.shelf.read());
        }
        self.blocking(move |directory| look(&*directory.fresh()?))
            .await
    }
}
