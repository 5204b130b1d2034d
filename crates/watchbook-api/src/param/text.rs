//! Parameters that are written as one text: ids, words, names, times, sentences.

use std::fmt::Display;
use std::str::FromStr;

use serde_json::{Value, json};
use watchbook_core::audit::AuditOutcome;
use watchbook_core::query::{Cursor, FollowupSort, Sort};
use watchbook_core::text::{Env, Message, Name, Prose, ServiceName, Short, Title};
use watchbook_core::{
    AgentId, ArtifactName, Digest, Due, ETag, EventId, EventType, FollowupStatus, IncidentId, Kind,
    Severity, Signature, Source, Stage, Status, Timestamp,
};

use super::{Audited, Param, Shape, mismatch};
use crate::fault::{At, Faults};
use crate::json::Json;

/// Reads a value through its written form.
pub(crate) fn read_written<T>(value: &Value, at: &At<'_>, faults: &mut Faults) -> Option<T>
where
    T: FromStr,
    T::Err: Display,
{
    let Value::String(text) = value else {
        return mismatch("a text", value, at, faults);
    };
    match text.parse() {
        Ok(value) => Some(value),
        Err(error) => {
            faults.add(at, error.to_string());
            None
        }
    }
}

/// Makes parameters of types that are read and written as one text: how each looks from afar, and what it is to an
/// audit entry.
macro_rules! written_param {
    ($($type:ty, $shape:ident, $audited:ident => $schema:expr;)+) => {
        $(impl $crate::param::Param for $type {
            const SHAPE: $crate::param::Shape = $crate::param::Shape::$shape;
            const AUDITED: $crate::param::Audited = $crate::param::Audited::$audited;

            fn schema() -> serde_json::Value {
                $schema
            }

            fn read(
                value: &serde_json::Value,
                at: &$crate::fault::At<'_>,
                faults: &mut $crate::fault::Faults,
            ) -> Option<Self> {
                $crate::param::read_written(value, at, faults)
            }
        })+
    };
}
pub(crate) use written_param;

/// A text with at most so many bytes. JSON Schema counts characters, so the bound is a safe one from above.
fn bounded(max: usize, example: &str) -> Value {
    json!({ "type": "string", "minLength": 1, "maxLength": max, "examples": [example] })
}

fn pattern(pattern: &str, example: &str) -> Value {
    json!({ "type": "string", "pattern": pattern, "examples": [example] })
}

fn moment() -> Value {
    json!({ "type": "string", "format": "date-time", "examples": ["2026-02-23T10:00:00Z"] })
}

fn words<T: Display>(all: &[T]) -> Value {
    let all: Vec<Value> = all.iter().map(|word| word.to_string().into()).collect();
    json!({ "type": "string", "enum": all })
}

const EVENT_ID: &str = "evt_00000000000000000000000000000007";

written_param! {
    AgentId, Text, Fact => pattern("^[A-Za-z0-9_.:@-]{1,64}$", "sofiia");
    ArtifactName, Text, Fact => pattern("^[A-Za-z0-9_-][A-Za-z0-9._-]{0,114}\\.(json|md|txt)$", "postmortem.md");
    AuditOutcome, Word, Fact => words(AuditOutcome::ALL);
    Cursor, Text, Fact => pattern("^c[0-9a-f]{66}$", &format!("c00{}", "0".repeat(64)));
    Digest, Text, Fact => pattern("^[0-9a-f]{64}$", &"0".repeat(64));
    Due, Text, Fact => json!({ "type": "string", "examples": ["2026-03-01", "2026-03-01T12:00:00Z"] });
    ETag, Text, Fact => pattern("r[0-9]+-[0-9a-f]{32}", "r3-00000000000000000000000000000007");
    Env, Text, Fact => pattern("^[a-z0-9][a-z0-9_-]{0,31}$", "prod");
    EventId, Text, Fact => pattern("^evt_[0-9a-f]{32}$", EVENT_ID);
    EventType, Word, Fact => words(EventType::ALL);
    FollowupSort, Word, Fact => words(FollowupSort::ALL);
    FollowupStatus, Word, Fact => words(FollowupStatus::ALL);
    IncidentId, Text, Fact => pattern("^inc_[0-9]{8}_[0-9]{4}_[0-9a-z]{6}$", "inc_20260223_1000_a1b2c3");
    Kind, Word, Fact => words(Kind::ALL);
    Message, Text, Text => bounded(Message::MAX_BYTES, "rolled back to 1.41");
    Name, Text, Fact => pattern("^[A-Za-z0-9_./:-]{1,64}$", "commander");
    Prose, Text, Text => bounded(Prose::MAX_BYTES, "A retry storm exhausted the connection pool.");
    ServiceName, Text, Fact => bounded(ServiceName::MAX_BYTES, "gateway");
    Short, Text, Text => bounded(Short::MAX_BYTES, "helion");
    Signature, Text, Fact => pattern("^[0-9a-f]{16}$", "9f2c4e6a8b0d1f3e");
    Source, Word, Fact => words(Source::ALL);
    Sort, Word, Fact => words(Sort::ALL);
    Stage, Word, Fact => words(Stage::ALL);
    Status, Word, Fact => words(Status::ALL);
    Timestamp, Text, Fact => moment();
    Title, Text, Text => bounded(Title::MAX_BYTES, "Gateway 5xx rate >5%");
}

/// Every way to write a severity, worst first.
const SEVERITIES: [&str; 10] = [
    "P0", "P1", "P2", "P3", "P4", "sev1", "sev2", "sev3", "sev4", "sev5",
];

impl Param for Severity {
    const SHAPE: Shape = Shape::Word;
    const AUDITED: Audited = Audited::Fact;

    fn schema() -> Value {
        json!({ "type": "string", "enum": SEVERITIES })
    }

    fn read(value: &Value, at: &At<'_>, faults: &mut Faults) -> Option<Self> {
        read_written(value, at, faults)
    }
}

/// How urgent a follow-up is, on the scale of severities. `high`, `medium` and `low` stand for `P1`, `P2` and `P3`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Priority(pub Severity);

impl Priority {
    /// What a follow-up has that names none.
    pub const DEFAULT: Self = Self(Severity::P2);
}

impl Json for Priority {
    fn to_json(&self) -> Value {
        self.0.to_json()
    }
}

impl Param for Priority {
    const SHAPE: Shape = Shape::Word;
    const AUDITED: Audited = Audited::Fact;

    fn schema() -> Value {
        let mut words = SEVERITIES.to_vec();
        words.extend(["high", "medium", "low"]);
        json!({ "type": "string", "enum": words })
    }

    fn read(value: &Value, at: &At<'_>, faults: &mut Faults) -> Option<Self> {
        let Value::String(text) = value else {
            return mismatch("a text", value, at, faults);
        };
        let severity = match text.to_ascii_lowercase().as_str() {
            "high" => Ok(Severity::P1),
            "medium" => Ok(Severity::P2),
            "low" => Ok(Severity::P3),
            other => other.parse(),
        };
        if severity.is_err() {
            let text = crate::fault::shown(text);
            faults.add(
                at,
                format!("{text:?} is not a priority; use P0 to P4, or high, medium or low"),
            );
        }
        severity.ok().map(Self)
    }
}
