//! Three nodes with random lives, taken in in every order and in pieces.

use std::collections::BTreeMap;

use proptest::prelude::*;
use watchbook_core::text::Short;
use watchbook_core::{
    ChangeId, Commit, Event, EventId, EventType, IncidentId, IncidentState, KeyUse, NewIncident,
    NodeId, Op, Set, Source,
};

use super::log::Log;
use crate::random::Life;
use crate::world::{World, incident};

/// What three nodes wrote apart, and the log they come back to.
#[derive(Debug)]
struct Outage {
    base: Log,
    seen: Vec<(IncidentId, u32)>,
    runs: Vec<(NodeId, Vec<Commit>)>,
}

/// Turns before the nodes are apart; the same requests on the log and on a node, their answers lost; turns apart.
fn outages() -> impl Strategy<Value = Outage> {
    let turns = |most| prop::collection::vec(any::<u64>(), 0..most);
    (turns(12), turns(4), prop::collection::vec(turns(14), 3))
        .prop_map(|(before, cut, apart)| outage(&before, &cut, &apart))
}

fn outage(before: &[u64], cut: &[u64], apart: &[Vec<u64>]) -> Outage {
    let mut life = Life::of_nodes(4);
    for draw in before {
        life.act(3, *draw);
    }
    life.exchange();
    let mut base = Log::default();
    life.commits_of(3)
        .iter()
        .for_each(|commit| base.take(commit));
    let seen = base
        .states()
        .iter()
        .map(|(id, state)| (*id, state.last_seq()));
    let seen: Vec<_> = seen.collect();
    // The answers to these were lost: node 0 does the same again by itself.
    for draw in cut {
        let said = life.commits_of(3).len();
        let mut there = life.nodes[0].clone();
        life.act(3, *draw);
        if let Some(commit) = life.commits_of(3).get(said).cloned() {
            base.take(&commit);
            there.wait(1);
            life.repeat(0, restamped(commit, &mut there));
        }
    }
    for (node, turns) in apart.iter().enumerate() {
        for draw in turns {
            match draw % 5 {
                0 => create_twin(&mut life, node, draw / 5),
                _ => life.act(node, *draw),
            }
        }
    }
    let runs = (0..3_u32).zip(0..3).map(|(id, node)| {
        let commits = life.commits_of(node).to_vec();
        (NodeId::from_bits(id + 1), commits)
    });
    Outage {
        base,
        seen,
        runs: runs.collect(),
    }
}

/// The same commit as another node makes it.
fn restamped(mut commit: Commit, there: &mut World) -> Commit {
    let stamp = there.next_stamp();
    for (step, record) in (0..).zip(&mut commit.records) {
        if let watchbook_core::Record::Event(event) = record {
            event.stamp = stamp.step(step);
        }
    }
    commit.stamp = stamp;
    commit
}

/// Opens what another node may open as well: by one of two keys, or for one of two alert groups.
fn create_twin(life: &mut Life, node: usize, draw: u64) {
    let world = &mut life.nodes[node];
    world.wait(draw % 3);
    let id = world.new_id();
    let new = incident(["pool", "disk"][usize::from(draw % 4 < 2)]);
    let command = if draw.is_multiple_of(2) {
        let name = format!("twin {}", draw % 4 < 2);
        let op = Op::Create(Box::new(new));
        world.keyed(id, op, &name, &name)
    } else if world.has_group(["g1", "g2"][usize::from(draw % 4 < 2)]) {
        return;
    } else {
        let group_key = Short::new(["g1", "g2"][usize::from(draw % 4 < 2)]).ok();
        world.command(id, Op::Create(Box::new(NewIncident { group_key, ..new })))
    };
    life.carry_out(node, &command);
}

/// What is left of a log, numbers aside.
#[derive(Debug, PartialEq)]
struct Left {
    events: BTreeMap<EventId, Event>,
    states: BTreeMap<IncidentId, IncidentState>,
    keys: BTreeMap<ChangeId, KeyUse>,
}

fn left(log: &Log) -> Left {
    let unnumbered = log.events().map(|event| {
        let event = Event {
            seq: 0,
            ..event.clone()
        };
        (event.id, event)
    });
    Left {
        events: unnumbered.collect(),
        states: log.states().clone(),
        keys: log.keys.clone(),
    }
}

