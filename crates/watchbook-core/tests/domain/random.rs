//! Random lives: numbers in, commands out, on two nodes that exchange what they wrote now and then.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use watchbook_core::text::{Name, ServiceName};
use watchbook_core::{
    AppendType, Command, Commit, Decision, ETag, EventId, FollowupPatch, FollowupStatus,
    ImportedEvent, ImportedIncident, IncidentId, IncidentPatch, Kind, Lifecycle, NewFollowup,
    NewIncident, Op, Proposal, ProposedChange, Refused, Resolution, Severity, Signature, Stage,
    Step, Timestamp,
};

use crate::artifacts::attach;
use crate::world::{World, followup, incident, message, prose, short, title};

const WORDS: [&str; 5] = ["pool", "gateway", "timeout", "disk", "ärger \"\\\n🔥"];
const LINES: [&str; 4] = ["pool", "gateway", "timeout", "ärger \"\\ 🔥"];
const AGENTS: [&str; 3] = ["sofiia", "helion", "human:ada"];

/// Some nodes, and what each has not yet heard of the others.
pub(crate) struct Life {
    pub(crate) nodes: Vec<World>,
    /// How many commits each node has heard of each.
    heard: Vec<Vec<usize>>,
    own: Vec<Vec<Commit>>,
    incidents: Vec<IncidentId>,
    events: Vec<EventId>,
    etags: Vec<ETag>,
}

/// What a turn came to.
pub(crate) enum Turned {
    /// A node heard of the other, or time passed.
    Nothing,
    /// A node decided; this is how it stood before.
    Decided(Box<World>, Result<Decision, Refused>),
}

/// Numbers from a seed (`SplitMix64`).
struct Draws(std::cell::Cell<u64>);

impl Draws {
    fn next(&self) -> u64 {
        let state = self.0.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.0.set(state);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn coin(&self) -> bool {
        self.below(2) == 0
    }

    fn of<T: Copy>(&self, items: &[T]) -> Option<T> {
        let count = u64::try_from(items.len()).ok().filter(|count| *count > 0)?;
        items.get(usize::try_from(self.below(count)).ok()?).copied()
    }

    fn some<T: Copy>(&self, items: &[T]) -> T {
        self.of(items).expect("a list that is not empty")
    }

    fn maybe<T>(&self, make: impl FnOnce() -> T) -> Option<T> {
        self.coin().then(make)
    }
}

impl Life {
    pub(crate) fn new() -> Self {
        Self::of_nodes(2)
    }

    pub(crate) fn of_nodes(count: u32) -> Self {
        let nodes: Vec<World> = (1..=count).map(World::of_node).collect();
        Self {
            heard: vec![vec![0; nodes.len()]; nodes.len()],
            own: vec![Vec::new(); nodes.len()],
            nodes,
            incidents: Vec::new(),
            events: Vec::new(),
            etags: Vec::new(),
        }
    }

    /// Lives through all draws.
    pub(crate) fn of(draws: &[u64]) -> Self {
        let mut life = Self::new();
        for draw in draws {
            life.turn(*draw);
        }
        life
    }

    /// Every commit of both nodes.
    pub(crate) fn commits(&self) -> Vec<Commit> {
        self.own.concat()
    }

    /// The commits of one node.
    pub(crate) fn commits_of(&self, node: usize) -> &[Commit] {
        &self.own[node]
    }

    /// Lets all nodes hear everything.
    pub(crate) fn exchange(&mut self) {
        for node in 0..self.nodes.len() {
            self.hear(node);
        }
    }

    fn hear(&mut self, node: usize) {
        for other in (0..self.nodes.len()).filter(|other| *other != node) {
            let heard = &mut self.heard[node][other];
            for commit in self.own[other].iter().skip(*heard) {
                self.nodes[node].take(commit.clone());
            }
            *heard = self.own[other].len();
        }
    }

