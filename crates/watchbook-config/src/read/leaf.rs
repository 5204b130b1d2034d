//! Single values: texts, words, numbers, secrets.

use std::fmt::Display;
use std::str::FromStr;

use serde_json::{Value, json};
use watchbook_core::AgentId;
use watchbook_core::Severity;
use watchbook_core::text::{Env, Name};
use watchbook_rbac::{ActionGlob, Pattern, RoleName};

use crate::place::Place;
use crate::read::{Data, Findings, Node, Read};
use crate::secret::Secret;

/// The text of a node, or a report that it is none.
fn text<'a>(node: &'a Node, what: &str, findings: &mut Findings) -> Option<&'a str> {
    match &node.data {
        Data::Text(text) | Data::Raw(text) => Some(text),
        data => {
            let fix = match data {
                Data::Whole(_) | Data::Flag(_) | Data::Fraction(_) => "put it in quotes",
                Data::Null => "give it a value",
                _ => "write one text",
            };
            findings.wrong_type(&node.place, what, data.kind(), fix);
            None
        }
    }
}

/// A type that is written as a text of its own form.
pub(crate) trait Textual: FromStr<Err: Display> {
    /// What it is, in words.
    const WHAT: &'static str;
    /// How it is written.
    const FORM: &'static str;

    /// Reads it, or reports the mistake.
    fn parse(text: &str, place: &Place, findings: &mut Findings) -> Option<Self> {
        match text.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                // Their errors say what to do after a semicolon already; ours keep the two apart.
                let error = Self::Err::to_string(&error);
                let (message, fix) = error.split_once("; ").unwrap_or((&error, Self::FORM));
                findings.report(place, message, fix);
                None
            }
        }
    }
}

macro_rules! textual {
    ($($type:ty: $what:literal, $form:literal;)+) => {
        $(
            impl Textual for $type {
                const WHAT: &'static str = $what;
                const FORM: &'static str = $form;
            }

            impl Read for $type {
                fn schema() -> Value {
                    json!({ "type": "string" })
                }

                fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
                    let text = text(node, <Self as Textual>::WHAT, findings)?;
                    <Self as Textual>::parse(text, &node.place, findings)
                }
            }
        )+
    };
}

textual! {
    AgentId: "an agent id", "write 1 to 64 of A-Z a-z 0-9 _ . : @ -";
    RoleName: "a role name", "write 1 to 64 of a-z 0-9 _ -";
    Name: "a name", "write 1 to 64 of A-Z a-z 0-9 _ . / : -";
    Env: "an environment", "write 1 to 32 of a-z 0-9 _ -";
    ActionGlob: "a pattern over actions", "write tool.action";
    Pattern: "a pattern over permissions", "write tool.action or tool.action:write";
}

impl Read for Severity {
    fn schema() -> Value {
        json!({ "enum": Self::ALL.map(Self::as_str) })
    }

    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        let text = text(node, "a severity", findings)?;
        let parsed = text.parse::<Self>();
        if parsed.is_err() {
            let message = format!("{:?} is not a severity", shown(text));
            findings.report(&node.place, message, "use P0, P1, P2, P3 or P4");
        }
        parsed.ok()
    }
}

/// The characters of an offending text that an error repeats.
const SHOWN_CHARS: usize = 60;

fn shown(text: &str) -> String {
    text.chars().take(SHOWN_CHARS).collect()
}

/// A text of 1 to `MAX` bytes on one line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Text<const MAX: usize>(pub(crate) String);

impl<const MAX: usize> FromStr for Text<MAX> {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.is_empty() || text.len() > MAX {
            return Err(format!(
                "the text is {} bytes long; write 1 to {MAX} bytes",
                text.len()
            ));
        }
        match text
            .chars()
            .find(|c| c.is_control() || *c == char::REPLACEMENT_CHARACTER)
        {
            None => Ok(Self(text.to_owned())),
            Some(bad) => {
                let code = u32::from(bad);
                Err(format!(
                    "the text contains the character U+{code:04X}; remove it"
                ))
            }
        }
    }
}

impl<const MAX: usize> Textual for Text<MAX> {
    const WHAT: &'static str = "a text";
    const FORM: &'static str = "write a short text";
}

impl<const MAX: usize> Read for Text<MAX> {
    fn schema() -> Value {
        json!({ "type": "string", "minLength": 1, "maxLength": MAX })
    }

    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        Self::parse(text(node, "a text", findings)?, &node.place, findings)
    }
}

/// The longest secret, in bytes.
const MAX_SECRET_BYTES: usize = 4_096;

/// A text that no error and no listing repeats.
#[derive(Debug)]
pub(crate) struct Secreted(pub(crate) Secret);

impl Read for Secreted {
    fn schema() -> Value {
        json!({ "type": "string", "writeOnly": true })
    }

    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        let text = text(node, "a text", findings)?;
        if text.len() > MAX_SECRET_BYTES {
            let fix = format!("write at most {MAX_SECRET_BYTES} bytes");
            findings.report(&node.place, "the value is too long", fix);
            return None;
        }
        Some(Self(Secret::new(text)))
    }
}

/// A whole number from `MIN` to `MAX`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Whole<const MIN: u32, const MAX: u32>(pub(crate) u32);

impl<const MIN: u32, const MAX: u32> Read for Whole<MIN, MAX> {
    fn schema() -> Value {
        json!({ "type": "integer", "minimum": MIN, "maximum": MAX })
    }

    fn read(node: &Node, findings: &mut Findings) -> Option<Self> {
        let fix = format!("write a whole number from {MIN} to {MAX}");
        let number = match &node.data {
            Data::Whole(number) => Some(*number),
            Data::Raw(text) => text.trim().parse().ok(),
            // So large that YAML makes a floating-point number of it; refused as out of range below.
            Data::Fraction(number) if number.fract() == 0.0 => Some(i64::MAX),
            _ => None,
        };
        let Some(number) = number else {
            findings.wrong_type(&node.place, "a whole number", node.data.kind(), fix);
            return None;
        };
        match u32::try_from(number) {
            Ok(number) if (MIN..=MAX).contains(&number) => Some(Self(number)),
            _ => {
                findings.report(&node.place, "the number is out of range", fix);
                None
            }
        }
    }
}

/// Reads one of several words, as its own type.
pub(crate) fn word<T: Copy>(
    node: &Node,
    what: &str,
    all: &[(&'static str, T)],
    findings: &mut Findings,
) -> Option<T> {
    let text = text(node, what, findings)?;
    let found = all.iter().find(|(word, _)| *word == text);
    if found.is_none() {
        let known: Vec<&str> = all.iter().map(|(word, _)| *word).collect();
        let fix = format!("use one of {}", known.join(", "));
        findings.report(&node.place, format!("{:?} is not {what}", shown(text)), fix);
    }
    found.map(|(_, value)| *value)
}

/// Lets an enum with `ALL` and `as_str` stand in a file.
macro_rules! words {
    ($type:ty, $what:literal) => {
        impl $crate::read::Read for $type {
            fn schema() -> serde_json::Value {
                serde_json::json!({ "enum": Self::ALL.map(Self::as_str) })
            }

            fn read(
                node: &$crate::read::Node,
                findings: &mut $crate::read::Findings,
            ) -> Option<Self> {
                let all = Self::ALL.map(|value| (value.as_str(), value));
                $crate::read::word(node, $what, &all, findings)
            }
        }
    };
}
pub(crate) use words;
