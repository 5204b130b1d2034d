//! Asking: filters, orders and cursors, the same for every backend.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use crate::audit::AuditOpening;
use crate::followup::Followup;
use crate::id::IncidentId;
use crate::incident::Incident;
use crate::kind::Kind;
use crate::severity::Severity;
use crate::signature::Signature;
use crate::status::Status;
use crate::text::{Env, Name, ServiceName, Short, word_enum};
use crate::time::Timestamp;

/// The most items one page holds.
pub const MAX_LIMIT: usize = 500;
/// How many items a page holds when nobody says.
pub const DEFAULT_LIMIT: usize = 20;

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

fn touches(incident: &Incident, service: &ServiceName) -> bool {
    incident.service == *service || incident.affects.contains(service)
}

fn is_owner(incident: &Incident, owner: &Short) -> bool {
    incident.roles.values().any(|holder| holder == owner)
        || incident
            .followups
            .iter()
            .any(|followup| followup.owner.as_ref() == Some(owner))
}

fn has_words(incident: &Incident, words: &[String]) -> bool {
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
    let text = text.to_lowercase();
    words.iter().all(|word| text.contains(word.as_str()))
}

word_enum! {
    /// The order of a list. Equal items follow in the order of their ids, so every order is total.
    Sort, "an order" {
        /// The newest first.
        CreatedDesc = "-created_at",
        /// The oldest first.
        Created = "created_at",
        /// The latest change first.
        UpdatedDesc = "-updated_at",
        /// The earliest change first.
        Updated = "updated_at",
        /// The worst first; of the same severity, the newest.
        Severity = "severity",
    }
}

/// The place of an item in an order: lists are read from place to place, so that what is written meanwhile
/// neither repeats nor hides an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    major: i64,
    minor: i64,
    id: i128,
}

impl Place {
    /// Where `incident` stands in the order `sort`.
    pub fn of(incident: &Incident, sort: Sort) -> Self {
        let Incident {
            id,
            created_at,
            updated_at,
            severity,
            ..
        } = incident;
        Self::of_parts(
            *id,
            created_at.millis(),
            updated_at.millis(),
            *severity,
            sort,
        )
    }

    /// Where an incident with these times (in milliseconds since 1970) and this severity stands in the order `sort`.
    pub fn of_parts(
        id: IncidentId,
        created: i64,
        updated: i64,
        severity: Severity,
        sort: Sort,
    ) -> Self {
        let id = i128::from(id.to_bits());
        match sort {
            Sort::CreatedDesc => Self {
                major: -created,
                minor: 0,
                id: -id,
            },
            Sort::Created => Self {
                major: created,
                minor: 0,
                id,
            },
            Sort::UpdatedDesc => Self {
                major: -updated,
                minor: 0,
                id: -id,
            },
            Sort::Updated => Self {
                major: updated,
                minor: 0,
                id,
            },
            Sort::Severity => Self {
                major: severity as i64,
                minor: -created,
                id: -id,
            },
        }
    }

    /// The time that an index by creation or by change finds this place under, in milliseconds since 1970.
    pub const fn indexed(self) -> i64 {
        self.major.abs()
    }

    /// Where an unfinished or finished follow-up stands: the earliest deadline first, those without one last.
    pub fn of_followup(followup: &Followup) -> Self {
        let deadline = followup.due.map_or(i64::MAX, |due| due.deadline().millis());
        #[expect(
            clippy::cast_possible_wrap,
            reason = "only the order within one deadline and time depends on it"
        )]
        let id = followup.id.to_bits() as i128;
        Self {
            major: deadline,
            minor: followup.opened_at.millis(),
            id,
        }
    }

    /// Where an audit entry stands: the newest first.
    pub fn of_audit(opening: &AuditOpening) -> Self {
        #[expect(
            clippy::cast_possible_wrap,
            reason = "only the order within one millisecond depends on it"
        )]
        let id = opening.id.to_bits() as i128;
        Self {
            major: -opening.at.millis(),
            minor: 0,
            id,
        }
    }

    /// Where the line with this number stands.
    pub fn of_seq(seq: u32) -> Self {
        Self {
            major: i64::from(seq),
            minor: 0,
            id: 0,
        }
    }

    /// The number of the line that stands here; `None` if no line can.
    pub fn seq(self) -> Option<u32> {
        u32::try_from(self.major).ok()
    }
}

