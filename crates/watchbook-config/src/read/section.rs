//! Sections: keys that are known, each with its type.

use serde_json::{Map, Value, json};

use crate::place::Place;
use crate::read::{Data, Entry, Findings, Node, Read, nearest};

/// A section that is being read.
pub(crate) struct Section<'a> {
    entries: &'a [Entry],
    place: &'a Place,
}

impl<'a> Section<'a> {
    /// Opens a section and reports keys that it does not know and keys that are there twice. A section
    /// without a value is empty.
    pub(crate) fn open(node: &'a Node, known: &[&str], findings: &mut Findings) -> Option<Self> {
        if !matches!(node.data, Data::Map(_) | Data::Null) {
            let fix = format!("write one key to a line; there are {}", known.join(", "));
            findings.wrong_type(&node.place, "keys with values", node.data.kind(), fix);
            return None;
        }
        let entries = node.entries();
        report_duplicates(entries, findings);
        for entry in entries
            .iter()
            .filter(|entry| !known.contains(&entry.key.as_str()))
        {
            let fix = match nearest(&entry.key, known.iter().copied()) {
                Some(name) => format!("did you mean {name}?"),
                None => format!("remove it, or use one of {}", known.join(", ")),
            };
            findings.at_key(&entry.key, |findings| {
                findings.report(&entry.place, "unknown key", fix);
            });
        }
        let place = &node.place;
        Some(Self { entries, place })
    }

    /// Reads the value of a key.
    pub(crate) fn take<T: Read>(&self, key: &str, findings: &mut Findings) -> Option<T> {
        let given = self.entries.iter().find(|entry| entry.key == key);
        let given = given.filter(|entry| !matches!(entry.value.data, Data::Null));
        match given {
            Some(entry) => findings.at_key(key, |findings| T::read(&entry.value, findings)),
            None => T::absent().or_else(|| {
                findings.at_key(key, |findings| {
                    findings.report(self.place, "is missing", "add it");
                });
                None
            }),
        }
    }
}

/// Reports keys that are there twice.
pub(crate) fn report_duplicates(entries: &[Entry], findings: &mut Findings) {
    let mut first = std::collections::HashMap::new();
    for entry in entries {
        let earlier = *first.entry(&entry.key).or_insert(&entry.place);
        if *earlier != entry.place {
            findings.at_key(&entry.key, |findings| {
                let message = format!("this key is there twice, first in line {}", earlier.line);
                findings.report(&entry.place, message, "keep one of them");
            });
        }
    }
}

/// The JSON Schema of a section, from `(key, description, schema, whether it may be left out)`.
pub(crate) fn object_schema(doc: &[&str], keys: Vec<(&str, &[&str], Value, bool)>) -> Value {
    let required: Vec<&str> = keys
        .iter()
        .filter(|(_, _, _, optional)| !optional)
        .map(|(key, ..)| *key)
        .collect();
    let mut properties = Map::new();
    for (key, doc, mut schema, _) in keys {
        if let Value::Object(members) = &mut schema {
            members.insert("description".to_owned(), Value::String(prose(doc)));
        }
        properties.insert(key.to_owned(), schema);
    }
    let mut schema = json!({
        "type": "object",
        "description": prose(doc),
        "properties": properties,
        "additionalProperties": false,
    });
    if let (Value::Object(members), false) = (&mut schema, required.is_empty()) {
        members.insert("required".to_owned(), json!(required));
    }
    schema
}

/// The lines of a documentation comment as one text.
fn prose(lines: &[&str]) -> String {
    let trimmed: Vec<&str> = lines.iter().map(|line| line.trim()).collect();
    trimmed.join(" ").trim().replace('`', "")
}

/// Declares a section: a struct whose fields are the keys. Each field's type says how its value is read, and
/// `Option` says that the key may be left out.
macro_rules! keys {
    (
        $(#[doc = $doc:literal])*
        $vis:vis struct $name:ident { $($(#[doc = $key_doc:literal])* $key:ident: $type:ty,)+ }
    ) => {
        $(#[doc = $doc])*
        #[derive(Debug)]
        $vis struct $name {
            $($(#[doc = $key_doc])* $vis $key: $type,)+
        }

        impl $crate::read::Read for $name {
            fn schema() -> serde_json::Value {
                $crate::read::object_schema(
                    &[$($doc),*],
                    vec![$((
                        stringify!($key),
                        &[$($key_doc),*],
                        <$type as $crate::read::Read>::schema(),
                        <$type as $crate::read::Read>::absent().is_some(),
                    )),+],
                )
            }

            fn read(node: &$crate::read::Node, findings: &mut $crate::read::Findings) -> Option<Self> {
                let section = $crate::read::Section::open(node, &[$(stringify!($key)),+], findings)?;
                // All first, so that a mistake in one key does not hide those in the next.
                $(let $key = section.take::<$type>(stringify!($key), findings);)+
                Some(Self { $($key: $key?),+ })
            }
        }
    };
}
pub(crate) use keys;
