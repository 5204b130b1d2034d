//! What a handler hands back to the door.

use watchbook_api::{IncidentView, Reply};
use watchbook_core::{IncidentId, Timestamp};
use watchbook_store::Applied;

/// A reply, and what the door says about it in `meta` and in the audit.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a member of `meta` by itself, and every combination of them can be"
)]
pub(crate) struct Answer {
    pub(crate) reply: Reply,
    /// The incident that was created or acted on.
    pub(crate) incident: Option<IncidentId>,
    pub(crate) changed: bool,
    pub(crate) replayed: bool,
    pub(crate) durable: bool,
    pub(crate) truncated: bool,
}

impl Answer {
    /// Of a read.
    pub(super) const fn read(reply: Reply) -> Self {
        Self {
            reply,
            incident: None,
            changed: false,
            replayed: false,
            durable: true,
            truncated: false,
        }
    }

    /// The same, about this incident.
    pub(super) const fn about(mut self, incident: IncidentId) -> Self {
        self.incident = Some(incident);
        self
    }

    /// Of a write that is answered by `reply`.
    pub(super) const fn written(applied: &Applied, reply: Reply) -> Self {
        Self {
            reply,
            incident: Some(applied.incident.id),
            changed: applied.changed,
            replayed: applied.replayed,
            durable: applied.durable,
            truncated: false,
        }
    }

    /// Of a write that is answered by the incident as it is then.
    pub(super) fn incident(applied: &Applied, now: Timestamp) -> Self {
        let reply = Reply::Incident(incident_view(applied, now));
        Self::written(applied, reply)
    }
}

/// The incident of a write as callers see it.
pub(super) fn incident_view(applied: &Applied, now: Timestamp) -> Box<IncidentView> {
    Box::new(IncidentView::of(applied.incident.clone(), now))
}
