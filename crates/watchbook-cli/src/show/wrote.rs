//! What a write did, in a line or two.

use std::fmt::Write as _;

use serde_json::Value;

use super::generic;
use super::text::{cell, member};

/// What was written.
pub(super) fn lines(envelope: &Value) -> String {
    let nothing = Value::Null;
    let result = envelope.get("result").unwrap_or(&nothing);
    let is = |name: &str| {
        let meta = envelope.get("meta").and_then(|meta| meta.get(name));
        meta.and_then(Value::as_bool) == Some(true)
    };
    let mut text = String::new();
    let known = [
        ("followup", followup as fn(&Value) -> String),
        ("event", event),
        ("proposal", proposal),
        ("artifact", artifact),
        ("incident", incident),
    ];
    match known
        .iter()
        .find_map(|(name, show)| Some(show(result.get(name)?)))
    {
        Some(line) => text.push_str(&line),
        None => text.push_str(&generic::members(result)),
    }
    if !is("changed") && !is("replayed") {
        text.push_str("nothing has changed: it was so already\n");
    }
    text.push_str(&duplicates(result));
    text
}

fn incident(incident: &Value) -> String {
    let part = |name| member(incident, name);
    format!(
        "{}  {}  {}  {}  {}\n",
        part("id"),
        part("severity"),
        part("status"),
        super::list::service(incident),
        super::list::title(incident),
    )
}

fn event(event: &Value) -> String {
    let part = |name| member(event, name);
    format!(
        "{}  #{}  {}  {}\n{}\n",
        part("incident_id"),
        part("seq"),
        part("type"),
        part("message"),
        part("id")
    )
}

fn followup(followup: &Value) -> String {
    let part = |name| member(followup, name);
    let due = part("due_date");
    let due = if due.is_empty() {
        String::new()
    } else {
        format!("  due {due}")
    };
    let owner = part("owner");
    let owner = if owner.is_empty() {
        String::new()
    } else {
        format!("  {owner}")
    };
    format!(
        "{}  {}  {}{owner}{due}  {}\n{}\n",
        part("incident_id"),
        part("priority"),
        part("status"),
        part("title"),
        part("id"),
    )
}

fn proposal(proposal: &Value) -> String {
    let part = |name| member(proposal, name);
    format!(
        "{}  {}  {}  until {}\n",
        part("id"),
        part("change"),
        part("status"),
        super::text::second(&part("expires_at")),
    )
}

fn artifact(artifact: &Value) -> String {
    let part = |name| member(artifact, name);
    format!(
        "{}  {}  {} bytes  sha256 {}\n",
        part("incident_id"),
        part("name"),
        part("bytes"),
        part("sha256"),
    )
}

/// Incidents that look like the one that was just opened.
fn duplicates(result: &Value) -> String {
    let mut text = String::new();
    let ids = result.get("possible_duplicates").and_then(Value::as_array);
    if let Some(ids) = ids.filter(|ids| !ids.is_empty()) {
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "unfinished and much like it: {}",
            cell(&Value::from(ids.clone()))
        );
    }
    text
}
