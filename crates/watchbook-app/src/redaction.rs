//! What the audit trail repeats of a call's parameters: without secrets, without their bulk, and without the texts that
//! a redaction takes back, unless the policy keeps those.

use serde_json::{Map, Value, json};
use watchbook_api::{Action, FreeTexts};
use watchbook_config::{AuditedTexts, Governance};

/// The longest text an entry repeats, in bytes.
const TEXT_BYTES: usize = 512;
/// How much of one text is searched for secrets, in bytes. What an entry repeats of it ends long before, so a secret
/// that is cut in two here has its first half, if that is shown at all, still recognised.
const SEARCHED_BYTES: usize = 8 * TEXT_BYTES;
/// How much text of one call is searched for secrets, in bytes: searching costs far more than reading.
const CALL_BYTES: usize = 32 * 1024;
/// The most items or members an entry repeats of one list or object.
const ITEMS: usize = 32;
/// How deep an entry follows lists and objects.
const DEPTH: usize = 6;
/// The most bytes that the parameters of one entry take, written as JSON.
const ENTRY_BYTES: usize = 16 * 1024;

/// The parameters of an action as far as the audit trail may know them.
pub(crate) fn known_of(action: &Action, governance: &Governance) -> Map<String, Value> {
    action.audited(match governance.audited_texts {
        AuditedTexts::LeftOut => FreeTexts::LeftOut,
        AuditedTexts::Kept => FreeTexts::Kept,
    })
}

/// Parameters as the audit trail keeps them.
pub(crate) fn for_audit(params: &Map<String, Value>, governance: &Governance) -> Value {
    let mut outline = Outline { left: CALL_BYTES };
    let mut kept = Value::Object(outline.members(params, DEPTH + 1));
    // Before texts are cut, so that no half of a secret escapes its pattern.
    governance.redact(&mut kept);
    shorten(&mut kept);
    let bytes = kept.to_string().len();
    if bytes > ENTRY_BYTES {
        return json!({ "omitted": format!("{bytes} bytes of parameters") });
    }
    kept
}

/// What is kept of a call before it is searched: as much as will be shown at most, and some more.
struct Outline {
    /// How many bytes of text may still be kept.
    left: usize,
}

impl Outline {
    fn value(&mut self, value: &Value, depth: usize) -> Value {
        match value {
            Value::Array(_) | Value::Object(_) if depth == 0 => {
                Value::String("(nested)".to_owned())
            }
            Value::Array(items) => Value::Array(self.items(items, depth)),
            Value::Object(members) => Value::Object(self.members(members, depth)),
            Value::String(text) => self.text(text),
            plain => plain.clone(),
        }
    }

    fn items(&mut self, items: &[Value], depth: usize) -> Vec<Value> {
        let mut kept: Vec<Value> = items
            .iter()
            .take(ITEMS)
            .map(|item| self.value(item, depth - 1))
            .collect();
        if items.len() > ITEMS {
            kept.push(Value::String(format!("({} more)", items.len() - ITEMS)));
        }
        kept
    }

    fn members(&mut self, members: &Map<String, Value>, depth: usize) -> Map<String, Value> {
        let mut kept = Map::new();
        for (name, value) in members.iter().take(ITEMS) {
            if let Value::String(name) = self.text(name) {
                kept.insert(name, self.value(value, depth - 1));
            }
        }
        kept
    }

    fn text(&mut self, text: &str) -> Value {
        let head = &text[..text.floor_char_boundary(SEARCHED_BYTES)];
        match self.left.checked_sub(head.len()) {
            Some(left) => {
                self.left = left;
                Value::String(head.to_owned())
            }
            None => size_alone(text),
        }
    }
}

fn size_alone(text: &str) -> Value {
    Value::String(format!("({} bytes)", text.len()))
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

#[cfg(test)]
mod tests;
