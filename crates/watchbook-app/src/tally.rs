//! The arithmetic of the summary of what is left to do. Pure: items and `now` in, numbers and lists out.

use std::collections::BTreeMap;
use std::time::Duration;

use watchbook_api::{
    FollowupCounts, OldestView, OpenIncidents, OverdueView, SeverityCount, StaleView, SummaryView,
    summary_limit,
};
use watchbook_core::query::FollowupItem;
use watchbook_core::text::{Env, ServiceName};
use watchbook_core::{FollowupStatus, Incident, Severity, Timestamp};

/// What was asked for.
#[derive(Debug)]
pub(crate) struct Window {
    pub(crate) service: Option<ServiceName>,
    pub(crate) env: Option<Env>,
    /// How many days back finished things count.
    pub(crate) days: u32,
    /// Since when finished things count.
    pub(crate) from: Timestamp,
}

/// What was counted so far.
#[derive(Debug)]
pub(crate) struct Tally {
    now: Timestamp,
    by_severity: BTreeMap<Severity, SeverityCount>,
    /// The one that was created first.
    oldest: Option<Incident>,
    /// The longest silent first.
    stale: Vec<Incident>,
    stale_total: u64,
    followups: FollowupCounts,
    /// In the order in which they were given: by deadline.
    overdue: Vec<FollowupItem>,
}

/// How long an incident may be silent before it counts as stale: a day for P0 and P1, three days for the rest.
const fn patience(severity: Severity) -> Duration {
    match severity {
        Severity::P0 | Severity::P1 => Duration::from_hours(24),
        Severity::P2 | Severity::P3 | Severity::P4 => Duration::from_hours(72),
    }
}

/// Whether an incident is unfinished and nobody has written on it for longer than [`patience`].
fn is_stale(incident: &Incident, now: Timestamp) -> bool {
    incident.status.is_unfinished()
        && now.since(incident.last_activity_at) > patience(incident.severity)
}

impl Tally {
    pub(crate) fn new(now: Timestamp) -> Self {
        let none = || SeverityCount {
            count: 0,
            ids: Vec::new(),
        };
        Self {
            now,
            by_severity: Severity::ALL.map(|severity| (severity, none())).into(),
            oldest: None,
            stale: Vec::new(),
            stale_total: 0,
            followups: FollowupCounts {
                open: 0,
                overdue: 0,
                done: 0,
                canceled: 0,
            },
            overdue: Vec::new(),
        }
    }

    /// Counts an unfinished incident.
    pub(crate) fn add_incident(&mut self, incident: Incident) {
        if let Some(of_severity) = self.by_severity.get_mut(&incident.severity) {
            of_severity.count += 1;
            if of_severity.ids.len() < summary_limit::IDS {
                of_severity.ids.push(incident.id);
            }
        }
        if is_stale(&incident, self.now) {
            self.stale_total += 1;
            self.add_stale(&incident);
        }
        let created = |incident: &Incident| (incident.created_at, incident.id);
        let oldest = self.oldest.as_ref();
        if oldest.is_none_or(|oldest| created(&incident) < created(oldest)) {
            self.oldest = Some(incident);
        }
    }

    fn add_stale(&mut self, incident: &Incident) {
        let silent = |incident: &Incident| (incident.last_activity_at, incident.id);
        let place = self
            .stale
            .partition_point(|other| silent(other) < silent(incident));
        if place < summary_limit::STALE {
            self.stale.truncate(summary_limit::STALE - 1);
            self.stale.insert(place, incident.clone());
        }
    }

    /// Counts a follow-up. The earliest deadline must come first.
    pub(crate) fn add_followup(&mut self, item: FollowupItem) {
        match item.followup.status {
            FollowupStatus::Open | FollowupStatus::InProgress => self.followups.open += 1,
            FollowupStatus::Done => self.followups.done += 1,
            FollowupStatus::Canceled => self.followups.canceled += 1,
        }
        if item.followup.is_overdue(self.now) {
            self.followups.overdue += 1;
            if self.overdue.len() < summary_limit::OVERDUE {
                self.overdue.push(item);
            }
        }
    }

    /// Whether a list names less than was counted.
    pub(crate) fn is_cut(&self) -> bool {
        let is_less = |named: usize, counted: u64| (named as u64) < counted;
        let mut severities = self.by_severity.values();
        severities.any(|one| is_less(one.ids.len(), one.count))
            || is_less(self.overdue.len(), self.followups.overdue)
            || is_less(self.stale.len(), self.stale_total)
    }

    /// What callers see of it.
    pub(crate) fn into_view(self, window: Window) -> SummaryView {
        let Self {
            now,
            by_severity,
            oldest,
            stale,
            stale_total,
            followups,
            overdue,
        } = self;
        let Window {
            service,
            env,
            days,
            from,
        } = window;
        SummaryView {
            generated_at: now,
            service,
            env,
            window_days: days,
            window_from: from,
            open_incidents: OpenIncidents {
                total: by_severity.values().map(|one| one.count).sum(),
                by_severity,
            },
            followups,
            overdue: overdue
                .into_iter()
                .map(|item| OverdueView::of(item, now))
                .collect(),
            stale_total,
            stale_incidents: stale
                .iter()
                .map(|incident| StaleView::of(incident, now))
                .collect(),
            oldest: oldest.map(|incident| OldestView::of(&incident, now)),
        }
    }
}

#[cfg(test)]
mod tests;
