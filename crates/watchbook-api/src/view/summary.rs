//! What is left to do, summed up.

use std::collections::BTreeMap;

use watchbook_core::query::FollowupItem;
use watchbook_core::text::{Env, ServiceName, Short, Title};
use watchbook_core::{Due, EventId, Incident, IncidentId, Severity, Status, Timestamp};

use super::followup::whole_days;
use super::{FollowupView, view};

/// How much of each list a summary names; `meta.truncated` says when that was not all. Counts are always of everything.
pub mod limit {
    /// Ids of open incidents, for each severity.
    pub const IDS: usize = 100;
    /// Overdue follow-ups.
    pub const OVERDUE: usize = 200;
    /// Stale incidents.
    pub const STALE: usize = 200;
}

view! {
    /// What is left to do.
    SummaryView {
        /// The moment it is about.
        generated_at: Timestamp,
        /// The service that was asked for.
        service: Option<ServiceName>,
        /// The environment that was asked for.
        env: Option<Env>,
        /// How many days back finished things count.
        window_days: u32,
        /// Since when finished things count.
        window_from: Timestamp,
        /// Unfinished incidents.
        open_incidents: OpenIncidents,
        /// How many follow-ups there are in each state.
        followups: FollowupCounts,
        /// Overdue follow-ups, the one that is longest overdue first; at most 200 of `followups.overdue`.
        overdue: Vec<OverdueView>,
        /// How many incidents are stale: unfinished, and without a word from a human or agent for too long.
        stale_total: u64,
        /// Unfinished incidents that no human or agent has written on for 24 hours (P0, P1) or 72 hours; at most 200 of
        /// `stale_total`.
        stale_incidents: Vec<StaleView>,
        /// The unfinished incident that was created first.
        oldest: Option<OldestView>,
    }

    /// Unfinished incidents.
    OpenIncidents {
        /// How many there are.
        total: u64,
        /// How many there are of each severity, with their ids.
        by_severity: BTreeMap<Severity, SeverityCount>,
    }

    /// Unfinished incidents of one severity.
    SeverityCount {
        /// How many there are.
        count: u64,
        /// Their ids; at most 100 of `count`.
        ids: Vec<IncidentId>,
    }

    /// How many follow-ups there are in each state.
    FollowupCounts {
        /// Unfinished: `open` and `in_progress` together.
        open: u64,
        /// Of these, past their deadline.
        overdue: u64,
        /// Done within the window.
        done: u64,
        /// Canceled within the window.
        canceled: u64,
    }

    /// One overdue follow-up.
    OverdueView {
        /// Its id.
        id: EventId,
        /// The incident.
        incident_id: IncidentId,
        /// The incident's service.
        service: ServiceName,
        /// What is to be done.
        title: Title,
        /// Who does it.
        owner: Option<Short>,
        /// How urgent it is.
        priority: Severity,
        /// When it was due.
        due_date: Option<Due>,
        /// How many whole days ago that was.
        days_over: u64,
    }

    /// One incident that nobody has written on for too long.
    StaleView {
        /// Its id.
        id: IncidentId,
        /// The service it is about.
        service: ServiceName,
        /// How bad it is.
        severity: Severity,
        /// Where it stands.
        status: Status,
        /// What is wrong.
        title: Title,
        /// When a human or an agent last wrote on it.
        last_activity_at: Timestamp,
        /// How many whole hours ago that was.
        hours_quiet: u64,
    }

    /// The unfinished incident that was created first.
    OldestView {
        /// Its id.
        id: IncidentId,
        /// The service it is about.
        service: ServiceName,
        /// How bad it is.
        severity: Severity,
        /// What is wrong.
        title: Title,
        /// When it was created.
        created_at: Timestamp,
        /// How many whole days ago that was.
        age_days: u64,
    }
}

impl OverdueView {
    /// The view at the moment `now`.
    pub fn of(item: FollowupItem, now: Timestamp) -> Self {
        let FollowupView {
            id,
            incident_id,
            service,
            env: _,
            incident_severity: _,
            title,
            owner,
            priority,
            due_date,
            status: _,
            external_ref: _,
            reason: _,
            opened_at: _,
            updated_at: _,
            overdue: _,
            days_over,
        } = FollowupView::of(item, now);
        Self {
            id,
            incident_id,
            service,
            title,
            owner,
            priority,
            due_date,
            days_over,
        }
    }
}

impl StaleView {
    /// The view at the moment `now`. Whether the incident is stale is for the caller to know.
    pub fn of(incident: &Incident, now: Timestamp) -> Self {
        Self {
            id: incident.id,
            service: incident.service.clone(),
            severity: incident.severity,
            status: incident.status,
            title: incident.title.clone(),
            last_activity_at: incident.last_activity_at,
            hours_quiet: now.since(incident.last_activity_at).as_secs() / 3_600,
        }
    }
}

impl OldestView {
    /// The view at the moment `now`.
    pub fn of(incident: &Incident, now: Timestamp) -> Self {
        Self {
            id: incident.id,
            service: incident.service.clone(),
            severity: incident.severity,
            title: incident.title.clone(),
            created_at: incident.created_at,
            age_days: whole_days(now, incident.created_at),
        }
    }
}