/// A place handed out to a caller, who gives it back for the next page. Opaque, and bound to the order of its list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// What list it is of.
    pub list: ListKind,
    /// The last item that was given out.
    pub after: Place,
}

/// The lists that have cursors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListKind {
    /// Incidents in some order.
    Incidents(Sort),
    /// The lines of one timeline.
    Events,
    /// Follow-ups by deadline.
    Followups,
    /// Audit entries.
    Audit,
}

/// A text that is not a cursor of the list it is used with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "this cursor does not belong to this list and order; take next_cursor from the page before, or leave it out to begin anew"
)]
pub struct ParseCursorError;

impl ListKind {
    const fn tag(self) -> u8 {
        match self {
            Self::Incidents(sort) => sort as u8,
            Self::Events => 0x40,
            Self::Followups => 0x41,
            Self::Audit => 0x42,
        }
    }

    fn from_tag(tag: u8) -> Option<Self> {
        match tag {
            0x40 => Some(Self::Events),
            0x41 => Some(Self::Followups),
            0x42 => Some(Self::Audit),
            sort => Sort::ALL
                .get(usize::from(sort))
                .copied()
                .map(Self::Incidents),
        }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Place { major, minor, id } = self.after;
        f.pad(&format!(
            "c{:02x}{major:016x}{minor:016x}{id:032x}",
            self.list.tag()
        ))
    }
}

impl FromStr for Cursor {
    type Err = ParseCursorError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let hex = text
            .strip_prefix('c')
            .filter(|hex| hex.len() == 66 && hex.is_ascii())
            .ok_or(ParseCursorError)?;
        let part = |range: std::ops::Range<usize>| {
            u128::from_str_radix(&hex[range], 16).map_err(|_| ParseCursorError)
        };
        let tag = u8::try_from(part(0..2)?).map_err(|_| ParseCursorError)?;
        let signed = |bits: u128| {
            u64::try_from(bits)
                .map(u64::cast_signed)
                .map_err(|_| ParseCursorError)
        };
        Ok(Self {
            list: ListKind::from_tag(tag).ok_or(ParseCursorError)?,
            after: Place {
                major: signed(part(2..18)?)?,
                minor: signed(part(18..34)?)?,
                id: part(34..66)?.cast_signed(),
            },
        })
    }
}

/// What to give out of a list: how much, and after what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRequest {
    /// At most this many items, 1 to [`MAX_LIMIT`].
    pub limit: usize,
    /// Only items after this place.
    pub after: Option<Place>,
}

impl Default for PageRequest {
    fn default() -> Self {
        Self {
            limit: DEFAULT_LIMIT,
            after: None,
        }
    }
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The items, in order.
    pub items: Vec<T>,
    /// Where the next page begins after; `None` if this was the last.
    pub next: Option<Place>,
}

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

/// Takes one page out of items that come in any order. `place` must give every item a place of its own.
pub fn page_of<T>(
    items: impl IntoIterator<Item = T>,
    request: PageRequest,
    place: impl Fn(&T) -> Place,
) -> Page<T> {
    let mut rest: Vec<(Place, T)> = items
        .into_iter()
        .map(|item| (place(&item), item))
        .filter(|(at, _)| {
            request
                .after
                .is_none_or(|after| at.cmp(&after) == Ordering::Greater)
        })
        .collect();
    rest.sort_by_key(|(at, _)| *at);
    let more = rest.len() > request.limit;
    rest.truncate(request.limit);
    let next = if more {
        rest.last().map(|(at, _)| *at)
    } else {
        None
    };
    Page {
        items: rest.into_iter().map(|(_, item)| item).collect(),
        next,
    }
}
