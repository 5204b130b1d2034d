//! A world to decide in: incidents, their timelines, the keys in use, and a node that makes stamps.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Map;
use watchbook_core::text::{Env, Message, Prose, ServiceName, Short, Title};
use watchbook_core::{
    AgentId, AppendType, By, ChangeId, Command, Commit, Decision, Digest, ETag, Event, EventId,
    Facts, FollowupStatus, HybridClock, Incident, IncidentId, IncidentState, Key, KeyUse, Kind,
    Lifecycle, NewFollowup, NewIncident, NodeId, Op, Prior, Refused, Resolution, Severity, Source,
    Stamp, Step, Timestamp, Via, decide, fold,
};

/// A node with everything it knows.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) now: Timestamp,
    pub(crate) commits: Vec<Commit>,
    pub(crate) states: BTreeMap<IncidentId, IncidentState>,
    events: BTreeMap<EventId, Event>,
    keys: BTreeMap<ChangeId, KeyUse>,
    clock: HybridClock,
    made: u64,
    as_agent: &'static str,
    through: Option<&'static str>,
    if_match: Option<ETag>,
}

impl Facts for World {
    fn incident(&self, id: IncidentId) -> Option<&IncidentState> {
        self.states.get(&id)
    }

    fn event(&self, incident: IncidentId, event: EventId) -> Option<&Event> {
        let event = self.events.get(&event)?;
        (event.incident_id == incident).then_some(event)
    }

    fn prior(&self, command: &Command) -> Option<Prior> {
        let key = self.keys.get(&command.change)?;
        Some(Prior { body: key.body })
    }

    fn similar(&self, _created: &Event) -> Vec<IncidentId> {
        self.states.keys().rev().take(2).copied().collect()
    }
}

impl World {
    /// A world at 2026-02-23T10:00:00Z in which nothing has happened.
    pub(crate) fn new() -> Self {
        Self::of_node(1)
    }

    pub(crate) fn of_node(node: u32) -> Self {
        Self {
            now: "2026-02-23T10:00:00Z".parse().unwrap(),
            commits: Vec::new(),
            states: BTreeMap::new(),
            events: BTreeMap::new(),
            keys: BTreeMap::new(),
            clock: HybridClock::new(NodeId::from_bits(node)),
            made: u64::from(node) << 32,
            as_agent: "sofiia",
            through: None,
            if_match: None,
        }
    }

    /// The same world as another agent sees it for one command.
    pub(crate) fn by(&mut self, agent: &'static str) -> &mut Self {
        self.as_agent = agent;
        self
    }

    /// The next command comes by a key of this identity, which acts for the agent.
    pub(crate) fn through(&mut self, key: &'static str) -> &mut Self {
        self.through = Some(key);
        self
    }

    /// The next command names this version.
    pub(crate) fn if_match(&mut self, etag: ETag) -> &mut Self {
        self.if_match = Some(etag);
        self
    }

    /// The stamp that its next write would have.
    pub(crate) fn next_stamp(&self) -> Stamp {
        self.clock.next(self.now)
    }

    /// Whether it knows an incident that was opened for this group of alerts.
    pub(crate) fn has_group(&self, group: &str) -> bool {
        let of = |id: &IncidentId| self.get(*id).group_key;
        self.states
            .keys()
            .filter_map(of)
            .any(|key| key.as_str() == group)
    }

    pub(crate) fn fresh(&mut self) -> u64 {
        self.made += 1;
        self.made
    }

    pub(crate) fn wait(&mut self, seconds: u64) {
        self.now = self.now.plus(Duration::from_secs(seconds));
    }

    pub(crate) fn command(&mut self, incident: IncidentId, op: Op) -> Command {
        let change = ChangeId::from_key("world", &self.fresh().to_string());
        let agent = AgentId::new(std::mem::replace(&mut self.as_agent, "sofiia")).unwrap();
        let source = if agent.is_human() {
            Source::Human
        } else {
            Source::Agent
        };
        Command {
            change,
            incident,
            by: By {
                agent,
                key: None,
                delegate: self.through.take().map(|id| AgentId::new(id).unwrap()),
                request: None,
                via: Via::Embedded,
                source,
            },
            key: None,
            if_match: self.if_match.take(),
            fence: None,
            op,
        }
    }

    pub(crate) fn keyed(&mut self, incident: IncidentId, op: Op, key: &str, body: &str) -> Command {
        Command {
            change: ChangeId::from_key("scope", key),
            key: Some(Key {
                body: Digest::of(body.as_bytes()),
            }),
            ..self.command(incident, op)
        }
    }

