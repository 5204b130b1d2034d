//! Where the incidents of a directory are kept: in its files, in a database, or in both.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use watchbook_store::auto::{AutoStore, RETRY};
use watchbook_store::jsonl::JsonlStore;
use watchbook_store::{Health, Incidents as _, Movable, PostgresStore, Store, StoreError};

use crate::failure::Failure;

/// How often a server looks whether other nodes wrote something, or whether a lost database is due for a try.
const TENDING: Duration = Duration::from_secs(1);

/// Where incidents are kept.
#[derive(Debug, Clone)]
pub(crate) enum Kept {
    /// In files.
    Files(JsonlStore),
    /// In a database.
    Database(PostgresStore),
    /// In a database, and in files while that is lost.
    Auto {
        /// The node.
        node: AutoStore,
        /// Its database, for what is only done there.
        database: PostgresStore,
    },
}

impl Kept {
    /// The store behind the one door.
    pub(crate) fn shared(&self) -> Arc<dyn Store> {
        match self {
            Self::Files(store) => Arc::new(store.clone()),
            Self::Database(store) => Arc::new(store.clone()),
            Self::Auto { node, .. } => Arc::new(node.clone()),
        }
    }

    /// Looks whether it can be begun with.
    ///
    /// # Errors
    /// When a database must be corrected first that has files to fall back to: nobody would notice.
    pub(crate) async fn start(&self) -> Result<(), Failure> {
        match self {
            Self::Files(_) | Self::Database(_) => Ok(()),
            Self::Auto { node, .. } => Ok(node.start().await.map(|_| ())?),
        }
    }

    /// Does beside a server's calls what must be done until `stop`.
    pub(crate) async fn keep_tending(&self, stop: impl Future<Output = ()> + Send) {
        match self {
            Self::Files(_) | Self::Database(_) => stop.await,
            Self::Auto { node, .. } => node.keep_tending(TENDING, stop).await,
        }
    }

    /// The store as something that is copied as a whole.
    pub(crate) fn movable(&self) -> Arc<dyn Movable> {
        match self {
            Self::Files(store) => Arc::new(store.clone()),
            Self::Database(database) | Self::Auto { database, .. } => Arc::new(database.clone()),
        }
    }

    /// The same as it is at this moment, where that can be held while others write.
    ///
    /// # Errors
    /// When the database cannot be reached, or does not have yet what was written in files meanwhile.
    pub(crate) async fn frozen(&self) -> Result<Self, Failure> {
        match self {
            Self::Files(_) => Ok(self.clone()),
            Self::Database(store) => Ok(Self::Database(store.frozen().await?)),
            Self::Auto { node, .. } if node.phase()?.is_apart() => Err(Failure::Store(
                StoreError::Unavailable {
                    why: "the database is lost, so it does not hold everything; bring it back first (`watchbook auto retry`)"
                        .to_owned(),
                    retry_after: RETRY,
                    source: None,
                },
            )),
            Self::Auto { database, .. } => Ok(Self::Database(database.frozen().await?)),
        }
    }

    /// Whether anything was ever written. A database has its tables before anybody writes.
    ///
    /// # Errors
    /// When the files cannot be read.
    pub(crate) fn exists(&self) -> Result<bool, Failure> {
        match self {
            Self::Files(store) => Ok(store.exists()?),
            Self::Database(_) | Self::Auto { .. } => Ok(true),
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
            Self::Auto { node, .. } => Ok(node.close()?),
        }
    }

    /// The files, for a command that looks after files.
    ///
    /// # Errors
    /// When incidents are kept in a database: names the `command`.
    pub(crate) fn files(&self, command: &str) -> Result<&JsonlStore, Failure> {
        match self {
            Self::Files(store) => Ok(store),
            Self::Database(_) | Self::Auto { .. } => Err(Failure::Usage(format!(
                "{command} looks after files, and store.backend keeps incidents in a database; use its own tools, such as pg_dump"
            ))),
        }
    }

    /// The node with its database.
    ///
    /// # Errors
    /// When there is no database, or nothing beside it.
    pub(crate) fn auto(&self) -> Result<&AutoStore, Failure> {
        match self {
            Self::Auto { node, .. } => Ok(node),
            Self::Files(_) | Self::Database(_) => Err(Failure::Usage(
                "store.backend is not auto here; set INCIDENT_BACKEND=auto, or the setting store.backend"
                    .to_owned(),
            )),
        }
    }

    /// How it is doing.
    pub(crate) async fn health(&self) -> Health {
        match self {
            Self::Files(store) => store.health().await,
            Self::Database(store) => store.health().await,
            Self::Auto { node, .. } => node.health().await,
        }
    }
}
