//! Creating and bringing in.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Map;
use watchbook_core::text::{Name, ServiceName};
use watchbook_core::{
    Decision, EventType, ImportedEvent, ImportedIncident, NewIncident, Op, Refused, Signature,
    Stage, Status, Timestamp,
};

use crate::world::{World, incident, message, prose, short};

#[test]
fn a_creation_is_one_line_that_sets_everything_given() {
    let mut world = World::new();
    let name = |text: &str| Name::new(text).unwrap();
    let new = NewIncident {
        affects: vec![ServiceName::new("checkout").unwrap()],
        summary: Some(prose("Requests fail.")),
        labels: BTreeMap::from([(name("region"), short("eu"))]),
        roles: BTreeMap::from([(name("commander"), short("ada"))]),
        drill: true,
        uncertain: true,
        ..incident("gateway returns 5xx")
    };
    let id = world.create_with(new.clone());
    let shown = world.get(id);
    assert_eq!(
        (shown.status, shown.revision, shown.events),
        (Status::Triage, 1, 1)
    );
    assert_eq!(
        (&shown.title, &shown.summary, &shown.labels),
        (&new.title, &new.summary, &new.labels)
    );
    assert_eq!(
        (&shown.affects, &shown.roles, shown.drill),
        (&new.affects, &new.roles, true)
    );
    assert_eq!(
        (shown.created_at, shown.started_at, shown.detected_at),
        (world.now, world.now, None)
    );
    assert_eq!(
        shown.signature,
        Signature::derive(&new.service, new.kind, &new.title)
    );
    assert_eq!(shown.created_by.as_str(), "sofiia");
    let line = &world.timeline(id)[0];
    assert_eq!(
        (line.seq, line.kind, line.message.as_str()),
        (1, EventType::StatusChange, "created: gateway returns 5xx")
    );
}

#[test]
fn an_id_is_used_once() {
    let mut world = World::new();
    let id = world.create();
    assert_eq!(
        world.refused(id, Op::Create(Box::new(incident("again")))),
        Refused::Exists(id)
    );
}

#[test]
fn a_creation_names_what_looks_the_same() {
    let mut world = World::new();
    let (first, second, third) = (world.create(), world.create(), world.new_id());
    let Ok(Decision::Commit { similar, .. }) =
        world.run(third, Op::Create(Box::new(incident("x"))))
    else {
        panic!("a creation is legal")
    };
    assert_eq!(similar, [second, first]);
}

/// When the impact began, was noticed, and was written down: in this order, whatever is left out.
#[test]
fn the_start_is_not_after_the_detection() {
    let now = World::new().now;
    let minutes = |before: u64| now.minus(Duration::from_mins(before));
    for (started_at, detected_at, expected) in [
        (None, None, now),
        (Some(minutes(30)), None, minutes(30)),
        (Some(minutes(30)), Some(minutes(10)), minutes(30)),
        (None, Some(minutes(10)), minutes(10)),
        (None, Some(now.plus(Duration::from_mins(3))), now),
    ] {
        let mut world = World::new();
        let id = world.create_with(NewIncident {
            started_at,
            detected_at,
            ..incident("x")
        });
        assert_eq!(
            world.get(id).started_at,
            expected,
            "{started_at:?} {detected_at:?}"
        );
    }
    for (started_at, detected_at) in [
        (Some(now.plus(Duration::from_hours(1))), None),
        (None, Some(now.plus(Duration::from_hours(1)))),
        (Some(minutes(10)), Some(minutes(30))),
    ] {
        let mut world = World::new();
        let id = world.new_id();
        let new = NewIncident {
            started_at,
            detected_at,
            ..incident("x")
        };
        assert!(matches!(
            world.refused(id, Op::Create(Box::new(new))),
            Refused::OutOfRange { .. }
        ));
    }
}

fn line(at: Timestamp, text: &str, stage: Option<Stage>) -> ImportedEvent {
    ImportedEvent {
        at,
        message: message(text),
        stage,
        meta: Map::new(),
    }
}

fn past(now: Timestamp) -> ImportedIncident {
    let at = |minutes: u64| now.minus(Duration::from_mins(minutes));
    ImportedIncident {
        incident: incident("issues with webhooks"),
        created_at: at(90),
        events: vec![
            line(at(10), "resolved", Some(Stage::Resolved)),
            line(at(80), "investigating", Some(Stage::Open)),
            line(at(60), "identified", Some(Stage::Acknowledged)),
            line(at(50), "still looking", Some(Stage::Acknowledged)),
            line(at(40), "a fix is out", Some(Stage::Mitigated)),
        ],
    }
}

#[test]
fn a_past_comes_in_whole_in_its_order_and_once() {
    let mut world = World::new();
    let (id, past) = (world.new_id(), past(world.now));
    let events = world.must(id, Op::Import(Box::new(past.clone())));
    let told: Vec<_> = events
        .iter()
        .map(|event| (event.seq, event.kind, event.message.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            (1, EventType::StatusChange, "created: issues with webhooks"),
            (2, EventType::Note, "investigating"),
            (3, EventType::StatusChange, "identified"),
            (4, EventType::Note, "still looking"),
            (5, EventType::StatusChange, "a fix is out"),
            (6, EventType::StatusChange, "resolved"),
        ]
    );
    let shown = world.get(id);
    let minutes = |before: u64| Some(world.now.minus(Duration::from_mins(before)));
    assert_eq!(
        (shown.status, Some(shown.created_at)),
        (Status::Resolved, minutes(90))
    );
    assert_eq!(
        [shown.acknowledged_at, shown.mitigated_at, shown.resolved_at],
        [minutes(60), minutes(40), minutes(10)]
    );
    assert_eq!(
        world.run(id, Op::Import(Box::new(past))),
        Ok(Decision::Unchanged)
    );
}

#[test]
fn a_past_is_past() {
    let ahead = |world: &World| world.now.plus(Duration::from_hours(1));
    let changes: [fn(&mut ImportedIncident, Timestamp); 4] = [
        |past, at| past.created_at = at,
        |past, at| past.incident.started_at = Some(at),
        |past, at| past.incident.detected_at = Some(at),
        |past, at| past.events[0].at = at,
    ];
    for change in changes {
        let mut world = World::new();
        let (id, mut past) = (world.new_id(), past(world.now));
        change(&mut past, ahead(&world));
        assert!(matches!(
            world.refused(id, Op::Import(Box::new(past))),
            Refused::OutOfRange { .. }
        ));
    }
}
