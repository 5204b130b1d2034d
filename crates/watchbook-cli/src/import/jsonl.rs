//! JSONL of our own: lines of `watchbook export`, or calls of `incident_import`, in any mixture.
//!
//! An incident that was imported here before, from wherever, keeps its source and so its id. Any other has the source
//! `watchbook` and its old id as the id there. Files are not in an export; a backup has them.

use serde_json::{Map, Value, json};
use watchbook_core::limit;

use super::{LeftOut, Piece};

/// The source of incidents that were made in a watchbook.
const OURS: &str = "watchbook";
/// The members of an incident that go over as they are.
const SAME: [&str; 10] = [
    "service",
    "affects",
    "env",
    "severity",
    "title",
    "summary",
    "kind",
    "signature",
    "drill",
    "roles",
];
/// The members of a follow-up that go over as they are.
const SAME_FOLLOWUP: [&str; 5] = ["title", "owner", "priority", "due_date", "external_ref"];

/// The pieces of a file, and what could not be read.
pub(crate) fn read(bytes: &[u8]) -> (Vec<Piece>, Vec<LeftOut>) {
    let (mut pieces, mut left_out) = (Vec::new(), Vec::new());
    for (index, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        if line.trim_ascii().is_empty() {
            continue;
        }
        let name = format!("line {}", index + 1);
        match piece(line, &name) {
            Ok(piece) => pieces.push(piece),
            Err(why) => left_out.push(LeftOut {
                name,
                why,
                intended: false,
            }),
        }
    }
    (pieces, left_out)
}

fn piece(line: &[u8], name: &str) -> Result<Piece, String> {
    let value: Value =
        serde_json::from_slice(line).map_err(|error| format!("is not JSON: {error}"))?;
    let Value::Object(members) = value else {
        return Err("is not a JSON object".to_owned());
    };
    if members.contains_key("source_id") {
        let lines = members
            .get("events")
            .and_then(Value::as_array)
            .map_or(0, Vec::len);
        return Ok(Piece {
            name: name.to_owned(),
            params: members,
            lines,
            followups: Vec::new(),
            remarks: Vec::new(),
        });
    }
    match (members.get("incident"), members.get("events")) {
        (Some(incident), Some(Value::Array(events))) => exported(name, incident, events),
        _ => Err(
            "is neither a line of `watchbook export` (incident, events) nor a call of incident_import (source, source_id, …)"
                .to_owned(),
        ),
    }
}

/// A line of an export.
fn exported(name: &str, incident: &Value, events: &[Value]) -> Result<Piece, String> {
    let text = |name: &str| incident.get(name).and_then(Value::as_str);
    let id = text("id").ok_or("has no incident.id")?;
    let created_at = text("created_at").ok_or("has no incident.created_at")?;
    let label = |name: &str| incident.get("labels")?.get(name)?.as_str();
    let (source, source_id) = label("source")
        .zip(label("source_id"))
        .unwrap_or((OURS, id));
    let mut remarks = Vec::new();
    let past = past(incident, events, &mut remarks);
    let params = json!({
        "source": source,
        "source_id": source_id,
        "created_at": created_at,
        "incident": beginning(incident, source, source_id),
        "events": past,
    });
    let files = incident
        .get("artifacts")
        .and_then(Value::as_array)
        .map_or(0, Vec::len);
    if files > 0 {
        remarks.push(format!(
            "files are not in an export, {files} stay behind; a backup has them"
        ));
    }
    Ok(Piece {
        name: format!("{name} ({id})"),
        lines: past.len(),
        params: params.as_object().cloned().unwrap_or_default(),
        followups: followups(incident),
        remarks,
    })
}

/// Members of a view that have a value and go over as they are.
fn same(view: &Value, names: &[&str]) -> Map<String, Value> {
    let given = names.iter().filter_map(|name| {
        let value = view.get(*name).filter(|value| !value.is_null())?;
        Some(((*name).to_owned(), value.clone()))
    });
    given.collect()
}

/// The incident as `incident_create` would take it.
fn beginning(incident: &Value, source: &str, source_id: &str) -> Value {
    let mut members = same(incident, &SAME);
    members.extend(same(incident, &["started_at", "detected_at"]));
    let labels = incident.get("labels").and_then(Value::as_object);
    let mut labels = labels.cloned().unwrap_or_default();
    // A full set of labels has no room for where it came from; the id still tells.
    if labels.len() + 2 <= limit::LABELS {
        labels.insert("source".to_owned(), source.into());
        labels.insert("source_id".to_owned(), source_id.into());
    }
    members.insert("labels".to_owned(), labels.into());
    Value::Object(members)
}

/// The timeline without its first line, which the import writes itself.
fn past(incident: &Value, events: &[Value], remarks: &mut Vec<String>) -> Vec<Value> {
    let mut past: Vec<Value> = events
        .iter()
        .filter(|event| event.get("seq").and_then(Value::as_u64) != Some(1))
        .map(|event| line(incident, event))
        .collect();
    past.extend(ending(incident));
    let most = limit::IMPORTED_EVENTS;
    if past.len() > most {
        remarks.push(format!(
            "events: the last {most} of {} are kept",
            past.len()
        ));
        past.drain(..past.len() - most);
    }
    past
}

