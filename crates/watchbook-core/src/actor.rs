//! Who did it, and how they came in.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};

use crate::text::{self, Lines, TextError};

/// The id of an agent or a person: 1 to 64 of `A-Z a-z 0-9 _ . : @ -`, for example `sofiia` or `human:ada`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct AgentId(Box<str>);

impl AgentId {
    /// The longest id, in bytes.
    pub const MAX_BYTES: usize = 64;

    /// Checks an id and takes it over.
    ///
    /// # Errors
    /// When it is empty, too long, or has other characters.
    pub fn new(id: impl AsRef<str>) -> Result<Self, TextError> {
        const WHAT: &str = "an agent id";
        let id = id.as_ref();
        if id.is_empty() {
            return Err(TextError::Empty { what: WHAT });
        }
        text::check(WHAT, id, Self::MAX_BYTES, Lines::One)?;
        let known = |byte: u8| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b':' | b'@' | b'-')
        };
        if id.bytes().all(known) {
            Ok(Self(id.into()))
        } else {
            Err(text::form_error(
                WHAT,
                id,
                "1 to 64 of A-Z a-z 0-9 _ . : @ -",
            ))
        }
    }

    /// watchbook itself, where no agent or person wrote.
    pub(crate) fn ours() -> Self {
        Self("watchbook".into())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is a person (`human:…`).
    pub fn is_human(&self) -> bool {
        self.0.starts_with("human:")
    }
}

impl fmt::Display for AgentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl FromStr for AgentId {
    type Err = TextError;

    fn from_str(id: &str) -> Result<Self, TextError> {
        Self::new(id)
    }
}

impl<'de> Deserialize<'de> for AgentId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::id::from_text(deserializer)
    }
}

text::word_enum! {
    /// What sort of writer a timeline line comes from.
    Source, "a source" {
        /// A person.
        Human = "human",
        /// An AI agent or a program.
        Agent = "agent",
        /// A monitoring system.
        Alert = "alert",
        /// watchbook itself.
        System = "system",
    }
}

text::word_enum! {
    /// The way by which a change came in.
    Via, "a way in" {
        /// Over HTTP with a key.
        Key = "key",
        /// Over HTTP on loopback, without keys.
        Keyless = "keyless",
        /// The command line on the directory itself.
        Local = "local",
        /// A program that embeds the store.
        Embedded = "embedded",
        /// A job of watchbook's own.
        Job = "job",
    }
}

/// Who made a change: the durable audit of a write, in the same commit as the write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct By {
    /// The agent or person the change is made as.
    pub agent: AgentId,
    /// The public id of the key that was shown, if one was. Never the key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<text::Name>,
    /// The identity of the key, when it acts for somebody else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delegate: Option<AgentId>,
    /// The request id, to find the change in logs and audit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<text::Name>,
    /// The way in.
    pub via: Via,
    /// The sort of writer.
    pub source: Source,
}

impl By {
    /// Whoever of `agent` and `delegate`, who made an earlier change, has a hand in this one as well. An identity is
    /// one pair of eyes, whether it acts itself or its key acts for somebody else.
    pub(crate) fn shared_with<'a>(
        &self,
        agent: &'a AgentId,
        delegate: Option<&'a AgentId>,
    ) -> Option<&'a AgentId> {
        let has_a_hand = |id: &AgentId| *id == self.agent || Some(id) == self.delegate.as_ref();
        [Some(agent), delegate]
            .into_iter()
            .flatten()
            .find(|id| has_a_hand(id))
    }
}
