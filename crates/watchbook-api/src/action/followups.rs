//! Follow-ups: finding them, changing them, summing them up.

use std::fmt;
use std::str::FromStr;

use serde_json::{Value, json};
use watchbook_core::query::{Cursor, FollowupFilter, FollowupQuery, FollowupSort, ListKind};
use watchbook_core::text::{Env, Message, Prose, ServiceName, Short, Title};
use watchbook_core::{
    Due, EventId, FollowupPatch, FollowupStatus, IncidentId, Kind, Op, Severity, Timestamp,
};

use super::lists::{check_cursor, check_range, page};
use crate::fault::{At, Faults, shown};
use crate::json::Json;
use crate::param::{
    Labels, Limit, Moment, Patch, Priority, Several, WindowDays, Words, params, written_param,
};

params! {
    /// Lists follow-ups across incidents, the earliest deadline first. They outlive their incidents: one of a closed
    /// incident is listed as well. Open one with `incident_append_event` and `type=followup`.
    pub IncidentFollowups {
        /// Of this incident only.
        incident_id: Option<IncidentId>,
        /// Of incidents about this service, or affecting it.
        service: Option<ServiceName>,
        /// Of incidents in this environment.
        env: Option<Env>,
        /// Of incidents of this severity, or one of these.
        severity: Option<Several<Severity, 5>>,
        /// Of incidents of this kind.
        kind: Option<Kind>,
        /// Of incidents with all of these labels, as `name=value`.
        label: Labels = {},
        /// Of this owner.
        owner: Option<Short>,
        /// `all`, `open` (unfinished), `overdue` or `finished`.
        status: FollowupState = "all",
        /// Leave finished ones out that changed before this. What is unfinished is listed at any age.
        finished_since: Option<Moment>,
        /// Changed at or after this.
        updated_since: Option<Moment>,
        /// Opened at or after this.
        from: Option<Moment>,
        /// Opened before this.
        to: Option<Moment>,
        /// Only those of exercises, or none of them; both if left out.
        drill: Option<bool>,
        /// Words that all must occur in id, title, owner, reason or reference.
        q: Option<Words>,
        /// The order; `-` puts the latest first.
        sort: FollowupSort = "due_date",
        /// How many at most, up to 500.
        limit: Limit = 20,
        /// Where to go on: `next_cursor` of the page before, with the same `sort`.
        cursor: Option<Cursor>,
    }
    check IncidentFollowups::check;

    /// Changes a follow-up. What is left out stays as it is. Canceling needs a reason.
    pub IncidentFollowupUpdate {
        /// The incident.
        incident_id: IncidentId,
        /// The follow-up: the id of the event that opened it.
        followup_id: EventId,
        /// What is to be done.
        title: Option<Title>,
        /// Who does it; null takes it away.
        owner: Patch<Short>,
        /// How urgent it is: P0 to P4, or high, medium or low.
        priority: Option<Priority>,
        /// When it is due: a date (its end, UTC) or a time; null takes it away.
        due_date: Patch<Due>,
        /// How far it has come.
        status: Option<FollowupStatus>,
        /// Where it is tracked outside; null takes it away.
        external_ref: Patch<Short>,
        /// Why it is canceled.
        reason: Option<Prose>,
        /// What to say about the change on the timeline.
        note: Option<Message>,
    }
    check changes_something;

    /// Sums up what is left to do: open incidents by severity, follow-ups open, overdue and done, every overdue one,
    /// and incidents that nobody has written on for too long. What is open or overdue counts at any age.
    pub IncidentFollowupsSummary {
        /// Of incidents about this service, or affecting it.
        service: Option<ServiceName>,
        /// Of incidents in this environment.
        env: Option<Env>,
        /// How many days back finished things count.
        window_days: WindowDays = 30,
    }
}

/// Which follow-ups are meant by their state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FollowupState {
    /// All.
    All,
    /// Unfinished ones.
    Open,
    /// Unfinished ones past their deadline.
    Overdue,
    /// Done and canceled ones.
    Finished,
}

impl FollowupState {
    const ALL: [Self; 4] = [Self::All, Self::Open, Self::Overdue, Self::Finished];

    const fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Open => "open",
            Self::Overdue => "overdue",
            Self::Finished => "finished",
        }
    }

    const fn filter(self, now: Timestamp) -> FollowupFilter {
        match self {
            Self::All => FollowupFilter::All,
            Self::Open => FollowupFilter::Unfinished,
            Self::Overdue => FollowupFilter::OverdueAt(now),
            Self::Finished => FollowupFilter::Finished,
        }
    }
}

impl FromStr for FollowupState {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|state| state.as_str() == text);
        found.ok_or_else(|| {
            format!(
                "{:?} is not a state of follow-ups; use all, open, overdue or finished",
                shown(text)
            )
        })
    }
}

impl fmt::Display for FollowupState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Json for FollowupState {
    fn to_json(&self) -> Value {
        self.as_str().into()
    }
}

written_param! {
    FollowupState, Word, Fact => json!({
        "type": "string",
        "enum": FollowupState::ALL.map(FollowupState::as_str),
    });
}

impl IncidentFollowups {
    fn check(&self, at: &At<'_>, faults: &mut Faults) {
        check_range(self.from, self.to, at, faults);
        check_cursor(self.cursor, ListKind::Followups(self.sort), at, faults);
    }

    /// The question it asks at the moment `now`.
    pub fn into_query(self, now: Timestamp) -> FollowupQuery {
        let Self {
            incident_id,
            service,
            env,
            severity,
            kind,
            label: Labels(label),
            owner,
            status,
            finished_since,
            updated_since,
            from,
            to,
            drill,
            q,
            sort,
            limit,
            cursor,
        } = self;
        let moment = |Moment(moment): Moment| moment;
        FollowupQuery {
            incident: incident_id,
            service,
            env,
            severities: severity.map(|Several(severities)| severities),
            kind,
            labels: label.into_iter().collect(),
            drill,
            owner,
            state: status.filter(now),
            finished_since: finished_since.map(moment),
            updated_since: updated_since.map(moment),
            from: from.map(moment),
            to: to.map(moment),
            words: q.as_ref().map(Words::split).unwrap_or_default(),
            sort,
            page: page(limit, cursor),
        }
    }
}

fn changes_something(update: &IncidentFollowupUpdate, at: &At<'_>, faults: &mut Faults) {
    if update.note.is_none() && FollowupPatch::from(update.clone()) == FollowupPatch::default() {
        faults.add(at, "name at least one field to change, or a note");
    }
}

impl From<IncidentFollowupUpdate> for FollowupPatch {
    fn from(params: IncidentFollowupUpdate) -> Self {
        let IncidentFollowupUpdate {
            incident_id: _,
            followup_id: _,
            title,
            owner,
            priority,
            due_date,
            status,
            external_ref,
            reason,
            note: _,
        } = params;
        Self {
            title,
            owner: owner.into_change(),
            priority: priority.map(|Priority(priority)| priority),
            due: due_date.into_change(),
            status,
            external_ref: external_ref.into_change(),
            reason,
        }
    }
}

impl IncidentFollowupUpdate {
    /// The operation that does it.
    pub fn into_op(self) -> Op {
        Op::UpdateFollowup {
            followup: self.followup_id,
            note: self.note.clone(),
            patch: Box::new(self.into()),
        }
    }
}
