//! Bringing in an incident of another program, with its past.

use crate::command::{ImportedEvent, ImportedIncident, NewIncident};
use crate::event::{EventType, Set};
use crate::refused::{Countable, Refused};
use crate::status::Stage;
use crate::time::Timestamp;

use super::Facts;
use super::create::{check_sizes, created, fields};
use super::draft::{Draft, Line};
use super::meta::check_meta;
use crate::limit;

/// The creation and the whole past in one commit. What is there already stays as it is.
pub(super) fn import(
    draft: &mut Draft<'_>,
    facts: &dyn Facts,
    imported: &ImportedIncident,
) -> Result<(), Refused> {
    if facts.incident(draft.command.incident).is_some() {
        return Ok(());
    }
    check_sizes(&imported.incident)?;
    if imported.events.len() > limit::IMPORTED_EVENTS {
        return Err(Refused::TooMany {
            what: Countable::Events,
            limit: limit::IMPORTED_EVENTS,
        });
    }
    check_past(draft, imported)?;
    let created_at = imported.created_at;
    let started_at = imported.incident.started_at.unwrap_or(created_at);
    let detected_at = imported.incident.detected_at.map(|at| at.max(started_at));
    let incident = NewIncident {
        detected_at,
        ..imported.incident.clone()
    };
    let set = fields(&incident, created_at, draft);
    draft.push(created(&incident, created_at, set));
    let mut past: Vec<&ImportedEvent> = imported.events.iter().collect();
    past.sort_by_key(|event| event.at);
    let mut stage = Stage::Open;
    for event in past {
        let moved = event.stage.filter(|next| *next != stage);
        stage = moved.unwrap_or(stage);
        draft.push(Line {
            kind: if moved.is_some() {
                EventType::StatusChange
            } else {
                EventType::Note
            },
            message: event.message.clone(),
            meta: event.meta.clone(),
            at: event.at,
            set: moved.map_or_else(Vec::new, |next| reached(next, event.at.max(started_at))),
        });
    }
    Ok(())
}

/// Nothing of a past lies in the future.
fn check_past(draft: &Draft<'_>, imported: &ImportedIncident) -> Result<(), Refused> {
    let new = &imported.incident;
    let times = [Some(imported.created_at), new.started_at, new.detected_at];
    for at in times {
        draft.time(at, Timestamp::EPOCH)?;
    }
    for event in &imported.events {
        draft.time(Some(event.at), Timestamp::EPOCH)?;
        check_meta(&event.meta)?;
    }
    Ok(())
}

/// What reaching a stage at `at` sets; never before the incident began, whatever the other program tells. Back at
/// `open`, the times of the earlier end no longer hold.
fn reached(stage: Stage, at: Timestamp) -> Vec<Set> {
    let at = Some(at);
    let times = match stage {
        Stage::Triage => Vec::new(),
        Stage::Open => vec![
            Set::MitigatedAt(None),
            Set::ResolvedAt(None),
            Set::ClosedAt(None),
        ],
        Stage::Acknowledged => vec![Set::AcknowledgedAt(at)],
        Stage::Mitigated => vec![Set::MitigatedAt(at)],
        Stage::Resolved => vec![Set::ResolvedAt(at)],
        Stage::Closed => vec![Set::ClosedAt(at)],
    };
    std::iter::once(Set::Stage(stage)).chain(times).collect()
}
