//! How much fits, and what still works when nothing more does.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use watchbook_core::text::{Name, ServiceName};
use watchbook_core::{
    Countable, ImportedEvent, ImportedIncident, IncidentId, IncidentPatch, NewFollowup,
    NewIncident, Op, Refused, Step, limit,
};

use crate::artifacts::attach;
use crate::world::{World, followup, incident, message, note, note_with, short, step};

fn too_many(what: Countable, limit: usize) -> Refused {
    Refused::TooMany { what, limit }
}

fn names(count: usize) -> BTreeMap<Name, watchbook_core::text::Short> {
    (0..count)
        .map(|number| (Name::new(format!("name-{number}")).unwrap(), short("x")))
        .collect()
}

/// Gives a new incident so many of something.
type Fill = fn(&mut NewIncident, usize, &dyn Fn(usize) -> Vec<ServiceName>);

#[test]
fn a_creation_and_an_update_hold_to_the_same_sizes() {
    let services = |count: usize| {
        (0..count)
            .map(|n| ServiceName::new(format!("s{n}")).unwrap())
            .collect::<Vec<_>>()
    };
    let rows: [(Countable, usize, Fill); 3] = [
        (Countable::Labels, limit::LABELS, |new, count, _| {
            new.labels = names(count);
        }),
        (Countable::Roles, limit::ROLES, |new, count, _| {
            new.roles = names(count);
        }),
        (
            Countable::Affects,
            limit::AFFECTS,
            |new, count, services| new.affects = services(count),
        ),
    ];
    for (what, limit, fill) in rows {
        let mut world = World::new();
        let mut new = incident("x");
        fill(&mut new, limit + 1, &services);
        let id = world.new_id();
        assert_eq!(
            world.refused(id, Op::Create(Box::new(new.clone()))),
            too_many(what, limit)
        );
        fill(&mut new, limit, &services);
        let id = world.create_with(new);
        let one_more = || BTreeMap::from([(Name::new("one-more").unwrap(), Some(short("x")))]);
        let patch = match what {
            Countable::Labels => IncidentPatch {
                labels: one_more(),
                ..IncidentPatch::default()
            },
            Countable::Roles => IncidentPatch {
                roles: one_more(),
                ..IncidentPatch::default()
            },
            _ => IncidentPatch {
                affects: Some(services(limit + 1)),
                ..IncidentPatch::default()
            },
        };
        assert_eq!(
            world.refused(id, Op::Update(Box::new(patch))),
            too_many(what, limit)
        );
    }
}

/// The operation that brings the next one.
type Make = fn(usize) -> Op;

#[test]
fn one_incident_holds_so_many_follow_ups_proposals_and_artifacts() {
    let rows: [(Countable, usize, Make); 4] = [
        (Countable::Followups, limit::FOLLOWUPS, |_| {
            Op::OpenFollowup(Box::new(followup("x")))
        }),
        (Countable::Proposals, limit::PROPOSALS, |_| {
            crate::proposals::severity()
        }),
        (Countable::Artifacts, limit::ARTIFACTS, |at| {
            attach(&format!("{at}.md"), b"x")
        }),
        (Countable::Versions, limit::VERSIONS, |at| {
            attach("a.md", &at.to_be_bytes())
        }),
    ];
    for (what, limit, make) in rows {
        let mut world = World::new();
        let id = world.create();
        for at in 0..limit {
            world.must(id, make(at));
        }
        assert_eq!(world.refused(id, make(limit)), too_many(what, limit));
    }
}

