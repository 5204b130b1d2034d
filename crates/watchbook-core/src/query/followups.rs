//! Questions for follow-ups across incidents.

use crate::followup::Followup;
use crate::id::IncidentId;
use crate::incident::Incident;
use crate::severity::Severity;
use crate::text::{Env, ServiceName, Short};
use crate::time::Timestamp;

use super::{PageRequest, touches};

/// A question for follow-ups across incidents, by deadline.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FollowupQuery {
    /// Of this incident only.
    pub incident: Option<IncidentId>,
    /// Of incidents of (or affecting) this service.
    pub service: Option<ServiceName>,
    /// Of incidents in this environment.
    pub env: Option<Env>,
    /// Of this owner.
    pub owner: Option<Short>,
    /// In this state.
    pub state: FollowupFilter,
    /// Changed at or after this. Unfinished ones are given at any age.
    pub finished_since: Option<Timestamp>,
    /// Whether follow-ups of exercises are left out.
    pub without_drills: bool,
    /// Which part.
    pub page: PageRequest,
}

/// Which follow-ups are meant by their state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum FollowupFilter {
    /// All.
    #[default]
    All,
    /// `open` and `in_progress`.
    Unfinished,
    /// Unfinished, with a deadline before this moment.
    OverdueAt(Timestamp),
    /// `done` and `canceled`.
    Finished,
}

/// A follow-up with what one needs to know of its incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FollowupItem {
    /// Its incident.
    pub incident_id: IncidentId,
    /// The incident's service.
    pub service: ServiceName,
    /// The incident's environment.
    pub env: Env,
    /// The incident's severity.
    pub severity: Severity,
    /// The follow-up.
    pub followup: Followup,
}

impl FollowupQuery {
    /// Whether follow-ups of this incident can be meant.
    pub fn matches_incident(&self, incident: &Incident) -> bool {
        self.incident.is_none_or(|id| id == incident.id)
            && self
                .service
                .as_ref()
                .is_none_or(|service| touches(incident, service))
            && self.env.as_ref().is_none_or(|env| *env == incident.env)
            && !(self.without_drills && incident.drill)
    }

    /// Whether this follow-up is meant, its incident being so.
    pub fn matches(&self, followup: &Followup) -> bool {
        let unfinished = followup.status.is_unfinished();
        let state = match self.state {
            FollowupFilter::All => true,
            FollowupFilter::Unfinished => unfinished,
            FollowupFilter::Finished => !unfinished,
            FollowupFilter::OverdueAt(now) => followup.is_overdue(now),
        };
        state
            && self
                .owner
                .as_ref()
                .is_none_or(|owner| followup.owner.as_ref() == Some(owner))
            && self
                .finished_since
                .is_none_or(|since| unfinished || followup.updated_at >= since)
    }
}
