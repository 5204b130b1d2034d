//! Somebody who watches a queue, and writes down what happens.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Map;
use watchbook_core::query::{FollowupFilter, FollowupQuery, PageRequest};
use watchbook_core::text::{Env, Message, ServiceName, Short, Title};
use watchbook_core::{
    AgentId, AppendType, By, ChangeId, Clock, Command, Digest, Entropy, FollowupStatus, IncidentId,
    Key, Kind, Lifecycle, NewFollowup, NewIncident, Op, Resolution, Severity, Source, Step, Via,
};
use watchbook_store::Applied;
use watchbook_store::contract::Store;

use crate::Failure;

/// Somebody who watches a queue, and writes down what happens.
#[derive(Debug)]
pub struct Watcher<'a, S> {
    store: &'a S,
    clock: &'a dyn Clock,
    entropy: &'a dyn Entropy,
    by: By,
}

impl<'a, S: Store> Watcher<'a, S> {
    /// A watcher who writes to `store`.
    ///
    /// # Errors
    /// Never with the name it has.
    pub fn new(
        store: &'a S,
        clock: &'a dyn Clock,
        entropy: &'a dyn Entropy,
    ) -> Result<Self, Failure> {
        let by = By {
            agent: AgentId::new("queue-watcher")?,
            key: None,
            delegate: None,
            request: None,
            via: Via::Embedded,
            source: Source::Agent,
        };
        Ok(Self {
            store,
            clock,
            entropy,
            by,
        })
    }

    /// Tells one incident from its beginning to its end, and gives what a reader sees of it then.
    ///
    /// # Errors
    /// When the store cannot be written to or read.
    pub async fn tell(&self) -> Result<String, Failure> {
        let opened = self.open().await?;
        let id = opened.incident.id;
        // The same request again, as after a lost answer: the first answer is given, and nothing happens twice.
        let again = self.open().await?;
        debug_assert!(again.replayed && again.incident.id == id);
        self.write(id, self.step(Step::Acknowledge)).await?;
        self.write(
            id,
            note("12,000 messages wait; the consumer restarts every minute")?,
        )
        .await?;
        self.write(id, followup()?).await?;
        self.write(id, self.step(Step::Resolve)).await?;
        self.report(id).await
    }

    /// Opens the incident under an idempotency key.
    async fn open(&self) -> Result<Applied, Failure> {
        let key = "queue orders stuck 2026-02-23";
        let incident = NewIncident {
            service: ServiceName::new("orders")?,
            affects: Vec::new(),
            env: Env::prod(),
            severity: Severity::P1,
            uncertain: false,
            title: Title::new("The order queue does not drain")?,
            summary: None,
            kind: Kind::Saturation,
            signature: None,
            labels: BTreeMap::new(),
            drill: false,
            roles: BTreeMap::new(),
            started_at: None,
            detected_at: None,
            group_key: None,
        };
        let command = Command {
            change: ChangeId::from_key("queue-watcher/open", key),
            incident: IncidentId::generate(self.clock.now(), self.entropy),
            by: self.by.clone(),
            key: Some(Key {
                body: Digest::of(incident.title.as_str().as_bytes()),
            }),
            if_match: None,
            fence: None,
            op: Op::Create(Box::new(incident)),
        };
        Ok(self.store.apply(command).await?)
    }

    async fn write(&self, incident: IncidentId, op: Op) -> Result<Applied, Failure> {
        let command = Command {
            change: ChangeId::generate(self.entropy),
            incident,
            by: self.by.clone(),
            key: None,
            if_match: None,
            fence: None,
            op,
        };
        Ok(self.store.apply(command).await?)
    }

    fn step(&self, step: Step) -> Op {
        let at = Some(self.clock.now());
        Op::Move(Box::new(Lifecycle {
            step,
            at,
            note: None,
            resolution: Resolution::default(),
        }))
    }

    /// The timeline, and what is left to do.
    async fn report(&self, id: IncidentId) -> Result<String, Failure> {
        let incident = self.store.get(id).await?;
        let mut told = format!(
            "{} {} {}: {}\n",
            incident.id, incident.severity, incident.status, incident.title
        );
        for event in self.store.events(id, PageRequest::default()).await?.items {
            // Writing to a text cannot fail.
            let _ = writeln!(
                told,
                "  {}. {} {}: {}",
                event.seq, event.at, event.kind, event.message
            );
        }
        let unfinished = FollowupQuery {
            state: FollowupFilter::Unfinished,
            ..FollowupQuery::default()
        };
        for item in self.store.followups(unfinished).await?.items {
            let due = item
                .followup
                .due
                .map_or_else(String::new, |due| format!(" by {due}"));
            let _ = writeln!(told, "left to do{due}: {}", item.followup.title);
        }
        Ok(told)
    }
}

fn note(text: &str) -> Result<Op, Failure> {
    Ok(Op::Append {
        kind: AppendType::Note,
        message: Message::new(text)?,
        meta: Map::new(),
        at: None,
    })
}

fn followup() -> Result<Op, Failure> {
    Ok(Op::OpenFollowup(Box::new(NewFollowup {
        title: Title::new("Alert on the age of the oldest message")?,
        message: None,
        owner: Some(Short::new("ada")?),
        priority: Severity::P2,
        due: "2026-03-01".parse().ok(),
        status: FollowupStatus::Open,
        external_ref: None,
        meta: Map::new(),
    })))
}
