//! The audit trail as a table.

use serde_json::Value;
use watchbook_core::audit::{RESTORED_FROM, RESTORED_TOOL};

use super::table::{Table, Tone, fixed, number, plain};
use super::text::{member, second};
use crate::surroundings::Terminal;

/// Calls, one a line.
pub(super) fn table(items: &[Value], terminal: Terminal) -> String {
    let columns = [
        fixed("AT"),
        fixed("WHO"),
        fixed("VIA"),
        fixed("ACTION"),
        fixed("OUTCOME"),
        fixed("INCIDENT"),
        number("MS"),
        fixed("REQUEST"),
    ];
    let mut table = Table::new(&columns, terminal);
    for item in items {
        table.row([
            (second(&member(item, "at")), Some(Tone::Quiet)),
            plain(who(item)),
            plain(member(item, "via")),
            plain(action(item)),
            outcome(item),
            plain(member(item, "incident_id")),
            plain(member(item, "took_ms")),
            (member(item, "request_id"), Some(Tone::Quiet)),
        ]);
    }
    table.finish()
}

/// The agent, and who acted for it.
fn who(item: &Value) -> String {
    let (agent, delegate) = (member(item, "agent_id"), member(item, "delegate"));
    if delegate.is_empty() {
        agent
    } else {
        format!("{agent} (by {delegate})")
    }
}

/// What was called. Of an entry that was made anew from a commit only what that wrote is known.
fn action(item: &Value) -> String {
    let dry = item.get("dry_run").and_then(Value::as_bool) == Some(true);
    let (tool, action) = (member(item, "tool"), member(item, "action"));
    let name = format!("{tool}.{action}");
    let params = item.get("params");
    let commit = params.and_then(|params| params.get(RESTORED_FROM)?.as_u64());
    if let (RESTORED_TOOL, Some(n)) = (tool.as_str(), commit) {
        format!("{name} (restored from commit {n})")
    } else if dry {
        format!("{name} (dry run)")
    } else {
        name
    }
}

fn outcome(item: &Value) -> (String, Option<Tone>) {
    let (outcome, code) = (member(item, "outcome"), member(item, "code"));
    match (outcome.as_str(), code.as_str()) {
        ("", _) => ("unfinished".to_owned(), Some(Tone::Warning)),
        ("ok", _) => plain("ok"),
        (outcome, "") => (outcome.to_owned(), Some(Tone::Alarm)),
        (outcome, code) => (format!("{outcome} ({code})"), Some(Tone::Alarm)),
    }
}
