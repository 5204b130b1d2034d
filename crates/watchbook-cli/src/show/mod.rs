//! Answers for people. Programs take `--json` and get the envelope as it is.
//!
//! Everything is made from the envelope, so a directory and a server look the same. An answer of a kind that nothing
//! here knows is shown member by member.

mod audit;
mod generic;
mod incident;
mod list;
mod problem;
mod summary;
pub(crate) mod table;
pub(crate) mod text;
mod wrote;

use serde_json::Value;
use watchbook_api::ActionKind;

use crate::surroundings::Terminal;

pub(crate) use incident::card;
pub(crate) use problem::problem;

/// What is shown of an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Shown {
    /// The answer itself, for standard output.
    pub answer: String,
    /// What is to be known about it, for standard error: one sentence each.
    pub remarks: Vec<String>,
}

/// How the answer of a call is shown.
pub(crate) fn answer(kind: Option<ActionKind>, envelope: &Value, terminal: Terminal) -> Shown {
    let nothing = Value::Null;
    let result = envelope.get("result").unwrap_or(&nothing);
    let mut remarks = about(envelope.get("meta").unwrap_or(&nothing));
    let writes = kind.is_some_and(|kind| kind.access().writes());
    let answer = match result.get("items").and_then(Value::as_array) {
        Some(items) => {
            remarks.extend(list::remarks(items, result));
            list::table(kind, items, terminal)
        }
        None if writes => wrote::lines(envelope),
        None => noun(result, terminal),
    };
    Shown { answer, remarks }
}

/// One noun that was asked for.
fn noun(result: &Value, terminal: Terminal) -> String {
    if let Some(incident) = result.get("incident") {
        return card(incident, &[], terminal);
    }
    if let Some(summary) = result.get("summary") {
        return summary::page(summary, terminal);
    }
    let members = result.as_object().into_iter().flatten();
    members.map(|(_, noun)| generic::members(noun)).collect()
}

/// What the meta of an answer has to say to a person.
fn about(meta: &Value) -> Vec<String> {
    let is = |name: &str| meta.get(name).and_then(Value::as_bool) == Some(true);
    let mut remarks = Vec::new();
    if is("dry_run") {
        remarks.push("dry run: nothing was written".to_owned());
    }
    if is("replayed") {
        remarks.push(
            "this was done before under the same idempotency key; nothing was written again"
                .to_owned(),
        );
    }
    if is("degraded") {
        remarks.push(apart(meta));
    }
    if is("truncated") {
        remarks.push("cut to fit; ask for less at once, or for --json".to_owned());
    }
    if is("changed") && !is("dry_run") && meta.get("durable") == Some(&Value::Bool(false)) {
        remarks.push("written, but a power cut may still take it (store.fsync)".to_owned());
    }
    remarks
}

/// What is to be known about an answer from the second choice.
fn apart(meta: &Value) -> String {
    let since = meta.get("stale_since").and_then(Value::as_str);
    let since = since.map_or_else(String::new, |since| format!(" since {}", text::line(since)));
    format!(
        "the database is lost{since}: this node reads and writes its own files, numbers are provisional, and what others wrote meanwhile is missing (`watchbook auto status`)"
    )
}

#[cfg(test)]
mod tests;
