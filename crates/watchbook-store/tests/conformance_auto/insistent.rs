//! A caller that repeats what is unavailable, as every caller may: the same call, until it is answered.

use std::time::Duration;

use async_trait::async_trait;
use watchbook_core::audit::{AuditClosing, AuditEntry, AuditOpening, AuditQuery};
use watchbook_core::query::{FollowupItem, FollowupQuery, IncidentQuery, Page, PageRequest};
use watchbook_core::text::Name;
use watchbook_core::{
    ArtifactName, Command, Digest, Event, Fence, Incident, IncidentId, KeyRecord, LeaseName,
};
use watchbook_store::auto::{AutoStore, Phase};
use watchbook_store::{
    Applied, ArtifactContent, Artifacts, AuditLog, Capabilities, Feed, FeedPosition, Health,
    Incidents, Keys, Lease, Leases, Pepper, StoreError, Stretch, Taken,
};

/// How often a call is repeated: more often than any loss is long.
const PATIENCE: usize = 1_000;

/// A store whose caller repeats what is unavailable, and who waits for the settled form of what is answered as
/// provisional: while a node is apart, the numbers and stamps of lines may still change. It also waits for the database before it does something with a
/// lease: a lease is only good on the side that gave it, so across a loss there is none to be held to.
#[derive(Debug, Clone)]
pub(crate) struct Insistent(pub(crate) AutoStore);

/// The same call until its answer is not that it is unavailable.
macro_rules! until_answered {
    ($call:expr) => {{
        let mut answer = $call.await;
        for _ in 0..PATIENCE {
            if !is_unavailable(&answer) {
                break;
            }
            answer = $call.await;
        }
        answer
    }};
}

impl Insistent {
    /// Waits until writes go to the database.
    pub(crate) async fn is_back(&self) {
        for _ in 0..PATIENCE {
            if self.0.phase().expect("a condition") == Phase::Primary {
                return;
            }
            drop(self.0.tend().await);
        }
        panic!("the node does not come back: {:?}", self.0);
    }

    /// The answer to a write in its settled form. `first` is what the first call said.
    async fn settled(
        &self,
        command: &Command,
        first: Result<Applied, StoreError>,
        content: Option<Vec<u8>>,
    ) -> Result<Applied, StoreError> {
        let mut answer = first;
        let mut is_repeated = false;
        for _ in 0..PATIENCE {
            if !is_unavailable(&answer) {
                break;
            }
            is_repeated = true;
            answer = match &content {
                Some(bytes) => self.0.attach(command.clone(), bytes.clone()).await,
                None => self.0.apply(command.clone()).await,
            };
        }
        let mut applied = answer?;
        if is_repeated {
            // What the first call did, and nobody heard of, is no replay to the caller.
            applied.replayed = false;
        }
        if self.0.degraded_since().is_none() {
            return Ok(applied);
        }
        self.is_back().await;
        let mut events = Vec::new();
        for event in applied.events {
            events.push(self.line(&event).await?);
        }
        Ok(Applied {
            incident: if applied.replayed {
                applied.incident
            } else {
                self.get(applied.incident.id).await?
            },
            events,
            ..applied
        })
    }

    /// A line as it stands by now.
    async fn line(&self, event: &Event) -> Result<Event, StoreError> {
        let mut page = PageRequest {
            limit: 500,
            after: None,
        };
        loop {
            let found = self.events(event.incident_id, page).await?;
            if let Some(line) = found.items.into_iter().find(|line| line.id == event.id) {
                return Ok(line);
            }
            page.after = found.next;
            assert!(
                page.after.is_some(),
                "{event:?} was acknowledged and is lost"
            );
        }
    }
}

fn is_unavailable<T>(answer: &Result<T, StoreError>) -> bool {
    matches!(
        answer,
        Err(StoreError::Unavailable { .. } | StoreError::Unknown { .. })
    )
}

#[async_trait]
impl Incidents for Insistent {
    fn capabilities(&self) -> Capabilities {
        self.0.capabilities()
    }

    async fn health(&self) -> Health {
        // Each side counts its own commits.
        loop {
            self.is_back().await;
            let health = self.0.health().await;
            if health.degraded_since.is_none() {
                return health;
            }
        }
    }

