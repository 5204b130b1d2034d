//! Merging and parting.

use std::time::Duration;

use watchbook_core::{Decision, Event, EventType, Op, Refused, Status, Step};

use crate::world::{World, message, note, step};

#[test]
fn a_merge_is_one_commit_with_a_line_on_both() {
    let mut world = World::new();
    let (id, into) = (world.create(), world.create());
    world.must(id, step(Step::Acknowledge));
    let events = world.must(
        id,
        Op::Merge {
            into,
            at: None,
            note: None,
        },
    );
    let told: Vec<_> = events
        .iter()
        .map(|event| (event.incident_id, event.seq, event.message.to_string()))
        .collect();
    assert_eq!(
        told,
        [
            (id, 3, format!("merged into {into}")),
            (into, 2, format!("{id} was merged into this incident")),
        ]
    );
    assert!(events.iter().all(|event| event.kind == EventType::Merge));
    let shown = world.get(id);
    assert_eq!(
        (shown.status, shown.merged_into),
        (Status::Merged, Some(into))
    );
    assert_eq!(
        world.get(into).revision,
        1,
        "the target's state is as it was"
    );
    assert_eq!(
        world.run(
            id,
            Op::Merge {
                into,
                at: None,
                note: None
            }
        ),
        Ok(Decision::Unchanged)
    );
}

#[test]
fn an_unmerge_shows_what_was_before() {
    let mut world = World::new();
    let (id, into) = (world.create(), world.create());
    world.must(id, step(Step::Mitigate));
    world.must(
        id,
        Op::Merge {
            into,
            at: None,
            note: None,
        },
    );
    let events = world.must(
        id,
        Op::Unmerge {
            at: None,
            note: Some(message("another cause")),
        },
    );
    assert_eq!(
        (
            events.len(),
            world.get(id).status,
            world.get(id).merged_into
        ),
        (2, Status::Mitigated, None)
    );
    assert_eq!(world.get(into).events, 3);
}

#[test]
fn a_target_is_another_incident_that_is_there_and_live() {
    let mut world = World::new();
    let (id, merged, canceled, live) = (
        world.create(),
        world.create(),
        world.create(),
        world.create(),
    );
    world.must(
        merged,
        Op::Merge {
            into: live,
            at: None,
            note: None,
        },
    );
    world.must(canceled, step(Step::Cancel));
    let nowhere = world.new_id();
    for (into, expected) in [
        (id, "an incident cannot be merged into itself"),
        (merged, "it was merged itself; merge into its target"),
        (canceled, "it is canceled"),
    ] {
        let refused = world.refused(
            id,
            Op::Merge {
                into,
                at: None,
                note: None,
            },
        );
        assert_eq!(
            refused,
            Refused::MergeTarget {
                into,
                why: expected,
                allowed: Status::Open.allowed()
            }
        );
    }
    assert_eq!(
        world.refused(
            id,
            Op::Merge {
                into: nowhere,
                at: None,
                note: None
            }
        ),
        Refused::NoIncident(nowhere)
    );
}

#[test]
fn no_chain_of_merges_forms_a_ring() {
    let mut world = World::new();
    let (first, second, third) = (world.create(), world.create(), world.create());
    world.must(
        first,
        Op::Merge {
            into: second,
            at: None,
            note: None,
        },
    );
    world.must(
        second,
        Op::Merge {
            into: third,
            at: None,
            note: None,
        },
    );
    for (from, into) in [(third, first), (third, second)] {
        assert!(matches!(
            world.refused(
                from,
                Op::Merge {
                    into,
                    at: None,
                    note: None
                }
            ),
            Refused::MergeTarget { .. }
        ));
    }
}

#[test]
fn a_finished_target_takes_a_merge_and_a_merged_incident_takes_nothing() {
    let mut world = World::new();
    let (id, into) = (world.create(), world.create());
    world.must(into, step(Step::Close));
    world.must(
        id,
        Op::Merge {
            into,
            at: None,
            note: None,
        },
    );
    let refused = world.refused(id, note("x"));
    assert_eq!(
        refused,
        Refused::Frozen {
            incident: id,
            status: Status::Merged,
            what: "events",
            into: Some(into)
        }
    );
    assert!(
        refused.to_string().contains(&into.to_string()),
        "the answer names the target: {refused}"
    );
}

#[test]
fn a_merge_and_its_end_are_at_the_time_that_was_said() {
    let mut world = World::new();
    let (id, into) = (world.create(), world.create());
    let began = world.now;
    world.wait(3_600);
    let said = Some(began.plus(Duration::from_mins(10)));
    let merge = |at| Op::Merge {
        into,
        at,
        note: None,
    };
    let unmerge = |at| Op::Unmerge { at, note: None };
    let times = |events: Vec<Event>| {
        events
            .iter()
            .map(|event| Some(event.at))
            .collect::<Vec<_>>()
    };
    let early = Some(began.minus(Duration::from_secs(1)));
    let late = Some(world.now.plus(Duration::from_mins(6)));
    for at in [early, late] {
        let refused = world.refused(id, merge(at));
        assert!(matches!(refused, Refused::OutOfRange { .. }), "{refused}");
    }
    assert_eq!(
        times(world.must(id, merge(said))),
        [said, said],
        "on both timelines"
    );
    for at in [early, late] {
        let refused = world.refused(id, unmerge(at));
        assert!(matches!(refused, Refused::OutOfRange { .. }), "{refused}");
    }
    assert_eq!(times(world.must(id, unmerge(said))), [said, said]);
}
