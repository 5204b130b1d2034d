//! Parameters of lists: which statuses, from which day, with which words.

use std::str::FromStr;

use serde_json::{Value, json};
use watchbook_core::query::IncidentFilter;
use watchbook_core::{Status, Timestamp};

use super::{Audited, Param, Shape, mismatch, written_param};
use crate::fault::{At, Faults, shown};
use crate::json::Json;

/// Which statuses are meant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum StatusFilter {
    /// All of them: `all`.
    #[default]
    All,
    /// Every unfinished one: `open`.
    Unfinished,
    /// Exactly these: another status's name, or `exact:` and names with commas between them.
    Exactly(Vec<Status>),
}

impl StatusFilter {
    /// The statuses that are meant; `None` for all.
    pub fn statuses(&self) -> Option<Vec<Status>> {
        match self {
            Self::All => None,
            Self::Unfinished => Some(IncidentFilter::unfinished()),
            Self::Exactly(statuses) => Some(statuses.clone()),
        }
    }

    fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        match text {
            "all" => Ok(Self::All),
            "open" => Ok(Self::Unfinished),
            _ => match text.strip_prefix("exact:") {
                Some(words) => Self::exactly(words.split(',')),
                None if text.contains(',') => Err(format!(
                    "several statuses are written as \"exact:{}\"",
                    shown(text)
                )),
                None => Self::exactly([text]),
            },
        }
    }

    fn exactly<'a>(words: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let mut statuses = Vec::new();
        for word in words {
            let status: Status = word.trim().parse().map_err(|_| {
                format!(
                    "{:?} is not a status; use open (every unfinished one), all, or exact: and some of {}",
                    shown(word.trim()),
                    names()
                )
            })?;
            if !statuses.contains(&status) {
                statuses.push(status);
            }
        }
        Ok(Self::Exactly(statuses))
    }
}

fn names() -> String {
    let names: Vec<&str> = Status::ALL.iter().map(|status| status.as_str()).collect();
    names.join(", ")
}

impl Json for StatusFilter {
    fn to_json(&self) -> Value {
        match self {
            Self::All => "all".into(),
            Self::Unfinished => "open".into(),
            Self::Exactly(statuses) => {
                let words: Vec<&str> = statuses.iter().map(|status| status.as_str()).collect();
                format!("exact:{}", words.join(",")).into()
            }
        }
    }
}

impl Param for StatusFilter {
    const SHAPE: Shape = Shape::Text;
    const AUDITED: Audited = Audited::Fact;

    fn schema() -> Value {
        let words: Vec<&str> = Status::ALL.iter().map(|status| status.as_str()).collect();
        let one = words.join("|");
        json!({
            "type": "string",
            "pattern": format!("^(all|{one}|exact:({one})(,({one}))*)$"),
            "examples": ["open", "all", "exact:open,acknowledged"],
        })
    }

    fn read(value: &Value, at: &At<'_>, faults: &mut Faults) -> Option<Self> {
        let Value::String(text) = value else {
            return mismatch("a text", value, at, faults);
        };
        Self::parse(text)
            .map_err(|message| faults.add(at, message))
            .ok()
    }
}

/// A moment to count from. A bare date is its first moment, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(pub Timestamp);

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let midnight = || format!("{}T00:00:00Z", shown(text)).parse();
        text.parse().or_else(|_| midnight()).map(Self).map_err(
            |_: watchbook_core::ParseTimestampError| {
                format!(
                    "{:?} is neither a time nor a date; write 2026-02-23T10:00:00Z or 2026-02-23",
                    shown(text)
                )
            },
        )
    }
}

impl Json for Moment {
    fn to_json(&self) -> Value {
        self.0.to_json()
    }
}

/// The most bytes of a search.
const SEARCH_BYTES: usize = 500;
/// The most words of a search.
const SEARCH_WORDS: usize = 16;

/// Words that all must occur, without regard to case: at most 16, in at most 500 bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words(String);

impl Words {
    /// The words, in lower case.
    pub fn split(&self) -> Vec<String> {
        IncidentFilter::split_words(&self.0)
    }
}

impl FromStr for Words {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let words = text.split_whitespace().count();
        if words == 0 {
            return Err("must have at least one word".to_owned());
        }
        if text.len() > SEARCH_BYTES || words > SEARCH_WORDS {
            return Err(format!(
                "is too long: at most {SEARCH_WORDS} words in {SEARCH_BYTES} bytes"
            ));
        }
        Ok(Self(text.trim().to_owned()))
    }
}

impl Json for Words {
    fn to_json(&self) -> Value {
        self.0.as_str().into()
    }
}

written_param! {
    Moment, Text, Fact => json!({ "type": "string", "examples": ["2026-02-23", "2026-02-23T10:00:00Z"] });
    Words, Text, Text => json!({ "type": "string", "minLength": 1, "maxLength": SEARCH_BYTES, "examples": ["gateway timeout"] });
}
