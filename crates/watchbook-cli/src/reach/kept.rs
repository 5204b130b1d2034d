//! Where the incidents of a directory are kept: in its files, in a database, or in both.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use watchbook_store::auto::AutoStore;
use watchbook_store::jsonl::JsonlStore;
use watchbook_store::{Health, Incidents as _, Movable, PostgresStore, Store};

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
    Auto(AutoStore),
}

impl Kept {
    /// The store behind the one door.
    pub(crate) fn shared(&self) -> Arc<dyn Store> {
        match self {
            Self::Files(store) => Arc::new(store.clone()),
            Self::Database(store) => Arc::new(store.clone()),
            Self::Auto(store) => Arc::new(store.clone()),
        }
    }

    /// Looks whether it can be begun with.
    ///
    /// # Errors
    /// When a database must be corrected first that has files to fall back to: nobody would notice.
    pub(crate) async fn start(&self) -> Result<(), Failure> {
        match self {
            Self::Files(_) | Self::Database(_) => Ok(()),
            Self::Auto(store) => Ok(store.start().await.map(|_| ())?),
        }
    }

    /// Does beside a server's calls what must be done until `stop`.
    pub(crate) async fn keep_tending(&self, stop: impl Future<Output = ()> + Send) {
        match self {
            Self::Files(_) | Self::Database(_) => stop.await,
            Self::Auto(store) => store.keep_tending(TENDING, stop).await,
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
            Self::Database(_) | Self::Auto(_) => Ok(true),
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
            Self::Auto(store) => Ok(store.close()?),
        }
    }

    /// The files, for a command that looks after files.
    ///
    /// # Errors
    /// When incidents are kept in a database: names the `command`.
    pub(crate) fn files(&self, command: &str) -> Result<&JsonlStore, Failure> {
        match self {
            Self::Files(store) => Ok(store),
            Self::Database(_) | Self::Auto(_) => Err(Failure::Usage(format!(
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
            Self::Auto(store) => Ok(store),
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
            Self::Auto(store) => store.health().await,
        }
    }
}
