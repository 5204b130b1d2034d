//! The durable record, format version 1, frozen: today's code writes exactly what these files hold, and reads it back.
//!
//! A journal that was written once must be readable for ever. So a failure here is never mended by changing a file:
//! what is new gets a new field with a default, or a new version beside this one.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Map, json};
use watchbook_core::text::{Env, Name, ServiceName};
use watchbook_core::{
    AgentId, ArtifactName, ArtifactVersion, ChangeId, Claim, Digest, Due, Event, EventId,
    EventType, FollowupField, FollowupStatus, IncidentId, KeyUse, Kind, NodeId, ProposedChange,
    Record, Resolution, Set, Severity, Signature, Source, Stage, Stamp, Timestamp, Verdict,
};

use crate::world::{incident as new_incident, message, prose, short, title};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/v1")
}

fn moment() -> Timestamp {
    "2026-02-23T10:00:00.123Z".parse().unwrap()
}

fn incident(seed: u64) -> IncidentId {
    IncidentId::from_seed(moment(), seed)
}

fn agent() -> AgentId {
    AgentId::new("human:ada").unwrap()
}

fn event(bits: u128) -> EventId {
    EventId::from_bits(bits)
}

/// The name of a file for each assignment; a new variant does not compile without one.
fn name_of(set: &Set) -> String {
    let name = match set {
        Set::CreatedAt(_) => "created_at",
        Set::CreatedBy(_) => "created_by",
        Set::Service(_) => "service",
        Set::Affects(_) => "affects",
        Set::Env(_) => "env",
        Set::Severity(_) => "severity",
        Set::Stage(_) => "stage",
        Set::Title(_) => "title",
        Set::Summary(_) => "summary",
        Set::Kind(_) => "kind",
        Set::Signature(_) => "signature",
        Set::Label { .. } => "label",
        Set::Role { .. } => "role",
        Set::GroupKey(_) => "group_key",
        Set::Drill(_) => "drill",
        Set::StartedAt(_) => "started_at",
        Set::DetectedAt(_) => "detected_at",
        Set::AcknowledgedAt(_) => "acknowledged_at",
        Set::MitigatedAt(_) => "mitigated_at",
        Set::ResolvedAt(_) => "resolved_at",
        Set::ClosedAt(_) => "closed_at",
        Set::ResolutionSummary(_) => "resolution_summary",
        Set::RootCause(_) => "root_cause",
        Set::MergedInto(_) => "merged_into",
        Set::Canceled(_) => "canceled",
        Set::Followup { field, .. } => return format!("set_followup_{}", field_name(field)),
        Set::Artifact { .. } => "artifact",
        Set::Claim(_) => "claim",
        Set::Proposal {
            delegate: Some(_), ..
        } => "proposal_delegate",
        Set::Proposal { change, .. } => return format!("set_proposal_{}", change_name(change)),
        Set::Verdict { .. } => "verdict",
        Set::Redacted(_) => "redacted",
    };
    format!("set_{name}")
}

const fn field_name(field: &FollowupField) -> &'static str {
    match field {
        FollowupField::OpenedAt(_) => "opened_at",
        FollowupField::Title(_) => "title",
        FollowupField::Owner(_) => "owner",
        FollowupField::Priority(_) => "priority",
        FollowupField::Due(_) => "due",
        FollowupField::Status(_) => "status",
        FollowupField::ExternalRef(_) => "external_ref",
        FollowupField::Reason(_) => "reason",
    }
}

const fn change_name(change: &ProposedChange) -> &'static str {
    match change {
        ProposedChange::Close(_) => "close",
        ProposedChange::Merge(_) => "merge",
        ProposedChange::Severity(_) => "severity",
        ProposedChange::Env(_) => "env",
    }
}

/// The assignments of one incident's own fields, each with a value and, where there is one, without.
fn own_fields() -> Vec<Set> {
    let at = moment();
    let service = |text| ServiceName::new(text).unwrap();
    let derived = Signature::derive(
        &service("gateway"),
        Kind::Latency,
        &new_incident("gateway is slow").title,
    );
    let mut sets = vec![
        Set::CreatedAt(at),
        Set::CreatedBy(agent()),
        Set::Service(service("gateway")),
        Set::Affects(vec![service("checkout"), service("search")]),
        Set::Env(Env::prod()),
        Set::Title(title("gateway is slow")),
        Set::Signature(derived),
        Set::GroupKey(short("gateway/5xx")),
        Set::Drill(true),
        Set::Drill(false),
        Set::StartedAt(at),
        Set::MergedInto(Some(incident(8))),
        Set::MergedInto(None),
        Set::Canceled(true),
    ];
    sets.extend(Severity::ALL.map(Set::Severity));
    sets.extend(Stage::ALL.iter().copied().map(Set::Stage));
    sets.extend(Kind::ALL.iter().copied().map(Set::Kind));
    for make in [
        Set::DetectedAt,
        Set::AcknowledgedAt,
        Set::MitigatedAt,
        Set::ResolvedAt,
        Set::ClosedAt,
    ] {
        sets.extend([make(Some(at)), make(None)]);
    }
    for make in [Set::Summary, Set::ResolutionSummary, Set::RootCause] {
        sets.extend([make(Some(prose("two\nlines"))), make(None)]);
    }
    sets
}

