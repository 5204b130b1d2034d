//! YAML text to nodes. The only file that knows the YAML library.
//!
//! Nothing in a file can make reading it expensive: the text is at most
//! [`crate::files::MAX_FILE_BYTES`] long, and nodes, nesting and everything that aliases repeat are bounded here.
//! `yes`, `no`, `on` and `off` are texts, as in YAML 1.2; repeated keys reach the caller, who reports them all.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::options::DuplicateKeyPolicy;
use serde_saphyr::{Options, Spanned};

use crate::place::{Place, Source};
use crate::read::{Data, Entry, Node};

/// The most values in one file, those that aliases repeat included.
const MAX_NODES: usize = 50_000;
/// How deep lists and maps may lie in one another.
const MAX_DEPTH: usize = 16;
/// The most anchors, and the most uses of anchors, in one file.
const MAX_ALIASES: usize = 1_000;

/// A text that is not YAML.
#[derive(Debug)]
pub(crate) struct SyntaxError {
    pub(crate) place: Place,
    pub(crate) message: String,
    pub(crate) fix: &'static str,
}

/// Reads one YAML document. An empty text is an empty map.
pub(crate) fn parse(text: &str, source: &Source) -> Result<Node, SyntaxError> {
    let found = serde_saphyr::from_str_with_options::<Spot>(text, options())
        .map_err(|error| syntax_error(&error, text, source))?;
    Ok(found.into_node(source))
}

fn options() -> Options {
    serde_saphyr::options! {
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        strict_booleans: true,
        budget: serde_saphyr::budget! {
            max_nodes: MAX_NODES,
            max_events: 4 * MAX_NODES,
            max_depth: MAX_DEPTH,
            max_aliases: MAX_ALIASES,
            max_anchors: MAX_ALIASES,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: MAX_NODES,
        },
    }
}

fn syntax_error(error: &serde_saphyr::Error, text: &str, source: &Source) -> SyntaxError {
    let location = error.location();
    let (line, column) = location.map_or((0, 0), |location| {
        (narrow(location.line()), narrow(location.column()))
    });
    let (message, fix) = in_our_words(&error.without_snippet().to_string(), line_of(text, line));
    SyntaxError {
        place: Place {
            source: source.clone(),
            line,
            column,
        },
        message,
        fix,
    }
}

fn line_of(text: &str, line: u32) -> &str {
    let index = usize::try_from(line)
        .unwrap_or(usize::MAX)
        .saturating_sub(1);
    text.lines().nth(index).unwrap_or_default()
}

/// What the library says, without its place and its own names, and what to do about it.
fn in_our_words(said: &str, line: &str) -> (String, &'static str) {
    let plain = said.split(" at line ").next().unwrap_or(said);
    let says = |part: &str| plain.contains(part);
    let (message, fix) = if says("tabs") {
        (plain, "indent with spaces; YAML has no tabs")
    } else if says("unknown anchor") && line.contains('*') {
        let fix = "put patterns that begin with * in quotes, as in \"*:write\"";
        (plain, fix)
    } else if says("budget") || says("limit") {
        let message = "nested too deep, or too much repeated by aliases";
        (
            message,
            "write the values out; anchors, aliases and nesting are bounded",
        )
    } else if says("multiple YAML documents") {
        let message = "there is more than one YAML document";
        (message, "keep one document in a file: remove the line ---")
    } else if says("mapping values") {
        let fix = "check the indentation, and put texts that contain a colon in quotes";
        (plain, fix)
    } else {
        (
            plain,
            "correct the YAML; the mistake may begin a line above",
        )
    };
    (message.to_owned(), fix)
}

fn narrow(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// A value and its place in the text.
struct Spot {
    line: u32,
    column: u32,
    found: Found,
}

enum Found {
    Plain(Data),
    List(Vec<Spot>),
    Map(Vec<(Spanned<String>, Spot)>),
}

impl Spot {
    fn into_node(self, source: &Source) -> Node {
        let data = match self.found {
            Found::Plain(data) => data,
            Found::List(items) => Data::List(
                items
                    .into_iter()
                    .map(|item| item.into_node(source))
                    .collect(),
            ),
            Found::Map(entries) => {
                let entries = entries.into_iter().map(|(key, value)| Entry {
                    place: Place {
                        source: source.clone(),
                        line: narrow(key.referenced.line()),
                        column: narrow(key.referenced.column()),
                    },
                    key: key.value,
                    value: value.into_node(source),
                });
                Data::Map(entries.collect())
            }
        };
        Node {
            place: Place {
                source: source.clone(),
                line: self.line,
                column: self.column,
            },
            data,
        }
    }
}

impl<'de> Deserialize<'de> for Spot {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Found>::deserialize(deserializer)?;
        Ok(Self {
            line: narrow(spanned.referenced.line()),
            column: narrow(spanned.referenced.column()),
            found: spanned.value,
        })
    }
}

impl<'de> Deserialize<'de> for Found {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Found;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Found, E> {
        Ok(Found::Plain(Data::Null))
    }

    fn visit_none<E>(self) -> Result<Found, E> {
        Ok(Found::Plain(Data::Null))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Found, D::Error> {
        Found::deserialize(deserializer)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Found, E> {
        Ok(Found::Plain(Data::Flag(flag)))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Found, E> {
        Ok(Found::Plain(Data::Whole(number)))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Found, E> {
        // Beyond every limit of every setting, so the nearest number is refused just the same.
        Ok(Found::Plain(Data::Whole(
            i64::try_from(number).unwrap_or(i64::MAX),
        )))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Found, E> {
        Ok(Found::Plain(Data::Fraction(number)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Found, E> {
        Ok(Found::Plain(Data::Text(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Found, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Found::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Found, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Found::Map(map))
    }
}
