//! A random life: numbers in, commands out. Few incidents, few keys and few words, so that things collide.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, json};
use watchbook_core::text::{Env, Message, Name, Prose, ServiceName, Short, Title};
use watchbook_core::{
    AgentId, AppendType, By, ChangeId, Clock, Command, Digest, ETag, EventId, FollowupPatch,
    FollowupStatus, ImportedEvent, ImportedIncident, IncidentId, IncidentPatch, Key, Kind,
    Lifecycle, NewFollowup, NewIncident, Op, Proposal, ProposedChange, Resolution, Severity,
    Source, Stage, Step, Timestamp, Via,
};

use crate::contract::{Applied, StoreError};
use crate::system::{ManualClock, SeededEntropy};

/// What a life does next.
pub(super) enum Turn {
    /// Time passed, or went back.
    Wait,
    /// A preview.
    Try(Command),
    /// A write.
    Do(Command),
    /// A look at a list that the number picks.
    Look(u64),
}

/// The most incidents of a life: enough to merge in rings, few enough to meet again.
const INCIDENTS: u64 = 6;
/// The keys that callers use at one time.
const KEYS: u64 = 4;
/// After so long callers take new keys: whether a store still knows one after seven days is its own affair.
const KEYS_LAST: Duration = Duration::from_hours(3 * 24);
const AGENTS: [&str; 3] = ["sofiia", "helion", "human:ada"];
const WORDS: [&str; 6] = ["pool", "gateway", "timeout", "disk", "retry", "cache"];

/// Somebody who remembers what happened, and draws what happens next.
pub(super) struct Life {
    clock: ManualClock,
    begun: Timestamp,
    incidents: Vec<IncidentId>,
    events: Vec<(IncidentId, EventId)>,
    etags: Vec<ETag>,
    turns: u64,
}

/// The numbers that one turn draws.
struct Draws(SeededEntropy);

impl Draws {
    fn below(&self, limit: u64) -> u64 {
        self.0.next_u64() % limit
    }

    fn one_in(&self, chances: u64) -> bool {
        self.below(chances) == 0
    }

    fn of<'a, T>(&self, items: &'a [T]) -> Option<&'a T> {
        let count = u64::try_from(items.len()).ok().filter(|count| *count > 0)?;
        items.get(usize::try_from(self.below(count)).ok()?)
    }

    fn some<T: Copy>(&self, items: &[T]) -> T {
        *self.of(items).expect("a list that is not empty")
    }

    fn word(&self) -> String {
        format!("{} {}", self.some(&WORDS), self.some(&WORDS))
    }
}

impl Life {
    pub(super) fn new(clock: &ManualClock) -> Self {
        Self {
            clock: clock.clone(),
            begun: clock.now(),
            incidents: Vec::new(),
            events: Vec::new(),
            etags: Vec::new(),
            turns: 0,
        }
    }

    /// Remembers what was answered, to come back to it.
    pub(super) fn learn(&mut self, answer: &Result<Applied, StoreError>) {
        if let Ok(applied) = answer {
            self.events.extend(
                applied
                    .events
                    .iter()
                    .map(|event| (event.incident_id, event.id)),
            );
            self.etags.push(applied.incident.etag);
        }
    }

    pub(super) fn turn(&mut self, draw: u64) -> Turn {
        self.turns += 1;
        let draws = Draws(SeededEntropy::new(draw));
        match draws.below(20) {
            0 => self.wait(&draws),
            1 => Turn::Look(draws.below(1_000)),
            2 => Turn::Try(self.command(&draws)),
            _ => Turn::Do(self.command(&draws)),
        }
    }

    fn wait(&self, draws: &Draws) -> Turn {
        match draws.below(4) {
            0 => self
                .clock
                .set(self.clock.now().minus(Duration::from_hours(1))),
            1 => drop(self.clock.advance(Duration::from_hours(4 * 24))),
            2 => drop(self.clock.advance(Duration::from_mins(7))),
            _ => drop(self.clock.advance(Duration::from_millis(1))),
        }
        Turn::Wait
    }

    fn command(&mut self, draws: &Draws) -> Command {
        self.clock.advance(Duration::from_secs(draws.below(3)));
        let (incident, op) = self.wanted(draws);
        let key = draws.one_in(4).then(|| draws.below(KEYS));
        let change = match key {
            Some(key) => {
                ChangeId::from_key(&format!("model {}", self.age_of_keys()), &key.to_string())
            }
            None => ChangeId::from_key("once", &self.turns.to_string()),
        };
        // One body in eight is another one, so that a key meets a request that it was not made for.
        let body = |_| Key {
            body: Digest::of(&[u8::from(draws.one_in(8))]),
        };
        Command {
            change,
            incident,
            by: by(draws),
            key: key.map(body),
            if_match: draws
                .one_in(10)
                .then(|| draws.of(&self.etags).copied())
                .flatten(),
            op,
        }
    }

