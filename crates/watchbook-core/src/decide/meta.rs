//! The free facts of a line: how much and how deep.

use serde_json::{Map, Value};

use crate::limit;
use crate::refused::Refused;

/// Refuses free facts that a line cannot hold.
pub(super) fn check_meta(meta: &Map<String, Value>) -> Result<(), Refused> {
    if meta.is_empty() {
        return Ok(());
    }
    if !meta
        .values()
        .all(|value| fits(value, limit::META_DEPTH - 1))
    {
        return Err(Refused::MetaTooDeep {
            limit: limit::META_DEPTH,
        });
    }
    let bytes = Value::Object(meta.clone()).to_string().len();
    if bytes > limit::META_BYTES {
        return Err(Refused::MetaTooLarge {
            bytes,
            limit: limit::META_BYTES,
        });
    }
    Ok(())
}

/// Whether a value nests at most `levels` deep. Looks no deeper than that, so no input can exhaust the stack.
fn fits(value: &Value, levels: usize) -> bool {
    match value {
        Value::Array(items) => levels > 0 && items.iter().all(|item| fits(item, levels - 1)),
        Value::Object(members) => levels > 0 && members.values().all(|item| fits(item, levels - 1)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
    }
}
