//! Layers: the shipped file, the directory's file, the environment, the flags; later ones win.

use serde_json::Value;

use crate::environment::Environment;
use crate::place::{Place, Source};
use crate::read::{Data, Entry, Node};
use crate::settings::{Flags, SETTINGS, Setting};

/// Lays `over` over `base`. Sections (which the schema knows key by key) are laid over key by key; lists and
/// maps of somebody's own names are taken as a whole. A key without a value counts as left out.
pub(crate) fn overlay(base: Node, over: Node, schema: &Value) -> Node {
    let (Some(properties), Data::Map(_) | Data::Null) = (schema.get("properties"), &over.data)
    else {
        return over;
    };
    // What lies below is no section: that is a mistake, and stays there to be reported.
    let Data::Map(mut under) = base.data else {
        return base;
    };
    let Node { place, data } = over;
    let above = match data {
        Data::Map(above) => above,
        _ => Vec::new(),
    };
    let mut entries = Vec::new();
    for entry in above {
        let Some(index) = under.iter().position(|below| below.key == entry.key) else {
            entries.push(entry);
            continue;
        };
        if matches!(entry.value.data, Data::Null) {
            continue;
        }
        let below = under.swap_remove(index);
        let schema = properties.get(&entry.key).unwrap_or(&Value::Null);
        entries.push(Entry {
            value: overlay(below.value, entry.value, schema),
            ..entry
        });
    }
    entries.extend(under);
    let data = Data::Map(entries);
    Node { place, data }
}

/// What the environment says about settings.
pub(crate) fn of_environment(environment: &Environment) -> Node {
    tree(|setting| {
        let value = environment.get(setting.variable)?;
        Some((Source::Variable(setting.variable), value.to_owned()))
    })
}

/// What the flags say about settings.
pub(crate) fn of_flags(flags: &Flags) -> Node {
    tree(|setting| {
        let flag = setting.flag?;
        Some((Source::Flag(flag), flags.get(flag)?.to_owned()))
    })
}

fn tree(given: impl Fn(&Setting) -> Option<(Source, String)>) -> Node {
    let mut sections: Vec<Entry> = Vec::new();
    for setting in SETTINGS {
        let Some((source, text)) = given(setting) else {
            continue;
        };
        let value = Node {
            place: Place::whole(source),
            data: Data::Raw(text),
        };
        let entry = entry(setting.key, value);
        match sections
            .iter_mut()
            .find(|section| section.key == setting.section)
        {
            Some(section) => {
                if let Data::Map(entries) = &mut section.value.data {
                    entries.push(entry);
                }
            }
            None => sections.push(self::entry(
                setting.section,
                map(entry.place.clone(), vec![entry]),
            )),
        }
    }
    map(Place::whole(Source::Shipped("")), sections)
}

fn entry(key: &str, value: Node) -> Entry {
    Entry {
        key: key.to_owned(),
        place: value.place.clone(),
        value,
    }
}

const fn map(place: Place, entries: Vec<Entry>) -> Node {
    Node {
        place,
        data: Data::Map(entries),
    }
}
