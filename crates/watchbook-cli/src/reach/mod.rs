//! How a call reaches the log: through the files of a directory, or over HTTP.

mod directory;
mod kept;
mod place;
mod server;

use serde_json::{Map, Value};
use watchbook_api::ActionKind;

use crate::failure::Failure;

pub(crate) use directory::{Directory, Opening, absolute};
pub(crate) use kept::Kept;
pub(crate) use place::Place;
pub(crate) use server::Server;

/// A way to the log.
#[derive(Debug, Clone)]
pub(crate) enum Reach {
    /// The files of a directory, through the one door.
    Directory(Directory),
    /// A server.
    Server(Server),
}

/// A call as it was written on the command line: nothing of it has been checked.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Call {
    /// The tool.
    pub tool: String,
    /// The action.
    pub action: String,
    /// Its parameters.
    pub params: Map<String, Value>,
}

impl Call {
    /// A call of an action that is known.
    pub(crate) fn new(kind: ActionKind, params: Map<String, Value>) -> Self {
        Self {
            tool: kind.tool().as_str().to_owned(),
            action: kind.name().to_owned(),
            params,
        }
    }

    /// The action, if there is one of that name.
    pub(crate) fn kind(&self) -> Option<ActionKind> {
        ActionKind::ALL
            .iter()
            .copied()
            .find(|kind| kind.name() == self.action && kind.tool().as_str() == self.tool)
    }

    /// Whether it changes something, as far as that is known.
    pub(crate) fn writes(&self) -> bool {
        // What only a newer server knows may change something.
        self.kind().is_none_or(|kind| kind.access().writes())
    }
}

impl Reach {
    /// Makes the call and gives the envelope of its answer.
    ///
    /// # Errors
    /// [`Failure::Answered`] when it was refused; otherwise why it did not get through.
    pub(crate) async fn call(&self, call: Call) -> Result<Value, Failure> {
        match self {
            Self::Directory(directory) => directory.call(call).await,
            Self::Server(server) => server.call(call).await,
        }
    }

    /// Leaves everything durable.
    ///
    /// # Errors
    /// When that is not possible.
    pub(crate) async fn finish(&self) -> Result<(), Failure> {
        match self {
            Self::Directory(directory) => directory.finish().await,
            Self::Server(_) => Ok(()),
        }
    }
}
