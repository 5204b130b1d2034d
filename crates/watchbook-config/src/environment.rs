//! The environment, read once.

use std::collections::BTreeMap;
use std::fmt;

/// A variable that watchbook knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// What it is for.
    pub doc: &'static str,
    /// Whether its value is never shown.
    pub secret: bool,
}

const fn variable(name: &'static str, doc: &'static str) -> Variable {
    Variable {
        name,
        doc,
        secret: false,
    }
}

const fn secret(name: &'static str, doc: &'static str) -> Variable {
    Variable {
        name,
        doc,
        secret: true,
    }
}

/// Every variable that watchbook reads, by name.
pub const VARIABLES: &[Variable] = &[
    secret(
        "DATABASE_URL",
        "where PostgreSQL is; the setting store.database_url",
    ),
    variable(
        "INCIDENT_ARTIFACTS_DIR",
        "where artifacts lie; the setting store.artifacts_dir",
    ),
    variable(
        "INCIDENT_BACKEND",
        "where incidents are kept; the setting store.backend",
    ),
    variable(
        "LOGNAME",
        "the name of the person at the command line, if USER is not set",
    ),
    variable("NO_COLOR", "when set to anything, output has no colours"),
    variable("USER", "the name of the person at the command line"),
    variable(
        "WATCHBOOK_AGENT",
        "whom the command line acts as, like --agent",
    ),
    variable(
        "WATCHBOOK_AUTO_RETRY",
        "how long a lost database is left alone; the setting store.auto_retry",
    ),
    variable(
        "WATCHBOOK_BODY_LIMIT",
        "the longest request; the setting server.body_limit",
    ),
    variable(
        "WATCHBOOK_CONCURRENCY",
        "requests at once; the setting server.concurrency",
    ),
    variable("WATCHBOOK_CONFIG", "the settings file, like --config"),
    variable(
        "WATCHBOOK_DATABASE_CA_FILE",
        "certificates that PostgreSQL's must come from; the setting database.ca_file",
    ),
    variable(
        "WATCHBOOK_DATABASE_CONNECTIONS",
        "the most connections of a process; the setting database.connections",
    ),
    variable(
        "WATCHBOOK_DATABASE_CONNECT_TIMEOUT",
        "how long to wait for a connection; the setting database.connect_timeout",
    ),
    variable(
        "WATCHBOOK_DATABASE_LOCK_TIMEOUT",
        "how long to wait for a lock; the setting database.lock_timeout",
    ),
    variable(
        "WATCHBOOK_DATABASE_STATEMENTS",
        "how statements are sent; the setting database.statements",
    ),
    variable(
        "WATCHBOOK_DATABASE_STATEMENT_TIMEOUT",
        "how long a statement may take; the setting database.statement_timeout",
    ),
    variable(
        "WATCHBOOK_DIR",
        "the folder that holds ops/ and config/, like --dir",
    ),
    variable(
        "WATCHBOOK_FSYNC",
        "when writes reach the disk; the setting store.fsync",
    ),
    variable(
        "WATCHBOOK_FSYNC_INTERVAL",
        "how often, for interval; the setting store.fsync_interval",
    ),
    secret("WATCHBOOK_KEY", "the key for a server, like --key"),
    variable(
        "WATCHBOOK_LISTEN",
        "where the server listens; the setting server.listen",
    ),
    variable(
        "WATCHBOOK_LOCK_DEADLINE",
        "how long to wait for the directory; the setting store.lock_deadline",
    ),
    variable(
        "WATCHBOOK_LOG",
        "which log lines are written, for example info or watchbook=debug",
    ),
    variable(
        "WATCHBOOK_MEMORY_BOUND",
        "the most memory of the store; the setting store.memory_bound",
    ),
    variable(
        "WATCHBOOK_NODE",
        "what this server is called; the setting server.node",
    ),
    variable(
        "WATCHBOOK_PUBLIC_URL",
        "the address in links; the setting server.public_url",
    ),
    variable(
        "WATCHBOOK_REQUEST_TIMEOUT",
        "how long a request may take; the setting server.request_timeout",
    ),
    variable(
        "WATCHBOOK_SERVER",
        "the server that the command line talks to, like --server",
    ),
    variable(
        "WATCHBOOK_SHUTDOWN_GRACE",
        "how long a stopping server waits; the setting server.shutdown_grace",
    ),
];

/// A snapshot of the variables that watchbook knows; nothing else of the environment is kept.
///
/// A variable that is set to nothing counts as not set.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Environment {
    known: BTreeMap<&'static str, String>,
    strangers: Vec<String>,
}

impl Environment {
    /// What this process was started with. The one place where the environment is read.
    pub fn from_process() -> Self {
        #[expect(
            clippy::disallowed_methods,
            reason = "the one place where the environment is read"
        )]
        let variables = std::env::vars_os();
        Self::new(variables.filter_map(|(name, value)| {
            // What is not UTF-8 cannot be a name that we know, and a value is kept so far as it can be read:
            // the setting it is for refuses the replacement characters.
            let name = name.into_string().ok()?;
            Some((name, value.to_string_lossy().into_owned()))
        }))
    }

    /// A snapshot of these variables.
    pub fn new(
        variables: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>,
    ) -> Self {
        let mut snapshot = Self::default();
        for (name, value) in variables {
            snapshot.keep(name.into(), value.into());
        }
        snapshot.strangers.sort();
        snapshot
    }

    fn keep(&mut self, name: String, value: String) {
        if value.is_empty() {
            return;
        }
        match VARIABLES.iter().find(|known| known.name == name) {
            Some(known) => {
                self.known.insert(known.name, value);
            }
            None if is_ours(&name) => self.strangers.push(name),
            None => {}
        }
    }

    /// The value of a variable, unless it is not set or set to nothing.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.known.get(name).map(String::as_str)
    }

    /// Variables that look as if they were meant for watchbook, and that it does not know.
    pub(crate) fn strangers(&self) -> &[String] {
        &self.strangers
    }
}

/// Switches of the project's own test runner.
const OF_TESTS: [&str; 3] = [
    "WATCHBOOK_REQUIRE",
    "WATCHBOOK_TEST_POSTGRES",
    "WATCHBOOK_TEST_STATUSPAGE",
];

/// Whether the name looks as if it was meant for watchbook. Orchestrators set names such as
/// `WATCHBOOK_SERVICE_HOST` and `WATCHBOOK_PORT_8000_TCP` by themselves for a service of that name.
fn is_ours(name: &str) -> bool {
    let from_orchestrator = ["WATCHBOOK_PORT", "WATCHBOOK_SERVICE_"];
    (name.starts_with("WATCHBOOK_") || name.starts_with("INCIDENT_"))
        && !OF_TESTS.contains(&name)
        && !from_orchestrator
            .iter()
            .any(|start| name.starts_with(start))
}

impl fmt::Debug for Environment {
    /// Names and open values; secrets are left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_secret = |name: &str| {
            VARIABLES
                .iter()
                .any(|known| known.name == name && known.secret)
        };
        let shown = self.known.iter().map(|(name, value)| {
            let value = if is_secret(name) {
                "(set)"
            } else {
                value.as_str()
            };
            (*name, value)
        });
        f.debug_map().entries(shown).finish()
    }
}
