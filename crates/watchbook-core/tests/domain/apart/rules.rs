//! Each rule by itself, on two nodes that come back in both orders.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use watchbook_core::reconcile::Unfit;
use watchbook_core::text::{Name, Short};
use watchbook_core::{
    Event, EventType, FollowupPatch, IncidentId, IncidentPatch, NewIncident, NodeId, Op, Proposal,
    ProposedChange, Severity, Status, Step,
};

use super::log::Log;
use crate::artifacts::attach;
use crate::world::{World, followup, incident, message, note, prose, short, step, title};

/// A log, and two nodes that knew it before they were apart.
struct Pair {
    log: Log,
    seen: Vec<(IncidentId, u32)>,
    known: usize,
    nodes: [World; 2],
}

impl Pair {
    /// Two nodes that know what `before` did.
    fn after<T>(before: impl FnOnce(&mut World) -> T) -> (Self, T) {
        let mut first = World::of_node(9);
        let made = before(&mut first);
        let mut log = Log::default();
        let mut nodes = [World::of_node(1), World::of_node(2)];
        for commit in &first.commits {
            log.take(commit);
            for node in &mut nodes {
                node.take(commit.clone());
            }
        }
        let seen = log
            .states()
            .iter()
            .map(|(id, state)| (*id, state.last_seq()));
        // The second node writes later than the first.
        nodes[0].wait(60);
        nodes[1].wait(600);
        let pair = Self {
            seen: seen.collect(),
            known: first.commits.len(),
            log,
            nodes,
        };
        (pair, made)
    }

    /// What is left when both have come back; the same in both orders.
    fn back(&self) -> Log {
        let [one, other] = [[0, 1], [1, 0]].map(|order| {
            let mut log = self.log.clone();
            for node in order {
                self.bring(&mut log, node);
            }
            log
        });
        let lines = |log: &Log| -> BTreeMap<_, Event> {
            let unnumbered = log.events().cloned().map(|line| Event { seq: 0, ..line });
            unnumbered.map(|line| (line.id, line)).collect()
        };
        assert_eq!(lines(&one), lines(&other));
        assert_eq!(one.states(), other.states());
        assert_eq!(one.keys, other.keys);
        one
    }

    fn bring(&self, log: &mut Log, node: usize) {
        let id = NodeId::from_bits([1, 2][node]);
        for commit in self.nodes[node].commits.iter().skip(self.known) {
            log.absorb(id, commit, &self.seen).unwrap();
        }
    }
}

fn conflicts(log: &Log) -> Vec<&Event> {
    let lines = log.events();
    lines
        .filter(|line| line.kind == EventType::Conflict)
        .collect()
}

fn patch(change: impl FnOnce(&mut IncidentPatch)) -> Op {
    let mut patch = IncidentPatch::default();
    change(&mut patch);
    Op::Update(Box::new(patch))
}

fn severity(severity: Severity) -> Op {
    patch(|patch| patch.severity = Some(severity))
}

