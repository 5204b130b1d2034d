//! Lines that are taken over, cut into commits again: what one change wrote is one commit, as far as it was given
//! together.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use watchbook_core::{
    AgentId, By, Commit, Entropy, IncidentId, NodeId, Record, Source, Stamp, Via,
};

use crate::contract::{KeptKey, StoreError, Whole};
use crate::journal::{InvalidCommit, PreparedCommit};
use crate::jsonl::codec::{self, Encoded};
use crate::jsonl::failure;
use crate::jsonl::redaction::Scrub;

/// Whom a key is said to have been used by that came without a line: who it was is not known here.
const MOVER: &str = "watchbook";
/// The node of a key that came without a line. Not that of this log: what bears it counts as made here.
const NOBODY: NodeId = NodeId::from_bits(0);

/// What becomes one commit.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) commit: Commit,
    /// Records of this journal that a line of it blacks out.
    pub(super) scrubs: Vec<Scrub>,
}

/// A part in the form in which it is written.
#[derive(Debug)]
pub(super) struct ReadyPart {
    pub(super) prepared: PreparedCommit,
    pub(super) part: Part,
}

/// The parts of all incidents, in an order that keeps that of each incident, and follows the stamps otherwise.
pub(super) fn parts(rests: Vec<Whole>) -> Vec<Part> {
    let mut queues: BTreeMap<IncidentId, VecDeque<Commit>> = BTreeMap::new();
    for rest in rests {
        queues.insert(rest.id, cut(rest).into());
    }
    let mut heads: BTreeSet<(Stamp, IncidentId)> = BTreeSet::new();
    let stamp_of = |queue: &VecDeque<Commit>| queue.front().map(|commit| commit.stamp);
    for (id, queue) in &queues {
        heads.extend(stamp_of(queue).map(|stamp| (stamp, *id)));
    }
    let mut parts: Vec<Part> = Vec::new();
    while let Some((_, id)) = heads.pop_first() {
        let Some(queue) = queues.get_mut(&id) else {
            continue;
        };
        let Some(next) = queue.pop_front() else {
            continue;
        };
        heads.extend(stamp_of(queue).map(|stamp| (stamp, id)));
        join(&mut parts, next, id);
    }
    parts
}

/// Writes a part, cut further when it is too long for one line.
pub(super) fn ready(part: Part, entropy: &dyn Entropy) -> Result<Vec<ReadyPart>, StoreError> {
    let (mut waiting, mut ready) = (vec![part], Vec::new());
    while let Some(mut part) = waiting.pop() {
        match prepared(&part, entropy)? {
            Ok(prepared) => ready.push(ReadyPart { prepared, part }),
            Err(InvalidCommit::TooLong { .. }) if part.commit.records.len() > 1 => {
                // The key stays with the last line, and the permissions with their redaction: both are in the rest.
                let rest = part.commit.records.split_off(part.commit.records.len() / 2);
                let mut later = part.commit.clone();
                later.records = rest;
                waiting.push(Part {
                    commit: later,
                    scrubs: std::mem::take(&mut part.scrubs),
                });
                waiting.push(part);
            }
            Err(error) => return Err(failure::refused_by_journal(error)),
        }
    }
    Ok(ready)
}

fn prepared(
    part: &Part,
    entropy: &dyn Entropy,
) -> Result<Result<PreparedCommit, InvalidCommit>, StoreError> {
    let redactions: Vec<_> = part.scrubs.iter().map(Scrub::redaction).collect();
    let encoded = codec::encode_planted(&part.commit, &redactions, entropy);
    let Encoded { by, records } = encoded.map_err(failure::encoding)?;
    let at = part.commit.stamp.time;
    Ok(PreparedCommit::of_serialized(at, by, &records))
}

/// Adds a commit, to the last one if that is the other half of the same change.
fn join(parts: &mut Vec<Part>, next: Commit, id: IncidentId) {
    let halves = |last: &Commit| {
        last.change == next.change
            && last.by == next.by
            && last.events().all(|event| event.incident_id != id)
            && last.events().next().is_some()
    };
    match parts.last_mut().filter(|last| halves(&last.commit)) {
        Some(last) => {
            last.commit.records.extend(next.records);
            // Lines first, then the key, as they are decided.
            last.commit
                .records
                .sort_by_key(|record| matches!(record, Record::Key(_)));
        }
        None => parts.push(Part {
            commit: next,
            scrubs: Vec::new(),
        }),
    }
}

/// The commits of one incident.
fn cut(rest: Whole) -> Vec<Commit> {
    let mut keys: VecDeque<KeptKey> = rest.keys.into();
    keys.make_contiguous().sort_by_key(|key| key.seq);
    let mut commits: Vec<Commit> = Vec::new();
    let mut lines = rest.lines.into_iter().peekable();
    while let Some(line) = lines.next() {
        // Keys that were used before this line, by changes that wrote none.
        let earlier = keys
            .iter()
            .take_while(|key| key.seq < line.event.seq)
            .count();
        commits.extend(keys.drain(..earlier).map(lone));
        let mut commit = Commit {
            change: line.change,
            stamp: line.event.stamp,
            by: line.by,
            records: vec![Record::Event(line.event)],
        };
        while let Some(more) = lines.next_if(|more| more.change == commit.change) {
            commit.records.push(Record::Event(more.event));
        }
        let own = keys.iter().position(|key| key.used.change == commit.change);
        if let Some(key) = own.and_then(|at| keys.remove(at)) {
            commit.stamp = at_time_of(&key, commit.stamp);
            commit.records.push(Record::Key(key.used));
        }
        commits.push(commit);
    }
    commits.extend(keys.into_iter().map(lone));
    commits
}

fn at_time_of(key: &KeptKey, stamp: Stamp) -> Stamp {
    if stamp.time == key.at {
        stamp
    } else {
        Stamp {
            time: key.at,
            ..stamp
        }
    }
}

/// A commit with nothing but a key.
fn lone(key: KeptKey) -> Commit {
    #[expect(clippy::expect_used, reason = "a constant that is an agent id")]
    let agent = AgentId::new(MOVER).expect("an agent id");
    Commit {
        change: key.used.change,
        stamp: Stamp {
            time: key.at,
            counter: 0,
            node: NOBODY,
        },
        by: By {
            agent,
            key: None,
            delegate: None,
            request: None,
            via: Via::Job,
            source: Source::System,
        },
        records: vec![Record::Key(key.used)],
    }
}
