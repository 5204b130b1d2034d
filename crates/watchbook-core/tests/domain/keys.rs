//! Idempotency keys.

use watchbook_core::{Commit, Decision, Op, Refused, Step};

use crate::world::{World, followup, incident, note, step};

#[test]
fn a_key_rides_in_the_commit_it_protects_and_names_the_event() {
    let (mut here, mut there) = (World::of_node(1), World::of_node(2));
    let (id, similar) = (here.new_id(), here.create());
    let command = here.keyed(id, Op::Create(Box::new(incident("x"))), "k", "body");
    let Ok(Decision::Commit {
        commit,
        changed: true,
        ..
    }) = here.tell(&command)
    else {
        panic!("a creation is legal")
    };
    let key = commit.key().unwrap();
    assert_eq!(
        (key.change, key.incident, &key.similar),
        (command.change, id, &vec![similar])
    );
    let Ok(Decision::Commit {
        commit: elsewhere, ..
    }) = there.tell(&command)
    else {
        panic!("a creation is legal")
    };
    let ids = |commit: &Commit| commit.events().map(|event| event.id).collect::<Vec<_>>();
    assert_eq!(ids(&commit), ids(&elsewhere), "all nodes agree on the ids");
}

#[test]
fn the_same_key_is_a_replay_or_a_mistake() {
    let mut world = World::new();
    let id = world.create();
    let first = world.keyed(id, note("x"), "k", "body");
    assert!(matches!(world.tell(&first), Ok(Decision::Commit { .. })));
    let again = world.keyed(id, note("x"), "k", "body");
    assert_eq!(world.tell(&again), Ok(Decision::Replay));
    let other = world.keyed(id, note("y"), "k", "another body");
    assert_eq!(world.tell(&other), Err(Refused::KeyReused));
    // Also when the incident has moved on so far that the request itself would be refused by now.
    let into = world.create();
    world.must(
        id,
        Op::Merge {
            into,
            at: None,
            note: None,
        },
    );
    assert_eq!(world.tell(&again), Ok(Decision::Replay));
}

#[test]
fn a_key_is_remembered_although_nothing_changed() {
    let mut world = World::new();
    let id = world.create();
    world.must(id, step(Step::Acknowledge));
    let again = world.keyed(id, step(Step::Acknowledge), "k", "body");
    let Ok(Decision::Commit {
        commit, changed, ..
    }) = world.tell(&again)
    else {
        panic!("the key is to be remembered")
    };
    assert_eq!(
        (changed, commit.events().count(), commit.records.len()),
        (false, 0, 1)
    );
    assert_eq!(
        world.run(id, step(Step::Acknowledge)),
        Ok(Decision::Unchanged)
    );
}

/// A key that is forgotten by now would give the new follow-up the id of the old one.
#[test]
fn a_forgotten_key_makes_no_second_thing_of_the_same_id() {
    let mut world = World::new();
    let id = world.create();
    for op in [
        Op::OpenFollowup(Box::new(followup("x"))),
        crate::proposals::severity(),
    ] {
        let mut command = world.keyed(id, op, "k", "body");
        command.key = None;
        assert!(matches!(world.tell(&command), Ok(Decision::Commit { .. })));
        assert_eq!(world.tell(&command), Err(Refused::KeyReused));
    }
}
