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

/// A store whose caller repeats what is unavailable. It also waits for the database before it does something with a
/// lease: a lease is only good on the side that gave it, so across a loss there is none to be held to.
#[derive(Debug, Clone)]
pub(crate) struct Insistent(pub(crate) AutoStore);

/// The same call until its answer is not that it is unavailable.
macro_rules! until_answered {
    ($call:expr) => {{
        let mut answer = $call.await;
        for _ in 0..PATIENCE {
            if !matches!(
                answer,
                Err(StoreError::Unavailable { .. } | StoreError::Unknown { .. })
            ) {
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
}

#[async_trait]
impl Incidents for Insistent {
    fn capabilities(&self) -> Capabilities {
        self.0.capabilities()
    }

    async fn health(&self) -> Health {
        self.0.health().await
    }

    async fn apply(&self, command: Command) -> Result<Applied, StoreError> {
        if command.fence.is_some() {
            self.is_back().await;
        }
        until_answered!(self.0.apply(command.clone()))
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
        until_answered!(self.0.attach(command.clone(), content.clone()))
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
        self.is_back().await;
        until_answered!(self.0.search_audit(query.clone(), page))
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
