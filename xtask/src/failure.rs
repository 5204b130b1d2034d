//! Why a command stopped, in the words of the person who has to act on it.

use std::error::Error;
use std::io;
use std::process::{ExitCode, ExitStatus};

/// The reasons a command of xtask ends without success.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The command line names something that does not exist.
    #[error("{0}")]
    Usage(String),
    /// A program could not be started.
    #[error("cannot start `{command}`; is it installed and on the PATH?")]
    NotStarted {
        /// The command line as a person would type it.
        command: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A program ran and reported failure.
    #[error("`{command}` ended with {status}")]
    Ended {
        /// The command line as a person would type it.
        command: String,
        /// Its exit status.
        status: ExitStatus,
    },
    /// A program ran, but what it printed is not what it should print.
    #[error("cannot understand the output of `{command}`")]
    Output {
        /// The command line as a person would type it.
        command: String,
        /// What the parser said.
        #[source]
        source: serde_json::Error,
    },
    /// A file or directory could not be read or written.
    #[error("cannot {doing}")]
    File {
        /// What was tried, path included.
        doing: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Checks found problems, already printed.
    #[error("{check}: {count} to mend, see above")]
    Findings {
        /// The command that found them.
        check: &'static str,
        /// How many there are.
        count: usize,
    },
    /// Something the run needs is not there.
    #[error("{0}")]
    Missing(String),
    /// One step of `ci` failed; the cause says how.
    #[error("step `{step}` failed")]
    Step {
        /// The step's name, as in its heading.
        step: &'static str,
        /// Why it failed.
        #[source]
        source: Box<Self>,
    },
    /// A measurement of `bench` could not be taken.
    #[cfg(feature = "bench")]
    #[error("cannot measure {what}")]
    Measure {
        /// The measurement.
        what: &'static str,
        /// Why not.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
}

impl Failure {
    /// 2 for a wrong command line, 1 for everything else: the convention of the product's own exit codes.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Usage(_) => ExitCode::from(2),
            _ => ExitCode::FAILURE,
        }
    }
}

/// The failure and each of its causes on one line, outermost first.
pub(crate) fn with_causes(failure: &Failure) -> String {
    let mut text = failure.to_string();
    let mut cause = failure.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
