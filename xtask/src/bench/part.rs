//! What `bench postgres` measures, one table after the other.

/// One table of `bench postgres`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// Writes of the store beside pgbench.
    Writes,
    /// Writes of a node with a healthy database beside those of the store alone.
    Auto,
    /// Bringing in what was written while the database was lost.
    Replay,
    /// Copying a store from files into a database and back.
    Copy,
    /// Pages of lists at a million incidents beside their bare queries.
    Pages,
}

impl Part {
    /// All, in the order in which they are measured.
    pub(super) const ALL: &'static [Self] = &[
        Self::Writes,
        Self::Auto,
        Self::Replay,
        Self::Copy,
        Self::Pages,
    ];

    /// The part of this name.
    pub(super) fn named(name: &str) -> Option<&'static [Self]> {
        Some(match name {
            "writes" => &[Self::Writes],
            "auto" => &[Self::Auto],
            "replay" => &[Self::Replay],
            "copy" => &[Self::Copy],
            "pages" => &[Self::Pages],
            _ => return None,
        })
    }
}