    fn age_of_keys(&self) -> u128 {
        self.clock.now().since(self.begun).as_millis() / KEYS_LAST.as_millis()
    }

    fn wanted(&mut self, draws: &Draws) -> (IncidentId, Op) {
        let known = u64::try_from(self.incidents.len()).unwrap_or(u64::MAX);
        if known == 0 || (known < INCIDENTS && draws.one_in(6)) {
            let id = IncidentId::from_seed(self.clock.now(), self.turns);
            self.incidents.push(id);
            return (id, self.beginning(draws));
        }
        let id = draws.some(&self.incidents);
        (id, self.op(draws, id))
    }

    fn beginning(&self, draws: &Draws) -> Op {
        let incident = new_incident(draws);
        if draws.one_in(2) {
            return Op::Create(Box::new(incident));
        }
        let created_at = self
            .clock
            .now()
            .minus(Duration::from_hours(draws.below(100)));
        let event = |minutes: u64| ImportedEvent {
            at: created_at.plus(Duration::from_mins(minutes)),
            message: message(draws),
            stage: draws.one_in(2).then(|| draws.some(Stage::ALL)),
            meta: Map::new(),
        };
        // Not beyond the present: a past that is not past is refused, and that is drawn often enough.
        let events = (0..draws.below(4)).map(event).collect();
        Op::Import(Box::new(ImportedIncident {
            incident,
            created_at,
            events,
        }))
    }

    fn op(&self, draws: &Draws, id: IncidentId) -> Op {
        match draws.below(16) {
            0 => self.beginning(draws),
            1..=4 => Op::Move(Box::new(self.lifecycle(draws))),
            5 => Op::Merge {
                into: draws.some(&self.incidents),
                at: None,
                note: None,
            },
            6 => Op::Unmerge {
                at: None,
                note: draws.one_in(2).then(|| message(draws)),
            },
            7 => Op::OpenFollowup(Box::new(new_followup(draws))),
            8 => self.followup_update(draws, id),
            9 => Op::Claim {
                seconds: u32::try_from(draws.below(10_000)).unwrap_or(0),
            },
            10 => Op::Release,
            11 => Op::Propose(Box::new(self.proposal(draws))),
            12 => self.verdict(draws, id),
            13 => Op::Redact {
                event: self.event(draws, id),
                reason: prose(draws),
            },
            14 => Op::Update(Box::new(patch(draws))),
            _ => self.line(draws),
        }
    }

    /// A line of this incident, mostly; sometimes one of another, or of none.
    fn event(&self, draws: &Draws, id: IncidentId) -> EventId {
        let own: Vec<EventId> = self
            .events
            .iter()
            .filter(|(of, _)| *of == id || draws.one_in(20))
            .map(|(_, event)| *event)
            .collect();
        draws.of(&own).copied().unwrap_or(EventId::from_bits(7))
    }

    fn lifecycle(&self, draws: &Draws) -> Lifecycle {
        let shift = Duration::from_mins(draws.below(20));
        let at = match draws.below(6) {
            0 => Some(self.clock.now().plus(shift)),
            1 => Some(self.begun.plus(shift)),
            _ => None,
        };
        Lifecycle {
            step: draws.some(Step::ALL),
            at,
            note: draws.one_in(2).then(|| message(draws)),
            resolution: resolution(draws),
        }
    }

    fn followup_update(&self, draws: &Draws, id: IncidentId) -> Op {
        let patch = FollowupPatch {
            title: draws.one_in(3).then(|| title(draws)),
            owner: draws
                .one_in(3)
                .then(|| draws.one_in(2).then(|| short(draws))),
            priority: None,
            due: draws
                .one_in(3)
                .then(|| draws.one_in(2).then(|| "2026-03-01".parse().unwrap())),
            status: draws.one_in(2).then(|| draws.some(FollowupStatus::ALL)),
            external_ref: None,
            reason: draws.one_in(2).then(|| prose(draws)),
        };
        Op::UpdateFollowup {
            followup: self.event(draws, id),
            patch: Box::new(patch),
            note: draws.one_in(2).then(|| message(draws)),
        }
    }

    fn proposal(&self, draws: &Draws) -> Proposal {
        let change = match draws.below(4) {
            0 => ProposedChange::Close(resolution(draws)),
            1 => ProposedChange::Merge(draws.some(&self.incidents)),
            2 => ProposedChange::Env(draws.some(&["prod", "staging"]).parse().unwrap()),
            _ => ProposedChange::Severity(draws.some(&Severity::ALL)),
        };
        Proposal {
            change,
            reason: message(draws),
            seconds: u32::try_from(draws.below(10_000)).unwrap_or(0),
        }
    }

