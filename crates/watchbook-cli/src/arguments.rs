//! The command line: what can be said to `watchbook`, apart from the actions (see `nouns`).

#![expect(
    clippy::doc_markdown,
    reason = "most comments here are help texts, and a terminal shows them as they are"
)]

use std::path::PathBuf;

use clap::{Args, Command, FromArgMatches as _, Subcommand, ValueEnum};
use clap_complete::Shell;
use watchbook_core::text::{Name, Short};
use watchbook_core::{AgentId, Digest, Timestamp};

use crate::exit::Exit;
use crate::nouns;
use crate::reach::Place;

/// What every command takes.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "For every command")]
pub(crate) struct Globals {
    /// The folder that holds ops/ and config/ [env: WATCHBOOK_DIR] [default: the current one]
    #[arg(long, global = true, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// A settings file to use instead of config/watchbook.yml [env: WATCHBOOK_CONFIG]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Whom to act as [env: WATCHBOOK_AGENT] [default: human:YOUR_NAME]
    #[arg(long, global = true, value_name = "AGENT")]
    pub agent: Option<AgentId>,
    /// Talk to this server instead of opening a directory [env: WATCHBOOK_SERVER]
    #[arg(long, global = true, value_name = "URL")]
    pub server: Option<String>,
    /// The key for the server; better given as WATCHBOOK_KEY, where no process list shows it
    #[arg(long, global = true, value_name = "KEY", hide_env_values = true)]
    pub key: Option<String>,
    /// Answer in JSON, for programs
    #[arg(long, global = true)]
    pub json: bool,
}

/// What can be done besides the actions.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Operation {
    /// Serves the directory over HTTP
    Serve(Serve),
    /// Shows twelve weeks of made-up incidents, in a throw-away directory
    Demo(Demo),
    /// Calls any action by its name
    Call(CallAction),
    /// Brings in incidents of another program
    #[command(subcommand)]
    Import(Import),
    /// Writes all incidents into a file
    Export(Export),
    /// Makes and takes back keys, by which callers over HTTP are known
    #[command(subcommand)]
    Key(Key),
    /// Checks every line and every file of the directory
    Verify(Verify),
    /// Sets what is damaged aside, never deleting it, and marks the gaps
    Repair,
    /// Makes the files that are derived from the journal anew
    Rebuild,
    /// Writes everything into one file that proves itself; others go on writing meanwhile
    Backup(Backup),
    /// Restores a backup into a directory that holds no store yet, or into a database that holds nothing else
    Restore(Restore),
    /// Copies everything from files to a database, or the other way round, and compares both in the end; may be stopped
    /// at any moment and begun again
    Copy(CopyStore),
    /// Brings the tables of a PostgreSQL database up to date; safe to repeat, and beside running servers
    Migrate(Migrate),
    /// Says how the backend auto stands to its database, and tries that now
    #[command(subcommand)]
    Auto(Auto),
    /// Looks after the directory: settings, files, room, clock, and what is forgotten
    Doctor,
    /// Checks and shows settings and policies
    #[command(subcommand)]
    Config(Config),
    /// Prints a completion script for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Prints the manual page of watchbook, or writes one for every command
    Man {
        /// The folder to write them to; no page that is there is overwritten
        #[arg(value_name = "DIR")]
        folder: Option<PathBuf>,
    },
    /// Prints a generated page of the documentation
    #[command(hide = true)]
    Reference {
        /// The page
        page: Reference,
    },
}

/// The generated pages of the documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Reference {
    /// Every command
    Cli,
    /// Every action
    Api,
    /// The JSON Schema of every action
    Schemas,
}

/// What to do about the backend auto.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Subcommand)]
pub(crate) enum Auto {
    /// Says where writes go, since when and why, and what waits to be brought into the database
    Status,
    /// Tries a lost database now instead of at the next time, and brings in what was written meanwhile
    Retry,
}

/// How to serve.
#[derive(Debug, Clone, Args)]
pub(crate) struct Serve {
    /// The address and port; port 0 takes a free one [env: WATCHBOOK_LISTEN] [default: 127.0.0.1:8000]
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<String>,
    /// The address that links begin with [env: WATCHBOOK_PUBLIC_URL]
    #[arg(long, value_name = "URL")]
    pub public_url: Option<String>,
    /// Another host name the server is called by; may be given several times
    #[arg(long, value_name = "HOST")]
    pub allow_host: Vec<String>,
    /// When an acknowledged write is on disk: always, interval or never [env: WATCHBOOK_FSYNC]
    #[arg(long, value_name = "WHEN")]
    pub fsync: Option<String>,
    /// Where artifacts lie [env: INCIDENT_ARTIFACTS_DIR]
    #[arg(long, value_name = "DIR")]
    pub artifacts_dir: Option<String>,
}

/// How to look around.
#[derive(Debug, Clone, Args)]
pub(crate) struct Demo {
    /// The port to serve on, on loopback [default: 8000, or a free one]
    #[arg(long)]
    pub port: Option<u16>,
    /// Keep the directory: make it here instead of throwing it away at the end
    #[arg(long, value_name = "DIR")]
    pub keep: Option<PathBuf>,
    /// Only make the directory (needs --keep)
    #[arg(long, requires = "keep")]
    pub no_serve: bool,
}

