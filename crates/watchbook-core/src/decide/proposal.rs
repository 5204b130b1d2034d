//! Proposals: close, merge, severity and environment changes that want a second pair of eyes.

use std::time::Duration;

use crate::command::{IncidentPatch, Lifecycle, Proposal, ProposedChange, Step};
use crate::event::{EventType, Set, Verdict};
use crate::id::EventId;
use crate::incident::{ProposalRecord, ProposalStatus};
use crate::refused::{Countable, Refused};
use crate::state::IncidentState;
use crate::status::Move;
use crate::text::Message;

use super::draft::{Draft, Line, facts as meta, text};
use super::{Facts, check_live, lifecycle, merge, update};
use crate::limit;

pub(super) fn propose(
    draft: &mut Draft<'_>,
    facts: &dyn Facts,
    state: &IncidentState,
    proposal: &Proposal,
) -> Result<(), Refused> {
    let incident = draft.command.incident;
    let from = check_live(incident, state, "proposals")?;
    if state.proposals.len() >= limit::PROPOSALS {
        return Err(Refused::TooMany {
            what: Countable::Proposals,
            limit: limit::PROPOSALS,
        });
    }
    let illegal = |step| Refused::IllegalMove {
        from,
        step,
        allowed: from.allowed(),
    };
    match &proposal.change {
        ProposedChange::Close(_) if !from.allows(Move::Close) => return Err(illegal(Move::Close)),
        ProposedChange::Merge(_) if !from.allows(Move::Merge) => return Err(illegal(Move::Merge)),
        ProposedChange::Merge(into) => drop(merge::check_target(facts, (incident, from), *into)?),
        ProposedChange::Close(_) | ProposedChange::Severity(_) | ProposedChange::Env(_) => {}
    }
    let at = draft.now();
    let expires_at = at.plus(Duration::from_secs(u64::from(proposal.seconds)).min(limit::PROPOSAL));
    let id = draft.next_id();
    if state.proposals.contains_key(&id) {
        // The same as for follow-ups: the key is forgotten, what it made is not.
        return Err(Refused::KeyReused);
    }
    draft.push(Line {
        kind: EventType::Decision,
        message: proposal.reason.clone(),
        meta: meta([
            ("proposal", text(&describe(&proposal.change))),
            ("expires_at", text(&expires_at)),
        ]),
        at,
        set: vec![Set::Proposal {
            id,
            change: proposal.change.clone(),
            expires_at,
            delegate: draft.command.by.delegate.clone(),
        }],
    });
    Ok(())
}

fn describe(change: &ProposedChange) -> String {
    match change {
        ProposedChange::Close(_) => "close".to_owned(),
        ProposedChange::Merge(into) => format!("merge into {into}"),
        ProposedChange::Severity(severity) => format!("severity {severity}"),
        ProposedChange::Env(env) => format!("env {env}"),
    }
}

/// Agrees, and carries the change out in the same commit.
pub(super) fn approve(
    draft: &mut Draft<'_>,
    facts: &dyn Facts,
    state: &IncidentState,
    id: EventId,
    note: Option<&Message>,
) -> Result<(), Refused> {
    let record = pending(draft, state, id)?;
    let approver = &draft.command.by;
    if let Some(own) = approver.shared_with(&record.proposed_by, record.delegate.as_ref()) {
        return Err(Refused::OwnProposal(own.clone()));
    }
    let default = || Message::written(format!("approved: {}", describe(&record.change)));
    settle(
        draft,
        id,
        Verdict::Approved,
        note.cloned().unwrap_or_else(default),
    );
    carry_out(draft, facts, state, record.change)
}

fn carry_out(
    draft: &mut Draft<'_>,
    facts: &dyn Facts,
    state: &IncidentState,
    change: ProposedChange,
) -> Result<(), Refused> {
    match change {
        ProposedChange::Close(resolution) => lifecycle::step(
            draft,
            state,
            &Lifecycle {
                step: Step::Close,
                at: None,
                note: None,
                resolution,
            },
        ),
        ProposedChange::Merge(into) => merge::merge(draft, facts, state, into, (None, None)),
        ProposedChange::Severity(severity) => {
            let patch = IncidentPatch {
                severity: Some(severity),
                ..IncidentPatch::default()
            };
            update::update(draft, state, &patch)
        }
        ProposedChange::Env(env) => {
            let patch = IncidentPatch {
                env: Some(env),
                ..IncidentPatch::default()
            };
            update::update(draft, state, &patch)
        }
    }
}

pub(super) fn reject(
    draft: &mut Draft<'_>,
    state: &IncidentState,
    id: EventId,
    reason: &Message,
) -> Result<(), Refused> {
    pending(draft, state, id)?;
    settle(draft, id, Verdict::Rejected, reason.clone());
    Ok(())
}

fn pending(
    draft: &Draft<'_>,
    state: &IncidentState,
    id: EventId,
) -> Result<ProposalRecord, Refused> {
    let incident = draft.command.incident;
    let record = state.proposal(id).ok_or(Refused::NoProposal {
        incident,
        proposal: id,
    })?;
    let settled = |state| {
        Err(Refused::Settled {
            proposal: id,
            state,
        })
    };
    match record.status {
        ProposalStatus::Approved => settled("approved"),
        ProposalStatus::Rejected => settled("rejected"),
        ProposalStatus::Pending if record.expires_at < draft.now() => settled("expired"),
        ProposalStatus::Pending => Ok(record),
    }
}

fn settle(draft: &mut Draft<'_>, id: EventId, verdict: Verdict, message: Message) {
    let at = draft.now();
    draft.push(Line {
        kind: EventType::Decision,
        message,
        meta: meta([("proposal_id", text(&id)), ("verdict", text(&verdict))]),
        at,
        set: vec![Set::Verdict { id, verdict }],
    });
}
