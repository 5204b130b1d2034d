//! Which crate may use which: DESIGN's table as data.

/// The prefix of our crates' names.
const OURS: &str = "watchbook-";

/// One crate and the crates of ours that it may name, all without the prefix.
struct Row {
    name: &'static str,
    may_use: &'static [&'static str],
}

/// Lowest first. A crate that is not here may not exist; crates of later issues are listed so that they start right.
const TABLE: &[Row] = &[
    row("core", &[]),
    row("rbac", &["core"]),
    row("intelligence", &["core"]),
    row("alerts", &["core", "intelligence"]),
    row("scheduler", &["core"]),
    row("notify", &["core"]),
    row("store", &["core"]),
    row("api", &["core"]),
    row("config", PURE),
    row("app", BELOW_APP),
    row("mcp", &["app", "api"]),
    row("server", &["core", "app", "api", "mcp"]),
    // The operator's commands (verify, repair, backup, config check) look after a directory itself, not through the door.
    row(
        "cli",
        &["core", "store", "config", "app", "api", "mcp", "server"],
    ),
];

/// The crates without I/O, whose policy structs `config` fills.
const PURE: &[&str] = &[
    "core",
    "rbac",
    "intelligence",
    "alerts",
    "scheduler",
    "notify",
];

/// Everything below the one door.
const BELOW_APP: &[&str] = &[
    "core",
    "rbac",
    "intelligence",
    "alerts",
    "scheduler",
    "notify",
    "store",
    "api",
    "config",
];

/// What a program outside the product may use: it embeds the store or tests its own against the contract.
pub(super) const FOR_EMBEDDERS: &[&str] = &["core", "store"];

/// xtask measures the store; it ships nothing.
const FOR_XTASK: &[&str] = &["core", "store"];

/// Crates that speak to a network. Below `mcp` nothing knows that there is one, except who sends notifications.
pub(super) const TRANSPORT: &[&str] = &[
    "axum",
    "axum-extra",
    "axum-server",
    "h2",
    "http",
    "http-body",
    "http-body-util",
    "hyper",
    "hyper-util",
    "lettre",
    "reqwest",
    "rmcp",
    "tokio-tungstenite",
    "tonic",
    "tower-http",
    "ureq",
];

/// Crates that wait, or that reach the system underneath: runtimes, their helpers, and thin wrappers of system calls.
pub(super) const WAITING: &[&str] = &[
    "async-channel",
    "async-io",
    "async-std",
    "async-trait",
    "fs2",
    "fs4",
    "futures",
    "futures-core",
    "futures-executor",
    "futures-util",
    "getrandom",
    "libc",
    "memmap2",
    "mio",
    "nix",
    "polling",
    "rand",
    "rustix",
    "smol",
    "socket2",
    "tempfile",
    "tokio",
    "tokio-stream",
    "tokio-util",
    "walkdir",
];

/// The crates that are functions from values to values. They may name neither what waits nor what speaks.
pub(super) const WITHOUT_IO: &[&str] = &["core", "rbac", "intelligence", "alerts", "api"];

/// Who may name a transport crate.
pub(super) const SPEAK_TRANSPORT: &[&str] = &["cli", "mcp", "notify", "server"];

/// Crates that speak to a database.
pub(super) const DATABASE: &[&str] = &[
    "deadpool-postgres",
    "diesel",
    "postgres",
    "rusqlite",
    "sqlx",
    "tokio-postgres",
    "tokio-postgres-rustls",
];

/// Who may name a database crate: the store, and the benchmarks to compare with SQLite.
pub(super) const SPEAK_DATABASE: &[&str] = &["store", "xtask"];

const fn row(name: &'static str, may_use: &'static [&'static str]) -> Row {
    Row { name, may_use }
}

/// The crate's name in the table, or nothing when it is not ours.
pub(super) fn short(name: &str) -> Option<&str> {
    if name == "xtask" {
        return Some(name);
    }
    name.strip_prefix(OURS)
}

/// The crates of ours that this one may name, or nothing when it has no row.
pub(super) fn allowed(short_name: &str) -> Option<&'static [&'static str]> {
    if short_name == "xtask" {
        return Some(FOR_XTASK);
    }
    let row = TABLE.iter().find(|row| row.name == short_name)?;
    Some(row.may_use)
}
