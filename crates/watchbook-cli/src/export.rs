//! Writing all incidents out: JSONL with whole timelines, or CSV for spreadsheets.

use std::io::Write;

use serde_json::{Map, Value, json};
use watchbook_api::ActionKind;

use crate::failure::Failure;
use crate::reach::{Call, Reach};
use crate::show::text::cell;

/// How many items one call asks for: the most that one gives.
const PAGE: u32 = 500;

/// The columns of a CSV.
const COLUMNS: [&str; 20] = [
    "id",
    "service",
    "affects",
    "env",
    "severity",
    "status",
    "kind",
    "title",
    "started_at",
    "detected_at",
    "created_at",
    "acknowledged_at",
    "mitigated_at",
    "resolved_at",
    "closed_at",
    "created_by",
    "drill",
    "labels",
    "events",
    "root_cause",
];

/// Every page of a list, handed over item by item.
struct Pages<'a> {
    reach: &'a Reach,
    kind: ActionKind,
    params: Map<String, Value>,
    done: bool,
}

impl<'a> Pages<'a> {
    fn new(reach: &'a Reach, kind: ActionKind, params: &Value) -> Self {
        let mut params = params.as_object().cloned().unwrap_or_default();
        params.insert("limit".to_owned(), PAGE.into());
        Self {
            reach,
            kind,
            params,
            done: false,
        }
    }

    /// The next page; `None` after the last.
    async fn next(&mut self) -> Result<Option<Vec<Value>>, Failure> {
        if self.done {
            return Ok(None);
        }
        let call = Call::new(self.kind, self.params.clone());
        let mut answer = self.reach.call(call).await?;
        let items = answer.pointer_mut("/result/items").map(Value::take);
        match answer.pointer("/result/next_cursor") {
            Some(cursor @ Value::String(_)) => {
                self.params.insert("cursor".to_owned(), cursor.clone());
            }
            _ => self.done = true,
        }
        match items {
            Some(Value::Array(items)) => Ok(Some(items)),
            _ => Ok(None),
        }
    }
}

/// Writes every incident with its timeline, the oldest first, one JSON object a line. Gives how many there are.
///
/// # Errors
/// When a call is refused or the stream takes no more.
pub(crate) async fn jsonl(reach: &Reach, out: &mut dyn Write) -> Result<usize, Failure> {
    let mut count = 0;
    let mut pages = Pages::new(
        reach,
        ActionKind::IncidentList,
        &json!({ "sort": "created_at" }),
    );
    while let Some(incidents) = pages.next().await? {
        for incident in incidents {
            let id = incident.get("id").cloned().unwrap_or_default();
            let asked = json!({ "incident_id": id });
            let mut timeline = Pages::new(reach, ActionKind::IncidentEvents, &asked);
            let mut events = Vec::new();
            while let Some(page) = timeline.next().await? {
                events.extend(page);
            }
            let line = json!({ "incident": incident, "events": events });
            writeln!(out, "{line}").map_err(Failure::Stream)?;
            count += 1;
        }
    }
    Ok(count)
}

/// Writes every incident, the oldest first, one row each. Gives how many there are.
///
/// # Errors
/// When a call is refused or the stream takes no more.
pub(crate) async fn csv(reach: &Reach, out: &mut dyn Write) -> Result<usize, Failure> {
    let mut count = 0;
    let row = |out: &mut dyn Write, cells: Vec<String>| {
        writeln!(out, "{}\r", cells.join(",")).map_err(Failure::Stream)
    };
    row(out, COLUMNS.map(str::to_owned).to_vec())?;
    let mut pages = Pages::new(
        reach,
        ActionKind::IncidentList,
        &json!({ "sort": "created_at" }),
    );
    while let Some(incidents) = pages.next().await? {
        for incident in incidents {
            let value = |name: &&str| field(&incident.get(*name).map(cell).unwrap_or_default());
            row(out, COLUMNS.iter().map(value).collect())?;
            count += 1;
        }
    }
    Ok(count)
}

/// A field by RFC 4180. A text that a spreadsheet would take for a formula gets an apostrophe in front.
fn field(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if formula {
        format!("'{text}")
    } else {
        text.to_owned()
    };
    if text.contains(['"', ',', '\n', '\r']) || text.starts_with('\'') {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_quoted_and_no_formula() {
        let cases = [
            ("plain", "plain"),
            ("a,b", "\"a,b\""),
            ("say \"no\"", "\"say \"\"no\"\"\""),
            (
                "=HYPERLINK(\"http://x\")",
                "\"'=HYPERLINK(\"\"http://x\"\")\"",
            ),
            ("-1", "\"'-1\""),
            ("", ""),
        ];
        for (text, wanted) in cases {
            assert_eq!(field(text), wanted);
        }
    }
}
