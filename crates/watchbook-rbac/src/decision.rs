//! What the matrix answers: yes or no, and which line of it said so.

use std::fmt;

use crate::glob::Pattern;
use crate::role::RoleName;

/// What the matrix answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Whether the call is permitted.
    pub allowed: bool,
    /// The role that the caller has.
    pub role: RoleName,
    /// The line that decided.
    pub rule: Rule,
}

/// The line of the matrix that decided. Its text is the line's place in `rbac_tools_matrix.yml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// A line of `allow`, and no line of `deny`.
    Allow {
        /// The role whose line it is.
        role: RoleName,
        /// The line.
        pattern: Pattern,
    },
    /// A line of `deny`; it beats every line of `allow`.
    Deny {
        /// The role whose line it is.
        role: RoleName,
        /// The line.
        pattern: Pattern,
    },
    /// No line names it, and what no line allows is not allowed.
    Unnamed {
        /// The role that has no such line.
        role: RoleName,
    },
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Allow { role, pattern } => write!(f, "roles.{role}.allow: {pattern}"),
            Self::Deny { role, pattern } => write!(f, "roles.{role}.deny: {pattern}"),
            Self::Unnamed { role } => write!(f, "roles.{role}.allow: no line names it"),
        }
    }
}
