//! Nouns with every field filled, each text from outside marked by [`OUTSIDE`], each name from outside by [`MARK`].

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use watchbook_core::audit::{AuditClosing, AuditEntry, AuditOpening, AuditOutcome};
use watchbook_core::query::FollowupItem;
use watchbook_core::text::{Env, Message, Name, Prose, ServiceName, Short, Title};
use watchbook_core::{
    AgentId, ArtifactRecord, ArtifactVersion, Claim, Digest, Due, ETag, Event, EventId, EventType,
    Followup, FollowupStatus, Incident, IncidentId, Kind, NodeId, ProposalRecord, ProposalStatus,
    ProposedChange, Resolution, Severity, Source, Stamp, Status, Timestamp, Via,
};

/// What every text from outside contains here.
pub(crate) const OUTSIDE: &str = "said by a stranger";
/// What every text and every name from outside contains here: a name has no room for more.
pub(crate) const MARK: &str = "stranger";

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The present of these tests.
pub(crate) fn now() -> Timestamp {
    at("2026-03-10T12:00:00Z")
}

pub(crate) fn incident_id(number: u64) -> IncidentId {
    IncidentId::from_seed(at("2026-02-23T10:00:00Z"), number)
}

fn event_id(number: u128) -> EventId {
    EventId::from_bits(number)
}

pub(crate) fn agent(id: &str) -> AgentId {
    AgentId::new(format!("{id}_{MARK}")).unwrap()
}

pub(crate) fn env() -> Env {
    Env::new(MARK).unwrap()
}

fn outside<T: std::str::FromStr<Err: std::fmt::Debug>>(what: &str) -> T {
    format!("{what} {OUTSIDE}").parse().unwrap()
}

fn pair(name: &str) -> BTreeMap<Name, Short> {
    BTreeMap::from([(Name::new(name).unwrap(), outside("value"))])
}

pub(crate) fn followup() -> Followup {
    Followup {
        id: event_id(7),
        title: outside("follow-up"),
        owner: Some(outside("owner")),
        priority: Severity::P1,
        due: Some("2026-03-01".parse::<Due>().unwrap()),
        status: FollowupStatus::Open,
        external_ref: Some(outside("ref")),
        reason: Some(outside("reason")),
        opened_at: at("2026-02-23T11:00:00Z"),
        updated_at: at("2026-02-24T11:00:00Z"),
    }
}

pub(crate) fn followup_item() -> FollowupItem {
    FollowupItem {
        incident_id: incident_id(1),
        service: outside("service"),
        env: env(),
        severity: Severity::P0,
        followup: followup(),
    }
}

pub(crate) fn artifact_version() -> ArtifactVersion {
    ArtifactVersion {
        sha256: Digest::of(b"x"),
        bytes: 1,
        created_by: agent("helion"),
        created_at: at("2026-02-23T12:00:00Z"),
    }
}

pub(crate) fn artifact() -> ArtifactRecord {
    ArtifactRecord {
        name: format!("{MARK}.md").parse().unwrap(),
        versions: vec![artifact_version()],
    }
}

pub(crate) fn proposal(change: ProposedChange) -> ProposalRecord {
    ProposalRecord {
        id: event_id(9),
        change,
        proposed_by: agent("helion"),
        delegate: Some(agent("bridge")),
        proposed_at: at("2026-03-10T11:00:00Z"),
        expires_at: at("2026-03-11T11:00:00Z"),
        status: ProposalStatus::Pending,
    }
}

fn closing() -> ProposedChange {
    ProposedChange::Close(Resolution {
        summary: Some(outside("resolution")),
        root_cause: Some(outside("cause")),
    })
}

pub(crate) fn incident(number: u64) -> Incident {
    Incident {
        id: incident_id(number),
        service: outside("service"),
        affects: vec![outside("other")],
        env: env(),
        severity: Severity::P0,
        status: Status::Acknowledged,
        title: outside::<Title>("title"),
        summary: Some(outside("summary")),
        kind: Kind::Latency,
        signature: "9f2c4e6a8b0d1f3e".parse().unwrap(),
        labels: pair("region"),
        drill: false,
        roles: pair("commander"),
        started_at: at("2026-02-23T09:58:00Z"),
        detected_at: Some(at("2026-02-23T09:59:00Z")),
        group_key: None,
        created_at: at("2026-02-23T10:00:00Z"),
        acknowledged_at: Some(at("2026-02-23T10:05:00Z")),
        mitigated_at: None,
        resolved_at: None,
        closed_at: None,
        updated_at: at("2026-03-10T11:00:00Z"),
        last_activity_at: at("2026-03-10T11:00:00Z"),
        created_by: agent("sofiia"),
        revision: 2,
        merged_into: None,
        resolution_summary: Some(outside::<Prose>("resolution")),
        root_cause: Some(outside("cause")),
        events: 6,
        followups: vec![followup()],
        artifacts: vec![artifact()],
        claim: Some(Claim {
            holder: agent("helion"),
            since: at("2026-03-10T11:30:00Z"),
            until: at("2026-03-10T12:30:00Z"),
        }),
        proposals: vec![proposal(closing())],
        etag: ETag {
            revision: 2,
            event: event_id(3),
        },
    }
}

pub(crate) fn event(seq: u32, message: &str) -> Event {
    let mut meta = Map::new();
    meta.insert(OUTSIDE.to_owned(), json!({ "deep": [OUTSIDE] }));
    Event {
        id: event_id(u128::from(seq)),
        incident_id: incident_id(1),
        seq,
        stamp: Stamp {
            time: at("2026-02-23T10:00:00Z"),
            counter: seq,
            node: NodeId::from_bits(1),
        },
        at: at("2026-02-23T09:59:00Z"),
        kind: EventType::Note,
        message: Message::new(format!("{message} {OUTSIDE}")).unwrap(),
        meta,
        actor: agent("sofiia"),
        source: Source::Agent,
        set: Vec::new(),
        redacted: false,
    }
}

pub(crate) fn audit_entry() -> AuditEntry {
    AuditEntry {
        opening: AuditOpening {
            id: event_id(11),
            at: at("2026-03-10T11:00:00Z"),
            agent: agent("monitor"),
            key: Some(Name::new("k1").unwrap()),
            delegate: Some(agent("sofiia")),
            via: Via::Key,
            request: Name::new(format!("req_{MARK}")).unwrap(),
            tool: outside("tool"),
            action: outside("action"),
            incident: None,
            dry_run: false,
            params: Value::String(OUTSIDE.to_owned()),
        },
        closing: Some(AuditClosing {
            id: event_id(11),
            at: at("2026-03-10T11:00:01Z"),
            outcome: AuditOutcome::Denied,
            code: Some(Short::new("forbidden").unwrap()),
            incident: Some(incident_id(1)),
            took_ms: Some(3),
        }),
    }
}

pub(crate) fn service() -> ServiceName {
    outside("service")
}
