//! Loading: every file, the environment and the flags, to one configuration or every mistake.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use watchbook_core::text::Name;
use watchbook_rbac::{CostWeights, Matrix, Rollout, ToolLimits};

use crate::database::DatabaseSettings;
use crate::environment::{Environment, VARIABLES};
use crate::error::{ConfigError, ConfigErrors};
use crate::files::{self, ConfigFile};
use crate::governance::Governance;
use crate::layers;
use crate::nodes::Nodes;
use crate::place::Source;
use crate::policy;
use crate::read::{Data, Findings, Node, Read, SyntaxError, nearest, parse};
use crate::schema::schema;
use crate::secret::Secret;
use crate::settings::{Backend, Flags, FsyncPolicy, SETTINGS, SettingsKeys};

/// The settings and policies of one directory, checked whole.
#[derive(Debug, Clone)]
pub struct Config {
    /// The folder that holds `ops/` and `config/`.
    pub dir: PathBuf,
    /// Where incidents are kept.
    pub backend: Backend,
    /// Where artifacts lie, when not under `ops/incidents`.
    pub artifacts_dir: Option<PathBuf>,
    /// Where PostgreSQL is; always there when [the backend needs it](Backend::needs_database).
    pub database_url: Option<Secret>,
    /// How it is used.
    pub database: DatabaseSettings,
    /// When an acknowledged write is on disk.
    pub fsync: FsyncPolicy,
    /// How often the disk is asked to write, with [`FsyncPolicy::Interval`].
    pub fsync_interval: Duration,
    /// With [`Backend::Auto`]: how long a lost database is left alone.
    pub auto_retry: Duration,
    /// How long a write waits for another process that holds the directory.
    pub lock_deadline: Duration,
    /// The most memory the store may use, in bytes.
    pub memory_bound: u64,
    /// Where the server listens.
    pub listen: SocketAddr,
    /// What links begin with, without a slash at the end; nothing stands for the address it listens on.
    pub public_url: Option<String>,
    /// The longest request, in bytes.
    pub body_limit: u64,
    /// How long a request may take.
    pub request_timeout: Duration,
    /// How many requests are worked on at once.
    pub concurrency: u32,
    /// How long a stopping server waits for requests that are under way.
    pub shutdown_grace: Duration,
    /// What this server is called: what it holds leases under.
    pub node: Name,
    /// The policies.
    pub policies: Policies,
    /// What is odd but no mistake, one sentence each.
    pub warnings: Vec<String>,
    /// The values as they were written, for [`crate::show_text`]; without secrets.
    pub(crate) written: Written,
}

/// The policies of one directory.
#[derive(Debug, Clone)]
pub struct Policies {
    /// Who may do what.
    pub matrix: Matrix,
    /// What is switched on.
    pub rollout: Rollout,
    /// How much.
    pub limits: Arc<ToolLimits>,
    /// What it costs.
    pub costs: CostWeights,
    /// What is blacked out, and how long things are kept.
    pub governance: Governance,
    /// The servers that share one store.
    pub nodes: Nodes,
}

/// Every file with all layers laid over it.
#[derive(Clone)]
pub(crate) struct Written(pub(crate) BTreeMap<ConfigFile, Node>);

impl fmt::Debug for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.keys()).finish()
    }
}

/// The directory to work on: the flag, else `WATCHBOOK_DIR`, else the current one.
pub fn directory(flag: Option<&Path>, environment: &Environment) -> PathBuf {
    flag.map(Path::to_owned)
        .or_else(|| environment.get("WATCHBOOK_DIR").map(PathBuf::from))
        .unwrap_or_else(|| PathBuf::from("."))
}

/// Reads everything. `explicit` is a settings file to use instead of `<dir>/config/watchbook.yml`; without it
/// `WATCHBOOK_CONFIG` names one. The policy files are always those of the directory.
///
/// Nothing is written and nothing is created; a directory that is not there has no files, and so shipped settings.
///
/// # Errors
/// Every mistake of every file, the environment and the flags at once.
pub fn load(
    dir: &Path,
    explicit: Option<&Path>,
    environment: &Environment,
    flags: &Flags,
) -> Result<Config, ConfigErrors> {
    let mut errors = Vec::new();
    let explicit = explicit
        .map(Path::to_owned)
        .or_else(|| environment.get("WATCHBOOK_CONFIG").map(PathBuf::from));
    let mut written = BTreeMap::new();
    for file in ConfigFile::ALL {
        let explicit = explicit.as_deref().filter(|_| file == ConfigFile::Settings);
        if let Some(node) = layered(file, dir, explicit, &mut errors) {
            written.insert(file, node);
        }
    }
    if let Some(node) = written.remove(&ConfigFile::Settings) {
        let schema = schema(ConfigFile::Settings);
        let node = layers::overlay(node, layers::of_environment(environment), &schema);
        let node = layers::overlay(node, layers::of_flags(flags), &schema);
        written.insert(ConfigFile::Settings, node);
    }
    let settings: Option<SettingsKeys> = typed(ConfigFile::Settings, &written, &mut errors);
    if let Some(settings) = &settings {
        errors.extend(missing_database(settings, &written));
    }
    let policies = policy::read(&written, &mut errors);
    if let (Some(settings), Some(policies)) = (&settings, &policies) {
        let (own, nodes) = (&settings.server.node, &policies.nodes);
        errors.extend(policy::check_own_name(own, nodes, &written));
    }
    match (settings, policies) {
        (Some(settings), Some(policies)) if errors.is_empty() => {
            let warnings = warnings(environment);
            Ok(assemble(
                dir,
                settings,
                policies,
                warnings,
                without_secrets(written),
            ))
        }
        _ => {
            errors.sort_by(|left, right| left.place.cmp(&right.place));
            Err(ConfigErrors(errors))
        }
    }
}

