//! Parameters with several values.

use serde_json::{Value, json};

use super::{Audited, FreeTexts, Param, Shape, mismatch};
use crate::fault::{At, Faults};
use crate::json::Json;

/// Up to `MAX` values, as a JSON list. One text stands for a list of one: it is not split, as names may have commas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Many<T, const MAX: usize>(pub Vec<T>);

/// Up to `MAX` plain words, as a JSON list or as one text with commas between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Several<T, const MAX: usize>(pub Vec<T>);

impl<T, const MAX: usize> Default for Many<T, MAX> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Json, const MAX: usize> Json for Many<T, MAX> {
    fn to_json(&self) -> Value {
        self.0.to_json()
    }
}

impl<T: Json, const MAX: usize> Json for Several<T, MAX> {
    fn to_json(&self) -> Value {
        self.0.to_json()
    }
}

impl<T: Param, const MAX: usize> Param for Many<T, MAX> {
    const SHAPE: Shape = Shape::List;
    const AUDITED: Audited = T::AUDITED;

    fn audited(&self, texts: FreeTexts) -> Value {
        audited_items(&self.0, texts)
    }

    fn schema() -> Value {
        json!({ "type": "array", "items": T::schema(), "maxItems": MAX })
    }

    fn read(value: &Value, at: &At<'_>, faults: &mut Faults) -> Option<Self> {
        match value {
            Value::Array(items) => read_items(items, MAX, at, faults).map(Self),
            Value::String(_) => T::read(value, at, faults).map(|one| Self(vec![one])),
            other => mismatch("a list", other, at, faults),
        }
    }
}

impl<T: Param, const MAX: usize> Param for Several<T, MAX> {
    const SHAPE: Shape = Shape::List;
    const AUDITED: Audited = T::AUDITED;

    fn audited(&self, texts: FreeTexts) -> Value {
        audited_items(&self.0, texts)
    }

    fn schema() -> Value {
        json!({
            "anyOf": [
                { "type": "array", "items": T::schema(), "minItems": 1, "maxItems": MAX },
                { "type": "string", "description": "one, or several with commas between them" },
            ],
        })
    }

    fn read(value: &Value, at: &At<'_>, faults: &mut Faults) -> Option<Self> {
        let items = match value {
            Value::Array(items) => read_items(items, MAX, at, faults)?,
            Value::String(text) => {
                let words: Vec<Value> = text
                    .split(',')
                    .take(MAX + 1)
                    .map(|word| word.trim().into())
                    .collect();
                read_items(&words, MAX, at, faults)?
            }
            other => {
                return mismatch("a list, or a text with commas", other, at, faults);
            }
        };
        if items.is_empty() {
            faults.add(at, "must name at least one; leave it out for all");
            return None;
        }
        Some(Self(items))
    }
}

fn audited_items<T: Param>(items: &[T], texts: FreeTexts) -> Value {
    items.iter().map(|item| item.audited(texts)).collect()
}

/// Reads every item, so that every wrong one is told.
fn read_items<T: Param>(
    items: &[Value],
    max: usize,
    at: &At<'_>,
    faults: &mut Faults,
) -> Option<Vec<T>> {
    if items.len() > max {
        faults.add(at, format!("has more than {max} items, the limit"));
        return None;
    }
    let read: Vec<Option<T>> = items
        .iter()
        .enumerate()
        .map(|(index, item)| T::read(item, &at.item(index), faults))
        .collect();
    read.into_iter().collect()
}
