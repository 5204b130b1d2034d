//! Free facts of a timeline line: any JSON object, held to what every store can keep and every reader can show.

use serde_json::{Map, Value, json};
use watchbook_core::limit::{META_BYTES, META_DEPTH};
use watchbook_core::text::{Message, Short, TextError};

use super::{Audited, Param, Shape, mismatch};
use crate::fault::{At, Faults, shown};
use crate::json::Json;

/// Free facts.
pub(crate) type Meta = Map<String, Value>;

impl Param for Meta {
    const SHAPE: Shape = Shape::Object;
    const AUDITED: Audited = Audited::Text;

    fn schema() -> Value {
        json!({ "type": "object", "examples": [{ "release": "1.41" }] })
    }

    fn read(value: &Value, at: &At<'_>, faults: &mut Faults) -> Option<Self> {
        let meta = object(value, at, faults)?;
        let bytes = meta.to_json().to_string().len();
        if bytes > META_BYTES {
            faults.add_too_large(
                at,
                format!(
                    "has {bytes} bytes; the limit is {META_BYTES}; attach it as an artifact and name that instead"
                ),
            );
            return None;
        }
        let before = faults.count();
        check_members(&meta, at, 1, faults);
        (faults.count() == before).then_some(meta)
    }
}

/// A JSON object, or a text that holds one.
pub(super) fn object(
    value: &Value,
    at: &At<'_>,
    faults: &mut Faults,
) -> Option<Map<String, Value>> {
    match value {
        Value::Object(members) => Some(members.clone()),
        Value::String(text) => match serde_json::from_str(text) {
            Ok(Value::Object(members)) => Some(members),
            _ => mismatch(
                "an object, or a text that holds one as JSON",
                value,
                at,
                faults,
            ),
        },
        other => mismatch("an object", other, at, faults),
    }
}

fn check_members(members: &Meta, at: &At<'_>, depth: usize, faults: &mut Faults) {
    if depth > META_DEPTH {
        return faults.add(
            at,
            format!("nests deeper than {META_DEPTH} levels; make it flatter"),
        );
    }
    for (name, value) in members {
        let at = at.member(name);
        check_name(name, &at, faults);
        check_value(value, &at, depth, faults);
    }
}

fn check_value(value: &Value, at: &At<'_>, depth: usize, faults: &mut Faults) {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
        Value::String(text) => check_text(text, at, faults),
        Value::Object(members) => check_members(members, at, depth + 1, faults),
        Value::Array(_) if depth >= META_DEPTH => {
            faults.add(
                at,
                format!("nests deeper than {META_DEPTH} levels; make it flatter"),
            );
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                check_value(item, &at.item(index), depth + 1, faults);
            }
        }
    }
}

/// Names are shown beside their values, so they are one line without characters that hide or reorder.
fn check_name(name: &str, at: &At<'_>, faults: &mut Faults) {
    if name.len() > Short::MAX_BYTES {
        let (name, limit) = (shown(name), Short::MAX_BYTES);
        faults.add(
            at,
            format!("the name {name:?}… is too long; the limit is {limit} bytes"),
        );
    } else if let Err(error) = Short::new(name) {
        faults.add(at, format!("the name is not usable: {error}"));
    }
}

/// Texts follow the rules of messages, except that they may be empty.
fn check_text(text: &str, at: &At<'_>, faults: &mut Faults) {
    match Message::new(text) {
        Ok(_) | Err(TextError::Empty { .. }) => {}
        Err(error) => faults.add(at, error.to_string()),
    }
}
