//! Changing fields.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;
use watchbook_core::text::Name;
use watchbook_core::{
    Decision, EventType, IncidentPatch, NewIncident, Op, Refused, Severity, Step, Timestamp,
};

use crate::world::{World, incident, message, prose, short, step, title};

fn update(patch: IncidentPatch) -> Op {
    Op::Update(Box::new(patch))
}

#[test]
fn severity_is_a_line_of_its_own_and_the_rest_is_one_line() {
    let mut world = World::new();
    let name = |text: &str| Name::new(text).unwrap();
    let id = world.create_with(NewIncident {
        labels: BTreeMap::from([(name("region"), short("eu"))]),
        ..incident("gateway returns 5xx")
    });
    let events = world.must(
        id,
        update(IncidentPatch {
            severity: Some(Severity::P0),
            title: Some(title("gateway is down")),
            summary: Some(Some(prose("All of it."))),
            labels: BTreeMap::from([(name("region"), None), (name("cell"), Some(short("1")))]),
            ..IncidentPatch::default()
        }),
    );
    assert_eq!(
        [events[0].kind, events[1].kind],
        [EventType::SeverityChange, EventType::FieldChange]
    );
    assert_eq!(events[0].message.as_str(), "severity P2 → P0");
    assert_eq!(
        events[1].message.as_str(),
        "changed labels.cell, labels.region, summary, title"
    );
    assert_eq!(
        events[1].meta["fields"],
        json!({
            "title": { "from": "gateway returns 5xx", "to": "gateway is down" },
            "summary": { "from": null, "to": "All of it." },
            "labels.region": { "from": "eu", "to": null },
            "labels.cell": { "from": null, "to": "1" },
        })
    );
    let shown = world.get(id);
    assert_eq!((shown.severity, shown.revision), (Severity::P0, 3));
    assert_eq!(shown.labels, BTreeMap::from([(name("cell"), short("1"))]));
    assert_eq!(shown.etag.event, events[1].id);
}

#[test]
fn what_is_so_already_is_no_change() {
    let mut world = World::new();
    let id = world.create();
    let same = IncidentPatch {
        severity: Some(Severity::P2),
        title: Some(title("gateway returns 5xx")),
        summary: Some(None),
        note: Some(message("to be sure")),
        ..IncidentPatch::default()
    };
    assert_eq!(world.run(id, update(same)), Ok(Decision::Unchanged));
}

#[test]
fn a_start_stays_before_everything_that_came_after_it() {
    let mut world = World::new();
    let began = world.now;
    let id = world.create_with(NewIncident {
        detected_at: Some(began),
        ..incident("x")
    });
    world.wait(600);
    world.must(id, step(Step::Acknowledge));
    let start = |at: Timestamp| {
        update(IncidentPatch {
            started_at: Some(at),
            ..IncidentPatch::default()
        })
    };
    let minute = Duration::from_mins(1);
    let late = began.plus(minute);
    let refused = world.refused(id, start(late));
    assert_eq!(
        refused,
        Refused::OutOfRange {
            at: late,
            earliest: Timestamp::EPOCH,
            latest: began
        }
    );
    world.must(id, start(began.minus(minute)));
    let both = IncidentPatch {
        started_at: Some(late),
        detected_at: Some(Some(late.plus(minute))),
        ..IncidentPatch::default()
    };
    world.must(id, update(both));
    let detected = |at| IncidentPatch {
        detected_at: Some(Some(at)),
        ..IncidentPatch::default()
    };
    assert!(matches!(
        world.refused(id, update(detected(began))),
        Refused::OutOfRange { .. }
    ));
    world.must(
        id,
        update(IncidentPatch {
            detected_at: Some(None),
            ..IncidentPatch::default()
        }),
    );
    assert_eq!(world.get(id).detected_at, None);
}
