//! From a typed answer to the JSON envelope `{"ok", "result", "meta"}`, held to the caller's budget.

use serde_json::{Value, json};

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

fn envelope(result: Value, meta: &Meta, truncated: bool) -> Value {
    let untrusted = untrusted::pointers(&result);
    json!({ "ok": true, "result": result, "meta": meta.to_json(truncated, &untrusted) })
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
    let whole = envelope(object(nouns.clone()), meta, false);
    if size(&whole) <= budget {
        return whole;
    }
    let (names, mut values): (Vec<&'static str>, Vec<Value>) = nouns.into_iter().unzip();
    let built = |values: &[&mut Value]| {
        let nouns = names
            .iter()
            .copied()
            .zip(values.iter().map(|value| (**value).clone()));
        envelope(object(nouns.collect()), meta, true)
    };
    let mut parts: Vec<&mut Value> = values.iter_mut().collect();
    shrink(&mut parts, |parts| size(&built(parts)) <= budget);
    built(&parts)
}

fn encode_items(list: Items, meta: &Meta, fields: Option<&[FieldPath]>, budget: usize) -> Value {
    let Items {
        mut items,
        cursors,
        more,
    } = list;
    if let Some(fields) = fields {
        for item in &mut items {
            *item = select(item, fields);
        }
    }
    let page = |items: &[Value], truncated: bool| {
        let more = more || items.len() < cursors.len();
        let last = items
            .len()
            .checked_sub(1)
            .and_then(|last| cursors.get(last));
        let next = last.filter(|_| more);
        envelope(
            json!({ "items": items, "next_cursor": next }),
            meta,
            truncated,
        )
    };
    let whole = page(&items, false);
    if items.is_empty() || size(&whole) <= budget {
        return whole;
    }
    let kept = most_items(items.len(), |count| {
        size(&page(&items[..count], true)) <= budget
    });
    items.truncate(kept);
    let fits = |items: &[&mut Value]| {
        let items: Vec<Value> = items.iter().map(|item| (**item).clone()).collect();
        size(&page(&items, true)) <= budget
    };
    let mut parts: Vec<&mut Value> = items.iter_mut().collect();
    shrink(&mut parts, fits);
    page(&items, true)
}
