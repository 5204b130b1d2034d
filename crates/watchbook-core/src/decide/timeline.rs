//! Lines that do not move the incident: notes, files, redactions.

use serde_json::{Map, Value};

use crate::artifact::{ArtifactName, ArtifactVersion};
use crate::command::AppendType;
use crate::digest::Digest;
use crate::event::{EventType, Set};
use crate::id::EventId;
use crate::refused::{Countable, Refused};
use crate::state::IncidentState;
use crate::status::Status;
use crate::text::{Message, Prose};
use crate::time::Timestamp;

use super::Facts;
use super::draft::{Draft, Line, facts as meta, text};
use super::meta::check_meta;
use crate::limit;

/// Refuses a line on an incident that was merged away. Every other status takes lines.
pub(super) fn check_open_timeline(
    draft: &Draft<'_>,
    state: &IncidentState,
    what: &'static str,
) -> Result<(), Refused> {
    let into = state.merged_into.get().copied().flatten();
    match into {
        Some(_) => Err(Refused::Frozen {
            incident: draft.command.incident,
            status: Status::Merged,
            what,
            into,
        }),
        None => Ok(()),
    }
}

pub(super) fn append(
    draft: &mut Draft<'_>,
    state: &IncidentState,
    kind: AppendType,
    message: &Message,
    meta: &Map<String, Value>,
    at: Option<Timestamp>,
) -> Result<(), Refused> {
    check_open_timeline(draft, state, "events")?;
    check_meta(meta)?;
    let at = draft.time(at, Timestamp::EPOCH)?;
    draft.push(Line {
        kind: EventType::from(kind),
        message: message.clone(),
        meta: meta.clone(),
        at,
        set: Vec::new(),
    });
    Ok(())
}

pub(super) fn attach(
    draft: &mut Draft<'_>,
    state: &IncidentState,
    name: &ArtifactName,
    sha256: Digest,
    bytes: u64,
) -> Result<(), Refused> {
    check_open_timeline(draft, state, "artifacts")?;
    let current = state
        .artifact(name)
        .and_then(|record| record.versions.last().map(|version| version.sha256));
    if current == Some(sha256) {
        return Ok(());
    }
    let too_many = |what, limit| Err(Refused::TooMany { what, limit });
    if current.is_none() && state.artifacts.len() >= limit::ARTIFACTS {
        return too_many(Countable::Artifacts, limit::ARTIFACTS);
    }
    if state
        .artifacts
        .values()
        .map(std::collections::BTreeMap::len)
        .sum::<usize>()
        >= limit::VERSIONS
    {
        return too_many(Countable::Versions, limit::VERSIONS);
    }
    let at = draft.now();
    let version = ArtifactVersion {
        sha256,
        bytes,
        created_by: draft.command.by.agent.clone(),
        created_at: at,
    };
    draft.push(Line {
        kind: EventType::Artifact,
        message: Message::written(format!("attached {name}")),
        meta: meta([
            ("name", text(&name)),
            ("sha256", text(&sha256)),
            ("bytes", bytes.into()),
        ]),
        at,
        set: vec![Set::Artifact {
            name: name.clone(),
            version,
        }],
    });
    Ok(())
}

pub(super) fn redact(
    draft: &mut Draft<'_>,
    facts: &dyn Facts,
    state: &IncidentState,
    event: EventId,
    reason: &Prose,
) -> Result<(), Refused> {
    let incident = draft.command.incident;
    let target = facts
        .event(incident, event)
        .ok_or(Refused::NoEvent { incident, event })?;
    if state.is_redacted(event) {
        return Ok(());
    }
    if target.kind == EventType::Redaction {
        return Err(Refused::NotRedactable {
            event,
            why: "it is the record of a redaction",
        });
    }
    let at = draft.now();
    draft.push(Line {
        kind: EventType::Redaction,
        message: Message::from(reason),
        meta: meta([("event_id", text(&event)), ("seq", target.seq.into())]),
        at,
        set: vec![Set::Redacted(event)],
    });
    Ok(())
}