fn line(incident: &Value, event: &Value) -> Value {
    let mut meta = event
        .get("meta")
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default();
    for (name, member) in [("imported_type", "type"), ("imported_actor", "actor")] {
        if let Some(value) = event.get(member) {
            meta.insert(name.to_owned(), value.clone());
        }
    }
    let mut line = same(event, &["at", "message"]);
    line.insert("meta".to_owned(), meta.into());
    if let Some(stage) = stage(incident, event) {
        line.insert("status".to_owned(), stage.into());
    }
    Value::Object(line)
}

/// How far the work had come from a status change on: as its facts say, else by the times of the incident.
fn stage(incident: &Value, event: &Value) -> Option<String> {
    if event.get("type")?.as_str()? != "status_change" {
        return None;
    }
    let told = event.pointer("/meta/to").and_then(Value::as_str);
    let stages = ["acknowledged", "mitigated", "resolved", "closed"];
    let by_time = || {
        let at = event.get("at")?;
        stages
            .iter()
            .copied()
            .find(|stage| incident.get(format!("{stage}_at")) == Some(at))
    };
    let stage = told.or_else(by_time).unwrap_or("open");
    match stage {
        // These two stand beside the stages; for a log that does not know the others, the work is at its end.
        "merged" | "canceled" => Some("closed".to_owned()),
        other => Some(other.to_owned()),
    }
}

/// What is known of the end, which the timeline does not tell by itself.
fn ending(incident: &Value) -> Vec<Value> {
    let at = ["closed_at", "resolved_at", "updated_at", "created_at"];
    let at = at
        .iter()
        .find_map(|name| incident.get(*name).filter(|at| !at.is_null()));
    let told = [
        ("resolution_summary", "Resolution"),
        ("root_cause", "Root cause"),
    ];
    let lines = told.into_iter().filter_map(|(name, head)| {
        let text = incident.get(name)?.as_str()?;
        Some(json!({ "at": at?, "message": format!("{head}: {text}") }))
    });
    lines.collect()
}

/// The follow-ups, finished ones too.
fn followups(incident: &Value) -> Vec<Map<String, Value>> {
    let views = incident.get("followups").and_then(Value::as_array);
    let followup = |view: &Value| {
        let mut meta = same(view, &SAME_FOLLOWUP);
        let status = view.get("status").and_then(Value::as_str).unwrap_or("open");
        // One that was canceled cannot be opened as such; for the new log nothing is left to do.
        let status = if status == "canceled" { "done" } else { status };
        meta.insert("status".to_owned(), status.into());
        if let Some(opened) = view.get("opened_at") {
            meta.insert("imported_opened_at".to_owned(), opened.clone());
        }
        let message = view.get("title").cloned().unwrap_or_default();
        Map::from_iter([
            ("type".to_owned(), "followup".into()),
            ("message".to_owned(), message),
            ("meta".to_owned(), meta.into()),
        ])
    };
    views.into_iter().flatten().map(followup).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_incident_is_named_with_its_line() {
        let (pieces, left_out) = read(b"{\"a\":1}\n\n[1]\n{\"x\"\n");
        assert_eq!(pieces, []);
        insta::assert_debug_snapshot!(left_out);
    }

    #[test]
    fn a_call_of_incident_import_is_taken_as_it_is() {
        let line = json!({ "source": "pd", "source_id": "1", "created_at": "2026-01-01T00:00:00Z", "incident": {}, "events": [{}, {}] });
        let (pieces, left_out) = read(line.to_string().as_bytes());
        assert_eq!(left_out, []);
        assert_eq!(Value::Object(pieces[0].params.clone()), line);
        assert_eq!(pieces[0].lines, 2);
    }

    #[test]
    fn a_line_of_an_export_becomes_an_import() {
        let line = json!({
            "incident": {
                "id": "inc_20260223_1000_a1b2c3", "service": "gateway", "severity": "P1", "title": "Errors",
                "created_at": "2026-02-23T10:00:00.000Z", "resolved_at": "2026-02-23T11:00:00.000Z",
                "summary": null, "labels": { "region": "eu" }, "root_cause": "a retry storm",
                "followups": [{ "title": "Limit retries", "status": "canceled", "owner": null, "priority": "P2" }],
                "artifacts": [{}],
            },
            "events": [
                { "seq": 1, "at": "2026-02-23T10:00:00.000Z", "type": "status_change", "message": "created", "meta": {}, "actor": "a" },
                { "seq": 2, "at": "2026-02-23T10:05:00.000Z", "type": "note", "message": "seen", "meta": { "k": 1 }, "actor": "a" },
                { "seq": 3, "at": "2026-02-23T11:00:00.000Z", "type": "status_change", "message": "over", "meta": {}, "actor": "a" },
                { "seq": 4, "at": "2026-02-23T12:00:00.000Z", "type": "status_change", "message": "no", "meta": { "to": "canceled" }, "actor": "a" },
            ],
        });
        let (pieces, left_out) = read(line.to_string().as_bytes());
        assert_eq!(left_out, []);
        watchbook_api::decode("oncall_tool", "incident_import", pieces[0].params.clone()).unwrap();
        insta::assert_json_snapshot!(json!({
            "params": pieces[0].params,
            "followups": pieces[0].followups,
            "remarks": pieces[0].remarks,
        }));
    }
}
