//! Where a value was written.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// What a value comes from. Later ones win over earlier ones.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// The shipped file of this name, built in.
    Shipped(&'static str),
    /// A file of the directory.
    File(Arc<PathBuf>),
    /// An environment variable.
    Variable(&'static str),
    /// A flag of the command line.
    Flag(&'static str),
}

/// Where a value was written. Sorts by source, then in reading order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// What it comes from.
    pub source: Source,
    /// The line, from 1; 0 where there are no lines.
    pub line: u32,
    /// The column, from 1, in characters; 0 where there are none.
    pub column: u32,
}

impl Place {
    /// The source as a whole.
    pub(crate) const fn whole(source: Source) -> Self {
        Self {
            source,
            line: 0,
            column: 0,
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shipped(name) => write!(f, "shipped {name}"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Variable(name) => write!(f, "environment variable {name}"),
            Self::Flag(name) => write!(f, "flag {name}"),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.source)?;
        if self.line > 0 {
            write!(f, ":{}:{}", self.line, self.column)?;
        }
        Ok(())
    }
}
