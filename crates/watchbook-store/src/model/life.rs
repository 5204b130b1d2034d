//! A random life: numbers in, commands out. Few incidents, few keys and few words, so that things collide.

use std::time::Duration;

use serde_json::Map;
use watchbook_core::{
    AppendType, ArtifactName, ArtifactVersion, ChangeId, Clock, Command, Commit, Digest, ETag,
    EventId, ImportedEvent, ImportedIncident, IncidentId, Key, Lifecycle, Op, Proposal,
    ProposedChange, Severity, Stage, Step, Timestamp,
};

use super::nouns::{
    Draws, by, file, followup_patch, message, meta, new_followup, new_incident, patch, prose,
    resolution,
};
use crate::contract::{Applied, StoreError};
use crate::system::ManualClock;

/// What a life does next.
pub(super) enum Turn {
    /// Time passed, or went back.
    Wait,
    /// A preview.
    Try(Command),
    /// A write.
    Do(Command),
    /// A file with its bytes.
    Attach(Command, Vec<u8>),
    /// A look at a list that the number picks.
    Look(u64),
}

/// The most incidents of a life: enough to merge in rings, few enough to meet again.
const INCIDENTS: u64 = 6;
/// The keys that callers use at one time.
const KEYS: u64 = 4;
/// After so long callers take new keys: whether a store still knows one after seven days is its own affair.
const KEYS_LAST: Duration = Duration::from_hours(3 * 24);

/// Somebody who remembers what happened, and draws what happens next.
pub(super) struct Life {
    clock: ManualClock,
    begun: Timestamp,
    incidents: Vec<IncidentId>,
    events: Vec<(IncidentId, EventId)>,
    etags: Vec<ETag>,
    files: Vec<(IncidentId, ArtifactVersion)>,
    turns: u64,
}

impl Life {
    pub(super) fn new(clock: &ManualClock) -> Self {
        Self {
            clock: clock.clone(),
            begun: clock.now(),
            incidents: Vec::new(),
            events: Vec::new(),
            etags: Vec::new(),
            files: Vec::new(),
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
            let id = applied.incident.id;
            let versions = applied
                .incident
                .artifacts
                .iter()
                .flat_map(|file| &file.versions);
            self.files
                .extend(versions.map(|version| (id, version.clone())));
        }
    }

    /// Remembers what was written apart, to come back to it.
    pub(super) fn learn_apart(&mut self, commit: &Commit) {
        let events = commit.events();
        self.events
            .extend(events.map(|event| (event.incident_id, event.id)));
    }

    pub(super) fn turn(&mut self, draw: u64) -> Turn {
        self.turns += 1;
        let draws = Draws::new(draw);
        match draws.below(20) {
            0 => self.wait(&draws),
            1 => Turn::Look(draws.below(1_000)),
            2 => Turn::Try(self.command(&draws)),
            3 | 4 if !self.incidents.is_empty() => self.attach(&draws),
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
        self.command_for(draws, incident, op)
    }

    /// A file for one of the incidents. One in eight comes with the bytes of another.
    fn attach(&mut self, draws: &Draws) -> Turn {
        let (name, content) = file(draws);
        let attach = attachment(name, &content);
        let command = self.command_for(draws, draws.some(&self.incidents), attach);
        let content = if draws.one_in(8) {
            file(draws).1
        } else {
            content
        };
        Turn::Attach(command, content)
    }

    fn command_for(&self, draws: &Draws, incident: IncidentId, op: Op) -> Command {
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
            fence: None,
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
            14 => Op::Update(Box::new(patch(draws, self.clock.now()))),
            _ => self.line(draws, id),
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
        Op::UpdateFollowup {
            followup: self.event(draws, id),
            patch: Box::new(followup_patch(draws)),
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

    /// An attachment without its bytes: the incident has them already, or nobody has.
    fn attachment_alone(&self, draws: &Draws, id: IncidentId) -> Op {
        let known = self.files.iter().filter(|(of, _)| *of == id);
        let known: Vec<&ArtifactVersion> = known.map(|(_, version)| version).collect();
        let (name, _) = file(draws);
        match draws.of(&known) {
            Some(version) if draws.one_in(2) => Op::Attach {
                name,
                sha256: version.sha256,
                bytes: version.bytes,
            },
            _ => attachment(name, b"nowhere"),
        }
    }

    fn line(&self, draws: &Draws, id: IncidentId) -> Op {
        if draws.one_in(4) {
            return self.attachment_alone(draws, id);
        }
        let ago = Duration::from_mins(draws.below(100));
        Op::Append {
            kind: draws.some(AppendType::ALL),
            message: message(draws),
            meta: meta(draws),
            at: draws.one_in(3).then(|| self.clock.now().minus(ago)),
        }
    }
}

fn attachment(name: ArtifactName, content: &[u8]) -> Op {
    Op::Attach {
        name,
        sha256: Digest::of(content),
        bytes: content.len() as u64,
    }
}
