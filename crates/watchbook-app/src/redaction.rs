//! What the audit trail repeats of a call's parameters: without secrets, and without their bulk.

use serde_json::{Map, Value, json};
use watchbook_config::Governance;

/// The longest text an entry repeats, in bytes.
const TEXT_BYTES: usize = 512;
/// The longest text that is searched for secrets, in bytes. What an entry repeats ends long before, so a secret that
/// is cut in two here has its first half, if that is shown at all, still recognised.
const SEARCHED_BYTES: usize = 8 * TEXT_BYTES;
/// The most items or members an entry repeats of one list or object.
const ITEMS: usize = 32;
/// How deep an entry follows lists and objects.
const DEPTH: usize = 6;
/// The most bytes that the parameters of one entry take, written as JSON.
const ENTRY_BYTES: usize = 16 * 1024;
/// Parameters that hold whole files: their size says enough, the digest is in the timeline.
const FILES: &[&str] = &["content", "content_base64"];

/// The parameters as the audit trail keeps them.
pub(crate) fn for_audit(params: &Map<String, Value>, governance: &Governance) -> Value {
    let mut kept = Value::Object(
        params
            .iter()
            .take(ITEMS)
            .map(|(name, value)| (name.clone(), parameter(name, value)))
            .collect(),
    );
    // Before texts are cut, so that no half of a secret escapes its pattern.
    governance.redact(&mut kept);
    shorten(&mut kept);
    let bytes = kept.to_string().len();
    if bytes > ENTRY_BYTES {
        return json!({ "omitted": format!("{bytes} bytes of parameters") });
    }
    kept
}

fn parameter(name: &str, value: &Value) -> Value {
    match value {
        Value::String(text) if FILES.contains(&name) => {
            Value::String(format!("({} bytes)", text.len()))
        }
        value => outline(value, DEPTH),
    }
}

fn outline(value: &Value, depth: usize) -> Value {
    match value {
        Value::Array(_) | Value::Object(_) if depth == 0 => Value::String("(nested)".to_owned()),
        Value::Array(items) => {
            let mut kept: Vec<Value> = items
                .iter()
                .take(ITEMS)
                .map(|item| outline(item, depth - 1))
                .collect();
            if items.len() > ITEMS {
                kept.push(Value::String(format!("({} more)", items.len() - ITEMS)));
            }
            Value::Array(kept)
        }
        Value::Object(members) => Value::Object(
            members
                .iter()
                .take(ITEMS)
                .map(|(name, value)| (name.clone(), outline(value, depth - 1)))
                .collect(),
        ),
        Value::String(text) if text.len() > SEARCHED_BYTES => {
            let head = &text[..text.floor_char_boundary(SEARCHED_BYTES)];
            Value::String(head.to_owned())
        }
        plain => plain.clone(),
    }
}

fn shorten(value: &mut Value) {
    match value {
        Value::String(text) if text.len() > TEXT_BYTES => {
            text.truncate(text.floor_char_boundary(TEXT_BYTES));
            text.push('…');
        }
        Value::Array(items) => items.iter_mut().for_each(shorten),
        Value::Object(members) => members.values_mut().for_each(shorten),
        _ => {}
    }
}
