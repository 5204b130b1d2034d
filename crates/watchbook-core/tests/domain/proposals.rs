//! A second pair of eyes.

use std::time::Duration;

use watchbook_core::text::Env;
use watchbook_core::{
    AgentId, EventId, EventType, IncidentId, Lifecycle, Move, Op, Proposal, ProposalStatus,
    ProposedChange, Refused, Resolution, Severity, Status, Step,
};

use crate::world::{World, message, prose, step};

fn propose(change: ProposedChange) -> Op {
    Op::Propose(Box::new(Proposal {
        change,
        reason: message("quiet for an hour"),
        seconds: 600,
    }))
}

pub(crate) fn severity() -> Op {
    propose(ProposedChange::Severity(Severity::P1))
}

fn approve(proposal: EventId) -> Op {
    Op::Approve {
        proposal,
        note: None,
    }
}

fn proposed(change: ProposedChange) -> (World, IncidentId, EventId) {
    let mut world = World::new();
    let id = world.create();
    let proposal = world.must(id, propose(change)).remove(0);
    assert_eq!(proposal.kind, EventType::Decision);
    assert_eq!(world.get(id).proposals[0].status, ProposalStatus::Pending);
    (world, id, proposal.id)
}

fn closing() -> ProposedChange {
    ProposedChange::Close(Resolution {
        summary: Some(prose("pool raised")),
        root_cause: None,
    })
}

#[test]
fn an_approval_carries_the_change_out_in_the_same_commit() {
    let (mut world, id, proposal) = proposed(closing());
    let events = world.by("helion").must(id, approve(proposal));
    assert_eq!(
        [events[0].kind, events[1].kind],
        [EventType::Decision, EventType::StatusChange]
    );
    let shown = world.get(id);
    assert_eq!(
        (shown.status, shown.resolution_summary),
        (Status::Closed, Some(prose("pool raised")))
    );
    assert_eq!(shown.proposals[0].status, ProposalStatus::Approved);

    let (mut world, id, proposal) = proposed(ProposedChange::Severity(Severity::P0));
    world.by("helion").must(id, approve(proposal));
    assert_eq!(world.get(id).severity, Severity::P0);

    let staging: Env = "staging".parse().unwrap();
    let (mut world, id, proposal) = proposed(ProposedChange::Env(staging.clone()));
    world.by("helion").must(id, approve(proposal));
    assert_eq!(world.get(id).env, staging);

    let mut world = World::new();
    let (id, into) = (world.create(), world.create());
    let proposal = world
        .must(id, propose(ProposedChange::Merge(into)))
        .remove(0)
        .id;
    assert_eq!(world.by("helion").must(id, approve(proposal)).len(), 3);
    assert_eq!(world.get(id).merged_into, Some(into));
}

#[test]
fn nobody_approves_their_own() {
    let (mut world, id, proposal) = proposed(closing());
    let own = Refused::OwnProposal(AgentId::new("sofiia").unwrap());
    assert_eq!(world.refused(id, approve(proposal)), own);
    let reject = Op::Reject {
        proposal,
        reason: message("not yet"),
    };
    world.must(id, reject);
    assert_eq!(world.get(id).proposals[0].status, ProposalStatus::Rejected);
}