#[test]
fn a_conflict_says_which_value_of_which_line_was_overridden() {
    let (mut pair, (id, opened, proposed)) = Pair::after(|world| {
        let id = world.create();
        let opened = world.must(id, Op::OpenFollowup(Box::new(followup("raise the pool"))));
        let proposal = Proposal {
            change: ProposedChange::Severity(Severity::P0),
            reason: message("two regions"),
            seconds: 7_200,
        };
        let proposed = world.must(id, Op::Propose(Box::new(proposal)));
        (id, opened[0].id, proposed[0].id)
    });
    for (node, text) in pair.nodes.iter_mut().zip(["first", "second"]) {
        let (name, value) = (Name::new("region").unwrap(), short(text));
        node.must(
            id,
            patch(|patch| {
                patch.title = Some(title(text));
                patch.labels.insert(name.clone(), Some(value.clone()));
                patch.roles.insert(name, Some(value));
                patch.drill = Some(text == "first");
                patch.root_cause = Some((text == "first").then(|| prose("a leak")));
            }),
        );
        let update = FollowupPatch {
            owner: Some(Some(short(text))),
            priority: Some([Severity::P1, Severity::P3][usize::from(text == "first")]),
            ..FollowupPatch::default()
        };
        let op = Op::UpdateFollowup {
            followup: opened,
            patch: Box::new(update),
            note: None,
        };
        node.must(id, op);
    }
    let note = None;
    let approve = Op::Approve {
        proposal: proposed,
        note,
    };
    pair.nodes[0].by("helion").must(id, approve);
    let reject = Op::Reject {
        proposal: proposed,
        reason: message("one region only"),
    };
    pair.nodes[1].by("helion").must(id, reject);
    let mut told = String::new();
    let log = pair.back();
    let mut lines = conflicts(&log);
    lines.sort_by_key(|line| line.message.to_string());
    for line in lines {
        writeln!(
            told,
            "{} {}",
            line.message,
            serde_json::to_string(&line.meta).unwrap()
        )
        .unwrap();
    }
    insta::assert_snapshot!(told);
}

#[test]
fn what_agrees_what_grows_and_what_ends_by_itself_is_no_conflict() {
    type Ops = fn(usize) -> Vec<Op>;
    let cases: [(&str, Ops); 5] = [
        ("one severity", |_| vec![severity(Severity::P0)]),
        ("no summary", |_| {
            vec![patch(|patch| patch.root_cause = Some(None))]
        }),
        ("notes", |node| vec![note(["a", "b"][node])]),
        ("claims", |_| vec![Op::Claim { seconds: 900 }]),
        ("files", |node| {
            vec![attach("a.md", ["a", "b"][node].as_bytes())]
        }),
    ];
    for (name, ops) in cases {
        let (mut pair, id) = Pair::after(|world| {
            let id = world.create();
            world.must(id, patch(|patch| patch.root_cause = Some(Some(prose("x")))));
            id
        });
        for (number, node) in pair.nodes.iter_mut().enumerate() {
            for op in ops(number) {
                node.must(id, op);
            }
        }
        assert_eq!(conflicts(&pair.back()).len(), 0, "{name}");
    }
}

#[test]
fn a_text_that_was_blacked_out_stands_in_no_other_line() {
    let (mut pair, id) = Pair::after(World::create);
    let secret = |patch: &mut IncidentPatch| patch.summary = Some(Some(prose("a secret")));
    let written = pair.nodes[0].must(id, patch(secret));
    pair.nodes[0].must(
        id,
        Op::Redact {
            event: written[0].id,
            reason: prose("it names a customer"),
        },
    );
    pair.nodes[1].must(
        id,
        patch(|patch| patch.summary = Some(Some(prose("another")))),
    );
    let log = pair.back();
    assert_eq!(conflicts(&log).len(), 1);
    assert!(!format!("{:?}", log.timeline(id)).contains("a secret"));
}

/// Creates the same on both nodes, and gives the two incidents.
fn opened(
    pair: &mut Pair,
    new: impl Fn(usize) -> NewIncident,
    key: Option<&str>,
) -> [IncidentId; 2] {
    let mut ids = Vec::new();
    for (number, node) in pair.nodes.iter_mut().enumerate() {
        let id = node.new_id();
        let op = Op::Create(Box::new(new(number)));
        let command = match key {
            Some(key) => node.keyed(id, op, key, key),
            None => node.command(id, op),
        };
        node.tell(&command).unwrap();
        ids.push(id);
    }
    ids.try_into().unwrap()
}

fn grouped(_node: usize) -> NewIncident {
    NewIncident {
        group_key: Short::new("gateway/5xx").ok(),
        ..incident("gateway returns 5xx")
    }
}

fn status(log: &Log, id: IncidentId) -> (Status, Option<IncidentId>) {
    let shown = log.states()[&id].incident(id).unwrap();
    (shown.status, shown.merged_into)
}

