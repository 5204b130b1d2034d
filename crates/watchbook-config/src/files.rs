//! The files: what they are called, what ships, and how they are read from disk. Nothing here writes.

use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::ConfigError;
use crate::place::{Place, Source};

/// The longest file. Real ones have a few kilobytes.
pub const MAX_FILE_BYTES: u64 = 1 << 20;

/// The folder of the files, inside the directory.
const FOLDER: &str = "config";

/// A file of settings or policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConfigFile {
    /// Where things are kept, and how the server listens.
    Settings,
    /// Who may do what.
    Matrix,
    /// How much of it.
    Limits,
    /// What it costs.
    Costs,
    /// What is switched on.
    Rollout,
    /// What is blacked out, and how long things are kept.
    Governance,
    /// The servers that share one store.
    Nodes,
}

impl ConfigFile {
    /// Every file, in the order of the documentation.
    pub const ALL: [Self; 7] = [
        Self::Settings,
        Self::Matrix,
        Self::Limits,
        Self::Costs,
        Self::Rollout,
        Self::Governance,
        Self::Nodes,
    ];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Settings => "watchbook.yml",
            Self::Matrix => "rbac_tools_matrix.yml",
            Self::Limits => "tool_limits.yml",
            Self::Costs => "cost_weights.yml",
            Self::Rollout => "tools_rollout.yml",
            Self::Governance => "data_governance.yml",
            Self::Nodes => "nodes_registry.yml",
        }
    }

    /// The text that ships: what holds where a directory has no such file.
    pub const fn shipped(self) -> &'static str {
        match self {
            Self::Settings => include_str!("../../../config/watchbook.yml"),
            Self::Matrix => include_str!("../../../config/rbac_tools_matrix.yml"),
            Self::Limits => include_str!("../../../config/tool_limits.yml"),
            Self::Costs => include_str!("../../../config/cost_weights.yml"),
            Self::Rollout => include_str!("../../../config/tools_rollout.yml"),
            Self::Governance => include_str!("../../../config/data_governance.yml"),
            Self::Nodes => include_str!("../../../config/nodes_registry.yml"),
        }
    }

    /// Where it lies in a directory.
    pub fn path(self, dir: &Path) -> PathBuf {
        dir.join(FOLDER).join(self.name())
    }
}

/// A file's text and what to call it.
pub(crate) struct FileText {
    pub(crate) source: Source,
    pub(crate) text: String,
}

/// Reads a file. Nothing when there is none, unless it `must_exist`.
pub(crate) fn read(path: &Path, must_exist: bool) -> Result<Option<FileText>, ConfigError> {
    let source = Source::File(Arc::new(path.to_owned()));
    let mistake = |message: String, fix: &str| ConfigError {
        place: Place::whole(source.clone()),
        key: String::new(),
        message,
        fix: fix.to_owned(),
    };
    let bytes = match bounded_bytes(path) {
        Ok(bytes) => bytes,
        Err(Unread::Io(error)) if error.kind() == ErrorKind::NotFound && !must_exist => {
            return Ok(None);
        }
        Err(Unread::Io(error)) => {
            let fix = "check the path, and that this user may read it";
            return Err(mistake(format!("cannot be read: {error}"), fix));
        }
        Err(Unread::NoFile) => {
            return Err(mistake(
                "is not a file".to_owned(),
                "put a plain file there",
            ));
        }
        Err(Unread::TooLong) => {
            let message = format!("is longer than {MAX_FILE_BYTES} bytes");
            return Err(mistake(message, "shorten it; a policy has a few kilobytes"));
        }
    };
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Some(FileText { source, text })),
        Err(error) => {
            let readable = error.utf8_error().valid_up_to();
            let place = place_of(&error.as_bytes()[..readable], source.clone());
            let message = format!("byte {} is not UTF-8", readable + 1);
            Err(ConfigError {
                place,
                ..mistake(message, "save the file as UTF-8")
            })
        }
    }
}

/// The place after a readable beginning.
fn place_of(readable: &[u8], source: Source) -> Place {
    let text = String::from_utf8_lossy(readable);
    let lines = text.matches('\n').count();
    let column = text.rsplit('\n').next().unwrap_or_default().chars().count();
    let narrow = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    Place {
        source,
        line: narrow(lines + 1),
        column: narrow(column + 1),
    }
}

enum Unread {
    Io(std::io::Error),
    NoFile,
    TooLong,
}

impl From<std::io::Error> for Unread {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

fn bounded_bytes(path: &Path) -> Result<Vec<u8>, Unread> {
    // Before it is opened: opening a pipe would wait for somebody to write to it.
    if !std::fs::metadata(path)?.is_file() {
        return Err(Unread::NoFile);
    }
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where settings files are read"
    )]
    let file = std::fs::File::open(path)?;
    let mut bytes = Vec::new();
    // One more than allowed, so that a file which is too long is told from one that just fits.
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(Unread::TooLong);
    }
    Ok(bytes)
}
