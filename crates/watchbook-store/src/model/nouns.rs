//! The numbers of a life, and what they stand for. Few words, so that things collide.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, json};
use watchbook_core::text::{Env, Message, Name, Prose, ServiceName, Short, Title};
use watchbook_core::{
    AgentId, ArtifactName, By, FollowupPatch, FollowupStatus, IncidentPatch, Kind, NewFollowup,
    NewIncident, Resolution, Severity, Signature, Source, Timestamp, Via,
};

use crate::system::SeededEntropy;

const AGENTS: [&str; 3] = ["sofiia", "helion", "human:ada"];
const WORDS: [&str; 6] = ["pool", "gateway", "timeout", "disk", "retry", "cache"];

/// The numbers that one turn draws.
pub(super) struct Draws(SeededEntropy);

impl Draws {
    pub(super) fn new(number: u64) -> Self {
        Self(SeededEntropy::new(number))
    }

    pub(super) fn below(&self, limit: u64) -> u64 {
        self.0.next_u64() % limit
    }

    /// A place in a list of this length.
    pub(super) fn index(&self, length: usize) -> usize {
        let below = self.below(u64::try_from(length).unwrap_or(u64::MAX));
        usize::try_from(below).unwrap_or(0)
    }

    pub(super) fn one_in(&self, chances: u64) -> bool {
        self.below(chances) == 0
    }

    pub(super) fn of<'a, T>(&self, items: &'a [T]) -> Option<&'a T> {
        let count = u64::try_from(items.len()).ok().filter(|count| *count > 0)?;
        items.get(usize::try_from(self.below(count)).ok()?)
    }

    pub(super) fn some<T: Copy>(&self, items: &[T]) -> T {
        *self.of(items).expect("a list that is not empty")
    }

    pub(super) fn word(&self) -> String {
        format!("{} {}", self.some(&WORDS), self.some(&WORDS))
    }
}

pub(super) fn by(draws: &Draws) -> By {
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

pub(super) fn meta(draws: &Draws) -> Map<String, serde_json::Value> {
    if draws.one_in(2) {
        return Map::new();
    }
    let thousandths = u32::try_from(draws.below(1_000_000)).unwrap_or(0);
    Map::from_iter([
        ("rate".to_owned(), json!(f64::from(thousandths) / 1_000.0)),
        ("word".to_owned(), json!([draws.word(), null])),
    ])
}

pub(super) fn new_incident(draws: &Draws) -> NewIncident {
    let label = |key: &str| (Name::new(key).unwrap(), short(draws));
    NewIncident {
        service: ServiceName::new(draws.some(&WORDS)).unwrap(),
        affects: affects(draws),
        env: env(draws),
        severity: draws.some(&Severity::ALL),
        uncertain: draws.one_in(4),
        title: Title::new(draws.some(&WORDS)).unwrap(),
        summary: draws.one_in(2).then(|| prose(draws)),
        kind: draws.some(Kind::ALL),
        signature: draws.one_in(6).then(|| signature(draws)),
        labels: BTreeMap::from_iter(draws.one_in(2).then(|| label("region"))),
        drill: draws.one_in(8),
        roles: BTreeMap::from_iter(draws.one_in(2).then(|| label("commander"))),
        started_at: None,
        detected_at: None,
        group_key: None,
    }
}

pub(super) fn new_followup(draws: &Draws) -> NewFollowup {
    NewFollowup {
        title: title(draws),
        message: draws.one_in(2).then(|| message(draws)),
        owner: draws.one_in(2).then(|| short(draws)),
        priority: draws.some(&Severity::ALL),
        due: draws
            .one_in(2)
            .then(|| format!("2026-03-0{}", 1 + draws.below(3)).parse().unwrap()),
        status: draws.some(FollowupStatus::ALL),
        external_ref: draws.one_in(2).then(|| short(draws)),
        meta: meta(draws),
    }
}

/// Any fields of an incident, with times around `now`.
pub(super) fn patch(draws: &Draws, now: Timestamp) -> IncidentPatch {
    let maybe_short = || draws.one_in(2).then(|| short(draws));
    let ago = || now.minus(Duration::from_mins(draws.below(300)));
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
        affects: draws.one_in(6).then(|| affects(draws)),
        env: draws.one_in(6).then(|| env(draws)),
        kind: draws.one_in(6).then(|| draws.some(Kind::ALL)),
        signature: draws.one_in(6).then(|| signature(draws)),
        roles: BTreeMap::from_iter(
            draws
                .one_in(3)
                .then(|| (Name::new("commander").unwrap(), maybe_short())),
        ),
        started_at: draws.one_in(6).then(ago),
        detected_at: draws.one_in(6).then(|| draws.one_in(2).then(ago)),
        resolution_summary: draws
            .one_in(3)
            .then(|| draws.one_in(2).then(|| prose(draws))),
        note: draws.one_in(2).then(|| message(draws)),
    }
}

pub(super) fn followup_patch(draws: &Draws) -> FollowupPatch {
    FollowupPatch {
        title: draws.one_in(3).then(|| title(draws)),
        owner: draws
            .one_in(3)
            .then(|| draws.one_in(2).then(|| short(draws))),
        priority: draws.one_in(3).then(|| draws.some(&Severity::ALL)),
        due: draws
            .one_in(3)
            .then(|| draws.one_in(2).then(|| "2026-03-01".parse().unwrap())),
        status: draws.one_in(2).then(|| draws.some(FollowupStatus::ALL)),
        external_ref: draws
            .one_in(3)
            .then(|| draws.one_in(2).then(|| short(draws))),
        reason: draws.one_in(2).then(|| prose(draws)),
    }
}

fn affects(draws: &Draws) -> Vec<ServiceName> {
    if draws.one_in(3) {
        vec![ServiceName::new(draws.some(&WORDS)).unwrap()]
    } else {
        Vec::new()
    }
}

fn env(draws: &Draws) -> Env {
    Env::new(draws.some(&["prod", "staging"])).unwrap()
}

fn signature(draws: &Draws) -> Signature {
    let service = ServiceName::new(draws.some(&WORDS)).unwrap();
    Signature::derive(&service, draws.some(Kind::ALL), &title(draws))
}

/// A file, whose bytes are mostly what its name says.
pub(super) fn file(draws: &Draws) -> (ArtifactName, Vec<u8>) {
    let (name, content): (_, &[u8]) = draws.some(&[
        ("notes.md", b"# first".as_slice()),
        ("notes.md", b"# second"),
        ("notes.txt", b"# first"),
        ("rates.json", br#"{"rate":0.12}"#),
        ("rates.json", b"[]"),
        ("rates.json", br#"{"rate":"#),
    ]);
    (ArtifactName::new(name).unwrap(), content.to_vec())
}

pub(super) fn resolution(draws: &Draws) -> Resolution {
    Resolution {
        summary: draws.one_in(3).then(|| prose(draws)),
        root_cause: draws.one_in(3).then(|| prose(draws)),
    }
}

pub(super) fn title(draws: &Draws) -> Title {
    Title::new(draws.word()).unwrap()
}

pub(super) fn message(draws: &Draws) -> Message {
    Message::new(draws.word()).unwrap()
}

pub(super) fn prose(draws: &Draws) -> Prose {
    Prose::new(draws.word()).unwrap()
}

pub(super) fn short(draws: &Draws) -> Short {
    Short::new(draws.word()).unwrap()
}
