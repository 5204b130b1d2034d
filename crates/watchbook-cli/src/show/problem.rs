//! Refusals: what is wrong, where, and what would have been possible.

use std::fmt::Write as _;

use serde_json::Value;

use super::text::{cell, lines, member};

/// A refusal, from the members of problem+json. No line break at the end.
pub(crate) fn problem(problem: &Value) -> String {
    let detail = problem
        .get("detail")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let mut text = lines(detail);
    let errors = problem.get("errors").and_then(Value::as_array);
    let errors = errors.map(Vec::as_slice).unwrap_or_default();
    // The message of a single one says it all.
    if errors.len() > 1 {
        for error in errors {
            let pointer = member(error, "pointer");
            let name = pointer.trim_start_matches('/');
            // Writing to a string cannot fail.
            let _ = write!(text, "\n  {name}: {}", member(error, "message"));
        }
    }
    if let Some(allowed) = problem.get("allowed").and_then(Value::as_array) {
        let moves = if allowed.is_empty() {
            "nothing".to_owned()
        } else {
            cell(&Value::from(allowed.clone()))
        };
        // Most messages name them already.
        if !text.ends_with(&moves) {
            let _ = write!(text, "\n  allowed now: {moves}");
        }
    }
    if let Some(version) = problem.get("current_version") {
        let _ = write!(text, "\n  its version now: {}", cell(version));
    }
    if let Some(wait) = problem.get("retry_after").and_then(Value::as_u64) {
        let _ = write!(text, "\n  try again in {wait} s");
    }
    text
}
