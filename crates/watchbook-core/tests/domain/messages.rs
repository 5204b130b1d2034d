//! What a refusal says. Whoever reads it at 3 am must know what to do next.

use watchbook_core::artifact::ArtifactError;
use watchbook_core::{
    AgentId, Countable, ETag, EventId, EventType, IncidentId, Move, Refused, Status, Timestamp,
};

fn every_refusal() -> Vec<Refused> {
    let id: fn(u64) -> IncidentId = |seed| IncidentId::from_seed(moment(0), seed);
    let (incident, event) = (id(7), EventId::from_bits(0xabc));
    let agent = |name| AgentId::new(name).unwrap();
    let etag = |revision| ETag { revision, event };
    vec![
        Refused::NoIncident(incident),
        Refused::NoEvent { incident, event },
        Refused::NoFollowup {
            incident,
            followup: event,
        },
        Refused::NoProposal {
            incident,
            proposal: event,
        },
        Refused::Exists(incident),
        Refused::IllegalMove {
            from: Status::Closed,
            step: Move::Acknowledge,
            allowed: Status::Closed.allowed(),
        },
        Refused::IllegalMove {
            from: Status::Canceled,
            step: Move::Reopen,
            allowed: Status::Canceled.allowed(),
        },
        Refused::Frozen {
            incident,
            status: Status::Merged,
            what: "events",
            into: Some(id(8)),
        },
        Refused::Frozen {
            incident,
            status: Status::Canceled,
            what: "changes",
            into: None,
        },
        Refused::Stale {
            incident,
            given: etag(3),
            current: etag(4),
        },
        Refused::KeyReused,
        Refused::OutOfRange {
            at: moment(90),
            earliest: moment(0),
            latest: moment(60),
        },
        Refused::NotAppendable {
            kind: EventType::StatusChange,
            instead: "incident_acknowledge",
        },
        Refused::Claimed {
            incident,
            holder: agent("helion"),
            until: moment(10),
        },
        Refused::NotClaimed {
            incident,
            agent: agent("sofiia"),
        },
        Refused::OwnProposal(agent("sofiia")),
        Refused::Settled {
            proposal: event,
            state: "expired",
        },
        Refused::MergeTarget {
            into: id(8),
            why: "it is canceled",
            allowed: Status::Open.allowed(),
        },
        Refused::ReasonNeeded,
        Refused::NotRedactable {
            event,
            why: "it is the record of a redaction",
        },
        Refused::MetaTooLarge {
            bytes: 65_537,
            limit: 65_536,
        },
        Refused::MetaTooDeep { limit: 32 },
        Refused::TooMany {
            what: Countable::Followups,
            limit: 500,
        },
    ]
}

fn moment(minutes: u64) -> Timestamp {
    let begin: Timestamp = "2026-02-23T10:00:00Z".parse().unwrap();
    begin.plus(std::time::Duration::from_mins(minutes))
}

#[test]
fn every_refusal_says_what_to_do_next() {
    let told: Vec<String> = every_refusal().iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn every_refused_artifact_says_why() {
    let name = || "x".to_owned();
    let told: Vec<String> = [
        ArtifactError::Name { name: name() },
        ArtifactError::Ending { name: name() },
        ArtifactError::TooLarge { bytes: 2_097_153 },
        ArtifactError::NotText { at: 7 },
        ArtifactError::NotJson {
            message: "EOF while parsing a value at line 1 column 5".to_owned(),
        },
        ArtifactError::Mismatch,
    ]
    .iter()
    .map(ToString::to_string)
    .collect();
    insta::assert_snapshot!(told.join("\n"));
}
