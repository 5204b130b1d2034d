//! How a database is reached and used.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use watchbook_core::{Clock, Entropy};

/// How long a connection may take, by default.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a statement may take, by default.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(5);
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

/// How a database is reached and used.
#[derive(Clone)]
pub struct PostgresOptions {
    /// Where it is: `postgres://user:password@host/database?sslmode=require`, or `key=value` pairs.
    pub url: String,
    /// How statements are sent.
    pub mode: ExecMode,
    /// How long a connection may take, and how long a call waits for a free one.
    pub connect_timeout: Duration,
    /// How long a statement may take; after that it is not known whether a write happened.
    pub statement_timeout: Duration,
    /// How many connections this process holds at most.
    pub connections: usize,
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
            connections: CONNECTIONS,
            clock,
            entropy,
        }
    }

    /// The same with statements sent in this way.
    #[must_use]
    pub fn with_mode(self, mode: ExecMode) -> Self {
        Self { mode, ..self }
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
