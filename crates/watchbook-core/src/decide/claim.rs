//! Claims: a lease on an incident, so that two agents do not work on it at once.

use std::time::Duration;

use crate::event::{EventType, Set};
use crate::incident::Claim;
use crate::refused::Refused;
use crate::state::IncidentState;
use crate::text::Message;

use super::check_live;
use super::draft::{Draft, Line, facts, text};
use crate::limit;

pub(super) fn claim(
    draft: &mut Draft<'_>,
    state: &IncidentState,
    seconds: u32,
) -> Result<(), Refused> {
    let incident = draft.command.incident;
    check_live(incident, state, "claims")?;
    let (now, agent) = (draft.now(), draft.command.by.agent.clone());
    let held = state
        .claim
        .get()
        .cloned()
        .flatten()
        .filter(|claim| claim.until > now);
    if let Some(Claim { holder, until, .. }) = held.clone().filter(|claim| claim.holder != agent) {
        return Err(Refused::Claimed {
            incident,
            holder,
            until,
        });
    }
    let until = now.plus(Duration::from_secs(u64::from(seconds)).min(limit::CLAIM));
    let since = held.map_or(now, |claim| claim.since);
    draft.push(Line {
        kind: EventType::FieldChange,
        message: Message::written(format!("claimed by {agent} until {until}")),
        meta: facts([("claimed_by", text(&agent)), ("until", text(&until))]),
        at: now,
        set: vec![Set::Claim(Some(Claim {
            holder: agent,
            since,
            until,
        }))],
    });
    Ok(())
}

pub(super) fn release(draft: &mut Draft<'_>, state: &IncidentState) -> Result<(), Refused> {
    let incident = draft.command.incident;
    let (now, agent) = (draft.now(), draft.command.by.agent.clone());
    let held = state
        .claim
        .get()
        .cloned()
        .flatten()
        .filter(|claim| claim.until > now);
    if held.is_none_or(|claim| claim.holder != agent) {
        return Err(Refused::NotClaimed { incident, agent });
    }
    draft.push(Line {
        kind: EventType::FieldChange,
        message: Message::written(format!("released by {agent}")),
        meta: facts([("released_by", text(&agent))]),
        at: now,
        set: vec![Set::Claim(None)],
    });
    Ok(())
}
