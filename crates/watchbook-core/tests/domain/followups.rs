//! Follow-ups: opened by an event, changed by others, and there after the incident has ended.

use serde_json::{Map, json};
use watchbook_core::{
    Decision, EventId, EventType, FollowupPatch, FollowupStatus, IncidentId, NewFollowup, Op,
    Refused, Severity, Step,
};

use crate::world::{World, followup, message, prose, short, step, title};

fn update(followup: EventId, patch: FollowupPatch) -> Op {
    Op::UpdateFollowup {
        followup,
        patch: Box::new(patch),
        note: None,
    }
}

fn status(status: FollowupStatus) -> FollowupPatch {
    FollowupPatch {
        status: Some(status),
        ..FollowupPatch::default()
    }
}

fn opened() -> (World, IncidentId, EventId) {
    let mut world = World::new();
    let id = world.create();
    let new = NewFollowup {
        owner: Some(short("ada")),
        due: Some("2026-03-01".parse().unwrap()),
        external_ref: Some(short("OPS-7")),
        meta: Map::from_iter([("team".to_owned(), json!("core"))]),
        ..followup("raise the pool size")
    };
    let event = world.must(id, Op::OpenFollowup(Box::new(new))).remove(0);
    (world, id, event.id)
}

#[test]
fn its_id_is_the_events_and_the_line_tells_its_fields() {
    let (world, id, followup) = opened();
    let line = &world.timeline(id)[1];
    assert_eq!(
        (line.id, line.kind, line.message.as_str()),
        (followup, EventType::Followup, "raise the pool size")
    );
    assert_eq!(
        serde_json::Value::Object(line.meta.clone()),
        json!({
            "title": "raise the pool size", "owner": "ada", "priority": "P2", "due_date": "2026-03-01",
            "status": "open", "external_ref": "OPS-7", "team": "core"
        })
    );
    let shown = &world.get(id).followups[0];
    assert_eq!(
        (shown.id, &shown.title),
        (followup, &title("raise the pool size"))
    );
    assert_eq!(
        world.get(id).revision,
        1,
        "follow-ups leave the incident's own state as it is"
    );
}

#[test]
fn a_change_sets_what_is_new_and_takes_away_what_is_null() {
    let (mut world, id, followup) = opened();
    let patch = FollowupPatch {
        title: Some(title("raise the pool size")),
        owner: Some(None),
        priority: Some(Severity::P0),
        ..status(FollowupStatus::InProgress)
    };
    let event = world.must(id, update(followup, patch)).remove(0);
    assert_eq!(event.kind, EventType::FollowupUpdate);
    assert_eq!(event.set.len(), 3, "the title is what it was");
    assert_eq!(
        serde_json::Value::Object(event.meta),
        json!({ "followup_id": followup.to_string(), "owner": null, "priority": "P0", "status": "in_progress" })
    );
    let shown = &world.get(id).followups[0];
    assert_eq!(
        (&shown.owner, shown.priority, shown.status),
        (&None, Severity::P0, FollowupStatus::InProgress)
    );
}

#[test]
fn what_says_nothing_new_changes_nothing() {
    let (mut world, id, followup) = opened();
    assert_eq!(
        world.run(id, update(followup, status(FollowupStatus::Open))),
        Ok(Decision::Unchanged)
    );
    let noted = Op::UpdateFollowup {
        followup,
        patch: Box::default(),
        note: Some(message("asked ada")),
    };
    assert_eq!(world.must(id, noted).len(), 1, "a note is something new");
}

#[test]
fn canceling_needs_a_reason() {
    let (mut world, id, followup) = opened();
    let cancel = status(FollowupStatus::Canceled);
    assert_eq!(
        world.refused(id, update(followup, cancel.clone())),
        Refused::ReasonNeeded
    );
    let mut canceled = crate::world::followup("x");
    canceled.status = FollowupStatus::Canceled;
    assert_eq!(
        world.refused(id, Op::OpenFollowup(Box::new(canceled))),
        Refused::ReasonNeeded
    );
    world.must(
        id,
        update(
            followup,
            FollowupPatch {
                reason: Some(prose("superseded")),
                ..cancel.clone()
            },
        ),
    );
    world.must(id, update(followup, status(FollowupStatus::Open)));
    world.must(id, update(followup, cancel));
    let shown = &world.get(id).followups[0];
    assert_eq!(
        (shown.status, &shown.reason),
        (FollowupStatus::Canceled, &Some(prose("superseded")))
    );
}

#[test]
fn it_outlives_its_incident_and_belongs_to_it() {
    let (mut world, id, followup) = opened();
    let other = world.create();
    let refused = world.refused(other, update(followup, status(FollowupStatus::Done)));
    assert_eq!(
        refused,
        Refused::NoFollowup {
            incident: other,
            followup
        }
    );
    world.must(id, step(Step::Close));
    assert!(world.get(id).followups[0].status.is_unfinished());
    world.must(id, update(followup, status(FollowupStatus::Done)));
    assert_eq!(world.get(id).followups[0].status, FollowupStatus::Done);
}

#[test]
fn it_is_overdue_when_its_day_is_over() {
    let (world, id, _) = opened();
    let shown = &world.get(id).followups[0];
    for (now, overdue) in [
        ("2026-03-01T23:59:59.999Z", false),
        ("2026-03-02T00:00:00.000Z", true),
    ] {
        assert_eq!(shown.is_overdue(now.parse().unwrap()), overdue, "{now}");
    }
}
