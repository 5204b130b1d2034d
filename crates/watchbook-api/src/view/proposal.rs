//! One proposal, as callers see it.

use watchbook_core::text::{Env, Prose};
use watchbook_core::{
    AgentId, EventId, IncidentId, ProposalRecord, ProposalStatus, ProposedChange, Resolution,
    Severity, Timestamp,
};

use super::view;

view! {
    /// A change that waited or waits for a second pair of eyes.
    ProposalView {
        /// Its id: that of the event that proposed it.
        id: EventId,
        /// The change: close, merge, severity or env.
        change: &'static str,
        /// For `merge`: the other incident.
        into ? omitted: Option<IncidentId>,
        /// For `severity`: the severity it should get.
        severity ? omitted: Option<Severity>,
        /// For `env`: the environment it should get.
        env ? omitted: Option<Env>,
        /// For `close`: what ended it.
        resolution_summary ? omitted: Option<Prose>,
        /// For `close`: what caused it.
        root_cause ? omitted: Option<Prose>,
        /// Who proposed it.
        proposed_by: AgentId,
        /// The identity of the key that acted for `proposed_by`, if it was not their own.
        delegate ? omitted: Option<AgentId>,
        /// When it was proposed.
        proposed_at: Timestamp,
        /// Until when it can be approved.
        expires_at: Timestamp,
        /// What became of it: pending, approved, rejected or expired.
        status: &'static str,
    }
}

impl ProposalView {
    /// The view at the moment `now`.
    pub fn of(record: ProposalRecord, now: Timestamp) -> Self {
        let ProposalRecord {
            id,
            change,
            proposed_by,
            delegate,
            proposed_at,
            expires_at,
            status,
        } = record;
        let status = match status {
            ProposalStatus::Pending if expires_at < now => "expired",
            other => other.as_str(),
        };
        let bare = Self {
            id,
            change: "close",
            into: None,
            severity: None,
            env: None,
            resolution_summary: None,
            root_cause: None,
            proposed_by,
            delegate,
            proposed_at,
            expires_at,
            status,
        };
        match change {
            ProposedChange::Close(Resolution {
                summary: resolution_summary,
                root_cause,
            }) => Self {
                resolution_summary,
                root_cause,
                ..bare
            },
            ProposedChange::Merge(into) => Self {
                change: "merge",
                into: Some(into),
                ..bare
            },
            ProposedChange::Severity(severity) => Self {
                change: "severity",
                severity: Some(severity),
                ..bare
            },
            ProposedChange::Env(env) => Self {
                change: "env",
                env: Some(env),
                ..bare
            },
        }
    }
}
