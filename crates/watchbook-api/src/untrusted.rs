//! Which texts of an answer came from outside, as JSON pointers: a model must not take them for instructions.

use serde_json::Value;

use crate::fault::escape;

/// The members that hold text from outside, in every view. A pointer to an object or a list means everything in it,
/// names included. Whom a call names as its agent is believed without keys, and a caller chooses its request id.
const OUTSIDE: &[&str] = &[
    "action",
    "actor",
    "affects",
    "agent_id",
    "content",
    "created_by",
    "delegate",
    "env",
    "external_ref",
    "holder",
    "labels",
    "message",
    "meta",
    "name",
    "owner",
    "params",
    "proposed_by",
    "reason",
    "request_id",
    "resolution_summary",
    "roles",
    "root_cause",
    "service",
    "summary",
    "title",
    "tool",
];

/// The members that hold nothing from outside but what has a form of its own: ids, words, numbers, times, digests; or
/// objects of ours, whose members are decided on one by one.
const OURS: &[&str] = &[
    "acknowledged_at",
    "age_days",
    "allowed",
    "artifacts",
    "at",
    "by_severity",
    "bytes",
    "canceled",
    "change",
    "claim",
    "closed_at",
    "code",
    "count",
    "created_at",
    "days_over",
    "detected_at",
    "done",
    "drill",
    "dry_run",
    "due_date",
    "etag",
    "events",
    "expires_at",
    "followups",
    "generated_at",
    "hours_quiet",
    "id",
    "ids",
    "incident_id",
    "incident_severity",
    "into",
    "key",
    "kind",
    "last_activity_at",
    "may",
    "media_type",
    "merged_into",
    "mitigated_at",
    "oldest",
    "open",
    "open_incidents",
    "opened_at",
    "outcome",
    "overdue",
    "priority",
    "proposals",
    "proposed_at",
    "recorded_at",
    "redacted",
    "resolved_at",
    "revision",
    "role",
    "seq",
    "severity",
    "sha256",
    "signature",
    "since",
    "source",
    "stale_incidents",
    "stale_total",
    "started_at",
    "status",
    "took_ms",
    "total",
    "type",
    "until",
    "updated_at",
    "versions",
    "via",
    "window_days",
    "window_from",
];

/// Whether it was decided, once, where the text of a member comes from. Every field of every view is asked about when
/// this crate is compiled.
pub(crate) const fn is_decided(name: &str) -> bool {
    has(OUTSIDE, name) != has(OURS, name)
}

const fn has(names: &[&str], name: &str) -> bool {
    let mut at = 0;
    while at < names.len() {
        if same(names[at].as_bytes(), name.as_bytes()) {
            return true;
        }
        at += 1;
    }
    false
}

const fn same(one: &[u8], other: &[u8]) -> bool {
    let mut at = 0;
    while at < one.len() && at < other.len() && one[at] == other[at] {
        at += 1;
    }
    at == one.len() && at == other.len()
}

/// Pointers to the texts of `result` that came from outside.
pub(crate) fn pointers(result: &Value) -> Vec<String> {
    let mut found = Vec::new();
    walk(result, &mut "/result".to_owned(), &mut found);
    found
}

fn walk(value: &Value, at: &mut String, found: &mut Vec<String>) {
    let length = at.len();
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                at.push('/');
                at.push_str(&escape(name));
                if is_outside(name, value) {
                    if !is_empty(value) {
                        found.push(at.clone());
                    }
                } else {
                    walk(value, at, found);
                }
                at.truncate(length);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                at.push('/');
                at.push_str(&index.to_string());
                walk(item, at, found);
                at.truncate(length);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The summary of what is left to do is an object of ours under a name that is a text elsewhere.
fn is_outside(name: &str, value: &Value) -> bool {
    OUTSIDE.contains(&name) && !(name == "summary" && value.is_object())
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}
