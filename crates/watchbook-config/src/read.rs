//! From YAML to typed values: every mistake is found, none is repaired in silence.
//!
//! [`yaml`] turns text into [`Node`]s that know their place. A type that can stand in a file implements
//! [`Read`]: how it is read, and its JSON Schema. [`keys!`] declares a section once and gives both.

mod findings;
mod leaf;
mod list;
mod node;
mod section;
mod span;
mod yaml;

pub(crate) use findings::{Findings, nearest};
pub(crate) use leaf::{Secreted, Text, Textual, Whole, word, words};
pub(crate) use node::{Data, Entry, Node};
pub(crate) use section::{Section, keys, object_schema};
pub(crate) use span::{Size, Span};
pub(crate) use yaml::{SyntaxError, parse};

use serde_json::Value;

/// A type that can stand in a file.
pub(crate) trait Read: Sized {
    /// Its JSON Schema.
    fn schema() -> Value;

    /// Reads it, or reports every mistake in it.
    fn read(node: &Node, findings: &mut Findings) -> Option<Self>;

    /// What it is when its key is left out; nothing when the key must be there.
    fn absent() -> Option<Self> {
        None
    }
}

impl<T: Read> Read for Option<T> {
    fn schema() -> Value {
        T::schema()
    }

    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        match node.data {
            Data::Null => Some(None),
            _ => T::read(node, findings).map(Some),
        }
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}

#[cfg(test)]
mod tests;