    fn verdict(&self, draws: &Draws, id: IncidentId) -> Op {
        let proposal = self.event(draws, id);
        if draws.one_in(3) {
            return Op::Reject {
                proposal,
                reason: message(draws),
            };
        }
        Op::Approve {
            proposal,
            note: draws.one_in(2).then(|| message(draws)),
        }
    }

    fn line(&self, draws: &Draws) -> Op {
        let ago = Duration::from_mins(draws.below(100));
        Op::Append {
            kind: draws.some(AppendType::ALL),
            message: message(draws),
            meta: meta(draws),
            at: draws.one_in(3).then(|| self.clock.now().minus(ago)),
        }
    }
}

fn by(draws: &Draws) -> By {
    By {
        agent: AgentId::new(draws.some(&AGENTS)).unwrap(),
        key: None,
        delegate: draws
            .one_in(4)
            .then(|| AgentId::new(draws.some(&AGENTS)).unwrap()),
        request: None,
        via: Via::Embedded,
        source: draws.some(&[Source::Agent, Source::Human, Source::System]),
    }
}

fn meta(draws: &Draws) -> Map<String, serde_json::Value> {
    if draws.one_in(2) {
        return Map::new();
    }
    let thousandths = u32::try_from(draws.below(1_000_000)).unwrap_or(0);
    Map::from_iter([
        ("rate".to_owned(), json!(f64::from(thousandths) / 1_000.0)),
        ("word".to_owned(), json!([draws.word(), null])),
    ])
}

fn new_incident(draws: &Draws) -> NewIncident {
    let label = |key: &str| (Name::new(key).unwrap(), short(draws));
    NewIncident {
        service: ServiceName::new(draws.some(&WORDS)).unwrap(),
        affects: if draws.one_in(3) {
            vec![ServiceName::new(draws.some(&WORDS)).unwrap()]
        } else {
            Vec::new()
        },
        env: Env::new(draws.some(&["prod", "staging"])).unwrap(),
        severity: draws.some(&Severity::ALL),
        uncertain: draws.one_in(4),
        title: Title::new(draws.some(&WORDS)).unwrap(),
        summary: draws.one_in(2).then(|| prose(draws)),
        kind: draws.some(Kind::ALL),
        signature: None,
        labels: BTreeMap::from_iter(draws.one_in(2).then(|| label("region"))),
        drill: draws.one_in(8),
        roles: BTreeMap::from_iter(draws.one_in(2).then(|| label("commander"))),
        started_at: None,
        detected_at: None,
    }
}

fn new_followup(draws: &Draws) -> NewFollowup {
    NewFollowup {
        title: title(draws),
        message: draws.one_in(2).then(|| message(draws)),
        owner: draws.one_in(2).then(|| short(draws)),
        priority: draws.some(&Severity::ALL),
        due: draws
            .one_in(2)
            .then(|| format!("2026-03-0{}", 1 + draws.below(3)).parse().unwrap()),
        status: draws.some(FollowupStatus::ALL),
        external_ref: None,
        meta: meta(draws),
    }
}

fn patch(draws: &Draws) -> IncidentPatch {
    let maybe_short = || draws.one_in(2).then(|| short(draws));
    IncidentPatch {
        severity: draws.one_in(2).then(|| draws.some(&Severity::ALL)),
        title: draws.one_in(3).then(|| title(draws)),
        summary: draws
            .one_in(3)
            .then(|| draws.one_in(2).then(|| prose(draws))),
        service: draws
            .one_in(6)
            .then(|| ServiceName::new(draws.some(&WORDS)).unwrap()),
        labels: BTreeMap::from_iter(
            draws
                .one_in(2)
                .then(|| (Name::new("region").unwrap(), maybe_short())),
        ),
        drill: draws.one_in(6).then(|| draws.one_in(2)),
        root_cause: draws
            .one_in(3)
            .then(|| draws.one_in(2).then(|| prose(draws))),
        note: draws.one_in(2).then(|| message(draws)),
        ..IncidentPatch::default()
    }
}

fn resolution(draws: &Draws) -> Resolution {
    Resolution {
        summary: draws.one_in(3).then(|| prose(draws)),
        root_cause: draws.one_in(3).then(|| prose(draws)),
    }
}

fn title(draws: &Draws) -> Title {
    Title::new(draws.word()).unwrap()
}

fn message(draws: &Draws) -> Message {
    Message::new(draws.word()).unwrap()
}

fn prose(draws: &Draws) -> Prose {
    Prose::new(draws.word()).unwrap()
}

fn short(draws: &Draws) -> Short {
    Short::new(draws.word()).unwrap()
}