    /// Lets a node do something that no key protects.
    pub(crate) fn act(&mut self, node: usize, draw: u64) {
        let draws = Draws(std::cell::Cell::new(draw));
        let (id, op) = self.wanted(node, &draws);
        let agent = draws.some(&AGENTS);
        let command = self.nodes[node].by(agent).command(id, op);
        self.carry_out(node, &command);
    }

    /// Lets a node write what was written elsewhere as its own.
    pub(crate) fn repeat(&mut self, node: usize, commit: Commit) {
        self.nodes[node].take(commit.clone());
        self.learn(node, commit);
    }

    /// Lets a node carry out a command, if it may.
    pub(crate) fn carry_out(&mut self, node: usize, command: &Command) {
        if let Ok(Decision::Commit { commit, .. }) = self.nodes[node].tell(command) {
            self.learn(node, commit);
        }
    }

    pub(crate) fn turn(&mut self, draw: u64) -> Turned {
        let draws = Draws(std::cell::Cell::new(draw));
        let node = usize::from(draws.below(4) == 0);
        match draws.below(16) {
            0 => self.hear(node),
            1 => self.nodes[node].wait(draws.below(5_000)),
            2 => {
                self.nodes[node].now = self.nodes[node]
                    .now
                    .minus(std::time::Duration::from_hours(1));
            }
            _ => return self.decide(node, &draws),
        }
        Turned::Nothing
    }

    fn decide(&mut self, node: usize, draws: &Draws) -> Turned {
        let before = self.nodes[node].clone();
        let (id, op) = self.wanted(node, draws);
        if draws.below(12) == 0
            && let Some(etag) = draws.of(&self.etags)
        {
            self.nodes[node].if_match(etag);
        }
        let world = self.nodes[node].by(draws.some(&AGENTS));
        if draws.below(4) == 0 {
            world.through(draws.some(&AGENTS));
        }
        let command = if draws.below(4) == 0 {
            world.keyed(
                id,
                op,
                draws.some(&["k1", "k2", "k3"]),
                draws.some(&["b", "b", "c"]),
            )
        } else {
            world.command(id, op)
        };
        let decided = world.tell(&command);
        if let Ok(Decision::Commit { commit, .. }) = &decided {
            self.learn(node, commit.clone());
        }
        Turned::Decided(Box::new(before), decided)
    }

    fn learn(&mut self, node: usize, commit: Commit) {
        for event in commit.events() {
            self.events.push(event.id);
            self.etags
                .extend(self.nodes[node].states[&event.incident_id].etag());
        }
        self.own[node].push(commit);
    }

    fn wanted(&mut self, node: usize, draws: &Draws) -> (IncidentId, Op) {
        let few = self.incidents.len() < 4;
        if self.incidents.is_empty() || (few && draws.below(5) == 0) {
            let id = self.nodes[node].new_id();
            self.incidents.push(id);
            let op = if draws.coin() {
                Op::Create(Box::new(new(draws)))
            } else {
                self.import(node, draws)
            };
            return (id, op);
        }
        let id = draws.some(&self.incidents);
        (id, self.op(node, draws, id))
    }

    fn import(&self, node: usize, draws: &Draws) -> Op {
        let now = self.nodes[node].now;
        let at = |draws: &Draws| now.minus(std::time::Duration::from_mins(draws.below(300)));
        let event = |draws: &Draws| ImportedEvent {
            at: at(draws),
            message: message(draws.some(&WORDS)),
            stage: draws.maybe(|| draws.some(Stage::ALL)),
            meta: meta(draws),
        };
        Op::Import(Box::new(ImportedIncident {
            incident: new(draws),
            created_at: at(draws),
            events: (0..draws.below(4)).map(|_| event(draws)).collect(),
        }))
    }

