//! Lists, and maps whose keys are names of somebody's own.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::read::section::report_duplicates;
use crate::read::{Data, Findings, Node, Read, Textual};

impl<T: Read> Read for Vec<T> {
    fn schema() -> Value {
        json!({ "type": "array", "items": T::schema() })
    }

    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        let Data::List(items) = &node.data else {
            let fix = "write [first, second], or one item to a line after a dash";
            findings.wrong_type(&node.place, "a list", node.data.kind(), fix);
            return None;
        };
        let read: Vec<Option<T>> = items
            .iter()
            .enumerate()
            .map(|(index, item)| findings.at_index(index, |findings| T::read(item, findings)))
            .collect();
        read.into_iter().collect()
    }
}

impl<K: Textual + Ord, V: Read> Read for BTreeMap<K, V> {
    fn schema() -> Value {
        json!({ "type": "object", "additionalProperties": V::schema() })
    }

    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        let Data::Map(entries) = &node.data else {
            let fix = format!("write {} and its value, one to a line", K::WHAT);
            findings.wrong_type(&node.place, "keys with values", node.data.kind(), fix);
            return None;
        };
        report_duplicates(entries, findings);
        let read: Vec<Option<(K, V)>> = entries
            .iter()
            .map(|entry| {
                findings.at_key(&entry.key, |findings| {
                    let key = K::parse(&entry.key, &entry.place, findings);
                    let value = V::read(&entry.value, findings);
                    Some((key?, value?))
                })
            })
            .collect();
        read.into_iter().collect()
    }
}
