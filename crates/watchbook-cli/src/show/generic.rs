//! Answers that nothing knows better: member by member.

use std::fmt::Write as _;

use serde_json::Value;

use super::table::{Column, Table, plain, text};
use super::text::{cell, member};
use crate::surroundings::Terminal;

/// A noun as one line a member; members without a value are left out.
pub(super) fn members(noun: &Value) -> String {
    let Some(members) = noun.as_object() else {
        return format!("{}\n", cell(noun));
    };
    let width = members.keys().map(String::len).max().unwrap_or(0);
    let mut page = String::new();
    for (name, value) in members {
        let shown = cell(value);
        if !shown.is_empty() {
            // Writing to a string cannot fail.
            let _ = writeln!(page, "{name:<width$}  {shown}");
        }
    }
    page
}

/// Items as a table whose columns are the members of the first.
pub(super) fn table(items: &[Value], terminal: Terminal) -> String {
    let Some(first) = items.first().and_then(Value::as_object) else {
        let lines: Vec<String> = items.iter().map(cell).collect();
        return lines.join("\n") + "\n";
    };
    let columns: Vec<Column> = first.keys().map(|name| text(name.to_uppercase())).collect();
    let mut table = Table::new(&columns, terminal);
    for item in items {
        table.row(first.keys().map(|name| plain(member(item, name))));
    }
    table.finish()
}
