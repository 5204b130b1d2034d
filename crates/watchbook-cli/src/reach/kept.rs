//! Where the incidents of a directory are kept: in its files, or in a database.

use std::sync::Arc;

use watchbook_store::jsonl::JsonlStore;
use watchbook_store::{Health, Incidents as _, Movable, PostgresStore, Store};

use crate::failure::Failure;

/// Where incidents are kept.
#[derive(Debug, Clone)]
pub(crate) enum Kept {
    /// In files.
    Files(JsonlStore),
    /// In a database.
    Database(PostgresStore),
}

impl Kept {
    /// The store behind the one door.
    pub(crate) fn shared(&self) -> Arc<dyn Store> {
        match self {
            Self::Files(store) => Arc::new(store.clone()),
            Self::Database(store) => Arc::new(store.clone()),
        }
    }

    /// The store as something that is copied as a whole.
    pub(crate) fn movable(&self) -> Arc<dyn Movable> {
        match self {
            Self::Files(store) => Arc::new(store.clone()),
            Self::Database(store) => Arc::new(store.clone()),
        }
    }

    /// The same as it is at this moment, where that can be held while others write.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub(crate) async fn frozen(&self) -> Result<Self, Failure> {
        match self {
            Self::Files(_) => Ok(self.clone()),
            Self::Database(store) => Ok(Self::Database(store.frozen().await?)),
        }
    }

    /// Whether anything was ever written. A database has its tables before anybody writes.
    ///
    /// # Errors
    /// When the files cannot be read.
    pub(crate) fn exists(&self) -> Result<bool, Failure> {
        match self {
            Self::Files(store) => Ok(store.exists()?),
            Self::Database(_) => Ok(true),
        }
    }

    /// Leaves everything as the next opening likes to find it. Blocks.
    ///
    /// # Errors
    /// When files cannot be written.
    pub(crate) fn close(&self) -> Result<(), Failure> {
        match self {
            Self::Files(store) => Ok(store.close()?),
            Self::Database(_) => Ok(()),
        }
    }

    /// The files, for a command that looks after files.
    ///
    /// # Errors
    /// When incidents are kept in a database: names the `command`.
    pub(crate) fn files(&self, command: &str) -> Result<&JsonlStore, Failure> {
        match self {
            Self::Files(store) => Ok(store),
            Self::Database(_) => Err(Failure::Usage(format!(
                "{command} looks after files, and store.backend keeps incidents in a database; use its own tools, such as pg_dump"
            ))),
        }
    }

    /// How it is doing.
    pub(crate) async fn health(&self) -> Health {
        match self {
            Self::Files(store) => store.health().await,
            Self::Database(store) => store.health().await,
        }
    }
}
