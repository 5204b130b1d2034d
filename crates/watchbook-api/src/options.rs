//! What every action takes besides its own parameters.

use std::fmt;
use std::str::FromStr;

use serde_json::{Value, json};
use watchbook_core::ETag;

use crate::json::Json;
use crate::param::{Int, Several, params, written_param};
use crate::selection::FieldPath;

/// The smallest budget for an answer: room for the envelope and one bare item.
pub const MIN_BYTES: u32 = 2 * 1024;
/// The largest answer there is, and the budget of a call that names none: an artifact of 2 MiB fits, however its
/// characters are escaped.
pub const MAX_BYTES: u32 = 16 * 1024 * 1024;
/// The most fields that one call selects.
const MAX_FIELDS: usize = 64;

/// A word by which a repeated write is recognised: 1 to 200 visible ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(String);

/// The most bytes of an idempotency key.
const KEY_BYTES: usize = 200;

impl IdempotencyKey {
    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for IdempotencyKey {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fits = (1..=KEY_BYTES).contains(&text.len());
        if fits && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Ok(Self(text.to_owned()));
        }
        Err(format!(
            "an idempotency key has 1 to {KEY_BYTES} visible ASCII characters without spaces, for example a UUID"
        ))
    }
}

impl fmt::Display for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl Json for IdempotencyKey {
    fn to_json(&self) -> Value {
        self.0.as_str().into()
    }
}

written_param! {
    IdempotencyKey, Text, Fact => json!({
        "type": "string",
        "pattern": format!("^[!-~]{{1,{KEY_BYTES}}}$"),
        "examples": ["7f1c2d0e-5b7a-4c59-9d0e-2f6f3f1f0a11"],
    });
}

/// What a call asks for besides the action's own parameters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CallOptions {
    /// A word by which a repetition of this write is recognised.
    pub idempotency_key: Option<IdempotencyKey>,
    /// Write only if this is the incident's version.
    pub if_match: Option<ETag>,
    /// Say what would change, and change nothing.
    pub dry_run: bool,
    /// The fields to answer with; `None` for all.
    pub fields: Option<Vec<FieldPath>>,
    /// The most bytes the answer may have.
    pub max_bytes: Option<u32>,
}

params! {
    /// What every action takes.
    pub(crate) Shaping {
        /// The fields of the noun, or of each item, to answer with: a list, or one text with commas. A dot leads into an inner object or list, as in `claim.holder`.
        fields: Option<FieldPaths>,
        /// The most bytes the answer may have. Items are cut from the end of a list first (`next_cursor` then goes on right there), then long texts; `meta.truncated` says so.
        max_bytes: Option<Int<MIN_BYTES, MAX_BYTES>>,
    }

    /// What every action that writes takes as well.
    pub(crate) Writing {
        /// A word of the caller's own by which a repetition of this write is recognised for 7 days: the same key with the same parameters gives the same answer and changes nothing again.
        idempotency_key: Option<IdempotencyKey>,
        /// Say what would change, and change nothing. Permissions and parameters are checked as for the real call.
        dry_run: bool = false,
    }

    /// What every action that changes an incident takes as well.
    pub(crate) Matching {
        /// Write only if this is still the incident's version: its `etag` as last read.
        if_match: Option<ETag>,
    }
}

/// Why an option that other actions take is not taken here. `None` for a name that is no option anywhere.
pub(crate) fn not_taken(name: &str) -> Option<&'static str> {
    match name {
        "dry_run" | "idempotency_key" => {
            Some("is for actions that write; this one only reads, so leave it out")
        }
        "if_match" => Some("is for actions that change an incident; leave it out here"),
        _ => None,
    }
}

/// Several fields.
pub(crate) type FieldPaths = Several<FieldPath, MAX_FIELDS>;
