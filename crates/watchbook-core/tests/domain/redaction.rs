//! Blacking out: in the events and in the fold, whatever arrives first.

use std::collections::BTreeMap;

use serde_json::{Map, json};
use watchbook_core::redact::blank;
use watchbook_core::text::Name;
use watchbook_core::{
    Decision, Event, EventId, EventType, FollowupPatch, IncidentId, IncidentPatch, IncidentState,
    Lifecycle, NewFollowup, NewIncident, Op, Proposal, ProposedChange, Refused, Resolution, Set,
    Step, fold,
};

use crate::world::{
    World, followup, incident, lifecycle, message, note, note_with, prose, short, title,
};

const SECRET: &str = "hunter2";

/// An incident whose every line says the secret in every text it can set.
fn leak() -> (World, IncidentId) {
    let mut world = World::new();
    let name = |text: &str| Name::new(text).unwrap();
    let id = world.create_with(NewIncident {
        summary: Some(prose(SECRET)),
        labels: BTreeMap::from([(name("password"), short(SECRET))]),
        roles: BTreeMap::from([(name("scribe"), short(SECRET))]),
        ..incident(SECRET)
    });
    world.must(
        id,
        note_with(
            SECRET,
            Map::from_iter([(SECRET.to_owned(), json!([SECRET]))]),
        ),
    );
    let new = NewFollowup {
        message: Some(message(SECRET)),
        owner: Some(short(SECRET)),
        external_ref: Some(short(SECRET)),
        ..followup(SECRET)
    };
    let opened = world.must(id, Op::OpenFollowup(Box::new(new))).remove(0).id;
    let patch = FollowupPatch {
        title: Some(title("hunter2 again")),
        reason: Some(prose(SECRET)),
        ..FollowupPatch::default()
    };
    world.must(
        id,
        Op::UpdateFollowup {
            followup: opened,
            patch: Box::new(patch),
            note: None,
        },
    );
    let patch = IncidentPatch {
        title: Some(title("hunter2 again")),
        labels: BTreeMap::from([
            (name("token"), Some(short(SECRET))),
            (name("password"), None),
        ]),
        ..IncidentPatch::default()
    };
    world.must(id, Op::Update(Box::new(patch)));
    let resolution = Resolution {
        summary: Some(prose(SECRET)),
        root_cause: Some(prose(SECRET)),
    };
    let change = ProposedChange::Close(resolution.clone());
    world.must(
        id,
        Op::Propose(Box::new(Proposal {
            change,
            reason: message(SECRET),
            seconds: 60,
        })),
    );
    world.must(
        id,
        Op::Move(Box::new(Lifecycle {
            resolution,
            ..lifecycle(Step::Resolve)
        })),
    );
    (world, id)
}

fn redact(event: EventId) -> Op {
    Op::Redact {
        event,
        reason: prose("a password"),
    }
}

fn folded<'a>(events: impl IntoIterator<Item = &'a Event>) -> IncidentState {
    let mut state = IncidentState::default();
    events
        .into_iter()
        .for_each(|event| fold::apply(&mut state, event));
    state
}

#[test]
fn nothing_of_a_redacted_line_is_told() {
    let (mut world, id) = leak();
    let before = world.timeline(id);
    let shown = world.get(id);
    for event in &before {
        world.must(id, redact(event.id));
    }
    let after = world.get(id);
    assert!(
        !format!("{:?}", world.states).contains(SECRET),
        "{:#?}",
        world.states[&id]
    );
    assert_eq!(
        (after.etag, after.status, after.events),
        (shown.etag, shown.status, shown.events * 2)
    );
    assert_eq!(
        (
            after.labels.len(),
            after.followups.len(),
            after.proposals.len()
        ),
        (1, 1, 1)
    );
    for event in &before {
        let blank = blank(event);
        assert!(!format!("{blank:?}").contains(SECRET) && blank.redacted);
        assert_eq!(
            self::blank(&blank),
            blank,
            "blanking twice is blanking once"
        );
        let what = |event: &Event| {
            event
                .set
                .iter()
                .map(std::mem::discriminant::<Set>)
                .collect::<Vec<_>>()
        };
        assert_eq!(what(&blank), what(event), "its changes stay");
    }
}

#[test]
fn the_fold_is_the_fold_of_what_is_shown_whatever_comes_first() {
    let (mut world, id) = leak();
    for event in world.timeline(id).iter().step_by(2) {
        world.must(id, redact(event.id));
    }
    let live = &world.states[&id];
    let events = world.timeline(id);
    let shown: Vec<Event> = events
        .iter()
        .map(|event| {
            if live.is_redacted(event.id) {
                blank(event)
            } else {
                event.clone()
            }
        })
        .collect();
    for state in [
        folded(&events),
        folded(events.iter().rev()),
        folded(&shown),
        folded(shown.iter().rev()),
    ] {
        assert_eq!(&state, live);
    }
}

#[test]
fn a_redaction_is_a_line_that_stays() {
    let mut world = World::new();
    let id = world.create();
    let line = world.must(id, note(SECRET)).remove(0).id;
    let redaction = world.must(id, redact(line)).remove(0);
    assert_eq!(
        (redaction.kind, redaction.message.as_str()),
        (EventType::Redaction, "a password")
    );
    assert_eq!(redaction.meta["seq"], json!(2));
    assert_eq!(world.run(id, redact(line)), Ok(Decision::Unchanged));
    assert!(matches!(
        world.refused(id, redact(redaction.id)),
        Refused::NotRedactable { .. }
    ));
    let other = world.create();
    let event = redaction.id;
    assert_eq!(
        world.refused(other, redact(event)),
        Refused::NoEvent {
            incident: other,
            event
        }
    );
}