    async fn apply(&self, command: Command) -> Result<Applied, StoreError> {
        if command.fence.is_some() {
            self.is_back().await;
        }
        let first = self.0.apply(command.clone()).await;
        self.settled(&command, first, None).await
    }

    async fn preview(&self, command: Command) -> Result<Applied, StoreError> {
        until_answered!(self.0.preview(command.clone()))
    }

    async fn get(&self, id: IncidentId) -> Result<Incident, StoreError> {
        until_answered!(self.0.get(id))
    }

    async fn list(&self, query: IncidentQuery) -> Result<Page<Incident>, StoreError> {
        until_answered!(self.0.list(query.clone()))
    }

    async fn events(&self, id: IncidentId, page: PageRequest) -> Result<Page<Event>, StoreError> {
        until_answered!(self.0.events(id, page))
    }

    async fn followups(&self, query: FollowupQuery) -> Result<Page<FollowupItem>, StoreError> {
        until_answered!(self.0.followups(query.clone()))
    }
}

#[async_trait]
impl Artifacts for Insistent {
    async fn attach(&self, command: Command, content: Vec<u8>) -> Result<Applied, StoreError> {
        if command.fence.is_some() {
            self.is_back().await;
        }
        let first = self.0.attach(command.clone(), content.clone()).await;
        self.settled(&command, first, Some(content)).await
    }

    async fn artifact(
        &self,
        incident: IncidentId,
        name: &ArtifactName,
        version: Option<Digest>,
    ) -> Result<ArtifactContent, StoreError> {
        until_answered!(self.0.artifact(incident, name, version))
    }
}

#[async_trait]
impl AuditLog for Insistent {
    async fn open_entry(&self, opening: AuditOpening) -> Result<(), StoreError> {
        until_answered!(self.0.open_entry(opening.clone()))
    }

    async fn close_entry(&self, closing: AuditClosing) -> Result<(), StoreError> {
        until_answered!(self.0.close_entry(closing.clone()))
    }

    async fn sync_audit(&self) -> Result<(), StoreError> {
        until_answered!(self.0.sync_audit())
    }

    async fn search_audit(
        &self,
        query: AuditQuery,
        page: PageRequest,
    ) -> Result<Page<AuditEntry>, StoreError> {
        // Without the database there is only what this node has written since: whoever wants all of it waits.
        loop {
            self.is_back().await;
            let found = until_answered!(self.0.search_audit(query.clone(), page));
            if self.0.degraded_since().is_none() {
                return found;
            }
        }
    }
}

#[async_trait]
impl Keys for Insistent {
    async fn keys(&self) -> Result<Vec<KeyRecord>, StoreError> {
        until_answered!(self.0.keys())
    }

    async fn put_key(&self, record: KeyRecord) -> Result<(), StoreError> {
        until_answered!(self.0.put_key(record.clone()))
    }

    async fn pepper(&self) -> Result<Pepper, StoreError> {
        until_answered!(self.0.pepper())
    }
}

#[async_trait]
impl Leases for Insistent {
    async fn acquire(
        &self,
        name: &LeaseName,
        holder: &Name,
        span: Duration,
    ) -> Result<Taken, StoreError> {
        self.is_back().await;
        until_answered!(self.0.acquire(name, holder, span))
    }

    async fn renew(&self, fence: &Fence, span: Duration) -> Result<Lease, StoreError> {
        self.is_back().await;
        until_answered!(self.0.renew(fence, span))
    }

    async fn release(&self, fence: &Fence) -> Result<(), StoreError> {
        self.is_back().await;
        until_answered!(self.0.release(fence))
    }

    async fn leases(&self) -> Result<Vec<Lease>, StoreError> {
        self.is_back().await;
        until_answered!(self.0.leases())
    }
}

#[async_trait]
impl Feed for Insistent {
    async fn feed_end(&self) -> Result<FeedPosition, StoreError> {
        until_answered!(self.0.feed_end())
    }

    async fn feed(&self, after: FeedPosition, limit: usize) -> Result<Stretch, StoreError> {
        until_answered!(self.0.feed(after, limit))
    }
}
