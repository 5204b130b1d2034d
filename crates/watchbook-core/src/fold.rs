//! Folding: events in, state out, in whatever order they arrive.
//!
//! Each assignment goes to a register of its own and the greatest mark wins, counters count and sets
//! only grow; all of that commutes. The one thing a caller owes is to fold each event once.
//!
//! A redaction blanks what its event wrote, whichever of the two arrives first, so the fold of a log is the fold of
//! what readers are shown of it.

use crate::actor::Source;
use crate::event::{Event, FollowupField, Set};
use crate::lww::Mark;
use crate::redact;
use crate::state::{FollowupState, IncidentState, OpenedProposal};
use crate::time::Timestamp;

/// Folds one event into the state of its incident.
pub fn apply(state: &mut IncidentState, event: &Event) {
    let mark = event.mark();
    let recorded = event.recorded_at();
    state.events += 1;
    state.last_seq = state.last_seq.max(event.seq);
    state.updated_at = state.updated_at.max(Some(recorded));
    if matches!(event.source, Source::Human | Source::Agent) {
        state.last_activity_at = state.last_activity_at.max(Some(event.at.min(recorded)));
    }
    if event.changes_state() {
        state.revision += 1;
        state.last_state = state.last_state.max(Some(mark));
    }
    let black = state.is_redacted(event.id);
    for set in &event.set {
        let set = if black {
            redact::blank_set(set)
        } else {
            set.clone()
        };
        assign(state, mark, event, set);
    }
}

fn assign(state: &mut IncidentState, mark: Mark, event: &Event, set: Set) {
    match set {
        Set::CreatedAt(value) => state.created_at.set(mark, value),
        Set::CreatedBy(value) => state.created_by.set(mark, value),
        Set::Service(value) => state.service.set(mark, value),
        Set::Affects(value) => state.affects.set(mark, value),
        Set::Env(value) => state.env.set(mark, value),
        Set::Severity(value) => state.severity.set(mark, value),
        Set::Stage(value) => state.stage.set(mark, value),
        Set::Title(value) => state.title.set(mark, value),
        Set::Summary(value) => state.summary.set(mark, value),
        Set::Kind(value) => state.kind.set(mark, value),
        Set::Signature(value) => state.signature.set(mark, value),
        Set::Label { key, value } => state.labels.entry(key).or_default().set(mark, value),
        Set::Role { name, holder } => state.roles.entry(name).or_default().set(mark, holder),
        Set::Drill(value) => state.drill.set(mark, value),
        Set::StartedAt(value) => state.started_at.set(mark, value),
        Set::DetectedAt(value) => state.detected_at.set(mark, value),
        Set::AcknowledgedAt(value) => state.acknowledged_at.set(mark, value),
        Set::MitigatedAt(value) => state.mitigated_at.set(mark, value),
        Set::ResolvedAt(value) => state.resolved_at.set(mark, value),
        Set::ClosedAt(value) => state.closed_at.set(mark, value),
        Set::ResolutionSummary(value) => state.resolution_summary.set(mark, value),
        Set::RootCause(value) => state.root_cause.set(mark, value),
        Set::MergedInto(value) => state.merged_into.set(mark, value),
        Set::Canceled(value) => state.canceled.set(mark, value),
        Set::Claim(value) => state.claim.set(mark, value),
        Set::Followup { id, field } => {
            assign_followup(
                state.followups.entry(id).or_default(),
                mark,
                event.recorded_at(),
                field,
            );
        }
        Set::Artifact { name, version } => {
            state
                .artifacts
                .entry(name)
                .or_default()
                .insert(mark, version);
        }
        Set::Proposal {
            id,
            change,
            expires_at,
            delegate,
        } => {
            let opened = OpenedProposal {
                change,
                by: event.actor.clone(),
                delegate,
                at: event.recorded_at(),
                expires_at,
            };
            let proposal = state.proposals.entry(id).or_default();
            proposal.opened.set(mark, opened);
        }
        Set::Verdict { id, verdict } => state
            .proposals
            .entry(id)
            .or_default()
            .verdict
            .set(mark, verdict),
        Set::Redacted(id) => {
            state.redacted.insert(id);
            redact::blank_state(state, id);
        }
    }
}

fn assign_followup(
    followup: &mut FollowupState,
    mark: Mark,
    recorded: Timestamp,
    field: FollowupField,
) {
    followup.updated_at = followup.updated_at.max(Some(recorded));
    match field {
        FollowupField::OpenedAt(value) => followup.opened_at.set(mark, value),
        FollowupField::Title(value) => followup.title.set(mark, value),
        FollowupField::Owner(value) => followup.owner.set(mark, value),
        FollowupField::Priority(value) => followup.priority.set(mark, value),
        FollowupField::Due(value) => followup.due.set(mark, value),
        FollowupField::Status(value) => followup.status.set(mark, value),
        FollowupField::ExternalRef(value) => followup.external_ref.set(mark, value),
        FollowupField::Reason(value) => followup.reason.set(mark, value),
    }
}
