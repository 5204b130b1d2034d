//! What an audit entry repeats of a parameter. The trail is never rewritten, so what a redaction may have to take back
//! does not belong into it.

use serde_json::{Value, json};

/// What sort of value a parameter is, to an audit entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Audited {
    /// An id, a word, a number, a time or a name: always repeated.
    Fact,
    /// A text that a redaction may black out: repeated only where the policy says so.
    Text,
    /// A whole file: never repeated.
    File,
}

/// What becomes of free texts in an audit entry: titles, messages, reasons, files, facts, owners, values of labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FreeTexts {
    /// Only how long they are.
    LeftOut,
    /// They are repeated, and stay after a redaction. Of files still only how long they are.
    Kept,
}

impl Audited {
    /// What an entry repeats of `value`.
    pub(crate) fn of(self, value: Value, texts: FreeTexts) -> Value {
        match (self, texts) {
            (Self::Fact, _) | (Self::Text, FreeTexts::Kept) => value,
            (Self::Text, FreeTexts::LeftOut) | (Self::File, _) => left_out(&value),
        }
    }
}

/// How long a value is: as it was sent if it is a text, else as JSON.
fn left_out(value: &Value) -> Value {
    let bytes = match value {
        Value::Null => return Value::Null,
        Value::String(text) => text.len(),
        other => other.to_string().len(),
    };
    json!({ "left_out": format!("{bytes} bytes") })
}