/// The assignments beside the incident's own fields.
fn other_fields() -> Vec<Set> {
    let name = |text: &str| Name::new(text).unwrap();
    let mut sets = Vec::new();
    for value in [Some(short("eu-west-1")), None] {
        sets.push(Set::Label {
            key: name("region"),
            value: value.clone(),
        });
        sets.push(Set::Role {
            name: name("commander"),
            holder: value,
        });
    }
    let claim = Claim {
        holder: agent(),
        since: moment(),
        until: moment(),
    };
    sets.extend([
        Set::Claim(Some(claim)),
        Set::Claim(None),
        Set::Redacted(event(3)),
    ]);
    sets.push(Set::Artifact {
        name: ArtifactName::new("timeline.json").unwrap(),
        version: ArtifactVersion {
            sha256: Digest::of(b"{}"),
            bytes: 2,
            created_by: agent(),
            created_at: moment(),
        },
    });
    sets.extend(followup_fields().into_iter().map(|field| Set::Followup {
        id: event(2),
        field,
    }));
    for change in [
        ProposedChange::Close(Resolution {
            summary: Some(prose("pool raised")),
            root_cause: None,
        }),
        ProposedChange::Merge(incident(8)),
        ProposedChange::Severity(Severity::P0),
        ProposedChange::Env(Env::prod()),
    ] {
        sets.push(Set::Proposal {
            id: event(4),
            change,
            expires_at: moment(),
            delegate: None,
        });
    }
    sets.push(Set::Proposal {
        id: event(4),
        change: ProposedChange::Severity(Severity::P0),
        expires_at: moment(),
        delegate: Some(agent()),
    });
    sets.extend(Verdict::ALL.iter().map(|verdict| Set::Verdict {
        id: event(4),
        verdict: *verdict,
    }));
    sets
}

fn followup_fields() -> Vec<FollowupField> {
    let mut fields = vec![
        FollowupField::OpenedAt(moment()),
        FollowupField::Title(title("raise the pool size")),
        FollowupField::Priority(Severity::P1),
        FollowupField::Due(Some(Due::At(moment()))),
        FollowupField::Due(Some("2026-03-01".parse().unwrap())),
        FollowupField::Due(None),
        FollowupField::Reason(Some(prose("superseded"))),
        FollowupField::Reason(None),
    ];
    fields.extend(
        FollowupStatus::ALL
            .iter()
            .copied()
            .map(FollowupField::Status),
    );
    for text in [Some(short("OPS-7")), None] {
        fields.extend([
            FollowupField::Owner(text.clone()),
            FollowupField::ExternalRef(text),
        ]);
    }
    fields
}

/// A line as it stands in a journal.
fn line(kind: EventType, set: Vec<Set>) -> Event {
    Event {
        id: event(1),
        incident_id: incident(7),
        seq: 1,
        stamp: Stamp {
            time: moment(),
            counter: 3,
            node: NodeId::from_bits(0x0a1b_2c3d),
        },
        at: moment(),
        kind,
        message: message("gateway \"5xx\"\n🔥"),
        meta: Map::new(),
        actor: agent(),
        source: Source::Human,
        set,
        redacted: false,
    }
}

fn records() -> BTreeMap<String, Vec<Record>> {
    let mut files: BTreeMap<String, Vec<Record>> = BTreeMap::new();
    for set in own_fields().into_iter().chain(other_fields()) {
        let name = name_of(&set);
        files
            .entry(name)
            .or_default()
            .push(Record::Event(line(EventType::FieldChange, vec![set])));
    }
    for kind in EventType::ALL {
        let file = files.entry(format!("type_{kind}")).or_default();
        file.extend(Source::ALL.iter().map(|source| {
            Record::Event(Event {
                source: *source,
                ..line(*kind, Vec::new())
            })
        }));
    }
    let mut full = line(EventType::Note, Vec::new());
    full.meta = Map::from_iter([(
        "rate".to_owned(),
        json!([0.1, 1, -1, null, true, "x", { "deep": {} }]),
    )]);
    full.redacted = true;
    files.insert(
        "event_with_everything".to_owned(),
        vec![Record::Event(full)],
    );
    files.insert(
        "key".to_owned(),
        vec![key(Vec::new()), key(vec![incident(8)])],
    );
    files
}

fn key(similar: Vec<IncidentId>) -> Record {
    let change = ChangeId::from_key("sofiia/oncall_tool/incident_create", "k1");
    Record::Key(KeyUse {
        change,
        body: Digest::of(b"{}"),
        incident: incident(7),
        similar,
    })
}

/// One record per line, as a journal holds them.
fn written(records: &[Record]) -> String {
    let lines = records
        .iter()
        .map(|record| serde_json::to_string(record).unwrap() + "\n");
    lines.collect()
}

/// What the file of this name holds. One that is missing is written, for whoever adds a variant to read and commit; the
/// test fails all the same.
fn frozen(name: &str, records: &[Record]) -> String {
    let path = folder().join(format!("{name}.jsonl"));
    std::fs::read_to_string(&path).unwrap_or_else(|_| {
        std::fs::create_dir_all(folder()).unwrap();
        std::fs::write(&path, written(records)).unwrap();
        panic!(
            "{} was not there; read what is in it now, and commit it",
            path.display()
        )
    })
}

#[test]
fn version_1_is_written_and_read_as_ever() {
    for (name, records) in records() {
        let frozen = frozen(&name, &records);
        assert_eq!(written(&records), frozen, "{name} is written otherwise");
        let read: Vec<Record> = frozen
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(read, records, "{name} reads otherwise");
    }
}

#[test]
fn no_frozen_file_is_left_unread() {
    let known = records();
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        assert!(
            known.contains_key(&name),
            "{} is read by no test",
            path.display()
        );
    }
}

/// Unknown members are passed over: a newer minor writer may add them.
#[test]
fn a_member_that_is_not_known_is_passed_over() {
    let record = key(Vec::new());
    let with_more = serde_json::to_string(&record).unwrap().replacen(
        "{\"change\"",
        "{\"newer\":[1],\"change\"",
        1,
    );
    assert_eq!(serde_json::from_str::<Record>(&with_more).unwrap(), record);
}