    /// Decides, and takes over what was decided.
    pub(crate) fn tell(&mut self, command: &Command) -> Result<Decision, Refused> {
        let stamp = self.clock.next(self.now);
        let decision = decide(self, command, stamp)?;
        if let Decision::Commit { commit, .. } = &decision {
            self.take(commit.clone());
        }
        Ok(decision)
    }

    /// Folds a commit, of this node or another.
    pub(crate) fn take(&mut self, commit: Commit) {
        self.clock.observe(commit.last_stamp());
        if let Some(key) = commit.key() {
            self.keys.insert(key.change, key.clone());
        }
        for event in commit.events() {
            fold::apply(self.states.entry(event.incident_id).or_default(), event);
            self.events.insert(event.id, event.clone());
        }
        self.commits.push(commit);
    }

    pub(crate) fn run(&mut self, incident: IncidentId, op: Op) -> Result<Decision, Refused> {
        let command = self.command(incident, op);
        self.tell(&command)
    }

    /// Carries out what must be legal, and gives the events.
    pub(crate) fn must(&mut self, incident: IncidentId, op: Op) -> Vec<Event> {
        let told = format!("{op:?}");
        match self.run(incident, op) {
            Ok(Decision::Commit { commit, .. }) => commit.events().cloned().collect(),
            Ok(Decision::Unchanged) => Vec::new(),
            other => panic!("{told} ended in {other:?}"),
        }
    }

    /// The reason for which it must be refused.
    pub(crate) fn refused(&mut self, incident: IncidentId, op: Op) -> Refused {
        let before = self.states.clone();
        let answer = self.run(incident, op);
        assert_eq!(self.states, before);
        answer.expect_err("it is illegal")
    }

    pub(crate) fn create(&mut self) -> IncidentId {
        self.create_with(incident("gateway returns 5xx"))
    }

    pub(crate) fn create_with(&mut self, new: NewIncident) -> IncidentId {
        let id = self.new_id();
        self.must(id, Op::Create(Box::new(new)));
        id
    }

    pub(crate) fn new_id(&mut self) -> IncidentId {
        let seed = self.fresh();
        IncidentId::from_seed(self.now, seed)
    }

    pub(crate) fn get(&self, id: IncidentId) -> Incident {
        self.states[&id].incident(id).unwrap()
    }

    /// Events of one incident in the order of their numbers.
    pub(crate) fn timeline(&self, id: IncidentId) -> Vec<Event> {
        let events = self.commits.iter().flat_map(Commit::events);
        let mut events: Vec<Event> = events
            .filter(|event| event.incident_id == id)
            .cloned()
            .collect();
        events.sort_by_key(|event| event.seq);
        events
    }
}

pub(crate) fn incident(text: &str) -> NewIncident {
    NewIncident {
        service: ServiceName::new("gateway").unwrap(),
        affects: Vec::new(),
        env: Env::prod(),
        severity: Severity::P2,
        uncertain: false,
        title: title(text),
        summary: None,
        kind: Kind::ErrorRate,
        signature: None,
        labels: BTreeMap::new(),
        drill: false,
        roles: BTreeMap::new(),
        started_at: None,
        detected_at: None,
        group_key: None,
    }
}

pub(crate) fn followup(text: &str) -> NewFollowup {
    NewFollowup {
        title: title(text),
        message: None,
        owner: None,
        priority: Severity::P2,
        due: None,
        status: FollowupStatus::Open,
        external_ref: None,
        meta: Map::new(),
    }
}

pub(crate) fn step(step: Step) -> Op {
    Op::Move(Box::new(lifecycle(step)))
}

pub(crate) fn lifecycle(step: Step) -> Lifecycle {
    Lifecycle {
        step,
        at: None,
        note: None,
        resolution: Resolution::default(),
    }
}

pub(crate) fn note(text: &str) -> Op {
    note_with(text, Map::new())
}

pub(crate) fn note_with(text: &str, meta: Map<String, serde_json::Value>) -> Op {
    Op::Append {
        kind: AppendType::Note,
        message: message(text),
        meta,
        at: None,
    }
}

pub(crate) fn title(text: &str) -> Title {
    Title::new(text).unwrap()
}

pub(crate) fn message(text: &str) -> Message {
    Message::new(text).unwrap()
}

pub(crate) fn prose(text: &str) -> Prose {
    Prose::new(text).unwrap()
}

pub(crate) fn short(text: &str) -> Short {
    Short::new(text).unwrap()
}
