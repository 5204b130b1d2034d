//! Values with their places.

use serde_json::{Map, Number, Value};

use crate::place::Place;

/// A value and where it was written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    pub(crate) place: Place,
    pub(crate) data: Data,
}

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Data {
    /// Nothing: the key stands there without a value.
    Null,
    Flag(bool),
    Whole(i64),
    Fraction(f64),
    Text(String),
    /// A value of the environment or of a flag, where everything is text: it becomes what its setting wants.
    Raw(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// One line of a map.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) place: Place,
    pub(crate) value: Node,
}

impl Data {
    /// What it is, in words.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Flag(_) => "true or false",
            Self::Whole(_) => "a number",
            Self::Fraction(_) => "a number with a fraction",
            Self::Text(_) | Self::Raw(_) => "text",
            Self::List(_) => "a list",
            Self::Map(_) => "keys with values",
        }
    }
}

impl Node {
    /// The entries of a map; none for anything else.
    pub(crate) fn entries(&self) -> &[Entry] {
        match &self.data {
            Data::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The value of a key of a map.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        let entry = self.entries().iter().find(|entry| entry.key == key)?;
        Some(&entry.value)
    }

    /// The value at a path of keys and of places in lists.
    pub(crate) fn find(&self, path: &[String]) -> Option<&Self> {
        path.iter().try_fold(self, |node, part| match &node.data {
            Data::List(items) => items.get(part.parse::<usize>().ok()?),
            _ => node.get(part),
        })
    }

    /// The same value as JSON.
    pub(crate) fn to_json(&self) -> Value {
        match &self.data {
            Data::Null => Value::Null,
            Data::Flag(flag) => Value::Bool(*flag),
            Data::Whole(number) => Value::Number((*number).into()),
            Data::Fraction(number) => Number::from_f64(*number).map_or(Value::Null, Value::Number),
            Data::Text(text) | Data::Raw(text) => Value::String(text.clone()),
            Data::List(items) => items.iter().map(Self::to_json).collect(),
            Data::Map(entries) => {
                let pairs = entries
                    .iter()
                    .map(|entry| (entry.key.clone(), entry.value.to_json()));
                Value::Object(pairs.collect::<Map<_, _>>())
            }
        }
    }
}
