//! A store with somebody who writes to it: short ways to say what a case wants.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::Map;
use watchbook_core::query::{FollowupQuery, IncidentFilter, IncidentQuery, PageRequest, Sort};
use watchbook_core::text::{Env, Message, Prose, ServiceName, Short, Title};
use watchbook_core::{
    AgentId, AppendType, By, ChangeId, Clock, Command, Digest, Event, FollowupStatus, Incident,
    IncidentId, Key, Kind, Lifecycle, NewFollowup, NewIncident, Op, Refused, Resolution, Severity,
    Source, Step, Timestamp, Via,
};

use super::Harness;
use crate::contract::{Applied, Incidents, Store, StoreError};
use crate::system::ManualClock;

/// A store with somebody who writes to it.
#[derive(Debug)]
pub(crate) struct Scene<S> {
    pub(crate) store: S,
    pub(crate) clock: ManualClock,
    made: AtomicU64,
}

impl<S: Store> Scene<S> {
    pub(crate) async fn open<H: Harness<Store = S>>(harness: &H) -> Self {
        Self::with(harness.open().await, harness.clock())
    }

    pub(crate) fn with(store: S, clock: &ManualClock) -> Self {
        Self {
            store,
            clock: clock.clone(),
            made: AtomicU64::new(0),
        }
    }

    /// The same scene on the handle that `change` gives for its own.
    pub(crate) async fn replace<F: Future<Output = S>>(self, change: impl FnOnce(S) -> F) -> Self {
        let Self { store, clock, made } = self;
        Self {
            store: change(store).await,
            clock,
            made,
        }
    }

