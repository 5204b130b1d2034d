//! Lists as tables.

use serde_json::Value;
use watchbook_api::ActionKind;

use super::table::{Table, Tone, fixed, number, plain, text};
use super::text::{cell, member, minute, second};
use super::{audit, generic};
use crate::surroundings::Terminal;

/// The table of a list.
pub(super) fn table(kind: Option<ActionKind>, items: &[Value], terminal: Terminal) -> String {
    if items.is_empty() {
        return String::new();
    }
    match kind {
        Some(ActionKind::IncidentList | ActionKind::IncidentSearch) => incidents(items, terminal),
        Some(ActionKind::IncidentEvents) => events(items, terminal),
        Some(ActionKind::IncidentFollowups) => followups(items, terminal),
        Some(ActionKind::AuditSearch) => audit::table(items, terminal),
        _ => generic::table(items, terminal),
    }
}

/// What is to be known about a list: that it is empty, or how it goes on.
pub(super) fn remarks(items: &[Value], result: &Value) -> Option<String> {
    if items.is_empty() {
        return Some("nothing found".to_owned());
    }
    let cursor = result.get("next_cursor").and_then(Value::as_str)?;
    let count = items.len();
    Some(format!(
        "{count} shown, there are more: repeat with --cursor {}",
        super::text::line(cursor)
    ))
}

/// Incidents, one a line.
fn incidents(items: &[Value], terminal: Terminal) -> String {
    let columns = [
        fixed("ID"),
        fixed("SEV"),
        fixed("STATUS"),
        fixed("SERVICE"),
        text("TITLE"),
        fixed("CREATED"),
    ];
    let mut table = Table::new(&columns, terminal);
    for item in items {
        let (severity, status) = (member(item, "severity"), member(item, "status"));
        let tones = (Tone::of_severity(&severity), Tone::of_status(&status));
        table.row([
            plain(member(item, "id")),
            (severity, tones.0),
            (status, tones.1),
            plain(service(item)),
            plain(title(item)),
            (minute(&member(item, "created_at")), Some(Tone::Quiet)),
        ]);
    }
    table.finish()
}

/// The service, with the environment where it is not the usual one.
pub(super) fn service(item: &Value) -> String {
    let (service, env) = (member(item, "service"), member(item, "env"));
    if env.is_empty() || env == "prod" {
        service
    } else {
        format!("{service} ({env})")
    }
}

/// The title, with a mark on exercises.
pub(super) fn title(item: &Value) -> String {
    let drill = item.get("drill").and_then(Value::as_bool) == Some(true);
    let title = member(item, "title");
    if drill && !title.to_lowercase().starts_with("drill") {
        format!("[drill] {title}")
    } else {
        title
    }
}

/// The lines of a timeline.
pub(super) fn events(items: &[Value], terminal: Terminal) -> String {
    let columns = [
        number("#"),
        fixed("AT"),
        fixed("TYPE"),
        fixed("BY"),
        text("MESSAGE"),
    ];
    let mut table = Table::new(&columns, terminal);
    for item in items {
        let redacted = item.get("redacted").and_then(Value::as_bool) == Some(true);
        table.row([
            plain(member(item, "seq")),
            (second(&member(item, "at")), Some(Tone::Quiet)),
            plain(member(item, "type")),
            plain(member(item, "actor")),
            (member(item, "message"), redacted.then_some(Tone::Quiet)),
        ]);
    }
    table.finish()
}

/// Follow-ups across incidents.
fn followups(items: &[Value], terminal: Terminal) -> String {
    let columns = [
        fixed("DUE"),
        fixed("STATUS"),
        fixed("PRIO"),
        fixed("OWNER"),
        text("TITLE"),
        fixed("INCIDENT"),
        fixed("FOLLOW-UP"),
    ];
    let mut table = Table::new(&columns, terminal);
    for item in items {
        let (due, status) = due_and_status(item);
        let priority = member(item, "priority");
        let tone = Tone::of_severity(&priority);
        table.row([
            due,
            status,
            (priority, tone),
            plain(member(item, "owner")),
            plain(member(item, "title")),
            plain(member(item, "incident_id")),
            (member(item, "id"), Some(Tone::Quiet)),
        ]);
    }
    table.finish()
}

type TonedCell = (String, Option<Tone>);

/// When a follow-up is due, and how it stands.
pub(super) fn due_and_status(item: &Value) -> (TonedCell, TonedCell) {
    let due = member(item, "due_date");
    let due = if due.is_empty() {
        "-".to_owned()
    } else {
        minute(&due)
    };
    if item.get("overdue").and_then(Value::as_bool) == Some(true) {
        let days = item.get("days_over").map(cell).unwrap_or_default();
        let late = Some(Tone::Alarm);
        return ((due, late), (format!("overdue {days}d"), late));
    }
    let status = member(item, "status");
    let tone = Tone::of_status(&status).filter(|_| status != "open");
    (plain(due), (status, tone))
}
