//! A node that is apart from the store under test: it decides on what it knew of it, and keeps what it wrote.

use std::collections::BTreeMap;

use watchbook_core::{
    ChangeId, Command, Commit, Decision, Digest, Event, EventId, Facts, HybridClock, IncidentId,
    IncidentState, KeyUse, NodeId, Op, Prior, Refused, StoreId, Timestamp, decide, fold,
};

use super::Scene;
use crate::contract::{Absorb, Absorbed, Apart, Run, Store, StoreError};

/// A node that is apart.
#[derive(Debug)]
pub(crate) struct Node {
    clock: HybridClock,
    id: NodeId,
    states: BTreeMap<IncidentId, IncidentState>,
    lines: Vec<Event>,
    keys: BTreeMap<ChangeId, KeyUse>,
    seen: BTreeMap<IncidentId, u32>,
    written: Vec<Apart>,
    /// Up to which of its commits were sent.
    sent: usize,
}

impl Facts for Node {
    fn incident(&self, id: IncidentId) -> Option<&IncidentState> {
        self.states.get(&id)
    }

    fn event(&self, incident: IncidentId, event: EventId) -> Option<&Event> {
        let mut own = self.lines.iter();
        own.find(|line| line.id == event && line.incident_id == incident)
    }

    fn prior(&self, command: &Command) -> Option<Prior> {
        let used = self.keys.get(&command.change)?;
        Some(Prior { body: used.body })
    }

    fn similar(&self, _created: &Event) -> Vec<IncidentId> {
        Vec::new()
    }
}

impl Node {
    /// A node that knows nothing. Its number must be one that no other node of the case has.
    pub(crate) const fn new(number: u32) -> Self {
        let id = NodeId::from_bits(number);
        Self {
            clock: HybridClock::new(id),
            id,
            states: BTreeMap::new(),
            lines: Vec::new(),
            keys: BTreeMap::new(),
            seen: BTreeMap::new(),
            written: Vec::new(),
            sent: 0,
        }
    }

    /// Takes note of an incident of the store, before it is apart from it.
    pub(crate) async fn hear<S: Store>(&mut self, scene: &Scene<S>, id: IncidentId) {
        self.learn(scene.timeline(id).await);
    }

    /// The same with lines that were read.
    pub(crate) fn learn(&mut self, lines: Vec<Event>) {
        for line in lines {
            self.seen.insert(line.incident_id, line.seq);
            self.fold(line);
        }
    }

    fn fold(&mut self, line: Event) {
        self.clock.observe(line.stamp);
        fold::apply(self.states.entry(line.incident_id).or_default(), &line);
        self.lines.push(line);
    }

    /// Carries out what must be legal, a second after what was done before.
    pub(crate) fn tell<S: Store>(&mut self, scene: &Scene<S>, command: &Command) -> Commit {
        scene.tick();
        match self.try_tell(scene.now(), command) {
            Ok(Decision::Commit { commit, .. }) => commit,
            other => panic!("{:?} came to {other:?}", command.op),
        }
    }

    /// Carries a command out if it is legal.
    pub(crate) fn try_tell(
        &mut self,
        now: Timestamp,
        command: &Command,
    ) -> Result<Decision, Refused> {
        let decision = decide(self, command, self.clock.next(now))?;
        if let Decision::Commit { commit, .. } = &decision {
            self.write(commit);
        }
        Ok(decision)
    }

    fn write(&mut self, commit: &Commit) {
        commit.events().for_each(|line| self.fold(line.clone()));
        if let Some(used) = commit.key() {
            self.keys.insert(used.change, used.clone());
        }
        let n = self.written.len() as u64 + 1;
        self.written.push(Apart {
            n,
            commit: commit.clone(),
            seen: self.seen.iter().map(|(id, seq)| (*id, *seq)).collect(),
            bytes: Vec::new(),
        });
    }

    /// The same with an operation on one incident.
    pub(crate) fn run<S: Store>(&mut self, scene: &Scene<S>, id: IncidentId, op: Op) -> Commit {
        let command = scene.command(id, op);
        self.tell(scene, &command)
    }

    /// Sends these bytes with the last commit.
    pub(crate) fn bring(&mut self, id: IncidentId, bytes: &[u8]) {
        if let Some(last) = self.written.last_mut() {
            let digest = Digest::of(bytes);
            last.bytes.push((id, digest, bytes.to_vec()));
        }
    }

    /// The log's id.
    pub(crate) fn source(&self) -> StoreId {
        StoreId::from_bits(u128::from(self.id.to_bits()))
    }

    /// What it has written since it last sent something.
    pub(crate) fn pending(&self) -> Run {
        self.next(usize::MAX)
    }

    /// The first `most` commits of it, which count as sent.
    pub(crate) fn send(&mut self, most: usize) -> Run {
        let run = self.next(most);
        self.sent += run.commits.len();
        run
    }

    fn next(&self, most: usize) -> Run {
        let rest = &self.written[self.sent..];
        let commits = rest[..most.min(rest.len())].to_vec();
        Run {
            source: self.source(),
            node: self.id,
            after: self.sent as u64,
            upto: (self.sent + commits.len()) as u64,
            commits,
        }
    }

    /// Sends what is pending.
    pub(crate) async fn come_back(&mut self, to: &dyn Absorb) -> Result<Absorbed, StoreError> {
        let absorbed = to.absorb(self.pending()).await?;
        self.sent = self.written.len();
        Ok(absorbed)
    }
}