/// Who proposes and who approves, each with the identity of the key if it is not their own.
#[test]
fn whoever_has_a_hand_in_both_is_one_pair_of_eyes() {
    type Hand = (&'static str, Option<&'static str>);
    fn told(world: &mut World, (agent, key): Hand) -> &mut World {
        let world = world.by(agent);
        match key {
            Some(key) => world.through(key),
            None => world,
        }
    }
    let cases: [(Hand, Hand, Option<&str>); 9] = [
        (("helion", None), ("sofiia", None), None),
        (("helion", Some("bridge")), ("sofiia", None), None),
        (("helion", None), ("sofiia", Some("bridge")), None),
        (("helion", Some("bridge")), ("sofiia", Some("relay")), None),
        // One key that acts for both.
        (
            ("helion", Some("bridge")),
            ("sofiia", Some("bridge")),
            Some("bridge"),
        ),
        // The key's own identity, before or after it acted for another.
        (("helion", Some("bridge")), ("bridge", None), Some("bridge")),
        (("bridge", None), ("sofiia", Some("bridge")), Some("bridge")),
        // The same agent by two keys.
        (
            ("helion", Some("bridge")),
            ("helion", Some("relay")),
            Some("helion"),
        ),
        (
            ("helion", Some("bridge")),
            ("bridge", Some("relay")),
            Some("bridge"),
        ),
    ];
    for (proposer, approver, shared) in cases {
        let mut world = World::new();
        let id = world.create();
        let proposal = told(&mut world, proposer).must(id, propose(closing()));
        let approve = approve(proposal[0].id);
        let world = told(&mut world, approver);
        match shared {
            None => drop(world.must(id, approve)),
            Some(own) => assert_eq!(
                world.refused(id, approve),
                Refused::OwnProposal(AgentId::new(own).unwrap()),
                "{proposer:?} {approver:?}"
            ),
        }
    }
}

#[test]
fn a_proposal_is_settled_once_and_not_for_ever() {
    let reject = |proposal| Op::Reject {
        proposal,
        reason: message("not yet"),
    };
    let (mut world, id, proposal) = proposed(closing());
    world.by("helion").must(id, reject(proposal));
    let settled = |state| Refused::Settled { proposal, state };
    assert_eq!(
        world.by("helion").refused(id, approve(proposal)),
        settled("rejected")
    );
    let (mut world, id, proposal) = proposed(ProposedChange::Severity(Severity::P0));
    world.by("helion").must(id, approve(proposal));
    assert_eq!(
        world.by("helion").refused(id, reject(proposal)),
        Refused::Settled {
            proposal,
            state: "approved"
        }
    );
    let (mut world, id, proposal) = proposed(closing());
    world.wait(600);
    world.clone().by("helion").must(id, approve(proposal));
    world.now = world.now.plus(Duration::from_millis(1));
    assert_eq!(
        world.by("helion").refused(id, approve(proposal)),
        Refused::Settled {
            proposal,
            state: "expired"
        }
    );
}

#[test]
fn what_could_not_be_done_cannot_be_proposed() {
    let mut world = World::new();
    let id = world.create();
    let nothing = EventId::from_bits(1);
    assert_eq!(
        world.refused(id, approve(nothing)),
        Refused::NoProposal {
            incident: id,
            proposal: nothing
        }
    );
    let own = world.refused(id, propose(ProposedChange::Merge(id)));
    assert!(matches!(own, Refused::MergeTarget { .. }));
    world.must(id, step(Step::Close));
    for (change, wanted) in [
        (closing(), Move::Close),
        (ProposedChange::Merge(id), Move::Merge),
    ] {
        let refused = world.refused(id, propose(change));
        let from = Status::Closed;
        assert_eq!(
            refused,
            Refused::IllegalMove {
                from,
                step: wanted,
                allowed: from.allowed()
            }
        );
    }
}

#[test]
fn what_became_impossible_meanwhile_is_refused_whole() {
    let mut world = World::new();
    let (id, into) = (world.create(), world.create());
    let proposal = world
        .must(id, propose(ProposedChange::Merge(into)))
        .remove(0)
        .id;
    world.must(into, step(Step::Cancel));
    assert!(matches!(
        world.by("helion").refused(id, approve(proposal)),
        Refused::MergeTarget { .. }
    ));
    assert_eq!(world.get(id).proposals[0].status, ProposalStatus::Pending);
    let resolve = Lifecycle {
        at: None,
        ..crate::world::lifecycle(Step::Resolve)
    };
    world.must(id, Op::Move(Box::new(resolve)));
    assert!(matches!(
        world.by("helion").refused(id, approve(proposal)),
        Refused::IllegalMove { .. }
    ));
}
