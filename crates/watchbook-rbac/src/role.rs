//! Roles, and whose budget a call is paid from.

use std::fmt;
use std::str::FromStr;

use watchbook_core::AgentId;

/// The name of a role: 1 to 64 of `a-z 0-9 _ -`, for example `agent_oncall`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoleName(Box<str>);

/// A text that names no role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a role name; write 1 to 64 of a-z 0-9 _ -")]
pub struct ParseRoleError {
    text: String,
}

impl RoleName {
    /// The longest name, in bytes.
    pub const MAX_BYTES: usize = 64;

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RoleName {
    type Err = ParseRoleError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = |byte: u8| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-')
        };
        if !text.is_empty() && text.len() <= Self::MAX_BYTES && text.bytes().all(known) {
            return Ok(Self(text.into()));
        }
        Err(ParseRoleError {
            text: text.chars().take(60).collect(),
        })
    }
}

impl fmt::Display for RoleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Whose budget a call is paid from.
///
/// Whoever the matrix lists has a budget of their own. All others share that of their role: a caller that
/// invents a new name for every call gains nothing by it, and the number of budgets stays bounded.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// An agent or a person that the matrix lists.
    Agent(AgentId),
    /// Everyone of a role that it does not list.
    Role(RoleName),
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Agent(agent) => write!(f, "{agent}"),
            Self::Role(role) => write!(f, "all unlisted callers of role {role}"),
        }
    }
}