/// A call by the names of its action.
#[derive(Debug, Clone, Args)]
pub(crate) struct CallAction {
    /// The tool, for example `oncall_tool`
    pub tool: String,
    /// The action, for example `incident_list`
    pub action: String,
    /// Parameters; the same name again makes a list
    #[arg(value_name = "NAME=VALUE")]
    pub pairs: Vec<String>,
    /// All parameters as one JSON object; - reads standard input
    #[arg(long, value_name = "JSON", conflicts_with = "pairs")]
    pub params: Option<String>,
}

/// What to bring in.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Import {
    /// Brings in incidents of a Statuspage, as PAGE/api/v2/incidents.json gives them
    Statuspage {
        /// The file; - reads standard input
        file: PathBuf,
        /// The name of the source; ids of incidents are made from it [default: the page's id]
        #[arg(long, value_name = "NAME")]
        source: Option<Short>,
        /// Say what would be brought in, and write nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Brings in incidents as `watchbook export` writes them, or calls of incident_import, one JSON object a line
    Jsonl {
        /// The file; - reads standard input
        file: PathBuf,
        /// Say what would be brought in, and write nothing
        #[arg(long)]
        dry_run: bool,
    },
}

/// What to write out.
#[derive(Debug, Clone, Args)]
pub(crate) struct Export {
    /// The format
    #[arg(long, value_enum, default_value_t = ExportFormat::Jsonl)]
    pub format: ExportFormat,
    /// The new file; - is standard output
    #[arg(long, short, value_name = "FILE", default_value = "-")]
    pub output: PathBuf,
}

/// The formats of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// One JSON object a line: an incident with its whole timeline
    Jsonl,
    /// One row an incident, without timelines, for spreadsheets
    Csv,
}

/// What to do with keys.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Key {
    /// Makes a key; it is shown once
    Create {
        /// Whose calls are made with it
        #[arg(value_name = "FOR_AGENT")]
        owner: AgentId,
        /// What it is for
        #[arg(long, value_name = "TEXT")]
        label: Option<Short>,
        /// Let its owner act for others, by naming another `agent_id`
        #[arg(long)]
        delegate: bool,
        /// Let it send alerts and nothing else
        #[arg(long)]
        ingest_only: bool,
        /// When it ends by itself
        #[arg(long, value_name = "TIME")]
        expires_at: Option<Timestamp>,
    },
    /// Lists all keys, without their secrets
    List,
    /// Takes a key back, effective within a second
    Revoke {
        /// The key's id
        id: Name,
    },
    /// Makes a new key like this one and takes this one back
    Rotate {
        /// The key's id
        id: Name,
    },
}

/// How to verify.
#[derive(Debug, Clone, Args)]
pub(crate) struct Verify {
    /// The head that an earlier verify or backup named: proves that nothing was changed or cut since then
    #[arg(long, value_name = "HASH")]
    pub anchor: Option<Digest>,
}

/// How to migrate.
#[derive(Debug, Clone, Args)]
pub(crate) struct Migrate {
    /// Print the SQL that an empty database is given, and touch none
    #[arg(long)]
    pub dry_run: bool,
}

/// Where to back up to.
#[derive(Debug, Clone, Args)]
pub(crate) struct Backup {
    /// The new file; it holds hashes of keys, so only its owner may read it; - is standard output
    #[arg(long, short, value_name = "FILE")]
    pub output: PathBuf,
}

/// What to restore.
#[derive(Debug, Clone, Args)]
pub(crate) struct Restore {
    /// The backup; - reads standard input
    pub file: PathBuf,
}

/// What to copy, and where to.
#[derive(Debug, Clone, Args)]
pub(crate) struct CopyStore {
    /// Where from: jsonl:DIR, the folder that holds ops/, or postgres:URL; postgres: alone takes the address from
    /// DATABASE_URL, where no process list shows the password
    #[arg(long, value_name = "STORE")]
    pub from: Place,
    /// Where to, in the same form
    #[arg(long, value_name = "STORE")]
    pub to: Place,
    /// Say what would be copied, and write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Copy also where the target has incidents that the source does not have; they stay beside the others
    #[arg(long)]
    pub into_existing: bool,
}

/// What to do with settings and policies.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Config {
    /// Says everything that is wrong with them, with file, line and column
    Check,
    /// Shows every value and where it comes from, without secrets
    Show,
    /// Prints the JSON Schemas of the files, for editors
    Schema,
}

/// The whole command line.
pub fn command() -> Command {
    let root = Globals::augment_args(Command::new("watchbook"))
        .version(env!("CARGO_PKG_VERSION"))
        .about("An incident log that people and AI agents share")
        .long_about(
            "An incident log that people and AI agents share.\n\n\
             It keeps its log in plain files below the current folder; nothing needs to be set up. \
             `watchbook demo` shows it with made-up incidents.",
        )
        .after_help(format!("Exit codes:\n{}", Exit::table()))
        .max_term_width(MAX_WIDTH)
        .subcommand_value_name("COMMAND");
    let root = nouns::augment(root);
    let root = Operation::augment_subcommands(root);
    root.subcommand_required(false)
}

/// Help texts are not wider than this.
const MAX_WIDTH: usize = 100;

/// What was said apart from the actions.
///
/// # Errors
/// When it does not fit.
pub(crate) fn parsed(
    matches: &clap::ArgMatches,
) -> Result<(Globals, Option<Operation>), clap::Error> {
    let globals = Globals::from_arg_matches(matches)?;
    let is_ours = |name: &str| Operation::has_subcommand(name);
    let command = match matches.subcommand_name() {
        Some(name) if is_ours(name) => Some(Operation::from_arg_matches(matches)?),
        _ => None,
    };
    Ok((globals, command))
}
