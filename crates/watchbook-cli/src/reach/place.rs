//! Where a store is that is to be copied: `jsonl:DIR` or `postgres:URL`.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use watchbook_config::Flags;
use watchbook_store::jsonl::JsonlStore;
use watchbook_store::{PostgresOptions, PostgresStore};

use super::{Kept, absolute};
use crate::failure::Failure;
use crate::files;
use crate::run::Run;

const FILES: &str = "jsonl:";
const DATABASE: &str = "postgres:";
/// How an address of a database begins that is given without [`DATABASE`].
const ADDRESSES: [&str; 2] = ["postgres://", "postgresql://"];

/// Where a store is.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// In the files of this folder.
    Files(PathBuf),
    /// In the database at this address, or at the one that the settings name.
    Database(Option<String>),
}

/// Without the address: it may hold a password.
impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Files(dir) => f.debug_tuple("Files").field(dir).finish(),
            Self::Database(_) => f.write_str("Database(..)"),
        }
    }
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if ADDRESSES.iter().any(|begin| text.starts_with(begin)) {
            return Ok(Self::Database(Some(text.to_owned())));
        }
        match (text.strip_prefix(FILES), text.strip_prefix(DATABASE)) {
            (Some(""), _) => Err("name the folder: jsonl:DIR".to_owned()),
            (Some(dir), _) => Ok(Self::Files(dir.into())),
            (_, Some("" | "env")) => Ok(Self::Database(None)),
            (_, Some(address)) => Ok(Self::Database(Some(address.to_owned()))),
            // The text itself is left out: it may hold a password.
            (None, None) => Err("write it as jsonl:DIR or postgres:URL".to_owned()),
        }
    }
}

impl Place {
    /// What it is called in answers.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Files(dir) => dir.display().to_string(),
            Self::Database(_) => "the database".to_owned(),
        }
    }

    /// Opens the store there. Makes nothing.
    ///
    /// # Errors
    /// When settings are wrong or the store cannot be opened.
    pub(crate) fn open(&self, run: &Run) -> Result<Kept, Failure> {
        match self {
            Self::Files(dir) => {
                let (_, options) = run.opening(dir, Flags::default())?.options()?;
                Ok(Kept::Files(JsonlStore::open(options)?))
            }
            Self::Database(_) => Ok(Kept::Database(PostgresStore::new(self.database(run)?)?)),
        }
    }

    fn database(&self, run: &Run) -> Result<PostgresOptions, Failure> {
        if let Self::Database(Some(address)) = self {
            let (clock, entropy) = (Arc::clone(&run.clock), Arc::clone(&run.entropy));
            return Ok(PostgresOptions::new(address, clock, entropy));
        }
        let dir = run.dir();
        let (_, options) = run.opening(&dir, Flags::default())?.database()?;
        Ok(options)
    }

    /// Whether both are one store, as far as their names tell.
    ///
    /// # Errors
    /// When a folder has no name.
    pub(crate) fn is_same(&self, other: &Self, run: &Run) -> Result<bool, Failure> {
        match (self, other) {
            (Self::Files(one), Self::Files(other)) => {
                let real = |dir| absolute(dir).map(files::real);
                Ok(real(one)? == real(other)?)
            }
            (Self::Database(_), Self::Database(_)) => {
                Ok(self.database(run)?.url == other.database(run)?.url)
            }
            _ => Ok(false),
        }
    }
}
