//! The settings of `watchbook.yml`, and the variables and flags that override them.

use std::net::SocketAddr;
use std::str::FromStr;

use serde_json::{Value, json};
use watchbook_core::text::Name;

use crate::database::{DATABASE, DatabaseKeys};
use crate::read::{
    Data, Findings, Node, Read, Secreted, Size, Span, Text, Textual, Whole, keys, words,
};

/// Where incidents are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Backend {
    /// In files of the directory.
    Jsonl,
    /// In a PostgreSQL database.
    Postgres,
    /// In a PostgreSQL database, and in files of the directory while that is lost.
    Auto,
}

impl Backend {
    /// Whether it needs a database.
    pub const fn needs_database(self) -> bool {
        match self {
            Self::Jsonl => false,
            Self::Postgres | Self::Auto => true,
        }
    }
}

/// When an acknowledged write is on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FsyncPolicy {
    /// Before it is acknowledged.
    Always,
    /// Within an interval after it. Answers say `meta.durable: false`.
    Interval,
    /// When the system gets to it. Answers say `meta.durable: false`.
    Never,
}

impl FsyncPolicy {
    /// Every policy.
    pub const ALL: [Self; 3] = [Self::Always, Self::Interval, Self::Never];

    /// The written form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::Interval => "interval",
            Self::Never => "never",
        }
    }
}

words!(FsyncPolicy, "a way to write");

impl Read for Backend {
    fn schema() -> Value {
        json!({ "enum": ["jsonl", "postgres", "auto"] })
    }

    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        let word = match &node.data {
            Data::Text(word) | Data::Raw(word) => word.as_str(),
            _ => "",
        };
        let shown: String = word.chars().take(40).collect();
        match word {
            "jsonl" => return Some(Self::Jsonl),
            "postgres" => return Some(Self::Postgres),
            "auto" => return Some(Self::Auto),
            _ => findings.report(
                &node.place,
                format!("{shown:?} is not a backend"),
                "use jsonl, which keeps incidents in files of the directory, postgres, or auto, which is postgres first",
            ),
        }
        None
    }
}

/// What flags of the command line say about settings. What is not given does not override.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Flags {
    /// `--artifacts-dir`.
    pub artifacts_dir: Option<String>,
    /// `--backend`.
    pub backend: Option<String>,
    /// `--fsync`.
    pub fsync: Option<String>,
    /// `--listen`.
    pub listen: Option<String>,
    /// `--public-url`.
    pub public_url: Option<String>,
}

impl Flags {
    /// What was given for a flag.
    pub(crate) fn get(&self, flag: &str) -> Option<&str> {
        let Self {
            artifacts_dir,
            backend,
            fsync,
            listen,
            public_url,
        } = self;
        match flag {
            "--artifacts-dir" => artifacts_dir.as_deref(),
            "--backend" => backend.as_deref(),
            "--fsync" => fsync.as_deref(),
            "--listen" => listen.as_deref(),
            "--public-url" => public_url.as_deref(),
            _ => None,
        }
    }
}

/// One setting and what overrides it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setting {
    pub(crate) section: &'static str,
    pub(crate) key: &'static str,
    pub(crate) variable: &'static str,
    pub(crate) flag: Option<&'static str>,
    pub(crate) secret: bool,
}

pub(crate) const fn setting(
    section: &'static str,
    key: &'static str,
    variable: &'static str,
) -> Setting {
    Setting {
        section,
        key,
        variable,
        flag: None,
        secret: false,
    }
}

const fn flagged(setting: &Setting, flag: &'static str) -> Setting {
    Setting {
        flag: Some(flag),
        ..*setting
    }
}

/// Every setting, in the order in which they are shown.
pub(crate) const SETTINGS: &[Setting] = &[
    flagged(
        &setting("store", "backend", "INCIDENT_BACKEND"),
        "--backend",
    ),
    flagged(
        &setting("store", "artifacts_dir", "INCIDENT_ARTIFACTS_DIR"),
        "--artifacts-dir",
    ),
    Setting {
        secret: true,
        ..setting("store", "database_url", "DATABASE_URL")
    },
    flagged(&setting("store", "fsync", "WATCHBOOK_FSYNC"), "--fsync"),
    setting("store", "fsync_interval", "WATCHBOOK_FSYNC_INTERVAL"),
    setting("store", "auto_retry", "WATCHBOOK_AUTO_RETRY"),
    setting("store", "lock_deadline", "WATCHBOOK_LOCK_DEADLINE"),
    setting("store", "memory_bound", "WATCHBOOK_MEMORY_BOUND"),
    DATABASE[0],
    DATABASE[1],
    DATABASE[2],
    DATABASE[3],
    DATABASE[4],
    DATABASE[5],
    flagged(&setting("server", "listen", "WATCHBOOK_LISTEN"), "--listen"),
    flagged(
        &setting("server", "public_url", "WATCHBOOK_PUBLIC_URL"),
        "--public-url",
    ),
    setting("server", "body_limit", "WATCHBOOK_BODY_LIMIT"),
    setting("server", "request_timeout", "WATCHBOOK_REQUEST_TIMEOUT"),
    setting("server", "concurrency", "WATCHBOOK_CONCURRENCY"),
    setting("server", "shutdown_grace", "WATCHBOOK_SHUTDOWN_GRACE"),
    setting("server", "node", "WATCHBOOK_NODE"),
];

