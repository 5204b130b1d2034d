//! From a typed answer to the JSON envelope `{"ok", "result", "meta"}`, held to the caller's budget.

use serde_json::Value;

use crate::budget::{most_items, shrink, size};
use crate::meta::Meta;
use crate::options::{CallOptions, MAX_BYTES};
use crate::reply::{Body, Items, Reply, object};
use crate::selection::{FieldPath, select};
use crate::untrusted;

/// The whole answer to a call.
///
/// `fields` selects parts of the noun or of each item. If it is then larger than `max_bytes` (or than
/// [`MAX_BYTES`], when the caller named none), items are cut from the end of a list, with a `next_cursor` that goes on
/// right there; if one item or noun alone is too large, its long texts are cut, marked by `…`, then its inner
/// lists. `meta.truncated` says that something was cut.
pub fn encode(reply: &Reply, meta: &Meta, options: &CallOptions) -> Value {
    let fields = options.fields.as_deref();
    let budget = usize::try_from(options.max_bytes.unwrap_or(MAX_BYTES)).unwrap_or(usize::MAX);
    match reply.body() {
        Body::Nouns(nouns) => encode_nouns(nouns, meta, fields, budget),
        Body::Items(items) => encode_items(items, meta, fields, budget),
    }
}

/// The envelope around a result.
fn envelope(result: Value, meta: &Meta, truncated: bool) -> Value {
    let untrusted = untrusted::pointers(&result);
    object(vec![
        ("ok", true.into()),
        ("result", result),
        ("meta", meta.to_json(truncated, &untrusted)),
    ])
}

/// The result of an envelope that turned out too large.
fn unwrapped(mut envelope: Value) -> Value {
    envelope
        .get_mut("result")
        .map(Value::take)
        .unwrap_or_default()
}

fn encode_nouns(
    mut nouns: Vec<(&'static str, Value)>,
    meta: &Meta,
    fields: Option<&[FieldPath]>,
    budget: usize,
) -> Value {
    if let (Some(fields), Some((_, noun))) = (fields, nouns.first_mut()) {
        *noun = select(noun, fields);
    }
    let whole = envelope(object(nouns), meta, false);
    if size(&whole) <= budget {
        return whole;
    }
    shrunk(unwrapped(whole), meta, budget)
}

/// The envelope around a result that is made as small as the budget wants it.
fn shrunk(mut result: Value, meta: &Meta, budget: usize) -> Value {
    shrink(&mut result, |result| {
        size(&envelope(result.clone(), meta, true)) <= budget
    });
    envelope(result, meta, true)
}

/// The items of an envelope that turned out too large.
fn taken_items(whole: Value) -> Vec<Value> {
    match unwrapped(whole).get_mut("items").map(Value::take) {
        Some(Value::Array(items)) => items,
        _ => Vec::new(),
    }
}

fn encode_items(list: Items, meta: &Meta, fields: Option<&[FieldPath]>, budget: usize) -> Value {
    let Items {
        mut values,
        cursors,
        more,
    } = list;
    if let Some(fields) = fields {
        for value in &mut values {
            *value = select(value, fields);
        }
    }
    let page = |values: Vec<Value>| {
        let end = values.len().checked_sub(1);
        let more = more || values.len() < cursors.len();
        let next = end.and_then(|end| cursors.get(end)).filter(|_| more);
        let next = next.map_or(Value::Null, |cursor| cursor.as_str().into());
        object(vec![("items", values.into()), ("next_cursor", next)])
    };
    let whole = envelope(page(values), meta, false);
    if size(&whole) <= budget {
        return whole;
    }
    let mut values = taken_items(whole);
    let kept = most_items(values.len(), |count| {
        let shorter = page(values[..count].to_vec());
        size(&envelope(shorter, meta, true)) <= budget
    });
    values.truncate(kept);
    shrunk(page(values), meta, budget)
}
