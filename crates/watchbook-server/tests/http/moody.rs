//! A store in memory that a test can hold, break or kill.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Semaphore;
use watchbook_core::audit::{AuditClosing, AuditEntry, AuditOpening, AuditQuery};
use watchbook_core::query::{FollowupItem, FollowupQuery, IncidentQuery, Page, PageRequest};
use watchbook_core::text::Name;
use watchbook_core::{
    ArtifactName, Clock, Command, Digest, Entropy, Event, Fence, Incident, IncidentId, KeyRecord,
    LeaseName, Timestamp,
};
use watchbook_store::memory::MemoryStore;
use watchbook_store::{
    Applied, ArtifactContent, Artifacts, AuditLog, Capabilities, Feed, FeedPosition, Health,
    Incidents, Keys, Lease, Leases, Pepper, Standing, StoreError, Stretch, Taken,
};

/// The store and its moods.
#[derive(Debug)]
pub(crate) struct MoodyStore {
    inner: MemoryStore,
    /// Writes wait until [`Self::release`].
    pub(crate) holds: AtomicBool,
    /// One permit for each write that is held.
    pub(crate) held: Semaphore,
    released: Semaphore,
    /// Writes are refused, and health says so.
    pub(crate) is_full: AtomicBool,
    /// Writes panic.
    pub(crate) is_mad: AtomicBool,
    /// How it stands to a first choice, if it has one.
    pub(crate) standing: Mutex<Option<Standing>>,
    /// How often the audit trail was made durable.
    pub(crate) audit_syncs: AtomicUsize,
}

impl MoodyStore {
    pub(crate) fn new(clock: Arc<dyn Clock>, entropy: &dyn Entropy) -> Self {
        Self {
            inner: MemoryStore::new(clock, entropy),
            holds: AtomicBool::new(false),
            held: Semaphore::new(0),
            released: Semaphore::new(0),
            is_full: AtomicBool::new(false),
            is_mad: AtomicBool::new(false),
            standing: Mutex::new(None),
            audit_syncs: AtomicUsize::new(0),
        }
    }

    /// Waits until a write is held.
    pub(crate) async fn until_held(&self) {
        self.held.acquire().await.expect("open").forget();
    }

    /// Lets one held write go on.
    pub(crate) fn release(&self) {
        self.released.add_permits(1);
    }
}

#[async_trait]
impl Incidents for MoodyStore {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn health(&self) -> Health {
        let is_full = self.is_full.load(Ordering::SeqCst);
        Health {
            read_only: is_full.then(|| "the disk is full".to_owned()),
            degraded_since: self.degraded_since(),
            ..self.inner.health().await
        }
    }

    fn degraded_since(&self) -> Option<Timestamp> {
        self.standing()?.since
    }

    fn standing(&self) -> Option<Standing> {
        self.standing.lock().expect("nobody panics here").clone()
    }

    async fn apply(&self, command: Command) -> Result<Applied, StoreError> {
        if self.holds.load(Ordering::SeqCst) {
            self.held.add_permits(1);
            self.released.acquire().await.expect("open").forget();
        }
        assert!(!self.is_mad.load(Ordering::SeqCst), "secret of the inside");
        if self.is_full.load(Ordering::SeqCst) {
            return Err(StoreError::Unavailable {
                why: "the disk is full".to_owned(),
                retry_after: Duration::from_millis(4_200),
                source: None,
            });
        }
        self.inner.apply(command).await
    }

    async fn preview(&self, command: Command) -> Result<Applied, StoreError> {
        self.inner.preview(command).await
    }

    async fn get(&self, id: IncidentId) -> Result<Incident, StoreError> {
        self.inner.get(id).await
    }

    async fn list(&self, query: IncidentQuery) -> Result<Page<Incident>, StoreError> {
        self.inner.list(query).await
    }

    async fn events(&self, id: IncidentId, page: PageRequest) -> Result<Page<Event>, StoreError> {
        self.inner.events(id, page).await
    }

    async fn followups(&self, query: FollowupQuery) -> Result<Page<FollowupItem>, StoreError> {
        self.inner.followups(query).await
    }
}

#[async_trait]
impl Artifacts for MoodyStore {
    async fn attach(&self, command: Command, content: Vec<u8>) -> Result<Applied, StoreError> {
        self.inner.attach(command, content).await
    }

    async fn artifact(
        &self,
        incident: IncidentId,
        name: &ArtifactName,
        version: Option<Digest>,
    ) -> Result<ArtifactContent, StoreError> {
        self.inner.artifact(incident, name, version).await
    }
}

#[async_trait]
impl AuditLog for MoodyStore {
    async fn open_entry(&self, opening: AuditOpening) -> Result<(), StoreError> {
        self.inner.open_entry(opening).await
    }

    async fn close_entry(&self, closing: AuditClosing) -> Result<(), StoreError> {
        self.inner.close_entry(closing).await
    }

    async fn sync_audit(&self) -> Result<(), StoreError> {
        self.audit_syncs.fetch_add(1, Ordering::SeqCst);
        self.inner.sync_audit().await
    }

    async fn search_audit(
        &self,
        query: AuditQuery,
        page: PageRequest,
    ) -> Result<Page<AuditEntry>, StoreError> {
        self.inner.search_audit(query, page).await
    }
}

#[async_trait]
impl Keys for MoodyStore {
    async fn keys(&self) -> Result<Vec<KeyRecord>, StoreError> {
        self.inner.keys().await
    }

    async fn put_key(&self, record: KeyRecord) -> Result<(), StoreError> {
        self.inner.put_key(record).await
    }

    async fn pepper(&self) -> Result<Pepper, StoreError> {
        self.inner.pepper().await
    }
}

#[async_trait]
impl Leases for MoodyStore {
    async fn acquire(
        &self,
        name: &LeaseName,
        holder: &Name,
        span: Duration,
    ) -> Result<Taken, StoreError> {
        self.inner.acquire(name, holder, span).await
    }

    async fn renew(&self, fence: &Fence, span: Duration) -> Result<Lease, StoreError> {
        self.inner.renew(fence, span).await
    }

    async fn release(&self, fence: &Fence) -> Result<(), StoreError> {
        self.inner.release(fence).await
    }

    async fn leases(&self) -> Result<Vec<Lease>, StoreError> {
        self.inner.leases().await
    }
}

#[async_trait]
impl Feed for MoodyStore {
    async fn feed_end(&self) -> Result<FeedPosition, StoreError> {
        self.inner.feed_end().await
    }

    async fn feed(&self, after: FeedPosition, limit: usize) -> Result<Stretch, StoreError> {
        self.inner.feed(after, limit).await
    }
}
