//! Cursors: places that callers carry from page to page.

use std::fmt;
use std::str::FromStr;

use super::{FollowupSort, Place, Sort};

/// A place handed out to a caller, who gives it back for the next page. Opaque, and bound to the order of its list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// What list it is of.
    pub list: ListKind,
    /// The last item that was given out.
    pub after: Place,
}

/// The lists that have cursors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListKind {
    /// Incidents in some order.
    Incidents(Sort),
    /// The lines of one timeline.
    Events,
    /// Follow-ups in some order.
    Followups(FollowupSort),
    /// Audit entries.
    Audit,
}

/// A text that is not a cursor of the list it is used with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "this cursor does not belong to this list and order; take next_cursor from the page before, or leave it out to begin anew"
)]
pub struct ParseCursorError;

impl ListKind {
    const fn tag(self) -> u8 {
        match self {
            Self::Incidents(sort) => sort as u8,
            Self::Events => 0x40,
            Self::Followups(FollowupSort::Due) => 0x41,
            Self::Audit => 0x42,
            Self::Followups(FollowupSort::Opened) => 0x43,
            Self::Followups(FollowupSort::OpenedDesc) => 0x44,
        }
    }

    fn from_tag(tag: u8) -> Option<Self> {
        match tag {
            0x40 => Some(Self::Events),
            0x41 => Some(Self::Followups(FollowupSort::Due)),
            0x42 => Some(Self::Audit),
            0x43 => Some(Self::Followups(FollowupSort::Opened)),
            0x44 => Some(Self::Followups(FollowupSort::OpenedDesc)),
            sort => Sort::ALL
                .get(usize::from(sort))
                .copied()
                .map(Self::Incidents),
        }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Place { major, minor, id } = self.after;
        f.pad(&format!(
            "c{:02x}{major:016x}{minor:016x}{id:032x}",
            self.list.tag()
        ))
    }
}

impl FromStr for Cursor {
    type Err = ParseCursorError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let hex = text
            .strip_prefix('c')
            .filter(|hex| hex.len() == 66 && hex.is_ascii())
            .ok_or(ParseCursorError)?;
        let part = |range: std::ops::Range<usize>| {
            u128::from_str_radix(&hex[range], 16).map_err(|_| ParseCursorError)
        };
        let tag = u8::try_from(part(0..2)?).map_err(|_| ParseCursorError)?;
        let signed = |bits: u128| {
            u64::try_from(bits)
                .map(u64::cast_signed)
                .map_err(|_| ParseCursorError)
        };
        Ok(Self {
            list: ListKind::from_tag(tag).ok_or(ParseCursorError)?,
            after: Place {
                major: signed(part(2..18)?)?,
                minor: signed(part(18..34)?)?,
                id: part(34..66)?.cast_signed(),
            },
        })
    }
}
