//! What a decision looks at, read beforehand.

use std::collections::HashMap;

use parking_lot::Mutex;
use tokio_postgres::types::Type;
use watchbook_core::text::{Env, ServiceName};
use watchbook_core::{
    Command, Decision, Event, EventId, Facts, Incident, IncidentId, IncidentState, Likeness, Op,
    Prior, ProposedChange, Refused, Signature, Stamp, decide, fold, limit,
};

use super::PostgresStore;
use super::exec::{Link, Statement};
use super::read::{KeyInUse, Loaded};
use super::record;
use super::sqlstate;
use crate::contract::StoreError;

pub(super) const ALIKE: Statement = Statement {
    sql: include_str!("sql/alike.sql"),
    types: &[Type::TEXT, Type::TEXT, Type::TEXT, Type::TEXT, Type::INT8],
};

/// What a decision looks at.
#[derive(Debug, Default)]
pub(super) struct Known {
    incidents: HashMap<IncidentId, Loaded>,
    pub(super) prior: Option<KeyInUse>,
    redacting: Option<Event>,
    /// The look-alikes that were read, and of what.
    alike: Option<(Alike, Vec<IncidentId>)>,
    /// The question for look-alikes that a decision asked and nobody had foreseen.
    asked: Mutex<Option<Alike>>,
}

/// What makes two incidents look alike.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Alike {
    service: ServiceName,
    env: Env,
    signature: Signature,
}

impl Known {
    /// The version of an incident; 0 of one that is not there.
    pub(super) fn version(&self, id: IncidentId) -> i64 {
        self.incidents.get(&id).map_or(0, |loaded| loaded.version)
    }

    /// The state that `events` lead to from what is known of their incident.
    pub(super) fn after<'e>(
        &self,
        id: IncidentId,
        events: impl Iterator<Item = &'e Event>,
    ) -> IncidentState {
        let known = self.incidents.get(&id).map(|loaded| loaded.state.clone());
        let mut state = known.unwrap_or_default();
        events.for_each(|event| fold::apply(&mut state, event));
        state
    }

    /// An incident as everyone sees it.
    pub(super) fn incident(&self, id: IncidentId) -> Result<Incident, StoreError> {
        let found = self.incidents.get(&id);
        let found = found.and_then(|loaded| loaded.state.incident(id));
        found.ok_or_else(|| record::no_incident(id))
    }
}

impl Facts for Known {
    fn incident(&self, id: IncidentId) -> Option<&IncidentState> {
        self.incidents.get(&id).map(|loaded| &loaded.state)
    }

    fn event(&self, incident: IncidentId, event: EventId) -> Option<&Event> {
        self.redacting
            .as_ref()
            .filter(|found| found.incident_id == incident && found.id == event)
    }

    fn prior(&self, _command: &Command) -> Option<Prior> {
        self.prior.as_ref().map(|used| Prior { body: used.body })
    }

    fn similar(&self, created: &Event) -> Vec<IncidentId> {
        let asked = Alike::of(created);
        match &self.alike {
            Some((read, alike)) if asked.as_ref() == Some(read) => alike.clone(),
            _ => {
                *self.asked.lock() = asked;
                Vec::new()
            }
        }
    }
}

impl Alike {
    /// What a decision on this command is going to ask, as far as the command alone tells.
    fn expected(command: &Command) -> Option<Self> {
        let Op::Create(new) = &command.op else {
            return None;
        };
        let derived = || Signature::derive(&new.service, new.kind, &new.title);
        Some(Self {
            service: new.service.clone(),
            env: new.env.clone(),
            signature: new.signature.unwrap_or_else(derived),
        })
    }

    fn of(created: &Event) -> Option<Self> {
        let Likeness {
            service,
            env,
            signature,
        } = Likeness::of(created)?;
        Some(Self {
            service: service.clone(),
            env: env.clone(),
            signature,
        })
    }
}

impl PostgresStore {
    /// Reads what a decision on `command` looks at; with the rows held when `locked`.
    pub(super) async fn know(
        &self,
        link: Link<'_>,
        command: &Command,
        locked: bool,
    ) -> Result<Known, StoreError> {
        let expected = Alike::expected(command);
        let own = [command.incident];
        // Sent together, so that all of it is one way there and back.
        let (prior, loaded, alike) = tokio::try_join!(
            async {
                match command.key {
                    Some(_) => self.prior(link, command.change).await,
                    None => Ok(None),
                }
            },
            self.load(link, &own, locked),
            async {
                match &expected {
                    Some(alike) => look_alikes(link, alike, command.incident).await,
                    None => Ok(Vec::new()),
                }
            },
        )?;
        let mut known = Known {
            prior,
            alike: expected.map(|expected| (expected, alike)),
            ..Known::default()
        };
        self.take(&mut known, loaded);
        let other = other_incident(command, known.incidents.get(&command.incident));
        if let Some(other) = other.filter(|id| *id != command.incident) {
            let loaded = self.load(link, &[other], locked).await?;
            self.take(&mut known, loaded);
        }
        if let Op::Redact { event, .. } = &command.op {
            known.redacting = self.line(link, command.incident, *event).await?;
        }
        Ok(known)
    }

    fn take(&self, known: &mut Known, loaded: Vec<Loaded>) {
        for loaded in loaded {
            self.stamps.lock().observe(loaded.last_stamp);
            known.incidents.insert(loaded.id, loaded);
        }
    }

    /// Decides, asking the database for look-alikes when the decision wants to know others than were read.
    pub(super) async fn decide(
        &self,
        link: Link<'_>,
        known: &mut Known,
        command: &Command,
        stamp: Stamp,
    ) -> Result<Result<Decision, Refused>, StoreError> {
        let decision = decide(known, command, stamp);
        let Some(alike) = known.asked.get_mut().take() else {
            return Ok(decision);
        };
        let found = look_alikes(link, &alike, command.incident).await?;
        known.alike = Some((alike, found));
        Ok(decide(known, command, stamp))
    }
}

async fn look_alikes(
    link: Link<'_>,
    alike: &Alike,
    but: IncidentId,
) -> Result<Vec<IncidentId>, StoreError> {
    let Alike {
        service,
        env,
        signature,
    } = alike;
    let (signature, but) = (signature.to_string(), but.to_string());
    let most = i64::try_from(limit::SIMILAR).unwrap_or(i64::MAX);
    let rows = link
        .rows(
            &ALIKE,
            &[&service.as_str(), &env.as_str(), &signature, &but, &most],
        )
        .await
        .map_err(sqlstate::of_read)?;
    rows.iter().map(|row| record::parsed(row, "id")).collect()
}

/// The second incident that a command looks at, if it looks at one.
fn other_incident(command: &Command, first: Option<&Loaded>) -> Option<IncidentId> {
    let target = |change: &ProposedChange| match change {
        ProposedChange::Merge(into) => Some(*into),
        ProposedChange::Close(_) | ProposedChange::Severity(_) | ProposedChange::Env(_) => None,
    };
    match &command.op {
        Op::Merge { into, .. } => Some(*into),
        Op::Propose(proposal) => target(&proposal.change),
        Op::Unmerge { .. } => first?.state.incident(command.incident)?.merged_into,
        Op::Approve { proposal, .. } => target(&first?.state.proposal(*proposal)?.change),
        _ => None,
    }
}