/// What is wrong when incidents are to be kept in a database that nobody named.
fn missing_database(
    settings: &SettingsKeys,
    written: &BTreeMap<ConfigFile, Node>,
) -> Option<ConfigError> {
    let store = &settings.store;
    if !store.backend.needs_database() || store.database_url.is_some() {
        return None;
    }
    let path = ["store", "backend"].map(str::to_owned);
    let message = "incidents are to be kept in PostgreSQL, and no database is named".to_owned();
    let fix = "set DATABASE_URL, for example postgresql://user:password@host:5432/watchbook";
    Some(policy::at(
        ConfigFile::Settings,
        &path,
        written,
        message,
        fix.to_owned(),
    ))
}

/// A file laid over the shipped one; nothing when it cannot be read.
fn layered(
    file: ConfigFile,
    dir: &Path,
    explicit: Option<&Path>,
    errors: &mut Vec<ConfigError>,
) -> Option<Node> {
    let path = explicit.map_or_else(|| file.path(dir), Path::to_owned);
    let nodes = parsed(file.shipped(), &Source::Shipped(file.name())).and_then(|shipped| {
        let own = match files::read(&path, explicit.is_some())? {
            Some(found) => parsed(&found.text, &found.source)?,
            None => return Ok(shipped),
        };
        Ok(layers::overlay(shipped, own, &schema(file)))
    });
    nodes.map_err(|error| errors.push(error)).ok()
}

fn parsed(text: &str, source: &Source) -> Result<Node, ConfigError> {
    parse(text, source).map_err(|error| {
        let SyntaxError {
            place,
            message,
            fix,
        } = error;
        ConfigError {
            place,
            key: String::new(),
            message,
            fix: fix.to_owned(),
        }
    })
}

/// Reads a file's keys, and reports the mistakes in them.
pub(crate) fn typed<T: Read>(
    file: ConfigFile,
    written: &BTreeMap<ConfigFile, Node>,
    errors: &mut Vec<ConfigError>,
) -> Option<T> {
    let mut findings = Findings::default();
    let read = T::read(written.get(&file)?, &mut findings);
    let is_clean = findings.is_empty();
    errors.extend(findings.into_errors());
    // A key that is not known, or there twice, is a mistake although all others could be read.
    read.filter(|_| is_clean)
}

fn assemble(
    dir: &Path,
    settings: SettingsKeys,
    policies: Policies,
    warnings: Vec<String>,
    written: Written,
) -> Config {
    let SettingsKeys {
        store,
        database,
        server,
    } = settings;
    let crate::settings::StoreKeys {
        backend,
        artifacts_dir,
        database_url,
        fsync,
        fsync_interval,
        auto_retry,
        lock_deadline,
        memory_bound,
    } = store;
    let crate::settings::ServerKeys {
        listen,
        public_url,
        body_limit,
        request_timeout,
        concurrency,
        shutdown_grace,
        node,
    } = server;
    Config {
        dir: dir.to_owned(),
        backend,
        artifacts_dir: artifacts_dir.map(|path| dir.join(path.0)),
        database_url: database_url.map(|url| url.0),
        database: database.within(dir),
        fsync,
        fsync_interval: fsync_interval.0,
        auto_retry: auto_retry.0,
        lock_deadline: lock_deadline.0,
        memory_bound: memory_bound.0,
        listen: listen.0,
        public_url: public_url.map(|url| url.0),
        body_limit: body_limit.0,
        request_timeout: request_timeout.0,
        concurrency: concurrency.0,
        shutdown_grace: shutdown_grace.0,
        node,
        policies,
        warnings,
        written,
    }
}

fn warnings(environment: &Environment) -> Vec<String> {
    let known = || VARIABLES.iter().map(|variable| variable.name);
    let strangers = environment.strangers().iter();
    strangers
        .map(|name| match nearest(name, known()) {
            Some(near) => {
                format!("the environment variable {name} is not known; did you mean {near}?")
            }
            None => format!("the environment variable {name} is not known and has no effect"),
        })
        .collect()
}

/// Replaces secrets by a word, so that nothing that shows the values can show them.
fn without_secrets(mut written: BTreeMap<ConfigFile, Node>) -> Written {
    if let Some(node) = written.get_mut(&ConfigFile::Settings) {
        for setting in SETTINGS.iter().filter(|setting| setting.secret) {
            scrub(node, setting.section, setting.key);
        }
    }
    Written(written)
}

fn scrub(node: &mut Node, section: &str, key: &str) {
    let Data::Map(sections) = &mut node.data else {
        return;
    };
    for section in sections.iter_mut().filter(|entry| entry.key == section) {
        if let Data::Map(entries) = &mut section.value.data {
            for entry in entries.iter_mut().filter(|entry| entry.key == key) {
                entry.value.data = Data::Text("(set)".to_owned());
            }
        }
    }
}
