//! Which texts of an answer came from outside, as JSON pointers: a model must not take them for instructions.

use serde_json::Value;

use crate::fault::escape;

/// The members that hold text from outside, in every view. A pointer to an object or a list means everything in it,
/// names included.
const OUTSIDE: &[&str] = &[
    "affects",
    "content",
    "external_ref",
    "labels",
    "message",
    "meta",
    "owner",
    "params",
    "reason",
    "resolution_summary",
    "roles",
    "root_cause",
    "service",
    "summary",
    "title",
];

/// Pointers to the texts of `result` that came from outside.
pub(crate) fn pointers(result: &Value) -> Vec<String> {
    let mut found = Vec::new();
    walk(result, &mut "/result".to_owned(), &mut found);
    found
}

fn walk(value: &Value, at: &mut String, found: &mut Vec<String>) {
    let length = at.len();
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                at.push('/');
                at.push_str(&escape(name));
                if is_outside(name, value) {
                    if !is_empty(value) {
                        found.push(at.clone());
                    }
                } else {
                    walk(value, at, found);
                }
                at.truncate(length);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                at.push('/');
                at.push_str(&index.to_string());
                walk(item, at, found);
                at.truncate(length);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The summary of what is left to do is an object of ours under a name that is a text elsewhere.
fn is_outside(name: &str, value: &Value) -> bool {
    OUTSIDE.contains(&name) && !(name == "summary" && value.is_object())
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}
