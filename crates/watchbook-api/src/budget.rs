//! Holding an answer to a number of bytes without losing its sense: items go first, then long texts, then the rest.

use std::io;

use serde_json::{Map, Value};

/// The longest text that is never cut: ids, times, digests and cursors are all shorter.
const WHOLE_TEXT: usize = 96;
/// The first length that texts are cut to.
const LONG_TEXT: usize = 16 * 1024;
/// The first length that inner lists and maps are cut to.
const LONG_LIST: usize = 64;
/// The members that are left when nothing else fits: by them the rest can be asked for.
const KEPT: &[&str] = &["id", "incident_id", "name", "seq"];

/// How many bytes a value has as JSON.
pub(crate) fn size(value: &Value) -> usize {
    let mut counter = Counter(0);
    // Writing to a counter cannot fail, and JSON values have no form that could not be written.
    match serde_json::to_writer(&mut counter, value) {
        Ok(()) => counter.0,
        Err(_) => usize::MAX,
    }
}

struct Counter(usize);

impl io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.saturating_add(bytes.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The most items, from the front and fewer than `count`, with which `fits` still holds; at least one. `fits` must fail for more items
/// whenever it fails for fewer.
pub(crate) fn most_items(count: usize, fits: impl Fn(usize) -> bool) -> usize {
    let (mut kept, mut too_many) = (1, count);
    while kept + 1 < too_many {
        let middle = usize::midpoint(kept, too_many);
        if fits(middle) {
            kept = middle;
        } else {
            too_many = middle;
        }
    }
    kept
}

/// Makes the nouns and items of a result smaller, step by step, until `fits` holds or nothing is left but what names
/// them.
pub(crate) fn shrink(result: &mut Value, fits: impl Fn(&Value) -> bool) {
    for step in steps() {
        if fits(result) {
            return;
        }
        let members = result.as_object_mut().into_iter().flatten();
        for (_, member) in members {
            match member {
                Value::Array(items) => items.iter_mut().for_each(|item| step.apply(item, true)),
                noun => step.apply(noun, true),
            }
        }
    }
}

/// One step of making an answer smaller.
#[derive(Debug, Clone, Copy)]
enum Step {
    Texts(usize),
    Lists(usize),
    NamesOnly,
}

/// Long texts first, then long lists inside, then both to the bone.
fn steps() -> impl Iterator<Item = Step> {
    let halves = |from: usize, to: usize| {
        std::iter::successors(Some(from), |length| Some(length / 2))
            .take_while(move |length| *length >= to)
    };
    halves(LONG_TEXT, 1_024)
        .map(Step::Texts)
        .chain(halves(LONG_LIST, 8).map(Step::Lists))
        .chain([Step::Texts(512), Step::Texts(256), Step::Texts(WHOLE_TEXT)])
        .chain([
            Step::Lists(4),
            Step::Lists(1),
            Step::Lists(0),
            Step::NamesOnly,
        ])
}

impl Step {
    fn apply(self, value: &mut Value, outermost: bool) {
        match value {
            Value::String(text) => self.cut_text(text),
            Value::Array(items) => {
                if let Self::Lists(most) = self {
                    items.truncate(most);
                }
                for item in items {
                    self.apply(item, false);
                }
            }
            Value::Object(members) => self.cut_object(members, outermost),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn cut_text(self, text: &mut String) {
        if let Self::Texts(most) = self
            && text.len() > most
        {
            text.truncate(text.floor_char_boundary(most));
            text.push('…');
        }
    }

    fn cut_object(self, members: &mut Map<String, Value>, outermost: bool) {
        match self {
            Self::NamesOnly if outermost => {
                members.retain(|name, _| KEPT.contains(&name.as_str()));
            }
            // A list to which nothing is left includes maps; the noun itself keeps its members.
            Self::Lists(0) if !outermost => members.clear(),
            Self::NamesOnly | Self::Lists(_) | Self::Texts(_) => {
                for value in members.values_mut() {
                    self.apply(value, false);
                }
            }
        }
    }
}