/// A timeline that is full but for `room` lines.
fn full(room: usize) -> (World, IncidentId) {
    let mut world = World::new();
    let id = world.new_id();
    let line = ImportedEvent {
        at: world.now,
        message: message("x"),
        stage: None,
        meta: Map::new(),
    };
    let past = ImportedIncident {
        incident: incident("x"),
        created_at: world.now,
        events: vec![line.clone(); limit::IMPORTED_EVENTS],
    };
    world.must(id, Op::Import(Box::new(past)));
    let mut commit = world.commits[0].clone();
    let copy = commit.records.pop().unwrap();
    while (world.states[&id].last_seq() as usize) < limit::EVENTS - room {
        let watchbook_core::Record::Event(mut event) = copy.clone() else {
            panic!("an event")
        };
        event.seq = world.states[&id].last_seq() + 1;
        event.id = watchbook_core::EventId::from_bits(u128::from(event.seq));
        watchbook_core::fold::apply(world.states.get_mut(&id).unwrap(), &event);
    }
    (world, id)
}

#[test]
fn a_full_timeline_takes_no_more_notes_and_can_still_be_ended() {
    let (mut world, id) = full(1);
    world.must(id, note("the last one"));
    let refused = too_many(Countable::Events, limit::EVENTS);
    for op in [
        note("x"),
        Op::OpenFollowup(Box::new(followup("x"))),
        attach("a.md", b"x"),
        Op::Claim { seconds: 9 },
    ] {
        assert_eq!(world.refused(id, op), refused);
    }
    world.must(id, step(Step::Mitigate));
    let into = world.create();
    world.must(
        id,
        Op::Merge {
            into,
            at: None,
            note: None,
        },
    );
    world.must(
        id,
        Op::Unmerge {
            at: None,
            note: None,
        },
    );
    world.must(id, step(Step::Close));
}

#[test]
fn a_past_is_not_endless() {
    let mut world = World::new();
    let id = world.new_id();
    let line = ImportedEvent {
        at: world.now,
        message: message("x"),
        stage: None,
        meta: Map::new(),
    };
    let events = vec![line; limit::IMPORTED_EVENTS + 1];
    let past = ImportedIncident {
        incident: incident("x"),
        created_at: world.now,
        events,
    };
    assert_eq!(
        world.refused(id, Op::Import(Box::new(past))),
        too_many(Countable::Events, limit::IMPORTED_EVENTS)
    );
}

fn deep(levels: usize) -> Map<String, Value> {
    // The map itself is the first level.
    let value = (1..levels).fold(json!(1), |inner, _| json!([inner]));
    Map::from_iter([("deep".to_owned(), value)])
}

fn wide(bytes: usize) -> Map<String, Value> {
    let around = r#"{"wide":""}"#.len();
    Map::from_iter([("wide".to_owned(), Value::String("x".repeat(bytes - around)))])
}

#[test]
fn free_facts_are_neither_too_deep_nor_too_wide() {
    let mut world = World::new();
    let id = world.create();
    let too_deep = Refused::MetaTooDeep {
        limit: limit::META_DEPTH,
    };
    let bytes = limit::META_BYTES + 1;
    let too_large = Refused::MetaTooLarge {
        bytes,
        limit: limit::META_BYTES,
    };
    for (meta, refused) in [
        (deep(limit::META_DEPTH + 1), &too_deep),
        (deep(200), &too_deep),
        (wide(bytes), &too_large),
    ] {
        assert_eq!(&world.refused(id, note_with("x", meta.clone())), refused);
        let new = NewFollowup {
            meta: meta.clone(),
            ..followup("x")
        };
        assert_eq!(&world.refused(id, Op::OpenFollowup(Box::new(new))), refused);
        let event = ImportedEvent {
            at: world.now,
            message: message("x"),
            stage: None,
            meta,
        };
        let past = ImportedIncident {
            incident: incident("x"),
            created_at: world.now,
            events: vec![event],
        };
        let new = world.new_id();
        assert_eq!(&world.refused(new, Op::Import(Box::new(past))), refused);
    }
    for meta in [deep(limit::META_DEPTH), wide(limit::META_BYTES)] {
        let event = world.must(id, note_with("x", meta)).remove(0);
        let stored = serde_json::to_string(&event).unwrap();
        assert_eq!(
            serde_json::from_str::<watchbook_core::Event>(&stored).unwrap(),
            event,
            "it reads back"
        );
    }
}
