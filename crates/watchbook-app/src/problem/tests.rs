//! The whole table from causes to what callers are told.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use watchbook_api::Problem;
use watchbook_core::artifact::ArtifactError;
use watchbook_core::{
    AgentId, ChangeId, Countable, ETag, EventId, EventType, Fence, IncidentId, LeaseName, Move,
    Refused, Status, Timestamp,
};
use watchbook_store::{CorruptPlace, StoreError};

use super::{of_refusal, of_store};

fn incident() -> IncidentId {
    "inc_20260223_1000_a1b2c3".parse().unwrap()
}

fn refusals() -> Vec<Refused> {
    let (incident, event) = (incident(), EventId::from_bits(7));
    let agent = AgentId::new("helion").unwrap();
    let at = Timestamp::from_millis(1_771_840_800_000);
    let version = |revision| ETag { revision, event };
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
            from: Status::Resolved,
            step: Move::Acknowledge,
            allowed: Status::Resolved.allowed(),
        },
        Refused::Frozen {
            incident,
            status: Status::Canceled,
            what: "changes",
            into: None,
        },
        Refused::Stale {
            incident,
            given: version(1),
            current: version(2),
        },
        Refused::KeyReused,
        Refused::OutOfRange {
            at,
            earliest: at,
            latest: at,
        },
        Refused::NotAppendable {
            kind: EventType::StatusChange,
            instead: "incident_resolve",
        },
        Refused::Claimed {
            incident,
            holder: agent.clone(),
            until: at,
        },
        Refused::NotClaimed {
            incident,
            agent: agent.clone(),
        },
        Refused::OwnProposal(agent),
        Refused::Settled {
            proposal: event,
            state: "expired",
        },
        Refused::MergeTarget {
            into: incident,
            why: "it is canceled",
            allowed: Status::Open.allowed(),
        },
        Refused::ReasonNeeded,
        Refused::NotRedactable {
            event,
            why: "it is the record of a redaction",
        },
        Refused::TooMany {
            what: Countable::Followups,
            limit: 500,
        },
    ]
}

fn failures() -> Vec<StoreError> {
    vec![
        StoreError::NotFound {
            what: "artifact",
            name: "a.md".to_owned(),
        },
        StoreError::BadArtifact(ArtifactError::TooLarge { bytes: 2_097_153 }),
        StoreError::BadArtifact(ArtifactError::Ending {
            name: "a.exe".to_owned(),
        }),
        StoreError::BadArtifact(ArtifactError::NotText { at: 3 }),
        StoreError::Unavailable {
            why: "the disk is full; free some space".to_owned(),
            retry_after: Duration::from_secs(5),
            source: None,
        },
        StoreError::Unknown {
            change: ChangeId::from_bits(7),
            why: "the disk did not answer".to_owned(),
            source: None,
        },
        StoreError::Corrupt(CorruptPlace {
            file: PathBuf::from("/srv/secret-place/ops/incidents/events.jsonl"),
            line: 12,
            byte: 3_400,
            what: "a flipped bit".to_owned(),
        }),
        StoreError::TooLarge {
            what: "the commit",
            size: 5_000_000,
            limit: 4_194_304,
        },
        StoreError::NewerFormat { found: 2, known: 1 },
        StoreError::Fenced(Fence {
            name: LeaseName::new("digest.daily").unwrap(),
            token: 7,
        }),
        StoreError::FeedRestarted,
        StoreError::Diverged {
            incident: incident(),
            why: "line 3 is another one here".to_owned(),
        },
        StoreError::OutOfStep { given: 3, here: 5 },
        StoreError::OtherSecret,
    ]
}

fn row(problem: &Problem) -> String {
    let Problem {
        code,
        message,
        errors,
        allowed,
        current,
        retry_after,
    } = problem;
    let mut row = format!("{code}: {message}");
    for error in errors {
        write!(row, "\n  at {}", error.pointer).unwrap();
    }
    if let Some(allowed) = allowed {
        let words: Vec<&str> = allowed.iter().map(|step| step.as_str()).collect();
        write!(row, "\n  allowed: {}", words.join(", ")).unwrap();
    }
    if let Some(current) = current {
        write!(row, "\n  current: {current}").unwrap();
    }
    if let Some(wait) = retry_after {
        write!(row, "\n  retry after: {wait:?}").unwrap();
    }
    row
}

#[test]
fn every_refusal_has_its_code() {
    let rows: Vec<String> = refusals().iter().map(|one| row(&of_refusal(one))).collect();
    insta::assert_snapshot!(rows.join("\n"));
}

#[test]
fn every_failure_of_the_store_has_its_code() {
    let rows: Vec<String> = failures().iter().map(|one| row(&of_store(one))).collect();
    let table = rows.join("\n");
    assert!(
        !table.contains("secret-place"),
        "no path of the machine leaves it"
    );
    insta::assert_snapshot!(table);
}
