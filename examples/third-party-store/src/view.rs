//! What a list of commits shows: the fold of it, and what a decision may look at.

use std::collections::BTreeMap;

use watchbook_core::{
    Command, Commit, Event, EventId, Facts, Incident, IncidentId, IncidentState, KeyUse, Prior,
    fold, limit, redact,
};

/// The fold of some commits.
#[derive(Debug, Default)]
pub struct View {
    states: BTreeMap<IncidentId, IncidentState>,
    events: BTreeMap<IncidentId, Vec<Event>>,
    keys: Vec<KeyUse>,
}

impl View {
    /// What these commits show.
    pub fn of(commits: &[Commit]) -> Self {
        let mut view = Self::default();
        for commit in commits {
            view.keys.extend(commit.key().cloned());
            for event in commit.events() {
                fold::apply(view.states.entry(event.incident_id).or_default(), event);
                view.events
                    .entry(event.incident_id)
                    .or_default()
                    .push(event.clone());
            }
        }
        view
    }

    /// One incident.
    pub fn incident(&self, id: IncidentId) -> Option<Incident> {
        self.states.get(&id)?.incident(id)
    }

    /// Every incident.
    pub fn incidents(&self) -> impl Iterator<Item = Incident> {
        self.states
            .iter()
            .filter_map(|(id, state)| state.incident(*id))
    }

    /// The timeline of an incident, without what was redacted.
    pub fn timeline(&self, id: IncidentId) -> Option<Vec<Event>> {
        let events = self.events.get(&id)?;
        Some(events.iter().map(|event| self.shown(event)).collect())
    }

    /// The event as readers may see it.
    pub fn shown(&self, event: &Event) -> Event {
        let state = self.states.get(&event.incident_id);
        if state.is_some_and(|state| state.is_redacted(event.id)) {
            redact::blank(event)
        } else {
            event.clone()
        }
    }
}

impl Facts for View {
    fn incident(&self, id: IncidentId) -> Option<&IncidentState> {
        self.states.get(&id)
    }

    fn event(&self, incident: IncidentId, event: EventId) -> Option<&Event> {
        self.events
            .get(&incident)?
            .iter()
            .find(|known| known.id == event)
    }

    /// Keys are remembered as long as the ledger: the contract asks for seven days at least.
    fn prior(&self, command: &Command) -> Option<Prior> {
        let key = self.keys.iter().find(|key| key.change == command.change)?;
        Some(Prior { body: key.body })
    }

    fn similar(&self, created: &Event) -> Vec<IncidentId> {
        let mut state = IncidentState::default();
        fold::apply(&mut state, created);
        let Some(new) = state.incident(created.incident_id) else {
            return Vec::new();
        };
        let alike = |known: &Incident| {
            known.status.is_unfinished()
                && (&known.service, &known.env, known.signature)
                    == (&new.service, &new.env, new.signature)
        };
        let mut found: Vec<_> = self
            .incidents()
            .filter(alike)
            .map(|known| (known.created_at, known.id))
            .collect();
        found.sort_unstable();
        let newest_first = found.into_iter().rev().map(|(_, id)| id);
        newest_first.take(limit::SIMILAR).collect()
    }
}
