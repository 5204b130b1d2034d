//! The tools: groups of actions with one address each.

use std::fmt;

/// A group of actions with one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tool {
    /// Incidents, their timelines, follow-ups and files.
    Oncall,
    /// Who did what, and who one is.
    Admin,
}

impl Tool {
    /// Every tool, in the order of the documentation.
    pub const ALL: &'static [Self] = &[Self::Oncall, Self::Admin];

    /// The written form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Oncall => "oncall_tool",
            Self::Admin => "admin_tool",
        }
    }

    /// The tool with this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|tool| tool.as_str() == name)
    }
}

impl fmt::Display for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
