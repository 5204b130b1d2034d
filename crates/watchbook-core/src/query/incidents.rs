//! Questions for incidents.

use crate::incident::Incident;
use crate::kind::Kind;
use crate::severity::Severity;
use crate::signature::Signature;
use crate::status::Status;
use crate::text::{Env, Name, ServiceName, Short};
use crate::time::Timestamp;

use super::{PageRequest, Sort, has_all, touches};

/// A question for incidents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncidentQuery {
    /// Which.
    pub filter: IncidentFilter,
    /// In which order.
    pub sort: Sort,
    /// Which part.
    pub page: PageRequest,
}

/// Which incidents are meant. An empty filter means all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IncidentFilter {
    /// One of these statuses.
    pub statuses: Option<Vec<Status>>,
    /// This service, as the incident's own or as one it affects.
    pub service: Option<ServiceName>,
    /// This environment.
    pub env: Option<Env>,
    /// One of these severities.
    pub severities: Option<Vec<Severity>>,
    /// This kind.
    pub kind: Option<Kind>,
    /// This signature.
    pub signature: Option<Signature>,
    /// All of these labels.
    pub labels: Vec<(Name, Short)>,
    /// Somebody with a role in it, or the owner of one of its follow-ups.
    pub owner: Option<Short>,
    /// Recorded something at or after this.
    pub updated_since: Option<Timestamp>,
    /// Created at or after this.
    pub from: Option<Timestamp>,
    /// Created before this.
    pub to: Option<Timestamp>,
    /// Only exercises, or none.
    pub drill: Option<bool>,
    /// Every one of these words occurs, without regard to case, in id, title, summary, service, affected services or labels.
    pub words: Vec<String>,
    /// Only incidents with a follow-up that is unfinished.
    pub unfinished_followups: bool,
}

impl IncidentFilter {
    /// The statuses that the word `open` stands for: every unfinished one.
    pub fn unfinished() -> Vec<Status> {
        Status::ALL
            .iter()
            .copied()
            .filter(|status| status.is_unfinished())
            .collect()
    }

    /// Splits a free text into the words that all must occur, at most 16.
    pub fn split_words(text: &str) -> Vec<String> {
        text.split_whitespace()
            .map(str::to_lowercase)
            .take(16)
            .collect()
    }

    /// Whether `incident` is meant.
    pub fn matches(&self, incident: &Incident) -> bool {
        let Self {
            statuses,
            service,
            env,
            severities,
            kind,
            signature,
            labels,
            owner,
            updated_since,
            from,
            to,
            drill,
            words,
            unfinished_followups,
        } = self;
        statuses
            .as_ref()
            .is_none_or(|statuses| statuses.contains(&incident.status))
            && severities
                .as_ref()
                .is_none_or(|severities| severities.contains(&incident.severity))
            && service
                .as_ref()
                .is_none_or(|service| touches(incident, service))
            && env.as_ref().is_none_or(|env| *env == incident.env)
            && kind.is_none_or(|kind| kind == incident.kind)
            && signature.is_none_or(|signature| signature == incident.signature)
            && labels
                .iter()
                .all(|(key, value)| incident.labels.get(key) == Some(value))
            && owner.as_ref().is_none_or(|owner| is_owner(incident, owner))
            && updated_since.is_none_or(|since| incident.updated_at >= since)
            && from.is_none_or(|from| incident.created_at >= from)
            && to.is_none_or(|to| incident.created_at < to)
            && drill.is_none_or(|drill| drill == incident.drill)
            && (!unfinished_followups
                || incident
                    .followups
                    .iter()
                    .any(|followup| followup.status.is_unfinished()))
            && (words.is_empty() || has_words(incident, words))
    }
}

fn is_owner(incident: &Incident, owner: &Short) -> bool {
    owners(incident).any(|known| known == owner)
}

/// Who has a role in an incident, and who owns one of its follow-ups: whom the filter `owner` finds.
pub fn owners(incident: &Incident) -> impl Iterator<Item = &Short> {
    let followups = incident.followups.iter();
    incident
        .roles
        .values()
        .chain(followups.filter_map(|followup| followup.owner.as_ref()))
}

/// What the filter `words` looks through, without regard to case.
pub fn search_text(incident: &Incident) -> String {
    let mut text = format!("{} {} {}", incident.id, incident.title, incident.service);
    for service in &incident.affects {
        text.push(' ');
        text.push_str(service.as_str());
    }
    if let Some(summary) = &incident.summary {
        text.push(' ');
        text.push_str(summary.as_str());
    }
    for (key, value) in &incident.labels {
        text.extend([" ", key.as_str(), "=", value.as_str()]);
    }
    text
}

fn has_words(incident: &Incident, words: &[String]) -> bool {
    has_all(&search_text(incident), words)
}