keys! {
    /// Settings of watchbook.
    pub(crate) struct SettingsKeys {
        /// Where things are kept.
        store: StoreKeys,
        /// How a database is used.
        database: DatabaseKeys,
        /// How the server listens.
        server: ServerKeys,
    }
}

keys! {
    /// Where things are kept.
    pub(crate) struct StoreKeys {
        /// Where incidents are kept: jsonl, which is files of the directory, postgres, or auto, which is postgres and, while that is lost, files of the directory.
        backend: Backend,
        /// Where artifacts lie; relative to the directory. Left out: ops/incidents.
        artifacts_dir: Option<Text<4_096>>,
        /// Where PostgreSQL is. Needed by the backends postgres and auto, not used by jsonl. Better given by the variable `DATABASE_URL` than in a file.
        database_url: Option<Secreted>,
        /// When an acknowledged write is on disk: always (before it is acknowledged), interval, or never.
        fsync: FsyncPolicy,
        /// How often the disk is asked to write, with fsync: interval. 10ms to 1m.
        fsync_interval: Span<10, 60_000>,
        /// With the backend auto: how long a lost database is left alone before it is tried again. 1s to 1h.
        auto_retry: Span<1_000, 3_600_000>,
        /// How long a write waits for another process that holds the directory. 10ms to 10m.
        lock_deadline: Span<10, 600_000>,
        /// The most memory the store may use; it refuses to open a directory that needs more. 16MiB to 1024GiB.
        memory_bound: Size<{ 16 << 20 }, { 1 << 40 }>,
    }
}

keys! {
    /// How the server listens.
    pub(crate) struct ServerKeys {
        /// The address and port. Without keys only loopback is served.
        listen: Listen,
        /// The address that links begin with, such as `https://watchbook.example.com`. Left out: the address it listens on.
        public_url: Option<PublicUrl>,
        /// The longest request. An artifact of 2 MiB takes 2.7 MiB in base64. 64KiB to 64MiB.
        body_limit: Size<{ 64 << 10 }, { 64 << 20 }>,
        /// How long a request may take. 100ms to 10m.
        request_timeout: Span<100, 600_000>,
        /// How many requests are worked on at once; the others wait. 1 to 100000.
        concurrency: Whole<1, 100_000>,
        /// How long a stopping server waits for requests that are under way. 0ms to 10m.
        shutdown_grace: Span<0, 600_000>,
        /// What this server is called among those that share one store, as listed in `nodes_registry.yml`. 1 to 64 of A-Z a-z 0-9 _ . / : -.
        node: Name,
    }
}

/// An address and port; `localhost` is understood.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Listen(pub(crate) SocketAddr);

impl FromStr for Listen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let local = text
            .strip_prefix("localhost:")
            .map(|port| format!("127.0.0.1:{port}"));
        local
            .as_deref()
            .unwrap_or(text)
            .parse()
            .map(Self)
            .map_err(|_| {
                let shown: String = text.chars().take(60).collect();
                format!("{shown:?} is not an address and port")
            })
    }
}

impl Textual for Listen {
    const WHAT: &'static str = "an address and port";
    const FORM: &'static str = "write for example 127.0.0.1:8000 or [::1]:8000";
}

impl Read for Listen {
    fn schema() -> Value {
        json!({ "type": "string" })
    }

    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        let Text(text) = Text::<300>::read(node, findings)?;
        Self::parse(&text, &node.place, findings)
    }
}

/// The address that links begin with, without a slash at the end.
#[derive(Debug, Clone)]
pub(crate) struct PublicUrl(pub(crate) String);

impl FromStr for PublicUrl {
    type Err = &'static str;

    /// Refusals do not repeat the address: it may hold a password.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let rest = text
            .strip_prefix("https://")
            .or_else(|| text.strip_prefix("http://"));
        let Some(rest) = rest else {
            return Err("the address does not begin with https:// or http://");
        };
        let host = rest.split('/').next().unwrap_or_default();
        if host.contains('@') {
            return Err("the address holds a user name or password");
        }
        if host.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("the address has no host, or characters that addresses do not have");
        }
        if text.contains(['?', '#', '"', '<', '>', '\\', '`']) {
            return Err("the address has a query, a fragment or a character that must be encoded");
        }
        Ok(Self(text.trim_end_matches('/').to_owned()))
    }
}

impl Textual for PublicUrl {
    const WHAT: &'static str = "an address";
    const FORM: &'static str = "write for example https://watchbook.example.com";
}

impl Read for PublicUrl {
    fn schema() -> Value {
        json!({ "type": "string", "pattern": "^https?://" })
    }

    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        let Text(text) = Text::<2_000>::read(node, findings)?;
        Self::parse(&text, &node.place, findings)
    }
}
