//! A store in memory whose parts can be made to fail, and which remembers what was asked of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::Mutex;
use tokio::sync::Notify;
use watchbook_core::audit::{AuditClosing, AuditEntry, AuditOpening, AuditQuery};
use watchbook_core::query::{FollowupItem, FollowupQuery, IncidentQuery, Page, PageRequest};
use watchbook_core::text::Name;
use watchbook_core::{
    ArtifactName, Clock, Command, Digest, Entropy, Event, Fence, Incident, IncidentId, KeyRecord,
    LeaseName,
};
use watchbook_store::memory::MemoryStore;
use watchbook_store::{
    Applied, ArtifactContent, Artifacts, AuditLog, Capabilities, Feed, FeedPosition, Health,
    Incidents, Keys, Lease, Leases, Pepper, StoreError, Stretch, Taken,
};

/// The store and its switches.
#[derive(Debug)]
pub(crate) struct FaultyStore {
    inner: MemoryStore,
    /// Openings fail.
    pub(crate) no_openings: AtomicBool,
    /// Closings fail.
    pub(crate) no_closings: AtomicBool,
    /// Keys cannot be read.
    pub(crate) no_keys: AtomicBool,
    /// The next `apply` gives this instead of an answer.
    pub(crate) next_apply: Mutex<Option<StoreError>>,
    /// `apply` waits for [`Self::go_on`] first.
    pub(crate) held: AtomicBool,
    /// `apply` panics.
    pub(crate) panics: AtomicBool,
    /// Tells that an `apply` is held.
    pub(crate) reached: Notify,
    /// How many `apply` are or were held.
    pub(crate) waiting: AtomicUsize,
    /// Lets a held `apply` go on.
    pub(crate) go_on: Notify,
    /// Tells that an `apply` has answered.
    pub(crate) applied: Notify,
    /// How often keys were read.
    pub(crate) key_reads: AtomicUsize,
}

impl FaultyStore {
    /// A store without faults, as yet.
    pub(crate) fn new(clock: Arc<dyn Clock>, entropy: &dyn Entropy) -> Self {
        Self {
            inner: MemoryStore::new(clock, entropy),
            no_openings: AtomicBool::new(false),
            no_closings: AtomicBool::new(false),
            no_keys: AtomicBool::new(false),
            next_apply: Mutex::new(None),
            held: AtomicBool::new(false),
            panics: AtomicBool::new(false),
            reached: Notify::new(),
            waiting: AtomicUsize::new(0),
            go_on: Notify::new(),
            applied: Notify::new(),
            key_reads: AtomicUsize::new(0),
        }
    }
}

/// The error of a part that is switched off.
pub(crate) fn broken(what: &str) -> StoreError {
    StoreError::Unavailable {
        why: format!("{what} is broken"),
        retry_after: Duration::from_secs(5),
        source: None,
    }
}

fn check(switch: &AtomicBool, what: &str) -> Result<(), StoreError> {
    if switch.load(Ordering::SeqCst) {
        Err(broken(what))
    } else {
        Ok(())
    }
}

#[async_trait]
impl Incidents for FaultyStore {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn health(&self) -> Health {
        self.inner.health().await
    }

    async fn apply(&self, command: Command) -> Result<Applied, StoreError> {
        if self.held.load(Ordering::SeqCst) {
            self.reached.notify_one();
            let go_on = self.go_on.notified();
            self.waiting.fetch_add(1, Ordering::SeqCst);
            go_on.await;
        }
        let fault = self.next_apply.lock().take();
        assert!(!self.panics.load(Ordering::SeqCst), "the store dies");
        let answer = match fault {
            Some(error) => Err(error),
            None => self.inner.apply(command).await,
        };
        self.applied.notify_one();
        answer
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
impl Artifacts for FaultyStore {
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
impl AuditLog for FaultyStore {
    async fn open_entry(&self, opening: AuditOpening) -> Result<(), StoreError> {
        check(&self.no_openings, "the audit")?;
        self.inner.open_entry(opening).await
    }

    async fn close_entry(&self, closing: AuditClosing) -> Result<(), StoreError> {
        check(&self.no_closings, "the audit")?;
        self.inner.close_entry(closing).await
    }

    async fn sync_audit(&self) -> Result<(), StoreError> {
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
impl Keys for FaultyStore {
    async fn keys(&self) -> Result<Vec<KeyRecord>, StoreError> {
        check(&self.no_keys, "the key file")?;
        self.key_reads.fetch_add(1, Ordering::SeqCst);
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
impl Leases for FaultyStore {
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
impl Feed for FaultyStore {
    async fn feed_end(&self) -> Result<FeedPosition, StoreError> {
        self.inner.feed_end().await
    }

    async fn feed(&self, after: FeedPosition, limit: usize) -> Result<Stretch, StoreError> {
        self.inner.feed(after, limit).await
    }
}
