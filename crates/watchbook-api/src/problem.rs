//! Refusals and failures as callers see them (RFC 9457), without the transport's status.

use std::fmt;
use std::time::Duration;

use serde_json::{Map, Value, json};
use watchbook_core::{ETag, Move};

use crate::code::ErrorCode;
use crate::fault::{Faults, ParamProblem};

/// Why a call was refused or failed. Everything in it may be shown to the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What went wrong, in one stable word.
    pub code: ErrorCode,
    /// What went wrong and what to do next, in a sentence.
    pub message: String,
    /// Every invalid parameter.
    pub errors: Vec<ParamProblem>,
    /// The moves that would have been legal.
    pub allowed: Option<Vec<Move>>,
    /// The version the incident has.
    pub current: Option<Box<ETag>>,
    /// When it is worth trying again.
    pub retry_after: Option<Duration>,
}

impl Problem {
    /// A problem with nothing but a code and a message.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            errors: Vec::new(),
            allowed: None,
            current: None,
            retry_after: None,
        }
    }

    /// One invalid parameter, found after decoding. `pointer` is relative to the parameters, such as `/at`.
    pub fn invalid(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        let (pointer, message) = (pointer.into(), message.into());
        Self {
            errors: vec![ParamProblem {
                pointer,
                message: message.clone(),
            }],
            ..Self::new(ErrorCode::InvalidParams, message)
        }
    }

    /// The same problem, with the moves that would have been legal.
    #[must_use]
    pub fn with_allowed(self, allowed: &[Move]) -> Self {
        Self {
            allowed: Some(allowed.to_vec()),
            ..self
        }
    }

    /// The same problem, with the version the incident has.
    #[must_use]
    pub fn with_current(self, current: ETag) -> Self {
        Self {
            current: Some(Box::new(current)),
            ..self
        }
    }

    /// The same problem, with the time after which it is worth trying again.
    #[must_use]
    pub fn with_retry_after(self, retry_after: Duration) -> Self {
        Self {
            retry_after: Some(retry_after),
            ..self
        }
    }

    /// The members of `application/problem+json`. `status` is the transport's own number for the code.
    pub fn to_json(&self, status: u16, request_id: &str) -> Value {
        let Self {
            code,
            message,
            errors,
            allowed,
            current,
            retry_after,
        } = self;
        let mut members = Map::new();
        let mut put = |name: &str, value: Value| members.insert(name.to_owned(), value);
        put("type", format!("urn:watchbook:problem:{code}").into());
        put("title", code.title().into());
        put("status", status.into());
        put("detail", message.as_str().into());
        put("code", code.as_str().into());
        put("ok", false.into());
        put("errors", errors.iter().map(ParamProblem::to_json).collect());
        put("request_id", request_id.into());
        if let Some(allowed) = allowed {
            put(
                "allowed",
                allowed.iter().map(|step| step.as_str()).collect(),
            );
        }
        if let Some(current) = current {
            put("current_version", current.to_string().into());
        }
        if let Some(wait) = retry_after {
            put("retry_after", whole_seconds(*wait).into());
        }
        Value::Object(members)
    }
}

impl ParamProblem {
    fn to_json(&self) -> Value {
        let Self { pointer, message } = self;
        json!({ "pointer": pointer, "message": message })
    }
}

/// Seconds, rounded up: who waits that long has waited long enough.
fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

impl From<Faults> for Problem {
    fn from(faults: Faults) -> Self {
        let (count, only_too_large) = (faults.count(), faults.only_too_large());
        let errors = faults.into_listed();
        let first = errors.first().map_or_else(String::new, |fault| {
            let ParamProblem { pointer, message } = fault;
            if pointer.is_empty() {
                message.clone()
            } else {
                format!("{}: {message}", printable(pointer))
            }
        });
        let message = match count {
            0 | 1 => first,
            more => {
                format!("{more} parameters are invalid, all listed in errors; the first: {first}")
            }
        };
        let code = if only_too_large {
            ErrorCode::TooLarge
        } else {
            ErrorCode::InvalidParams
        };
        Self {
            errors,
            ..Self::new(code, message)
        }
    }
}

/// A pointer for people: a caller's own names may hold characters that hide or reorder the text around them.
fn printable(pointer: &str) -> String {
    pointer
        .chars()
        .map(|character| match character {
            '"' | '\'' | '\\' => character.to_string(),
            other => other.escape_debug().to_string(),
        })
        .collect()
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for Problem {}
