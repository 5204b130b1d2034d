//! One incident on a page: what it is, where it stands, what is left to do, what happened.

use std::fmt::Write as _;

use serde_json::Value;

use super::list::{due_and_status, events, service, title};
use super::table::{Table, Tone, fixed, plain, text};
use super::text::{cell, lines, member, second};
use crate::surroundings::Terminal;

/// A page about an incident. `timeline` holds the lines of it that were read.
pub(crate) fn card(incident: &Value, timeline: &[Value], terminal: Terminal) -> String {
    let mut page = head(incident);
    page.push_str(&facts(incident));
    page.push_str(&prose(incident));
    section(&mut page, "Follow-ups", &followups(incident, terminal));
    section(&mut page, "Files", &files(incident, terminal));
    section(&mut page, "Proposals", &proposals(incident, terminal));
    let all = incident.get("events").and_then(Value::as_u64).unwrap_or(0);
    if !timeline.is_empty() {
        let shown = timeline.len() as u64;
        section(&mut page, "Timeline", &events(timeline, terminal));
        if shown < all {
            let id = member(incident, "id");
            let more = all - shown;
            // Writing to a string cannot fail.
            let _ = writeln!(page, "… and {more} more: watchbook incident events {id}");
        }
    }
    page
}

fn head(incident: &Value) -> String {
    format!(
        "{}  {}  {}  {}\n{}\n\n",
        member(incident, "id"),
        member(incident, "severity"),
        member(incident, "status"),
        service(incident),
        title(incident),
    )
}

fn section(page: &mut String, name: &str, body: &str) {
    if !body.is_empty() {
        let _ = write!(page, "\n{name}\n{body}");
    }
}

/// Members in short: those that have a value, a line each.
fn facts(incident: &Value) -> String {
    let part = |name: &str| member(incident, name);
    let time = |name: &str| second(&part(name));
    let claim = incident.get("claim").filter(|claim| !claim.is_null());
    let claim = claim.map(|claim| {
        format!(
            "{} until {}",
            member(claim, "holder"),
            second(&member(claim, "until"))
        )
    });
    let rows = [
        ("affects", part("affects")),
        ("kind", part("kind")),
        ("signature", part("signature")),
        ("labels", part("labels")),
        ("roles", part("roles")),
        ("started", time("started_at")),
        ("detected", time("detected_at")),
        (
            "created",
            format!("{} by {}", time("created_at"), part("created_by")),
        ),
        ("acknowledged", time("acknowledged_at")),
        ("mitigated", time("mitigated_at")),
        ("resolved", time("resolved_at")),
        ("closed", time("closed_at")),
        ("merged into", part("merged_into")),
        ("claimed by", claim.unwrap_or_default()),
        ("allowed now", part("allowed")),
        ("version", part("etag")),
    ];
    let mut text = String::new();
    for (name, value) in rows.iter().filter(|(_, value)| !value.is_empty()) {
        let _ = writeln!(text, "  {name:<12}  {value}");
    }
    text
}

/// The longer texts.
fn prose(incident: &Value) -> String {
    let mut text = String::new();
    let named = [
        ("Summary", "summary"),
        ("Resolution", "resolution_summary"),
        ("Root cause", "root_cause"),
    ];
    for (head, name) in named {
        if let Some(prose) = incident.get(name).and_then(Value::as_str) {
            let indented: Vec<String> = lines(prose)
                .lines()
                .map(|line| format!("  {line}"))
                .collect();
            let _ = write!(text, "\n{head}\n{}\n", indented.join("\n"));
        }
    }
    text
}

fn items<'a>(incident: &'a Value, name: &str) -> &'a [Value] {
    let items = incident.get(name).and_then(Value::as_array);
    items.map(Vec::as_slice).unwrap_or_default()
}

fn followups(incident: &Value, terminal: Terminal) -> String {
    let items = items(incident, "followups");
    if items.is_empty() {
        return String::new();
    }
    let columns = [
        fixed("DUE"),
        fixed("STATUS"),
        fixed("PRIO"),
        fixed("OWNER"),
        text("TITLE"),
        fixed("FOLLOW-UP"),
    ];
    let mut table = Table::new(&columns, terminal);
    for item in items {
        let (due, status) = due_and_status(item);
        table.row([
            due,
            status,
            plain(member(item, "priority")),
            plain(member(item, "owner")),
            plain(member(item, "title")),
            (member(item, "id"), Some(Tone::Quiet)),
        ]);
    }
    table.finish()
}

fn files(incident: &Value, terminal: Terminal) -> String {
    let items = items(incident, "artifacts");
    if items.is_empty() {
        return String::new();
    }
    let columns = [
        fixed("NAME"),
        fixed("BYTES"),
        fixed("VERSIONS"),
        fixed("BY"),
        fixed("AT"),
    ];
    let mut table = Table::new(&columns, terminal);
    for item in items {
        let versions = item
            .get("versions")
            .and_then(Value::as_array)
            .map_or(0, Vec::len);
        table.row([
            plain(member(item, "name")),
            plain(member(item, "bytes")),
            plain(versions.to_string()),
            plain(member(item, "created_by")),
            (second(&member(item, "created_at")), Some(Tone::Quiet)),
        ]);
    }
    table.finish()
}

fn proposals(incident: &Value, terminal: Terminal) -> String {
    let items = items(incident, "proposals");
    if items.is_empty() {
        return String::new();
    }
    let columns = [
        fixed("CHANGE"),
        fixed("STATUS"),
        fixed("BY"),
        fixed("UNTIL"),
        fixed("PROPOSAL"),
    ];
    let mut table = Table::new(&columns, terminal);
    for item in items {
        let to = item
            .get("into")
            .or_else(|| item.get("severity"))
            .map(cell)
            .unwrap_or_default();
        table.row([
            plain(format!("{} {to}", member(item, "change")).trim().to_owned()),
            plain(member(item, "status")),
            plain(member(item, "proposed_by")),
            (second(&member(item, "expires_at")), Some(Tone::Quiet)),
            plain(member(item, "id")),
        ]);
    }
    table.finish()
}
