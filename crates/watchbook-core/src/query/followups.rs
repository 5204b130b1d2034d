//! Questions for follow-ups across incidents.

use crate::followup::Followup;
use crate::id::IncidentId;
use crate::incident::Incident;
use crate::kind::Kind;
use crate::severity::Severity;
use crate::text::{Env, Name, Prose, ServiceName, Short};
use crate::time::Timestamp;

use super::{FollowupSort, PageRequest, Place, has_all, touches};

/// A question for follow-ups across incidents. An empty one means all of them, by deadline.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FollowupQuery {
    /// Of this incident only.
    pub incident: Option<IncidentId>,
    /// Of incidents of (or affecting) this service.
    pub service: Option<ServiceName>,
    /// Of incidents in this environment.
    pub env: Option<Env>,
    /// Of incidents of one of these severities.
    pub severities: Option<Vec<Severity>>,
    /// Of incidents of this kind.
    pub kind: Option<Kind>,
    /// Of incidents with all of these labels.
    pub labels: Vec<(Name, Short)>,
    /// Of exercises only, or of none.
    pub drill: Option<bool>,
    /// Of this owner.
    pub owner: Option<Short>,
    /// In this state.
    pub state: FollowupFilter,
    /// Changed at or after this. Unfinished ones are given at any age.
    pub finished_since: Option<Timestamp>,
    /// Changed at or after this, finished or not.
    pub updated_since: Option<Timestamp>,
    /// Opened at or after this.
    pub from: Option<Timestamp>,
    /// Opened before this.
    pub to: Option<Timestamp>,
    /// Every one of these words (in lower case) occurs, without regard to case, in id, title, owner, reason or reference
    /// of the follow-up.
    pub words: Vec<String>,
    /// In which order.
    pub sort: FollowupSort,
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
            && self
                .severities
                .as_ref()
                .is_none_or(|severities| severities.contains(&incident.severity))
            && self.kind.is_none_or(|kind| kind == incident.kind)
            && self
                .labels
                .iter()
                .all(|(key, value)| incident.labels.get(key) == Some(value))
            && self.drill.is_none_or(|drill| drill == incident.drill)
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
            && self
                .updated_since
                .is_none_or(|since| followup.updated_at >= since)
            && self.from.is_none_or(|from| followup.opened_at >= from)
            && self.to.is_none_or(|to| followup.opened_at < to)
            && (self.words.is_empty() || has_words(followup, &self.words))
    }

    /// The follow-ups of an incident that are meant.
    pub fn among(&self, incident: Incident) -> impl Iterator<Item = FollowupItem> {
        let is_meant = self.matches_incident(&incident);
        let Incident {
            id,
            service,
            env,
            severity,
            followups,
            ..
        } = incident;
        let meant = followups
            .into_iter()
            .filter(move |followup| is_meant && self.matches(followup));
        meant.map(move |followup| FollowupItem {
            incident_id: id,
            service: service.clone(),
            env: env.clone(),
            severity,
            followup,
        })
    }

    /// Where this follow-up stands in the order that is asked for.
    pub fn place(&self, followup: &Followup) -> Place {
        Place::of_followup(followup, self.sort)
    }
}

/// What [`FollowupQuery::words`] looks through, without regard to case.
pub fn followup_text(followup: &Followup) -> String {
    let mut text = format!("{} {}", followup.id, followup.title);
    let short = [&followup.owner, &followup.external_ref];
    let more = short.into_iter().flatten().map(Short::as_str);
    for part in more.chain(followup.reason.as_ref().map(Prose::as_str)) {
        text.extend([" ", part]);
    }
    text
}

fn has_words(followup: &Followup, words: &[String]) -> bool {
    has_all(&followup_text(followup), words)
}
