//! Answers that nothing knows better: member by member.

use std::fmt::Write as _;

use comfy_table::{Table as Grid, presets};
use serde_json::Value;

use super::text::cell;
use crate::surroundings::Terminal;

/// A noun as one line a member; members without a value are left out.
pub(super) fn members(noun: &Value) -> String {
    let Some(members) = noun.as_object() else {
        return format!("{}\n", cell(noun));
    };
    let width = members.keys().map(String::len).max().unwrap_or(0);
    let mut text = String::new();
    for (name, value) in members {
        let shown = cell(value);
        if !shown.is_empty() {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{name:<width$}  {shown}");
        }
    }
    text
}

/// Items as a table whose columns are the members of the first.
pub(super) fn table(items: &[Value], terminal: Terminal) -> String {
    let Some(first) = items.first().and_then(Value::as_object) else {
        let lines: Vec<String> = items.iter().map(cell).collect();
        return lines.join(
            "
",
        ) + "
";
    };
    let mut grid = Grid::new();
    grid.load_style(presets::NOTHING).force_no_tty();
    if let Some(width) = terminal.width {
        grid.set_width(width);
        grid.set_content_arrangement(comfy_table::ContentArrangement::Dynamic);
    }
    grid.set_header(first.keys().map(|name| name.to_uppercase()));
    for item in items {
        grid.add_row(
            first
                .keys()
                .map(|name| item.get(name).map(cell).unwrap_or_default()),
        );
    }
    let lines = grid.lines().map(|line| format!("{}\n", line.trim_end()));
    lines.collect()
}
