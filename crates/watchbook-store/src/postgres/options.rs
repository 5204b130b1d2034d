//! How a database is reached and used.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use watchbook_core::{Clock, Entropy, StoreId};

/// How long a connection may take, by default.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a statement may take, by default.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a transaction waits for a lock, by default.
const LOCK_TIMEOUT: Duration = Duration::from_secs(2);
/// How many connections one process holds at most, by default.
const CONNECTIONS: usize = 16;

/// How statements are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ExecMode {
    /// Each is prepared once per connection. The quickest.
    #[default]
    Prepared,
    /// Each is sent whole every time: for poolers that lend a connection for one transaction only, such as
    /// `PgBouncer` in transaction mode.
    Unnamed,
}

/// What a database must hold to be the one that is meant. Nothing is expected by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Expected {
    /// The id of its log.
    pub store: Option<StoreId>,
    /// How many commits it had: with fewer it was restored from an older copy.
    pub commits: u64,
}

/// How a database is reached and used.
#[derive(Clone)]
pub struct PostgresOptions {
    /// Where it is: `postgres://user:password@host/database?sslmode=require`, or `key=value` pairs.
    pub url: String,
    /// How statements are sent.
    pub mode: ExecMode,
    /// How long a call waits for a connection, be it a free one or a new one.
    pub connect_timeout: Duration,
    /// How long a statement may take. The server is asked to stop it then; only if it does not answer even to that, it
    /// is not known whether a write happened.
    pub statement_timeout: Duration,
    /// How long a transaction waits for a lock that another one holds. A statement of its own waits for as long as it
    /// may take.
    pub lock_timeout: Duration,
    /// How many connections this process holds at most.
    pub connections: usize,
    /// Certificates, as PEM, that the server's must come from. Without them those that the system trusts.
    pub authorities: Option<Vec<u8>>,
    /// What the database must hold; asked on every new connection.
    pub expected: Expected,
    /// The present.
    pub clock: Arc<dyn Clock>,
    /// Ids, and the pepper of a new store.
    pub entropy: Arc<dyn Entropy>,
}

impl PostgresOptions {
    /// A database at `url` with the default limits.
    pub fn new(url: impl Into<String>, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        Self {
            url: url.into(),
            mode: ExecMode::default(),
            connect_timeout: CONNECT_TIMEOUT,
            statement_timeout: STATEMENT_TIMEOUT,
            lock_timeout: LOCK_TIMEOUT,
            connections: CONNECTIONS,
            authorities: None,
            expected: Expected::default(),
            clock,
            entropy,
        }
    }

    /// The same with statements sent in this way.
    #[must_use]
    pub fn with_mode(self, mode: ExecMode) -> Self {
        Self { mode, ..self }
    }

    /// The same, for the log with this id only.
    #[must_use]
    pub fn expect_store(mut self, store: StoreId) -> Self {
        self.expected.store = Some(store);
        self
    }
}

/// Without the address: it may hold a password.
impl fmt::Debug for PostgresOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresOptions")
            .field("mode", &self.mode)
            .field("connections", &self.connections)
            .finish_non_exhaustive()
    }
}
