//! Making incidents one, and parting them again.

use crate::event::{EventType, Set};
use crate::id::IncidentId;
use crate::refused::Refused;
use crate::state::IncidentState;
use crate::status::{Move, Status};
use crate::text::Message;
use crate::time::Timestamp;

use super::Facts;
use super::draft::{Draft, Line, facts as meta, text};
use super::lifecycle::began;

pub(super) fn merge(
    draft: &mut Draft<'_>,
    facts: &dyn Facts,
    state: &IncidentState,
    into: IncidentId,
    (at, note): (Option<Timestamp>, Option<&Message>),
) -> Result<(), Refused> {
    let id = draft.command.incident;
    let from = state.status().ok_or(Refused::NoIncident(id))?;
    if state.merged_into.get().copied().flatten() == Some(into) {
        return Ok(());
    }
    if !from.allows(Move::Merge) {
        return Err(Refused::IllegalMove {
            from,
            step: Move::Merge,
            allowed: from.allowed(),
        });
    }
    let target = check_target(facts, (id, from), into)?;
    draft.continue_after(into, target)?;
    let at = draft.time(at, began(state))?;
    let say = |default: String| note.cloned().unwrap_or_else(|| Message::written(default));
    draft.push(Line {
        kind: EventType::Merge,
        message: say(format!("merged into {into}")),
        meta: meta([
            ("from", text(&from)),
            ("to", text(&Status::Merged)),
            ("merged_into", text(&into)),
        ]),
        at,
        set: vec![Set::MergedInto(Some(into))],
    });
    draft.push_on(
        into,
        Line {
            kind: EventType::Merge,
            message: say(format!("{id} was merged into this incident")),
            meta: meta([("merged_from", text(&id))]),
            at,
            set: Vec::new(),
        },
    );
    Ok(())
}

/// The target must be there, must be live, and must not be the incident itself; so no chain can form a ring.
pub(super) fn check_target(
    facts: &dyn Facts,
    (id, from): (IncidentId, Status),
    into: IncidentId,
) -> Result<&IncidentState, Refused> {
    let refused = |why| {
        Err(Refused::MergeTarget {
            into,
            why,
            allowed: from.allowed(),
        })
    };
    if into == id {
        return refused("an incident cannot be merged into itself");
    }
    let target = facts.incident(into).ok_or(Refused::NoIncident(into))?;
    match target.status() {
        None => Err(Refused::NoIncident(into)),
        Some(Status::Merged) => refused("it was merged itself; merge into its target"),
        Some(Status::Canceled) => refused("it is canceled"),
        Some(_) => Ok(target),
    }
}

pub(super) fn unmerge(
    draft: &mut Draft<'_>,
    facts: &dyn Facts,
    state: &IncidentState,
    (at, note): (Option<Timestamp>, Option<&Message>),
) -> Result<(), Refused> {
    let id = draft.command.incident;
    let from = state.status().ok_or(Refused::NoIncident(id))?;
    let Some(into) = state.merged_into.get().copied().flatten() else {
        return Err(Refused::IllegalMove {
            from,
            step: Move::Unmerge,
            allowed: from.allowed(),
        });
    };
    let at = draft.time(at, began(state))?;
    let say = |default: String| note.cloned().unwrap_or_else(|| Message::written(default));
    draft.push(Line {
        kind: EventType::Merge,
        message: say(format!("no longer merged into {into}")),
        meta: meta([("from", text(&from)), ("unmerged_from", text(&into))]),
        at,
        set: vec![Set::MergedInto(None)],
    });
    let Some(target) = facts.incident(into) else {
        return Ok(());
    };
    draft.continue_after(into, target)?;
    draft.push_on(
        into,
        Line {
            kind: EventType::Merge,
            message: say(format!("{id} is no longer merged into this incident")),
            meta: meta([("unmerged", text(&id))]),
            at,
            set: Vec::new(),
        },
    );
    Ok(())
}
