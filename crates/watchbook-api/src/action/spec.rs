//! An action, described for front-ends.

use serde_json::{Map, Value};

use super::table::ActionKind;
use crate::options::{Matching, Shaping, Writing};
use crate::param::{ParamSpec, Params};
use crate::tool::Tool;
use crate::view::FieldSpec;

/// What an action does to the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// It reads.
    Reads,
    /// It writes, and there is no incident yet whose version could be insisted on.
    Creates,
    /// It writes on an incident, and takes `if_match`.
    Changes,
}

impl Access {
    /// Whether it writes.
    pub const fn writes(self) -> bool {
        matches!(self, Self::Creates | Self::Changes)
    }

    /// The names of the options it takes.
    pub(crate) const fn option_names(self) -> &'static [&'static str] {
        match self {
            Self::Reads => &["fields", "max_bytes"],
            Self::Creates => &["fields", "max_bytes", "idempotency_key", "dry_run"],
            Self::Changes => &[
                "fields",
                "max_bytes",
                "idempotency_key",
                "dry_run",
                "if_match",
            ],
        }
    }

    /// The options it takes, described.
    pub fn options(self) -> Vec<ParamSpec> {
        let mut options = Shaping::specs();
        if self.writes() {
            options.extend(Writing::specs());
        }
        if self == Self::Changes {
            options.extend(Matching::specs());
        }
        options
    }
}

/// An action, described.
#[derive(Debug, Clone)]
pub struct ActionSpec {
    /// Which one.
    pub kind: ActionKind,
    /// The tool it belongs to.
    pub tool: Tool,
    /// Its name.
    pub name: &'static str,
    /// Whether it changes something.
    pub writes: bool,
    /// What it does, in one sentence.
    pub summary: String,
    /// What it does, in full.
    pub description: String,
    /// Its own parameters.
    pub params: Vec<ParamSpec>,
    /// What it takes besides: idempotency key, dry run, fields and so on.
    pub options: Vec<ParamSpec>,
    /// Where its answer is found inside `result`.
    pub result: &'static str,
    /// The fields of its answer, or of each item of it.
    pub fields: &'static [FieldSpec],
    /// Parameters that it accepts.
    pub example: Map<String, Value>,
}

/// The first sentence of a description.
pub(super) fn first_sentence(description: &str) -> String {
    let end = description
        .find(". ")
        .map_or(description.len(), |end| end + 1);
    description[..end].to_owned()
}