/// Takes in the next commit of the node that each turn names, then the rest.
fn absorbed(outage: &Outage, turns: impl IntoIterator<Item = usize>) -> Log {
    let mut log = outage.base.clone();
    let mut next = [0; 3];
    let rest = (0..3).flat_map(|node| std::iter::repeat_n(node, outage.runs[node].1.len()));
    for node in turns.into_iter().chain(rest) {
        let (id, commits) = &outage.runs[node];
        let Some(commit) = commits.get(next[node]) else {
            continue;
        };
        next[node] += 1;
        let taken = log.absorb(*id, commit, &outage.seen);
        assert!(taken.is_ok(), "{commit:?} is unfit: {taken:?}");
        let again = log.clone().absorb(*id, commit, &outage.seen).unwrap();
        assert_eq!(
            (&again.commit, again.beside.len()),
            (&None, 0),
            "{commit:?}"
        );
    }
    log
}

fn whole(outage: &Outage, order: [usize; 3]) -> Log {
    let turns = order
        .into_iter()
        .flat_map(|node| std::iter::repeat_n(node, outage.runs[node].1.len()));
    absorbed(outage, turns.collect::<Vec<_>>())
}

fn check_numbers(log: &Log, outage: &Outage) {
    for id in log.states().keys() {
        let numbers: Vec<u32> = log.timeline(*id).iter().map(|event| event.seq).collect();
        assert_eq!(numbers, (1..).take(numbers.len()).collect::<Vec<_>>());
    }
    for (_, commits) in &outage.runs {
        let mut last: BTreeMap<IncidentId, u32> = BTreeMap::new();
        for event in commits.iter().flat_map(Commit::events) {
            let here = log.events().find(|line| line.id == event.id).unwrap();
            if here.stamp == event.stamp {
                let before = last.insert(event.incident_id, here.seq);
                assert!(before.is_none_or(|before| before < here.seq));
            }
        }
    }
}

/// Of the incidents that one key or one group opened, all but the earliest are merged into it, unless somebody did
/// something about it.
fn check_twins(log: &Log) {
    let opened = |line: &Event, key: &str| {
        line.set
            .iter()
            .any(|set| matches!(set, Set::GroupKey(group) if group.as_str() == key))
    };
    for group in ["g1", "g2"] {
        let mut all: Vec<&Event> = log.events().filter(|line| opened(line, group)).collect();
        all.sort_by_key(|line| line.mark());
        for later in all.iter().skip(1) {
            let touched = log.timeline(later.incident_id).iter().any(|line| {
                line.source != Source::System
                    && line
                        .set
                        .iter()
                        .any(|set| matches!(set, Set::MergedInto(_) | Set::Canceled(_)))
            });
            let shown = log.states()[&later.incident_id]
                .incident(later.incident_id)
                .unwrap();
            if !touched {
                assert_eq!(shown.merged_into, Some(all[0].incident_id));
            }
        }
    }
}

const ORDERS: [[usize; 3]; 6] = [
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_coming_back_makes_no_difference(
        outage in outages(),
        pieces in prop::collection::vec(prop::collection::vec(0..3_usize, 0..40), 4),
    ) {
        let first = whole(&outage, ORDERS[0]);
        check_numbers(&first, &outage);
        check_twins(&first);
        let expected = left(&first);
        for order in ORDERS {
            let log = whole(&outage, order);
            check_numbers(&log, &outage);
            assert_same(&left(&log), &expected);
        }
        for turns in pieces {
            let log = absorbed(&outage, turns);
            check_numbers(&log, &outage);
            assert_same(&left(&log), &expected);
        }
    }
}

fn assert_same(is: &Left, expected: &Left) {
    for (id, event) in &is.events {
        assert_eq!(expected.events.get(id), Some(event));
    }
    assert_eq!(is.events.len(), expected.events.len());
    assert_eq!(is.states, expected.states);
    assert_eq!(is.keys, expected.keys);
}

#[test]
fn random_outages_meet_what_they_are_about() {
    let mut conflicts = 0;
    let mut merges = 0;
    for seed in 0..60_u64 {
        let draws = |from: u64| {
            (0..12).map(move |turn| {
                (seed * 977 + from * 131 + turn).wrapping_mul(0x9e37_79b9_7f4a_7c15)
            })
        };
        let apart: Vec<Vec<u64>> = (1..4).map(|node| draws(node).collect()).collect();
        let outage = outage(&draws(0).collect::<Vec<_>>(), &[], &apart);
        let log = whole(&outage, ORDERS[0]);
        conflicts += log
            .events()
            .filter(|line| line.kind == EventType::Conflict)
            .count();
        let derived =
            |line: &&Event| line.kind == EventType::Merge && line.source == Source::System;
        merges += log.events().filter(derived).count();
    }
    assert!(conflicts > 20 && merges > 20, "{conflicts} {merges}");
}
