//! What a call needs to be permitted: an action of a tool, and whether it writes.

use std::fmt;

/// What a call needs: `tool.action` to read, `tool.action:write` to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Permission<'a> {
    /// The tool, for example `oncall_tool`.
    pub tool: &'a str,
    /// The action, for example `incident_close`.
    pub action: &'a str,
    /// Whether the call changes something. The same action may read in one call and write in the next.
    pub write: bool,
}

impl<'a> Permission<'a> {
    /// The permission to read by this action.
    pub const fn read(tool: &'a str, action: &'a str) -> Self {
        Self {
            tool,
            action,
            write: false,
        }
    }

    /// The permission to write by this action.
    pub const fn write(tool: &'a str, action: &'a str) -> Self {
        Self {
            tool,
            action,
            write: true,
        }
    }
}

impl fmt::Display for Permission<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let suffix = if self.write { ":write" } else { "" };
        f.pad(&format!("{}.{}{suffix}", self.tool, self.action))
    }
}
