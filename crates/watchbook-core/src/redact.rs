//! Blacking out: what is left of an event after its redaction.
//!
//! Free texts go: message, meta, and every text that the event set (title, summary, label values, role holders,
//! the texts of follow-ups and proposals). What stays is what the log needs to hold together and to be searched by:
//! place, times, writer, type, and the names of services, environments, alert groups, labels, roles and artifacts.
//!
//! The texts of *other* events that repeat it (a later change says what stood there before) are redactions of their own.

use serde_json::Map;

use crate::command::{ProposedChange, Resolution};
use crate::event::{Event, FollowupField, Set};
use crate::id::EventId;
use crate::state::{FollowupState, IncidentState};
use crate::text::{Message, Prose, Short, Title};

/// What readers see of `event` once it is redacted. Blanking twice is blanking once.
pub fn blank(event: &Event) -> Event {
    let Event {
        id,
        incident_id,
        seq,
        stamp,
        at,
        kind,
        message: _,
        meta: _,
        actor,
        source,
        set,
        redacted: _,
    } = event;
    Event {
        id: *id,
        incident_id: *incident_id,
        seq: *seq,
        stamp: *stamp,
        at: *at,
        kind: *kind,
        message: Message::redacted(),
        meta: Map::new(),
        actor: actor.clone(),
        source: *source,
        set: set.iter().map(blank_set).collect(),
        redacted: true,
    }
}

/// An assignment without its text. Every variant is named, so that a new text cannot be forgotten here.
pub(crate) fn blank_set(set: &Set) -> Set {
    match set {
        Set::Title(_) => Set::Title(Title::redacted()),
        Set::Summary(text) => Set::Summary(prose(text.as_ref())),
        Set::ResolutionSummary(text) => Set::ResolutionSummary(prose(text.as_ref())),
        Set::RootCause(text) => Set::RootCause(prose(text.as_ref())),
        Set::Label { key, value } => Set::Label {
            key: key.clone(),
            value: short(value.as_ref()),
        },
        Set::Role { name, holder } => Set::Role {
            name: name.clone(),
            holder: short(holder.as_ref()),
        },
        Set::Followup { id, field } => Set::Followup {
            id: *id,
            field: blank_field(field),
        },
        Set::Proposal {
            id,
            change,
            expires_at,
            delegate,
        } => Set::Proposal {
            id: *id,
            change: blank_change(change),
            expires_at: *expires_at,
            delegate: delegate.clone(),
        },
        Set::CreatedAt(_)
        | Set::CreatedBy(_)
        | Set::Service(_)
        | Set::Affects(_)
        | Set::Env(_)
        | Set::Severity(_)
        | Set::Stage(_)
        | Set::Kind(_)
        | Set::Signature(_)
        | Set::GroupKey(_)
        | Set::Drill(_)
        | Set::StartedAt(_)
        | Set::DetectedAt(_)
        | Set::AcknowledgedAt(_)
        | Set::MitigatedAt(_)
        | Set::ResolvedAt(_)
        | Set::ClosedAt(_)
        | Set::MergedInto(_)
        | Set::Canceled(_)
        | Set::Artifact { .. }
        | Set::Claim(_)
        | Set::Verdict { .. }
        | Set::Redacted(_) => set.clone(),
    }
}

fn blank_field(field: &FollowupField) -> FollowupField {
    match field {
        FollowupField::Title(_) => FollowupField::Title(Title::redacted()),
        FollowupField::Owner(owner) => FollowupField::Owner(short(owner.as_ref())),
        FollowupField::ExternalRef(outside) => FollowupField::ExternalRef(short(outside.as_ref())),
        FollowupField::Reason(reason) => FollowupField::Reason(prose(reason.as_ref())),
        FollowupField::OpenedAt(_)
        | FollowupField::Priority(_)
        | FollowupField::Due(_)
        | FollowupField::Status(_) => field.clone(),
    }
}

fn blank_change(change: &ProposedChange) -> ProposedChange {
    match change {
        ProposedChange::Close(Resolution {
            summary,
            root_cause,
        }) => ProposedChange::Close(Resolution {
            summary: prose(summary.as_ref()),
            root_cause: prose(root_cause.as_ref()),
        }),
        ProposedChange::Merge(_) | ProposedChange::Severity(_) | ProposedChange::Env(_) => {
            change.clone()
        }
    }
}

fn prose(text: Option<&Prose>) -> Option<Prose> {
    text.map(|_| Prose::redacted())
}

fn short(text: Option<&Short>) -> Option<Short> {
    text.map(|_| Short::redacted())
}

/// Blanks what `event` wrote into `state`; the counterpart of [`blank_set`] for an event that was folded before.
pub(crate) fn blank_state(state: &mut IncidentState, event: EventId) {
    state
        .title
        .revise(event, |title| *title = Title::redacted());
    for text in [
        &mut state.summary,
        &mut state.resolution_summary,
        &mut state.root_cause,
    ] {
        text.revise(event, |text| *text = prose(text.as_ref()));
    }
    for value in state.labels.values_mut().chain(state.roles.values_mut()) {
        value.revise(event, |value| *value = short(value.as_ref()));
    }
    for followup in state.followups.values_mut() {
        blank_followup(followup, event);
    }
    for proposal in state.proposals.values_mut() {
        proposal.opened.revise(event, |opened| {
            opened.change = blank_change(&opened.change);
        });
    }
}

fn blank_followup(followup: &mut FollowupState, event: EventId) {
    let FollowupState {
        opened_at: _,
        title,
        owner,
        priority: _,
        due: _,
        status: _,
        external_ref,
        reason,
        updated_at: _,
    } = followup;
    title.revise(event, |title| *title = Title::redacted());
    owner.revise(event, |owner| *owner = short(owner.as_ref()));
    external_ref.revise(event, |outside| *outside = short(outside.as_ref()));
    reason.revise(event, |reason| *reason = prose(reason.as_ref()));
}
