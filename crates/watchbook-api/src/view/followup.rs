//! One follow-up, as callers see it, with what one needs to know of its incident.

use watchbook_core::query::FollowupItem;
use watchbook_core::text::{Env, Prose, ServiceName, Short, Title};
use watchbook_core::{Due, EventId, Followup, FollowupStatus, IncidentId, Severity, Timestamp};

use super::view;

view! {
    /// One follow-up: something to do after, or because of, an incident.
    FollowupView {
        /// Its id: that of the event that opened it.
        id: EventId,
        /// The incident.
        incident_id: IncidentId,
        /// The incident's service.
        service: ServiceName,
        /// The incident's environment.
        env: Env,
        /// The incident's severity.
        incident_severity: Severity,
        /// What is to be done.
        title: Title,
        /// Who does it.
        owner: Option<Short>,
        /// How urgent it is, on the scale of severities.
        priority: Severity,
        /// When it is due: a date (its end, UTC) or a time.
        due_date: Option<Due>,
        /// How far it has come: `open`, `in_progress`, `done` or `canceled`.
        status: FollowupStatus,
        /// Where it is tracked outside.
        external_ref: Option<Short>,
        /// Why it was canceled.
        reason: Option<Prose>,
        /// When it was opened.
        opened_at: Timestamp,
        /// When it was last changed.
        updated_at: Timestamp,
        /// Whether it is unfinished and past its deadline.
        overdue: bool,
        /// How many whole days it is past its deadline; 0 if it is not.
        days_over: u64,
    }
}

impl FollowupView {
    /// The view at the moment `now`.
    pub fn of(item: FollowupItem, now: Timestamp) -> Self {
        let overdue = item.followup.is_overdue(now);
        let FollowupItem {
            incident_id,
            service,
            env,
            severity: incident_severity,
            followup,
        } = item;
        let Followup {
            id,
            title,
            owner,
            priority,
            due,
            status,
            external_ref,
            reason,
            opened_at,
            updated_at,
        } = followup;
        let late = due
            .filter(|_| overdue)
            .map_or(0, |due| whole_days(now, due.deadline()));
        Self {
            id,
            incident_id,
            service,
            env,
            incident_severity,
            title,
            owner,
            priority,
            due_date: due,
            status,
            external_ref,
            reason,
            opened_at,
            updated_at,
            overdue,
            days_over: late,
        }
    }
}

/// Whole days from `earlier` to `later`.
pub(super) fn whole_days(later: Timestamp, earlier: Timestamp) -> u64 {
    later.since(earlier).as_secs() / 86_400
}
