//! What stops a run of the command, in words that say what to do next.

use std::io;
use std::path::PathBuf;

use serde_json::{Value, json};
use watchbook_api::Problem;
use watchbook_config::ConfigErrors;
use watchbook_server::{BadSite, BindError};
use watchbook_store::copy::CopyError;
use watchbook_store::jsonl::RestoreError;
use watchbook_store::{ConnectError, MigrateError, StoreError};

use crate::exit::Exit;
use crate::show;

/// What stops a run of the command.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The call was refused, here or by the server. The problem is as callers over HTTP see it.
    #[error("{}", show::problem(.problem))]
    Answered {
        /// How the run ends.
        exit: Exit,
        /// The members of `application/problem+json`.
        problem: Value,
    },
    /// The command line was not understood, or asks for help.
    #[error("{0}")]
    CommandLine(Box<clap::Error>),
    /// The command line makes no sense as a whole.
    #[error("{0}")]
    Usage(String),
    /// Settings or policies are wrong.
    #[error("{0}")]
    Config(#[from] ConfigErrors),
    /// There is nothing to read yet.
    #[error(
        "there is no store in {} yet\n\n\
         The first write makes one:\n  \
         watchbook incident create --service gateway --severity P2 --title \"what is wrong\"\n\
         Or look around first, with made-up incidents:\n  \
         watchbook demo\n\
         Is the store elsewhere? Name its folder with --dir or WATCHBOOK_DIR.",
        .0.display()
    )]
    NoStore(PathBuf),
    /// The store cannot do it.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// The database cannot be used.
    #[error("{0}")]
    Connect(#[from] ConnectError),
    /// The tables of the database were not brought up to date.
    #[error("{0}")]
    Migrate(#[from] MigrateError),
    /// A backup was not restored.
    #[error("{0}")]
    Restore(#[from] RestoreError),
    /// A copy stopped.
    #[error("{0}")]
    Copy(#[from] CopyError),
    /// A file cannot be read.
    #[error("{} cannot be read: {source}", path.display())]
    Input {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file cannot be written.
    #[error("{} cannot be written: {source}", path.display())]
    Output {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file that would be written is there already.
    #[error("{} is there already; name another file", .0.display())]
    Exists(PathBuf),
    /// A file is larger than what it is read for.
    #[error("{} has more than {limit} bytes, the limit", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The limit.
        limit: u64,
    },
    /// A file is not of the kind it should be.
    #[error("{} cannot be imported: {why}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The server did not answer.
    #[error("{server} does not answer: {why}{}", if *.wrote {
        "; whether the change was made is not known, so look before you repeat it (with --idempotency-key a repetition is safe)"
    } else {
        ""
    })]
    Unreachable {
        /// The server.
        server: String,
        /// Why not.
        why: String,
        /// Whether something was to be changed.
        wrote: bool,
    },
    /// The server answered something else than an answer.
    #[error(
        "{server} answered with status {status}, and not as a watchbook server does; is the address right?"
    )]
    Stranger {
        /// The server.
        server: String,
        /// Its status.
        status: u16,
    },
    /// The server cannot listen.
    #[error("{0}")]
    Bind(#[from] BindError),
    /// A setting of the server names no host.
    #[error("{0}")]
    Site(#[from] BadSite),
    /// The system did not give what the program needs to run.
    #[error("the system refuses what the program needs: {0}")]
    System(#[source] io::Error),
    /// Nobody takes the answer.
    #[error("the answer cannot be written: {0}")]
    Stream(#[source] io::Error),
}

impl Failure {
    /// A call that was refused on the directory itself.
    pub(crate) fn refused(problem: &Problem, request_id: &str) -> Self {
        let exit = Exit::of(problem.code);
        Self::Answered {
            exit,
            problem: problem.to_json(u16::from(exit.number()), request_id),
        }
    }

    /// How the run ends.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Answered { exit, problem: _ } => *exit,
            Self::CommandLine(error) if !error.use_stderr() => Exit::Done,
            // Whoever read has seen enough, such as `head`.
            Self::Stream(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Done,
            Self::CommandLine(_)
            | Self::Usage(_)
            | Self::Config(_)
            | Self::Site(_)
            | Self::Format { .. }
            | Self::Connect(_)
            | Self::Exists(_) => Exit::Usage,
            Self::TooLarge { .. } => Exit::Refused,
            Self::Store(error) => Exit::of_store(error),
            Self::Restore(error) => of_restore(error),
            Self::Copy(error) => of_copy(error),
            Self::Migrate(error) => of_migration(error),
            Self::NoStore(_) => Exit::NotFound,
            Self::Input { path: _, source } => of_file(source),
            Self::Bind(BindError::Keyless { .. }) => Exit::Forbidden,
            Self::Bind(_)
            | Self::Output { .. }
            | Self::Unreachable { .. }
            | Self::Stranger { .. }
            | Self::System(_)
            | Self::Stream(_) => Exit::Unavailable,
        }
    }

    /// The failure for programs: problem+json where there is one, else the words and the exit code.
    pub(crate) fn to_json(&self) -> Value {
        match self {
            Self::Answered { exit: _, problem } => problem.clone(),
            other => json!({
                "ok": false,
                "detail": other.to_string(),
                "exit_code": other.exit().number(),
            }),
        }
    }
}

fn of_file(error: &io::Error) -> Exit {
    match error.kind() {
        io::ErrorKind::NotFound => Exit::NotFound,
        io::ErrorKind::PermissionDenied => Exit::Forbidden,
        io::ErrorKind::IsADirectory | io::ErrorKind::InvalidInput => Exit::Usage,
        _ => Exit::Unavailable,
    }
}

fn of_restore(error: &RestoreError) -> Exit {
    match error {
        // What the system did not say, the archive did: it is cut or damaged.
        RestoreError::Io(error) if error.raw_os_error().is_none() => Exit::Refused,
        RestoreError::Io(_) => Exit::Unavailable,
        _ => Exit::Refused,
    }
}

fn of_copy(error: &CopyError) -> Exit {
    match error {
        CopyError::Source(error) | CopyError::Target(error) => Exit::of_store(error),
        _ => Exit::Refused,
    }
}

fn of_migration(error: &MigrateError) -> Exit {
    match error {
        MigrateError::Connect(_) => Exit::Usage,
        MigrateError::Newer { .. } | MigrateError::Changed { .. } => Exit::Refused,
        _ => Exit::Unavailable,
    }
}

impl From<clap::Error> for Failure {
    fn from(error: clap::Error) -> Self {
        Self::CommandLine(Box::new(error))
    }
}
