//! One audited call, as callers see it.

use serde_json::Value;
use watchbook_core::audit::{AuditClosing, AuditEntry, AuditOpening, AuditOutcome};
use watchbook_core::text::{Name, Short};
use watchbook_core::{AgentId, EventId, IncidentId, Timestamp, Via};

use super::view;

view! {
    /// One call, allowed or denied.
    AuditView {
        /// The entry's id.
        id: EventId,
        /// When the call came in.
        at: Timestamp,
        /// Whom it was made as.
        agent_id: AgentId,
        /// The public id of the key that was shown.
        key: Option<Name>,
        /// The identity of the key, when it acted for somebody else.
        delegate: Option<AgentId>,
        /// The way in: key, keyless, local, embedded or job.
        via: Via,
        /// The request id.
        request_id: Name,
        /// The tool.
        tool: Short,
        /// The action.
        action: Short,
        /// The incident it was about, or that it created.
        incident_id: Option<IncidentId>,
        /// Whether it only asked what would be.
        dry_run: bool,
        /// The parameters, as far as they may be kept.
        params: Value,
        /// How it ended: ok, denied or failed. Null if it is still running, or the process ended first.
        outcome: Option<AuditOutcome>,
        /// The error code.
        code: Option<Short>,
        /// How long it took, in milliseconds. Null where nobody knows.
        took_ms: Option<u64>,
    }
}

impl From<AuditEntry> for AuditView {
    fn from(entry: AuditEntry) -> Self {
        let AuditEntry { opening, closing } = entry;
        let AuditOpening {
            id,
            at,
            agent: agent_id,
            key,
            delegate,
            via,
            request: request_id,
            tool,
            action,
            incident,
            dry_run,
            params,
        } = opening;
        let ended = closing.map(Ended::from).unwrap_or_default();
        Self {
            id,
            at,
            agent_id,
            key,
            delegate,
            via,
            request_id,
            tool,
            action,
            incident_id: incident.or(ended.incident),
            dry_run,
            params,
            outcome: ended.outcome,
            code: ended.code,
            took_ms: ended.took_ms,
        }
    }
}

/// What the closing half of an entry adds.
#[derive(Default)]
struct Ended {
    incident: Option<IncidentId>,
    outcome: Option<AuditOutcome>,
    code: Option<Short>,
    took_ms: Option<u64>,
}

impl From<AuditClosing> for Ended {
    fn from(closing: AuditClosing) -> Self {
        let AuditClosing {
            id: _,
            at: _,
            outcome,
            code,
            incident,
            took_ms,
        } = closing;
        Self {
            incident,
            outcome: Some(outcome),
            code,
            took_ms,
        }
    }
}
