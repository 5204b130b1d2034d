//! Parameters that give names values: labels and roles.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use watchbook_core::limit;
use watchbook_core::text::{Name, Short};

use super::{Audited, Field, FreeTexts, Param, Patch, Shape, mismatch};
use crate::fault::{At, Faults};
use crate::json::Json;

/// Names with their values: a JSON object, one `name=value`, or a list of those.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Labels(pub BTreeMap<Name, Short>);

/// Names with values to set, or to take away: the same forms as [`Labels`], with `null` or an empty text to take away.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LabelPatch(pub BTreeMap<Name, Option<Short>>);

/// The most names that one call gives values. How many an incident holds is decided later, with what it has.
const MAX_NAMES: usize = limit::LABELS;

impl Json for Labels {
    fn to_json(&self) -> Value {
        self.0.to_json()
    }
}

impl Json for LabelPatch {
    fn to_json(&self) -> Value {
        self.0.to_json()
    }
}

impl Param for Labels {
    const SHAPE: Shape = Shape::Map;
    const AUDITED: Audited = Audited::Text;

    fn audited(&self, texts: FreeTexts) -> Value {
        audited_pairs(&self.0, texts)
    }

    fn schema() -> Value {
        forms(&<Short as Param>::schema())
    }

    fn read(value: &Value, at: &At<'_>, faults: &mut Faults) -> Option<Self> {
        read_pairs(value, at, faults, |value, at, faults| {
            <Short as Param>::read(value, at, faults)
        })
        .map(Self)
    }
}

impl Param for LabelPatch {
    const SHAPE: Shape = Shape::Map;
    const AUDITED: Audited = Audited::Text;

    fn audited(&self, texts: FreeTexts) -> Value {
        audited_pairs(&self.0, texts)
    }

    fn schema() -> Value {
        forms(&<Patch<Short> as Field>::schema())
    }

    fn read(value: &Value, at: &At<'_>, faults: &mut Faults) -> Option<Self> {
        read_pairs(
            value,
            at,
            faults,
            |value, at, faults| match <Patch<Short> as Field>::read(Some(value), at, faults)? {
                Patch::Keep | Patch::Clear => Some(None),
                Patch::Set(value) => Some(Some(value)),
            },
        )
        .map(Self)
    }
}

/// The names are facts; what is said of them is not.
fn audited_pairs<V: Json>(pairs: &BTreeMap<Name, V>, texts: FreeTexts) -> Value {
    let pairs = pairs.iter().map(|(name, value)| {
        let value = Audited::Text.of(value.to_json(), texts);
        (name.to_string(), value)
    });
    Value::Object(pairs.collect())
}

fn forms(value: &Value) -> Value {
    json!({
        "anyOf": [
            { "type": "object", "additionalProperties": value, "maxProperties": MAX_NAMES },
            { "type": "array", "items": { "type": "string", "pattern": "=" }, "maxItems": MAX_NAMES },
            { "type": "string", "pattern": "=" },
        ],
        "examples": [{ "name": "value" }, ["name=value"]],
    })
}

type ReadValue<V> = fn(&Value, &At<'_>, &mut Faults) -> Option<V>;

fn read_pairs<V>(
    value: &Value,
    at: &At<'_>,
    faults: &mut Faults,
    read: ReadValue<V>,
) -> Option<BTreeMap<Name, V>> {
    match value {
        Value::Object(members) => read_members(members, at, faults, read),
        Value::Array(items) => read_list(items, at, faults, read),
        Value::String(_) => read_list(std::slice::from_ref(value), at, faults, read),
        other => mismatch("an object, or texts like name=value", other, at, faults),
    }
}

fn read_members<V>(
    members: &Map<String, Value>,
    at: &At<'_>,
    faults: &mut Faults,
    read: ReadValue<V>,
) -> Option<BTreeMap<Name, V>> {
    if too_many(members.len(), at, faults) {
        return None;
    }
    let before = faults.count();
    let mut pairs = BTreeMap::new();
    for (name, value) in members {
        read_pair(name, value, &at.member(name), faults, read, &mut pairs);
    }
    (faults.count() == before).then_some(pairs)
}

fn read_list<V>(
    items: &[Value],
    at: &At<'_>,
    faults: &mut Faults,
    read: ReadValue<V>,
) -> Option<BTreeMap<Name, V>> {
    if too_many(items.len(), at, faults) {
        return None;
    }
    let before = faults.count();
    let mut pairs = BTreeMap::new();
    for (index, item) in items.iter().enumerate() {
        let at = at.item(index);
        match item.as_str().and_then(|text| text.split_once('=')) {
            Some((name, value)) => {
                read_pair(name, &value.into(), &at, faults, read, &mut pairs);
            }
            None => faults.add(&at, "must be a text like name=value"),
        }
    }
    (faults.count() == before).then_some(pairs)
}

fn too_many(count: usize, at: &At<'_>, faults: &mut Faults) -> bool {
    if count > MAX_NAMES {
        faults.add(at, format!("has more than {MAX_NAMES} names, the limit"));
    }
    count > MAX_NAMES
}

fn read_pair<V>(
    name: &str,
    value: &Value,
    at: &At<'_>,
    faults: &mut Faults,
    read: ReadValue<V>,
    pairs: &mut BTreeMap<Name, V>,
) {
    let value = read(value, at, faults);
    match name.parse::<Name>() {
        Err(error) => faults.add(at, error.to_string()),
        Ok(name) if pairs.contains_key(&name) => {
            faults.add(at, format!("{name} is given twice"));
        }
        Ok(name) => pairs.extend(value.map(|value| (name, value))),
    }
}