#[test]
fn twins_become_one_and_others_stay_two() {
    let plain = |_| incident("gateway returns 5xx");
    let (mut pair, ()) = Pair::after(|_| ());
    let [first, second] = opened(&mut pair, plain, Some("one key"));
    let log = pair.back();
    assert_eq!(status(&log, first), (Status::Open, None));
    assert_eq!(status(&log, second), (Status::Merged, Some(first)));
    assert!(log.keys.values().all(|used| used.incident == first));

    let (mut pair, ()) = Pair::after(|_| ());
    let two = |node| incident(["gateway returns 5xx", "disk is full"][node]);
    let ids = opened(&mut pair, two, Some("a key that was used twice"));
    let log = pair.back();
    assert!(ids.iter().all(|id| status(&log, *id).0 == Status::Open));

    let (mut pair, ()) = Pair::after(|_| ());
    let ids = opened(&mut pair, plain, None);
    let log = pair.back();
    assert!(ids.iter().all(|id| status(&log, *id).0 == Status::Open));

    for (hours, merged) in [(23, true), (24, false)] {
        let (mut pair, ()) = Pair::after(|_| ());
        pair.nodes[1].wait(hours * 3_600);
        let [first, second] = opened(&mut pair, grouped, None);
        let expected = if merged {
            (Status::Merged, Some(first))
        } else {
            (Status::Open, None)
        };
        assert_eq!(status(&pair.back(), second), expected, "after {hours} h");
    }
}

#[test]
fn an_incident_that_was_opened_in_spite_of_another_is_not_merged() {
    let (mut pair, known) = Pair::after(|world| {
        let id = world.create_with(grouped(0));
        world.must(id, step(Step::Resolve));
        world.must(id, step(Step::Close));
        id
    });
    let node = &mut pair.nodes[0];
    let id = node.create_with(grouped(0));
    let log = pair.back();
    assert_eq!(status(&log, id), (Status::Open, None));
    assert_eq!(status(&log, known), (Status::Closed, None));
}

#[test]
fn what_somebody_did_to_a_twin_counts_more_than_the_merge() {
    let (mut pair, ()) = Pair::after(|_| ());
    let [first, second] = opened(&mut pair, grouped, None);
    pair.nodes[1].must(second, step(Step::Cancel));
    let log = pair.back();
    assert_eq!(status(&log, first).0, Status::Open);
    assert_eq!(status(&log, second).0, Status::Canceled);

    let (mut pair, target) = Pair::after(World::create);
    let [_, second] = opened(&mut pair, grouped, None);
    let merge = Op::Merge {
        into: target,
        at: None,
        note: None,
    };
    pair.nodes[1].must(second, merge);
    let log = pair.back();
    assert_eq!(status(&log, second), (Status::Merged, Some(target)));
    assert_eq!(conflicts(&log).len(), 0, "the merge was nobody's word");
}

#[test]
fn what_does_not_fit_is_told_by_its_reason() {
    let mut world = World::of_node(1);
    let id = world.create();
    world.must(id, note("on an incident that is not here"));
    let mut other = World::of_node(2);
    let taken = other.create();
    let key = |world: &mut World, id, text: &str| {
        let command = world.keyed(id, note(text), "one key", text);
        world.tell(&command).unwrap();
        world.commits.last().unwrap().clone()
    };
    let mut log = Log::default();
    log.take(&other.commits[0]);
    log.take(&key(&mut other, taken, "one request"));
    let mut third = World::of_node(3);
    third.take(other.commits[0].clone());
    let reused = key(&mut third, taken, "another request");
    let mut same_id = other.commits[0].clone();
    for record in &mut same_id.records {
        if let watchbook_core::Record::Event(event) = record {
            event.id = event.id.derived("another creation");
        }
    }
    let told: Vec<String> = [&world.commits[1], &reused, &same_id]
        .into_iter()
        .map(|commit| {
            let unfit: Unfit = log
                .absorb(NodeId::from_bits(3), commit, &[])
                .expect_err("it does not fit");
            unfit.to_string()
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"));
}
