//! The settings of how a database is used.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::read::{Span, Text, Whole, keys, words};
use crate::settings::{Setting, setting};

/// How statements are sent to a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Statements {
    /// Each is prepared once per connection.
    Prepared,
    /// Each is sent whole every time, as a pooler in transaction mode needs it.
    Unnamed,
}

impl Statements {
    /// Every way.
    pub const ALL: [Self; 2] = [Self::Prepared, Self::Unnamed];

    /// The written form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Prepared => "prepared",
            Self::Unnamed => "unnamed",
        }
    }
}

words!(Statements, "a way to send statements");

/// How a database is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseSettings {
    /// How statements are sent.
    pub statements: Statements,
    /// How many connections one process holds at most.
    pub connections: u32,
    /// How long a call waits for a connection.
    pub connect_timeout: Duration,
    /// How long a statement may take.
    pub statement_timeout: Duration,
    /// How long a transaction waits for a lock.
    pub lock_timeout: Duration,
    /// The file of certificates that the server's must come from; `None` for those that the system trusts.
    pub ca_file: Option<PathBuf>,
}

/// The settings, in the order in which they are shown.
pub(crate) const DATABASE: [Setting; 6] = [
    setting("database", "statements", "WATCHBOOK_DATABASE_STATEMENTS"),
    setting("database", "connections", "WATCHBOOK_DATABASE_CONNECTIONS"),
    setting(
        "database",
        "connect_timeout",
        "WATCHBOOK_DATABASE_CONNECT_TIMEOUT",
    ),
    setting(
        "database",
        "statement_timeout",
        "WATCHBOOK_DATABASE_STATEMENT_TIMEOUT",
    ),
    setting(
        "database",
        "lock_timeout",
        "WATCHBOOK_DATABASE_LOCK_TIMEOUT",
    ),
    setting("database", "ca_file", "WATCHBOOK_DATABASE_CA_FILE"),
];

keys! {
    /// How a database is used.
    pub(crate) struct DatabaseKeys {
        /// How statements are sent: prepared (once per connection), or unnamed (whole every time), which a pooler needs that lends connections for one transaction each.
        statements: Statements,
        /// How many connections one process holds at most. 1 to 1000.
        connections: Whole<1, 1_000>,
        /// How long a call waits for a connection, new or free. 10ms to 1m.
        connect_timeout: Span<10, 60_000>,
        /// How long a statement may take before it is stopped. 10ms to 10m.
        statement_timeout: Span<10, 600_000>,
        /// How long a transaction waits for a lock that another one holds. 10ms to 10m.
        lock_timeout: Span<10, 600_000>,
        /// A file of certificates as PEM that the server's must come from; relative to the directory. Left out: those that the system trusts.
        ca_file: Option<Text<4_096>>,
    }
}

impl DatabaseKeys {
    /// The settings of a directory.
    pub(crate) fn within(self, dir: &Path) -> DatabaseSettings {
        let Self {
            statements,
            connections,
            connect_timeout,
            statement_timeout,
            lock_timeout,
            ca_file,
        } = self;
        DatabaseSettings {
            statements,
            connections: connections.0,
            connect_timeout: connect_timeout.0,
            statement_timeout: statement_timeout.0,
            lock_timeout: lock_timeout.0,
            ca_file: ca_file.map(|path| dir.join(path.0)),
        }
    }
}