    /// A line of this incident, mostly.
    fn event(&self, node: usize, draws: &Draws, id: IncidentId) -> EventId {
        let own: Vec<EventId> = self.nodes[node]
            .timeline(id)
            .iter()
            .map(|event| event.id)
            .collect();
        let any = draws.of(&self.events);
        if draws.below(12) == 0 {
            any
        } else {
            draws.of(&own)
        }
        .unwrap_or(EventId::from_bits(7))
    }

    fn op(&self, node: usize, draws: &Draws, id: IncidentId) -> Op {
        match draws.below(14) {
            0..=3 => Op::Move(Box::new(self.lifecycle(node, draws))),
            4 => Op::Merge {
                into: draws.some(&self.incidents),
                at: None,
                note: draws.maybe(|| message("merge")),
            },
            5 => Op::Unmerge {
                at: None,
                note: None,
            },
            6 => Op::OpenFollowup(Box::new(new_followup(draws))),
            7 => Op::UpdateFollowup {
                followup: self.event(node, draws, id),
                patch: Box::new(followup_patch(draws)),
                note: draws.maybe(|| message(draws.some(&WORDS))),
            },
            8 => draws
                .some(&[Op::Claim { seconds: 900 }, Op::Release].each_ref())
                .clone(),
            9 => self.proposal(draws),
            10 => self.verdict(draws, self.event(node, draws, id)),
            11 => Op::Redact {
                event: self.event(node, draws, id),
                reason: prose("secret"),
            },
            12 => Op::Update(Box::new(patch(draws, self.nodes[node].now))),
            _ => line(draws),
        }
    }

    fn lifecycle(&self, node: usize, draws: &Draws) -> Lifecycle {
        let ago = std::time::Duration::from_mins(draws.below(20));
        Lifecycle {
            step: draws.some(Step::ALL),
            at: draws.maybe(|| self.nodes[node].now.minus(ago)),
            note: draws.maybe(|| message(draws.some(&WORDS))),
            resolution: resolution(draws),
        }
    }

    fn proposal(&self, draws: &Draws) -> Op {
        let change = match draws.below(4) {
            0 => ProposedChange::Close(resolution(draws)),
            1 => ProposedChange::Merge(draws.some(&self.incidents)),
            2 => ProposedChange::Env(draws.some(&["prod", "staging"]).parse().unwrap()),
            _ => ProposedChange::Severity(draws.some(&Severity::ALL)),
        };
        Op::Propose(Box::new(Proposal {
            change,
            reason: message("why"),
            seconds: 3_600,
        }))
    }

