//! A small made-up page, with everything that pages do.

use serde_json::{Value, json};
use watchbook_api::decode;

use super::*;

const PAGE: &str = include_str!("../../../tests/data/statuspage.json");

fn converted(incident: &Value) -> Result<Conversion, Skipped> {
    let page = Page {
        id: "larkspur".to_owned(),
        name: Some("Larkspur".to_owned()),
    };
    convert(incident, "larkspur", Some(&page))
}

#[test]
fn a_page_is_converted_incident_by_incident() {
    let file = read(PAGE.as_bytes()).unwrap();
    let all: Vec<Value> = file
        .incidents
        .iter()
        .map(
            |incident| match convert(incident, "larkspur", file.page.as_ref()) {
                Ok(Conversion {
                    source_id: _,
                    params,
                    updates,
                    remarks,
                }) => json!({ "params": params, "updates": updates, "remarks": remarks }),
                Err(Skipped {
                    source_id,
                    why,
                    intended,
                }) => json!({ "skipped": source_id, "why": why, "intended": intended }),
            },
        )
        .collect();
    insta::assert_json_snapshot!(all);
}

#[test]
fn whatever_is_converted_is_understood() {
    for incident in read(PAGE.as_bytes()).unwrap().incidents {
        if let Ok(Conversion { params, .. }) = converted(&incident) {
            decode("oncall_tool", "incident_import", params).unwrap();
        }
    }
}

#[test]
fn each_impact_has_its_severity() {
    let cases = [
        ("critical", "P1"),
        ("major", "P2"),
        ("minor", "P3"),
        ("none", "P4"),
        ("odd", "P4"),
    ];
    for (impact, severity) in cases {
        let incident = json!({ "id": "a", "name": "A", "impact": impact, "created_at": "2026-01-01T00:00:00Z" });
        let found = converted(&incident).unwrap();
        assert_eq!(found.params["incident"]["severity"], severity, "{impact}");
        assert_eq!(
            found.remarks.len(),
            usize::from(impact == "odd"),
            "{impact}"
        );
    }
}

#[test]
fn what_is_no_page_is_refused() {
    let errors: Vec<String> = ["{", "{}", "7", "{\"incidents\": {}}"]
        .iter()
        .map(|text| read(text.as_bytes()).unwrap_err().to_string())
        .collect();
    insta::assert_debug_snapshot!(errors);
}

#[test]
fn a_bare_list_is_read_too() {
    let file = read(b"[{\"id\": \"a\"}]").unwrap();
    assert_eq!((file.page, file.incidents.len()), (None, 1));
}
