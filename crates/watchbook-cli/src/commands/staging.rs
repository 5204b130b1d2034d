//! A directory that is thrown away: a backup of a database is the backup of its copy in files, and is restored by way of
//! one. So both backends have one form of backup.

use std::sync::Arc;

use tempfile::TempDir;
use watchbook_store::copy::{Copied, Progress, copy};
use watchbook_store::jsonl::{JsonlOptions, JsonlStore, Layout};

use crate::failure::Failure;
use crate::reach::Kept;
use crate::run::Run;

/// A directory of its owner's alone, which goes with this value.
#[derive(Debug)]
pub(super) struct Staging {
    _dir: TempDir,
    options: JsonlOptions,
    store: std::sync::OnceLock<JsonlStore>,
}

impl Staging {
    /// An empty directory where the system keeps what is temporary.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(super) fn new(run: &Run) -> Result<Self, Failure> {
        let dir = tempfile::tempdir().map_err(Failure::System)?;
        let (clock, entropy) = (Arc::clone(&run.clock), Arc::clone(&run.entropy));
        Ok(Self {
            options: JsonlOptions::new(dir.path(), clock, entropy),
            _dir: dir,
            store: std::sync::OnceLock::new(),
        })
    }

    /// Where its files are.
    pub(super) const fn layout(&self) -> &Layout {
        &self.options.layout
    }

    fn store(&self) -> Result<&JsonlStore, Failure> {
        if let Some(store) = self.store.get() {
            return Ok(store);
        }
        let store = JsonlStore::open(self.options.clone())?;
        Ok(self.store.get_or_init(|| store))
    }

    /// Copies one moment of `from` into it.
    ///
    /// # Errors
    /// When the copy fails.
    pub(super) async fn take_in(
        &self,
        from: &Kept,
        progress: &dyn Progress,
    ) -> Result<&JsonlStore, Failure> {
        let store = self.store()?;
        let moment = from.frozen().await?.movable();
        copy(&*moment, store, false, progress).await?;
        Ok(store)
    }

    /// Copies what was unpacked into it to `to`, which must hold nothing else.
    ///
    /// # Errors
    /// When the copy fails.
    pub(super) async fn give_out(
        &self,
        to: &Kept,
        progress: &dyn Progress,
    ) -> Result<Copied, Failure> {
        let copied = copy(self.store()?, &*to.movable(), false, progress).await?;
        Ok(copied)
    }
}