    fn verdict(&self, draws: &Draws, proposal: EventId) -> Op {
        let known: Vec<EventId> = self
            .nodes
            .iter()
            .flat_map(|node| node.states.keys().map(|id| node.get(*id)))
            .flat_map(|incident| incident.proposals)
            .map(|proposal| proposal.id)
            .collect();
        let proposal = draws.of(&known).unwrap_or(proposal);
        if draws.below(3) == 0 {
            return Op::Reject {
                proposal,
                reason: message("no"),
            };
        }
        Op::Approve {
            proposal,
            note: draws.maybe(|| message("yes")),
        }
    }
}

fn new(draws: &Draws) -> NewIncident {
    NewIncident {
        severity: draws.some(&Severity::ALL),
        uncertain: draws.coin(),
        summary: draws.maybe(|| prose(draws.some(&WORDS))),
        affects: draws
            .maybe(|| ServiceName::new("checkout").unwrap())
            .into_iter()
            .collect(),
        labels: BTreeMap::from_iter(draws.maybe(|| (name("region"), short(draws.some(&LINES))))),
        roles: BTreeMap::from_iter(draws.maybe(|| (name("commander"), short("ada")))),
        drill: draws.coin(),
        ..incident(draws.some(&LINES))
    }
}

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

fn line(draws: &Draws) -> Op {
    if draws.coin() {
        return attach(
            draws.some(&["a.md", "b.json"]),
            draws.some(&["1", "2", "3"]).as_bytes(),
        );
    }
    Op::Append {
        kind: draws.some(AppendType::ALL),
        message: message(draws.some(&WORDS)),
        meta: meta(draws),
        at: None,
    }
}

/// Facts with every sort of number that JSON can write.
fn meta(draws: &Draws) -> Map<String, Value> {
    let float = f64::from_bits(draws.next());
    let numbers = json!([float, draws.next(), draws.next().cast_signed()]);
    Map::from_iter(draws.maybe(|| (draws.some(&WORDS).to_owned(), numbers)))
}

fn new_followup(draws: &Draws) -> NewFollowup {
    NewFollowup {
        owner: draws.maybe(|| short("ada")),
        due: draws.maybe(|| {
            draws
                .some(&["2026-03-01", "2026-03-01T12:00:00Z"])
                .parse()
                .unwrap()
        }),
        status: draws.some(FollowupStatus::ALL),
        external_ref: draws.maybe(|| short("OPS-7")),
        meta: meta(draws),
        ..followup(draws.some(&LINES))
    }
}

fn followup_patch(draws: &Draws) -> FollowupPatch {
    FollowupPatch {
        title: draws.maybe(|| title(draws.some(&LINES))),
        owner: draws.maybe(|| draws.maybe(|| short("grace"))),
        priority: draws.maybe(|| draws.some(&Severity::ALL)),
        due: draws.maybe(|| draws.maybe(|| "2026-04-01".parse().unwrap())),
        status: draws.maybe(|| draws.some(FollowupStatus::ALL)),
        external_ref: draws.maybe(|| draws.maybe(|| short("OPS-8"))),
        reason: draws.maybe(|| prose(draws.some(&WORDS))),
    }
}

/// Any fields of an incident, with times around `now`.
fn patch(draws: &Draws, now: Timestamp) -> IncidentPatch {
    let short_or_none = || draws.maybe(|| short(draws.some(&LINES)));
    let ago = || now.minus(std::time::Duration::from_mins(draws.below(300)));
    IncidentPatch {
        service: draws.maybe(|| ServiceName::new(draws.some(&LINES)).unwrap()),
        severity: draws.maybe(|| draws.some(&Severity::ALL)),
        title: draws.maybe(|| title(draws.some(&LINES))),
        summary: draws.maybe(|| draws.maybe(|| prose(draws.some(&WORDS)))),
        labels: BTreeMap::from_iter(draws.maybe(|| (name("region"), short_or_none()))),
        roles: BTreeMap::from_iter(draws.maybe(|| (name("commander"), short_or_none()))),
        drill: draws.maybe(|| draws.coin()),
        affects: draws.maybe(|| {
            let affected = draws.maybe(|| ServiceName::new(draws.some(&LINES)).unwrap());
            affected.into_iter().collect()
        }),
        env: draws.maybe(|| draws.some(&["prod", "staging"]).parse().unwrap()),
        kind: draws.maybe(|| draws.some(Kind::ALL)),
        signature: draws.maybe(|| signature(draws)),
        // Seldom: one that is after another time of the incident refuses the whole patch.
        started_at: (draws.below(6) == 0).then(ago),
        detected_at: (draws.below(6) == 0).then(|| draws.maybe(ago)),
        resolution_summary: draws.maybe(|| draws.maybe(|| prose(draws.some(&WORDS)))),
        root_cause: draws.maybe(|| draws.maybe(|| prose(draws.some(&WORDS)))),
        note: draws.maybe(|| message(draws.some(&WORDS))),
    }
}

fn signature(draws: &Draws) -> Signature {
    let service = ServiceName::new("gateway").unwrap();
    Signature::derive(&service, draws.some(Kind::ALL), &title(draws.some(&LINES)))
}

fn resolution(draws: &Draws) -> Resolution {
    Resolution {
        summary: draws.maybe(|| prose(draws.some(&WORDS))),
        root_cause: draws.maybe(|| prose(draws.some(&WORDS))),
    }
}
