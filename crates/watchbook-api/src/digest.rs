//! What makes two requests the same for an idempotency key.

use serde_json::Value;
use watchbook_core::Digest;

use crate::request::Request;

/// The digest of what a request asks for: the action, its parameters, and the version it insists on.
///
/// It is made of what was understood, so neither the order of members nor the way a value was written matters
/// (`"sev2"` is `P1`, and a default is the same as saying it). The idempotency key, `dry_run`, `fields` and
/// `max_bytes` do not count: they change nothing in the log.
pub fn body_digest(request: &Request) -> Digest {
    let Request { action, options } = request;
    let mut text = format!("{}\n{}\n", action.kind().tool(), action.kind().name());
    write_sorted(&Value::Object(action.params()), &mut text);
    if let Some(version) = &options.if_match {
        text.extend(["\n".to_owned(), version.to_string()]);
    }
    Digest::of(text.as_bytes())
}

/// JSON with the members of every object in the order of their names, whatever order the map type keeps.
fn write_sorted(value: &Value, text: &mut String) {
    match value {
        Value::Object(members) => {
            let mut sorted: Vec<(&String, &Value)> = members.iter().collect();
            sorted.sort_by_key(|(name, _)| *name);
            text.push('{');
            for (name, value) in sorted {
                text.push_str(&Value::from(name.as_str()).to_string());
                text.push(':');
                write_sorted(value, text);
                text.push(',');
            }
            text.push('}');
        }
        Value::Array(items) => {
            text.push('[');
            for item in items {
                write_sorted(item, text);
                text.push(',');
            }
            text.push(']');
        }
        plain => text.push_str(&plain.to_string()),
    }
}