    /// A number that was not used yet in this scene.
    pub(crate) fn fresh(&self) -> u64 {
        self.made.fetch_add(1, Ordering::SeqCst)
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Moves the clock on by a second.
    pub(crate) fn tick(&self) {
        self.clock.advance(Duration::from_secs(1));
    }

    /// A command of `sofiia`, with a change id of its own and no key.
    pub(crate) fn command(&self, incident: IncidentId, op: Op) -> Command {
        Command {
            change: ChangeId::from_key("scene", &self.fresh().to_string()),
            incident,
            by: by("sofiia"),
            key: None,
            if_match: None,
            fence: None,
            op,
        }
    }

    /// The same with an idempotency key.
    pub(crate) fn keyed(&self, incident: IncidentId, op: Op, key: &str, body: &str) -> Command {
        Command {
            change: ChangeId::from_key("sofiia/oncall_tool", key),
            key: Some(Key {
                body: Digest::of(body.as_bytes()),
            }),
            ..self.command(incident, op)
        }
    }

    /// An id for an incident that is created now.
    pub(crate) fn id(&self) -> IncidentId {
        IncidentId::from_seed(self.now(), self.fresh())
    }

    /// The command that creates this incident.
    pub(crate) fn creation(&self, new: NewIncident) -> Command {
        self.command(self.id(), Op::Create(Box::new(new)))
    }

    /// Carries a command out, a second after the one before.
    pub(crate) async fn apply(&self, command: Command) -> Applied {
        self.tick();
        let op = format!("{:?}", command.op);
        match self.store.apply(command).await {
            Ok(applied) => applied,
            Err(error) => panic!("{op:.200} was not carried out: {error:?}"),
        }
    }

    pub(crate) async fn create(&self, new: NewIncident) -> Incident {
        self.apply(self.creation(new)).await.incident
    }

    pub(crate) async fn run(&self, incident: IncidentId, op: Op) -> Applied {
        self.apply(self.command(incident, op)).await
    }

    /// Carries out a command that must be refused.
    pub(crate) async fn refused(&self, command: Command) -> Refused {
        match self.store.apply(command.clone()).await {
            Err(StoreError::Refused(refused)) => refused,
            other => panic!("{:?} was not refused: {other:?}", command.op),
        }
    }

    /// Why a command is refused, for a case that is about just that; `None` if it is not.
    pub(crate) async fn refusal(&self, command: Command) -> Option<Refused> {
        match self.store.apply(command).await {
            Err(StoreError::Refused(refused)) => Some(refused),
            Ok(_) | Err(_) => None,
        }
    }

    pub(crate) async fn get(&self, id: IncidentId) -> Incident {
        self.store.get(id).await.expect("the incident is there")
    }

    /// The whole timeline.
    pub(crate) async fn timeline(&self, id: IncidentId) -> Vec<Event> {
        timeline(&self.store, id).await
    }

    /// The ids of the incidents that are meant, in the order `sort`.
    pub(crate) async fn found(&self, filter: IncidentFilter, sort: Sort) -> Vec<IncidentId> {
        let page = PageRequest {
            limit: 500,
            after: None,
        };
        let query = IncidentQuery { filter, sort, page };
        let page = self.store.list(query).await.expect("the list can be read");
        assert_eq!(page.next, None, "one page holds them all");
        page.items.iter().map(|incident| incident.id).collect()
    }

    /// The titles of the follow-ups that are meant, in order.
    pub(crate) async fn followups(&self, query: FollowupQuery) -> Vec<String> {
        let page = self.store.followups(query).await;
        let items = page.expect("the follow-ups can be read").items;
        let title = |item: &watchbook_core::query::FollowupItem| item.followup.title.to_string();
        items.iter().map(title).collect()
    }
}

/// The whole timeline of an incident, read page by page.
pub(crate) async fn timeline<S: Incidents>(store: &S, id: IncidentId) -> Vec<Event> {
    let mut events = Vec::new();
    let mut after = None;
    loop {
        let request = PageRequest { limit: 500, after };
        let page = store.events(id, request).await;
        let page = page.expect("the timeline can be read");
        events.extend(page.items);
        after = page.next;
        if after.is_none() {
            return events;
        }
    }
}

pub(crate) fn agent(id: &str) -> AgentId {
    AgentId::new(id).unwrap()
}

pub(crate) fn by(id: &str) -> By {
    By {
        agent: agent(id),
        key: None,
        delegate: None,
        request: None,
        via: Via::Embedded,
        source: Source::Agent,
    }
}

pub(crate) fn title(text: &str) -> Title {
    Title::new(text).unwrap()
}

pub(crate) fn message(text: &str) -> Message {
    Message::new(text).unwrap()
}

pub(crate) fn prose(text: &str) -> Prose {
    Prose::new(text).unwrap()
}

pub(crate) fn short(text: &str) -> Short {
    Short::new(text).unwrap()
}

pub(crate) fn service(text: &str) -> ServiceName {
    ServiceName::new(text).unwrap()
}

/// An incident with as little said about it as possible.
pub(crate) fn plain(text: &str) -> NewIncident {
    NewIncident {
        service: service("gateway"),
        affects: Vec::new(),
        env: Env::prod(),
        severity: Severity::P2,
        uncertain: false,
        title: title(text),
        summary: None,
        kind: Kind::ErrorRate,
        signature: None,
        labels: BTreeMap::new(),
        drill: false,
        roles: BTreeMap::new(),
        started_at: None,
        detected_at: None,
        group_key: None,
    }
}

pub(crate) fn note(text: &str) -> Op {
    Op::Append {
        kind: AppendType::Note,
        message: message(text),
        meta: Map::new(),
        at: None,
    }
}

pub(crate) fn step(step: Step) -> Op {
    Op::Move(Box::new(Lifecycle {
        step,
        at: None,
        note: None,
        resolution: Resolution::default(),
    }))
}

pub(crate) fn followup(text: &str) -> NewFollowup {
    NewFollowup {
        title: title(text),
        message: None,
        owner: None,
        priority: Severity::P2,
        due: None,
        status: FollowupStatus::Open,
        external_ref: None,
        meta: Map::new(),
    }
}

pub(crate) fn open_followup(new: NewFollowup) -> Op {
    Op::OpenFollowup(Box::new(new))
}
