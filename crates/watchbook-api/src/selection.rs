//! `fields`: which parts of an answer a caller wants.

use std::fmt;
use std::str::FromStr;

use serde_json::{Map, Value, json};

use crate::fault::shown;
use crate::json::Json;
use crate::param::written_param;

/// The most bytes of one path.
const PATH_BYTES: usize = 200;

/// A field of an answer, with dots leading into inner objects and lists: `title`, `claim.holder`, `followups.id`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FieldPath(String);

impl FieldPath {
    /// The first step.
    pub(crate) fn head(&self) -> &str {
        self.0
            .split_once('.')
            .map_or(self.0.as_str(), |(head, _)| head)
    }

    fn steps(&self) -> impl Iterator<Item = &str> {
        self.0.split('.')
    }
}

impl FromStr for FieldPath {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let fits = (1..=PATH_BYTES).contains(&text.len());
        if fits && text.split('.').all(|step| !step.is_empty()) {
            return Ok(Self(text.to_owned()));
        }
        Err(format!(
            "{:?} is not a field; write names with dots between them, such as claim.holder",
            shown(text)
        ))
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl Json for FieldPath {
    fn to_json(&self) -> Value {
        self.0.as_str().into()
    }
}

written_param! {
    FieldPath, Text, Fact => json!({ "type": "string", "minLength": 1, "maxLength": PATH_BYTES, "examples": ["title"] });
}

/// The parts of `value` that the paths name. A path through a list goes through each of its items.
pub(crate) fn select(value: &Value, paths: &[FieldPath]) -> Value {
    let steps: Vec<Vec<&str>> = paths.iter().map(|path| path.steps().collect()).collect();
    let steps: Vec<&[&str]> = steps.iter().map(Vec::as_slice).collect();
    pick(value, &steps)
}

fn pick(value: &Value, paths: &[&[&str]]) -> Value {
    if paths.iter().any(|path| path.is_empty()) {
        return value.clone();
    }
    match value {
        Value::Array(items) => items.iter().map(|item| pick(item, paths)).collect(),
        Value::Object(members) => Value::Object(pick_members(members, paths)),
        plain => plain.clone(),
    }
}

fn pick_members(members: &Map<String, Value>, paths: &[&[&str]]) -> Map<String, Value> {
    let wanted = |name: &String| -> Vec<&[&str]> {
        paths
            .iter()
            .filter_map(|path| path.split_first())
            .filter(|(head, _)| *head == name)
            .map(|(_, rest)| rest)
            .collect()
    };
    members
        .iter()
        .map(|(name, value)| (name, value, wanted(name)))
        .filter(|(_, _, rest)| !rest.is_empty())
        .map(|(name, value, rest)| (name.clone(), pick(value, &rest)))
        .collect()
}
