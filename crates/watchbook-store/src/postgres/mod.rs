//! PostgreSQL: the log in a database that any number of servers share.
//!
//! A write reads what it is decided on, asks [`watchbook_core::decide()`], and saves what comes of it in one statement
//! that goes through only if nobody was quicker. Who loses that race several times takes the rows' locks instead.
//! Nothing relies on a session: no setting, no temporary table, no notification, so a pooler that lends connections
//! for one transaction each may stand between.

mod absorb;
mod artifacts;
mod audit;
mod condition;
mod exec;
mod export;
mod facts;
mod feed;
mod fitness;
mod followups;
mod frozen;
mod incidents;
mod keys;
mod leases;
mod list;
mod listing;
mod migrate;
mod options;
mod plant;
mod planted_columns;
mod pool;
mod read;
mod record;
mod save;
#[cfg(feature = "testsuite")]
mod sent;
mod silent;
mod sqlstate;
mod store_fact;
mod tls;
mod trail;
mod transfer;
mod write;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use parking_lot::Mutex;
use watchbook_core::{HybridClock, NodeId};

pub use migrate::{MigrateError, Migrated, ddl, migrate};
pub use options::{ExecMode, Expected, PostgresOptions};
pub use pool::ConnectError;
#[cfg(feature = "testsuite")]
pub use sent::{MILLION, Question, Sent, fixed_statements, sent_for};

use frozen::Frozen;
use pool::Database;

/// The incidents of one database. Cheap to clone.
#[derive(Clone)]
pub struct PostgresStore {
    database: Database,
    options: Arc<PostgresOptions>,
    /// Shared by all clones: what this process stamps never goes back.
    stamps: Arc<Mutex<HybridClock>>,
    /// The one connection of a store that shows one moment.
    frozen: Option<Arc<Frozen>>,
    /// Whether every follow-up is known to have its row.
    followups_complete: Arc<AtomicBool>,
}

/// Says where it is, without the password.
impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore")
            .field("database", &self.options)
            .finish_non_exhaustive()
    }
}

impl crate::auto::Primary for PostgresStore {
    fn reconnect(&self) {
        self.database.forget();
    }
}

impl PostgresStore {
    /// A store on a database whose tables are there already ([`migrate()`]). Connects when it is first used.
    ///
    /// # Errors
    /// When the address cannot be read.
    pub fn new(options: PostgresOptions) -> Result<Self, ConnectError> {
        let node = NodeId::generate(&*options.entropy);
        Ok(Self {
            database: Database::new(&options)?,
            options: Arc::new(options),
            stamps: Arc::new(Mutex::new(HybridClock::new(node))),
            frozen: None,
            followups_complete: Arc::default(),
        })
    }
}
