//! Creating an incident.

use crate::command::NewIncident;
use crate::event::{EventType, Set};
use crate::refused::{Countable, Refused};
use crate::signature::Signature;
use crate::status::Stage;
use crate::text::Message;
use crate::time::Timestamp;

use super::Facts;
use super::draft::{Draft, Line, facts as meta, text};
use crate::limit;

pub(super) fn create(
    draft: &mut Draft<'_>,
    facts: &dyn Facts,
    new: &NewIncident,
) -> Result<(), Refused> {
    let id = draft.command.incident;
    if facts.incident(id).is_some() {
        return Err(Refused::Exists(id));
    }
    check_sizes(new)?;
    let now = draft.now();
    draft.time(new.started_at, Timestamp::EPOCH)?;
    draft.time(new.detected_at, new.started_at.unwrap_or(Timestamp::EPOCH))?;
    let set = fields(new, now, draft);
    draft.push(created(new, now, set));
    Ok(())
}

pub(super) fn created(new: &NewIncident, at: Timestamp, set: Vec<Set>) -> Line {
    Line {
        kind: EventType::StatusChange,
        message: Message::written(format!("created: {}", new.title)),
        meta: meta([("to", text(&stage(new))), ("severity", text(&new.severity))]),
        at,
        set,
    }
}

const fn stage(new: &NewIncident) -> Stage {
    if new.uncertain {
        Stage::Triage
    } else {
        Stage::Open
    }
}

pub(super) fn check_sizes(new: &NewIncident) -> Result<(), Refused> {
    for (what, count, limit) in [
        (Countable::Labels, new.labels.len(), limit::LABELS),
        (Countable::Roles, new.roles.len(), limit::ROLES),
        (Countable::Affects, new.affects.len(), limit::AFFECTS),
    ] {
        if count > limit {
            return Err(Refused::TooMany { what, limit });
        }
    }
    Ok(())
}

/// When the impact began if nobody says: at the creation, but not after it was noticed.
fn began(created_at: Timestamp, detected_at: Option<Timestamp>) -> Timestamp {
    detected_at.map_or(created_at, |detected_at| detected_at.min(created_at))
}

/// Every field of a new incident as an assignment.
pub(super) fn fields(new: &NewIncident, created_at: Timestamp, draft: &Draft<'_>) -> Vec<Set> {
    let NewIncident {
        service,
        affects,
        env,
        severity,
        uncertain: _,
        title,
        summary,
        kind,
        signature,
        labels,
        drill,
        roles,
        started_at,
        detected_at,
        group_key,
    } = new;
    let mut set = vec![
        Set::CreatedAt(created_at),
        Set::CreatedBy(draft.command.by.agent.clone()),
        Set::Service(service.clone()),
        Set::Env(env.clone()),
        Set::Severity(*severity),
        Set::Stage(stage(new)),
        Set::Title(title.clone()),
        Set::Kind(*kind),
        Set::Signature(signature.unwrap_or_else(|| Signature::derive(service, *kind, title))),
        Set::StartedAt(started_at.unwrap_or_else(|| began(created_at, *detected_at))),
    ];
    set.extend((!affects.is_empty()).then(|| Set::Affects(affects.clone())));
    set.extend(summary.clone().map(|summary| Set::Summary(Some(summary))));
    set.extend(drill.then_some(Set::Drill(true)));
    set.extend(group_key.clone().map(Set::GroupKey));
    set.extend(detected_at.map(|at| Set::DetectedAt(Some(at))));
    set.extend(labels.iter().map(|(key, value)| Set::Label {
        key: key.clone(),
        value: Some(value.clone()),
    }));
    set.extend(roles.iter().map(|(name, holder)| Set::Role {
        name: name.clone(),
        holder: Some(holder.clone()),
    }));
    set
}
