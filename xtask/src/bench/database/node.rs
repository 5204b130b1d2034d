//! A node of a database of the cluster: its files lie on the disk, below cargo's target folder.

use std::sync::Arc;

use tempfile::TempDir;
use watchbook_store::PostgresStore;
use watchbook_store::auto::{AutoOptions, AutoStore, Folder};
use watchbook_store::system::SystemClock;

use crate::bench::{AnyError, generated};
use crate::metadata;

/// A folder on the disk for one measurement: /tmp is often memory.
pub(super) fn folder() -> Result<TempDir, AnyError> {
    Ok(tempfile::tempdir_in(metadata::load()?.target_directory)?)
}

/// A node with its files in `folder`.
pub(super) fn node(folder: &TempDir, database: PostgresStore) -> AutoStore {
    AutoStore::new(
        Arc::new(database),
        Arc::new(shelter(folder)),
        AutoOptions::new(Arc::new(SystemClock)),
    )
}

/// The files of a node.
pub(super) fn shelter(folder: &TempDir) -> Folder {
    Folder::new(folder.path(), generated::options(folder.path()))
}
