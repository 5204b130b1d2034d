//! What is left to do, on one page.

use std::fmt::Write as _;

use serde_json::Value;

use super::table::{Table, Tone, fixed, number, plain, text};
use super::text::{cell, member, minute};
use crate::surroundings::Terminal;

/// How many ids of one severity a page names; the rest is counted.
const NAMED: usize = 5;

/// A page about what is left to do.
pub(super) fn page(summary: &Value, terminal: Terminal) -> String {
    let mut page = head(summary);
    page.push_str(&open(summary, terminal));
    page.push_str(&overdue(summary, terminal));
    page.push_str(&stale(summary, terminal));
    page
}

fn count(value: &Value, path: &[&str]) -> u64 {
    let found = path.iter().try_fold(value, |value, name| value.get(name));
    found.and_then(Value::as_u64).unwrap_or(0)
}

fn head(summary: &Value) -> String {
    let scope: Vec<String> = ["service", "env"]
        .into_iter()
        .map(|name| member(summary, name))
        .filter(|part| !part.is_empty())
        .collect();
    let scope = if scope.is_empty() {
        "everything".to_owned()
    } else {
        scope.join(", ")
    };
    let days = count(summary, &["window_days"]);
    let followups = |name| count(summary, &["followups", name]);
    let mut text = format!(
        "What is left to do: {scope}, at {}Z\n\n  {} open incidents\n  {} follow-ups open, {} of them overdue; {} done and {} canceled in {days} days\n",
        minute(&member(summary, "generated_at")),
        count(summary, &["open_incidents", "total"]),
        followups("open"),
        followups("overdue"),
        followups("done"),
        followups("canceled"),
    );
    if let Some(oldest) = summary.get("oldest").filter(|oldest| !oldest.is_null()) {
        let _ = writeln!(
            text,
            "  oldest open incident: {}, {} days, {}",
            member(oldest, "id"),
            member(oldest, "age_days"),
            member(oldest, "title"),
        );
    }
    text
}

fn items<'a>(summary: &'a Value, name: &str) -> &'a [Value] {
    let items = summary.get(name).and_then(Value::as_array);
    items.map(Vec::as_slice).unwrap_or_default()
}

fn open(summary: &Value, terminal: Terminal) -> String {
    let by_severity = summary
        .get("open_incidents")
        .and_then(|open| open.get("by_severity"));
    let Some(by_severity) = by_severity
        .and_then(Value::as_object)
        .filter(|_| count(summary, &["open_incidents", "total"]) > 0)
    else {
        return String::new();
    };
    let mut table = Table::new(&[fixed("SEV"), number("OPEN"), text("INCIDENTS")], terminal);
    for (severity, found) in by_severity {
        let total = count(found, &["count"]);
        if total == 0 {
            continue;
        }
        let ids = items(found, "ids");
        let mut named: Vec<String> = ids.iter().take(NAMED).map(cell).collect();
        if total > named.len() as u64 {
            named.push(format!("and {} more", total - named.len() as u64));
        }
        let tone = Tone::of_severity(severity);
        table.row([
            (severity.clone(), tone),
            plain(total.to_string()),
            plain(named.join(" ")),
        ]);
    }
    format!("\nOpen incidents\n{}", table.finish())
}

fn overdue(summary: &Value, terminal: Terminal) -> String {
    let items = items(summary, "overdue");
    if items.is_empty() {
        return String::new();
    }
    let columns = [
        number("DAYS OVER"),
        fixed("DUE"),
        fixed("PRIO"),
        fixed("OWNER"),
        text("TITLE"),
        fixed("INCIDENT"),
        fixed("FOLLOW-UP"),
    ];
    let mut table = Table::new(&columns, terminal);
    for item in items {
        let priority = member(item, "priority");
        let tone = Tone::of_severity(&priority);
        table.row([
            (member(item, "days_over"), Some(Tone::Alarm)),
            plain(minute(&member(item, "due_date"))),
            (priority, tone),
            plain(member(item, "owner")),
            plain(member(item, "title")),
            plain(member(item, "incident_id")),
            (member(item, "id"), Some(Tone::Quiet)),
        ]);
    }
    format!("\nOverdue follow-ups\n{}", table.finish())
}

fn stale(summary: &Value, terminal: Terminal) -> String {
    let items = items(summary, "stale_incidents");
    if items.is_empty() {
        return String::new();
    }
    let columns = [
        number("QUIET"),
        fixed("SEV"),
        fixed("STATUS"),
        fixed("SERVICE"),
        text("TITLE"),
        fixed("INCIDENT"),
    ];
    let mut table = Table::new(&columns, terminal);
    for item in items {
        let severity = member(item, "severity");
        let tone = Tone::of_severity(&severity);
        table.row([
            plain(format!("{} h", member(item, "hours_quiet"))),
            (severity, tone),
            plain(member(item, "status")),
            plain(member(item, "service")),
            plain(member(item, "title")),
            plain(member(item, "id")),
        ]);
    }
    format!(
        "\nNobody has written on them for too long\n{}",
        table.finish()
    )
}
