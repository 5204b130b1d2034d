//! What an action answers, typed.

use serde_json::{Map, Value};
use watchbook_core::IncidentId;
use watchbook_core::query::{Cursor, ListKind, Page, Place};

use crate::json::Json;
use crate::view::{
    ArtifactView, AuditView, EventView, FollowupView, IdentityView, IncidentView, ProposalView,
    SummaryView,
};

/// What an action answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// `result.incident`.
    Incident(Box<IncidentView>),
    /// `result.incident` and `result.possible_duplicates`.
    Created {
        /// The new incident.
        incident: Box<IncidentView>,
        /// Unfinished incidents that look like the same thing.
        possible_duplicates: Vec<IncidentId>,
    },
    /// `result.event`.
    Event(Box<EventView>),
    /// `result.followup`, and `result.event` if an event was written.
    Followup {
        /// The follow-up as it is now.
        followup: Box<FollowupView>,
        /// The line that opened or changed it.
        event: Option<Box<EventView>>,
    },
    /// `result.artifact`.
    Artifact(Box<ArtifactView>),
    /// `result.proposal` and `result.incident`.
    Proposal {
        /// The proposal.
        proposal: Box<ProposalView>,
        /// The incident as it is now.
        incident: Box<IncidentView>,
    },
    /// `result.items` of incidents.
    Incidents(List<IncidentView>),
    /// `result.items` of events.
    Events(List<EventView>),
    /// `result.items` of follow-ups.
    Followups(List<FollowupView>),
    /// `result.items` of audit entries.
    Audit(List<AuditView>),
    /// `result.summary`.
    Summary(Box<SummaryView>),
    /// `result.identity`.
    Identity(Box<IdentityView>),
}

/// One page of a list. It knows the place of each item, so that it can be cut short anywhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List<T> {
    items: Vec<T>,
    places: Vec<Place>,
    kind: ListKind,
    more: bool,
}

impl<T> List<T> {
    /// A page in the shape of the contract. `place` is where an item stands in its list, `view` how it is shown.
    pub fn of<N>(
        page: Page<N>,
        kind: ListKind,
        place: impl Fn(&N) -> Place,
        view: impl FnMut(N) -> T,
    ) -> Self {
        let Page { items, next } = page;
        Self {
            places: items.iter().map(place).collect(),
            items: items.into_iter().map(view).collect(),
            kind,
            more: next.is_some(),
        }
    }

    /// The items.
    pub fn items(&self) -> &[T] {
        &self.items
    }

    /// Where the next page begins after; `None` if this is the last.
    pub fn next_cursor(&self) -> Option<Cursor> {
        let last = self.places.last().filter(|_| self.more)?;
        Some(self.cursor(*last))
    }

    const fn cursor(&self, after: Place) -> Cursor {
        Cursor {
            list: self.kind,
            after,
        }
    }
}

/// What an answer is made of before it is held to a budget.
pub(crate) enum Body {
    /// Nouns under their names; the first is the one that `fields` is about.
    Nouns(Vec<(&'static str, Value)>),
    /// A list.
    Items(Items),
}

/// The items of a list with the cursor that goes on after each of them.
pub(crate) struct Items {
    pub(crate) values: Vec<Value>,
    pub(crate) cursors: Vec<String>,
    /// Whether there is more after the last of them.
    pub(crate) more: bool,
}

impl<T: Json> List<T> {
    fn body(&self) -> Body {
        Body::Items(Items {
            values: self.items.iter().map(Json::to_json).collect(),
            cursors: self
                .places
                .iter()
                .map(|place| self.cursor(*place).to_string())
                .collect(),
            more: self.more,
        })
    }
}

impl Reply {
    pub(crate) fn body(&self) -> Body {
        match self {
            Self::Incident(incident) => Body::Nouns(vec![("incident", incident.to_json())]),
            Self::Created {
                incident,
                possible_duplicates,
            } => Body::Nouns(vec![
                ("incident", incident.to_json()),
                ("possible_duplicates", possible_duplicates.to_json()),
            ]),
            Self::Event(event) => Body::Nouns(vec![("event", event.to_json())]),
            Self::Followup { followup, event } => {
                let event = event.as_ref().map(|event| ("event", event.to_json()));
                let followup = ("followup", followup.to_json());
                Body::Nouns(std::iter::once(followup).chain(event).collect())
            }
            Self::Artifact(artifact) => Body::Nouns(vec![("artifact", artifact.to_json())]),
            Self::Proposal { proposal, incident } => Body::Nouns(vec![
                ("proposal", proposal.to_json()),
                ("incident", incident.to_json()),
            ]),
            Self::Incidents(list) => list.body(),
            Self::Events(list) => list.body(),
            Self::Followups(list) => list.body(),
            Self::Audit(list) => list.body(),
            Self::Summary(summary) => Body::Nouns(vec![("summary", summary.to_json())]),
            Self::Identity(identity) => Body::Nouns(vec![("identity", identity.to_json())]),
        }
    }

    /// The incident that the answer shows, for the audit and for the transport's `ETag`.
    pub fn incident(&self) -> Option<&IncidentView> {
        match self {
            Self::Incident(incident)
            | Self::Created { incident, .. }
            | Self::Proposal { incident, .. } => Some(incident),
            Self::Event(_)
            | Self::Followup { .. }
            | Self::Artifact(_)
            | Self::Incidents(_)
            | Self::Events(_)
            | Self::Followups(_)
            | Self::Audit(_)
            | Self::Summary(_)
            | Self::Identity(_) => None,
        }
    }
}

/// Members by name.
pub(crate) fn object(members: Vec<(&'static str, Value)>) -> Value {
    let members: Map<String, Value> = members
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    Value::Object(members)
}
