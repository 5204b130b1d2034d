//! Commands for tests that are about something else.

use watchbook_core::text::{Env, Message, ServiceName, Title};
use watchbook_core::{
    AgentId, AppendType, ArtifactName, By, ChangeId, Command, Digest, IncidentId, Key, Kind,
    NewIncident, Op, Severity, Source, Timestamp, Via,
};
use watchbook_store::system::OsEntropy;

/// A command of `sofiia` with a change id of its own.
pub(crate) fn command(incident: IncidentId, op: Op) -> Command {
    let by = By {
        agent: AgentId::new("sofiia").unwrap(),
        key: None,
        delegate: None,
        request: None,
        via: Via::Embedded,
        source: Source::Agent,
    };
    Command {
        change: ChangeId::generate(&OsEntropy),
        incident,
        by,
        key: None,
        if_match: None,
        fence: None,
        op,
    }
}

pub(crate) fn creation() -> Command {
    let new = NewIncident {
        service: ServiceName::new("gateway").unwrap(),
        affects: Vec::new(),
        env: Env::prod(),
        severity: Severity::P1,
        uncertain: false,
        title: Title::new("5xx rate over 5 %").unwrap(),
        summary: None,
        kind: Kind::ErrorRate,
        signature: None,
        labels: std::collections::BTreeMap::new(),
        drill: false,
        roles: std::collections::BTreeMap::new(),
        started_at: None,
        detected_at: None,
        group_key: None,
    };
    let id = IncidentId::generate(Timestamp::from_millis(1_771_840_800_000), &OsEntropy);
    command(id, Op::Create(Box::new(new)))
}

pub(crate) fn note(incident: IncidentId, text: &str) -> Command {
    command(
        incident,
        Op::Append {
            kind: AppendType::Note,
            message: Message::new(text).unwrap(),
            meta: serde_json::Map::new(),
            at: None,
        },
    )
}

pub(crate) fn merge(incident: IncidentId, into: IncidentId) -> Command {
    let (at, note) = (None, None);
    command(incident, Op::Merge { into, at, note })
}

/// A creation under an idempotency key.
pub(crate) fn keyed_creation(key: &str) -> Command {
    Command {
        change: ChangeId::from_key("sofiia/oncall_tool/incident_create", key),
        key: Some(Key {
            body: Digest::of(key.as_bytes()),
        }),
        ..creation()
    }
}

/// An attachment with its bytes.
pub(crate) fn attach(incident: IncidentId) -> (Command, Vec<u8>) {
    let content = b"# What was done\n".to_vec();
    let op = Op::Attach {
        name: ArtifactName::new("notes.md").unwrap(),
        sha256: Digest::of(&content),
        bytes: content.len() as u64,
    };
    (command(incident, op), content)
}
