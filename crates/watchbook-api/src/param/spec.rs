//! What front-ends need to know of a parameter to offer it.

use serde_json::Value;

/// One parameter, described.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParamSpec {
    /// Its name on the wire.
    pub name: &'static str,
    /// Whether it must be given.
    pub required: bool,
    /// What it means, in one or a few sentences.
    pub description: String,
    /// How it looks from afar.
    pub shape: Shape,
    /// What holds if it is left out.
    pub default: Option<Value>,
    /// Its JSON Schema, with description and default.
    pub schema: Value,
}

/// How a parameter looks from afar: what a command line or a form has to offer for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Shape {
    /// One text.
    Text,
    /// One of a few words; the schema's `enum` lists them.
    Word,
    /// A whole number.
    Number,
    /// Yes or no.
    Flag,
    /// Several values: a JSON list, or one text.
    List,
    /// Names with values: a JSON object, `name=value`, or a list of those.
    Map,
    /// A JSON object, or a text that is one.
    Object,
}
