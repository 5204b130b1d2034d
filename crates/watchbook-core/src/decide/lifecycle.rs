//! Moving an incident through its life.

use crate::command::{IncidentPatch, Lifecycle, Resolution, Step};
use crate::event::{EventType, Set};
use crate::refused::Refused;
use crate::state::IncidentState;
use crate::status::{Move, Stage, Status};
use crate::text::Message;
use crate::time::Timestamp;

use super::draft::{Draft, Line, facts, text};
use super::update;

pub(super) fn step(
    draft: &mut Draft<'_>,
    state: &IncidentState,
    lifecycle: &Lifecycle,
) -> Result<(), Refused> {
    let from = state
        .status()
        .ok_or(Refused::NoIncident(draft.command.incident))?;
    let step = Move::from(lifecycle.step);
    let target = Status::from(lifecycle.step);
    if from == target && step != Move::Reopen {
        return say_more(draft, state, lifecycle);
    }
    if !from.allows(step) {
        return Err(Refused::IllegalMove {
            from,
            step,
            allowed: from.allowed(),
        });
    }
    let at = draft.time(lifecycle.at, began(state))?;
    let mut set = reached(lifecycle.step, state, at);
    set.extend(resolution(&lifecycle.resolution));
    let message = lifecycle
        .note
        .clone()
        .unwrap_or_else(|| Message::written(format!("{from} → {target}")));
    draft.push(Line {
        kind: EventType::StatusChange,
        message,
        meta: facts([("from", text(&from)), ("to", text(&target))]),
        at,
        set,
    });
    Ok(())
}

/// When the incident began: no move is earlier.
pub(super) fn began(state: &IncidentState) -> Timestamp {
    state.started_at.get().copied().unwrap_or(Timestamp::EPOCH)
}

/// A step that was made already. What it says besides is recorded all the same, as far as it is new.
fn say_more(
    draft: &mut Draft<'_>,
    state: &IncidentState,
    lifecycle: &Lifecycle,
) -> Result<(), Refused> {
    let Lifecycle {
        step: _,
        at,
        note,
        resolution,
    } = lifecycle;
    if *resolution != Resolution::default() {
        let patch = IncidentPatch {
            resolution_summary: resolution.summary.clone().map(Some),
            root_cause: resolution.root_cause.clone().map(Some),
            note: note.clone(),
            ..IncidentPatch::default()
        };
        update::update(draft, state, &patch)?;
    }
    if let Some(note) = note.as_ref().filter(|_| !draft.has_lines()) {
        let at = draft.time(*at, began(state))?;
        draft.push(Line {
            kind: EventType::Note,
            message: note.clone(),
            meta: facts([]),
            at,
            set: Vec::new(),
        });
    }
    Ok(())
}

/// What a step sets. The first acknowledgement stays through reopenings: it is what time-to-acknowledge is measured by.
fn reached(step: Step, state: &IncidentState, at: Timestamp) -> Vec<Set> {
    match step {
        Step::Acknowledge => {
            let first = state.acknowledged_at.get().copied().flatten().is_none();
            let mut set = vec![Set::Stage(Stage::Acknowledged)];
            set.extend(first.then_some(Set::AcknowledgedAt(Some(at))));
            set
        }
        Step::Mitigate => vec![Set::Stage(Stage::Mitigated), Set::MitigatedAt(Some(at))],
        Step::Resolve => vec![Set::Stage(Stage::Resolved), Set::ResolvedAt(Some(at))],
        Step::Close => {
            let resolved = state.resolved_at.get().copied().flatten().is_some();
            let mut set = vec![Set::Stage(Stage::Closed), Set::ClosedAt(Some(at))];
            set.extend((!resolved).then_some(Set::ResolvedAt(Some(at))));
            set
        }
        Step::Reopen => {
            vec![
                Set::Stage(Stage::Open),
                Set::MitigatedAt(None),
                Set::ResolvedAt(None),
                Set::ClosedAt(None),
            ]
        }
        Step::Cancel => vec![Set::Canceled(true)],
    }
}

fn resolution(resolution: &Resolution) -> impl Iterator<Item = Set> {
    let Resolution {
        summary,
        root_cause,
    } = resolution.clone();
    let summary = summary.map(|text| Set::ResolutionSummary(Some(text)));
    summary
        .into_iter()
        .chain(root_cause.map(|text| Set::RootCause(Some(text))))
}

impl From<Step> for Move {
    fn from(step: Step) -> Self {
        match step {
            Step::Acknowledge => Self::Acknowledge,
            Step::Mitigate => Self::Mitigate,
            Step::Resolve => Self::Resolve,
            Step::Close => Self::Close,
            Step::Reopen => Self::Reopen,
            Step::Cancel => Self::Cancel,
        }
    }
}

impl From<Step> for Status {
    fn from(step: Step) -> Self {
        match step {
            Step::Acknowledge => Self::Acknowledged,
            Step::Mitigate => Self::Mitigated,
            Step::Resolve => Self::Resolved,
            Step::Close => Self::Closed,
            Step::Reopen => Self::Open,
            Step::Cancel => Self::Canceled,
        }
    }
}
