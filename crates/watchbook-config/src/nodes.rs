//! The servers that share one store.

use watchbook_core::text::Name;

/// The most servers that can be listed.
pub const MAX_NODES: usize = 1_000;

/// A server that is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeEntry {
    /// Its name. What it holds a lease under.
    pub name: Name,
    /// What it is for, in a word of whoever listed it.
    pub role: Option<Name>,
    /// Where it is reached, without a slash at the end.
    pub url: Option<String>,
}

/// The servers that share one store, in the order of the file. Empty: nobody listed any.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Nodes(pub Vec<NodeEntry>);

impl Nodes {
    /// The server with this name, if it is listed.
    pub fn get(&self, name: &Name) -> Option<&NodeEntry> {
        self.0.iter().find(|node| node.name == *name)
    }
}
