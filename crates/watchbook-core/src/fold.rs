//! Folding: events in, state out, in whatever order they arrive.
//!
//! Each assignment goes to a register of its own and the greatest mark wins, counters count and sets
//! only grow; all of that commutes. The one thing a caller owes is to fold each event once.
//!
//! A redaction blanks what its event wrote, whichever of the two arrives first, so the fold of a log is the fold of
//! what readers are shown of it.

use crate::actor::{AgentId, Source};
use crate::event::{Event, FollowupField, Set};
use crate::footprint::Footprint;
use crate::lww::Mark;
use crate::redact;
use crate::state::{FollowupState, IncidentState, OpenedProposal};
use crate::time::Timestamp;

/// Folds one event into the state of its incident.
pub fn apply(state: &mut IncidentState, event: &Event) {
    let step = Step {
        mark: event.mark(),
        seq: event.seq,
        at: event.at,
        source: event.source,
    };
    step.count(state, event.changes_state());
    let black = state.is_redacted(event.id);
    for set in &event.set {
        let set = if black {
            redact::blank_set(set)
        } else {
            set.clone()
        };
        step.assign(state, &event.actor, set);
    }
}

/// Folds the footprint of an event; the same as [`apply`] with the event itself.
pub fn follow(state: &mut IncidentState, footprint: Footprint) {
    let changes_state = footprint.changes_state();
    let Footprint {
        id,
        incident_id: _,
        seq,
        stamp,
        at,
        actor,
        source,
        set,
        redacted: _,
    } = footprint;
    let step = Step {
        mark: Mark { stamp, event: id },
        seq,
        at,
        source,
    };
    step.count(state, changes_state);
    let black = state.is_redacted(id);
    for set in set {
        let set = if black { redact::blank_set(&set) } else { set };
        step.assign(state, &actor, set);
    }
}

/// What is the same for all assignments of one event.
#[derive(Clone, Copy)]
struct Step {
    mark: Mark,
    seq: u32,
    at: Timestamp,
    source: Source,
}

impl Step {
    /// When the event was recorded.
    const fn recorded(self) -> Timestamp {
        self.mark.stamp.time
    }

    /// What every event does to the state, whatever it assigns.
    fn count(self, state: &mut IncidentState, changes_state: bool) {
        let recorded = self.recorded();
        state.events += 1;
        state.last_seq = state.last_seq.max(self.seq);
        state.updated_at = state.updated_at.max(Some(recorded));
        if matches!(self.source, Source::Human | Source::Agent) {
            state.last_activity_at = state.last_activity_at.max(Some(self.at.min(recorded)));
        }
        if changes_state {
            state.revision += 1;
            state.last_state = state.last_state.max(Some(self.mark));
        }
    }

    fn assign(self, state: &mut IncidentState, actor: &AgentId, set: Set) {
        let mark = self.mark;
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
            Set::GroupKey(value) => state.group_key.set(mark, value),
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
                    self.recorded(),
                    field,
                );
            }
            Set::Artifact { name, version } => {
                let versions = state.artifacts.entry(name).or_default();
                versions.insert(mark, version);
            }
            Set::Proposal {
                id,
                change,
                expires_at,
                delegate,
            } => {
                let (by, at) = (actor.clone(), self.recorded());
                let opened = OpenedProposal {
                    change,
                    by,
                    delegate,
                    at,
                    expires_at,
                };
                let proposal = state.proposals.entry(id).or_default();
                proposal.opened.set(mark, opened);
            }
            Set::Verdict { id, verdict } => {
                let proposal = state.proposals.entry(id).or_default();
                proposal.verdict.set(mark, verdict);
            }
            Set::Redacted(id) => {
                state.redacted.insert(id);
                redact::blank_state(state, id);
            }
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
