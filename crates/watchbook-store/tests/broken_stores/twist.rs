//! A store with one thing wrong: every call goes through a twist, which by default does what is right.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use watchbook_core::audit::{AuditClosing, AuditEntry, AuditOpening, AuditQuery};
use watchbook_core::query::{FollowupItem, FollowupQuery, IncidentQuery, Page, PageRequest};
use watchbook_core::text::Name;
use watchbook_core::{
    ArtifactName, Command, Digest, Event, Fence, Incident, IncidentId, KeyRecord, LeaseName,
    StoreId,
};
use watchbook_store::conformance::{FileSeen, Harness, Need};
use watchbook_store::system::ManualClock;
use watchbook_store::{
    Absorb, Absorbed, Applied, ArtifactContent, Artifacts, AuditLog, Capabilities, Extent, Feed,
    FeedPosition, Health, Incidents, Keys, Lease, Leases, Pepper, Planted, Run, StoreError,
    Stretch, Taken, TrailLine, TrailPosition, TrailStretch, Transfer, Whole,
};

use crate::disk::Disk;

/// The sound store as one handle sees it.
#[derive(Debug, Clone)]
pub(crate) struct Real {
    pub(crate) disk: Arc<Disk>,
    /// The number of the handle; 0 is the first.
    pub(crate) handle: u32,
    fault: Arc<Fault>,
}

/// A fault that was asked for. Step 0 strikes before a write is carried out, step 1 right after it.
#[derive(Debug)]
pub(crate) struct Fault(AtomicU32);

const NO_FAULT: u32 = u32::MAX;

impl Real {
    /// The step at which the fault strikes this write, if one was asked for; it strikes once.
    pub(crate) fn strikes(&self) -> Option<u32> {
        match self.fault.0.swap(NO_FAULT, Ordering::SeqCst) {
            step @ (0 | 1) => Some(step),
            _ => None,
        }
    }

    /// What a sound store does with a fault: it says what it knows.
    pub(crate) async fn apply(&self, command: Command) -> Result<Applied, StoreError> {
        match self.strikes() {
            Some(0) => Err(unavailable()),
            Some(_) => {
                let change = command.change;
                self.disk.apply(command).await?;
                Err(StoreError::Unknown {
                    change,
                    why: "the disk did not answer".to_owned(),
                    source: None,
                })
            }
            None => self.disk.apply(command).await,
        }
    }
}

pub(crate) fn unavailable() -> StoreError {
    StoreError::Unavailable {
        why: "the disk does not answer".to_owned(),
        retry_after: Duration::from_secs(1),
        source: None,
    }
}

/// One thing that is wrong with a store. What is not overridden is right.
#[async_trait]
pub(crate) trait Twist: std::fmt::Debug + Send + Sync + 'static {
    async fn apply(&self, real: &Real, command: Command) -> Result<Applied, StoreError> {
        real.apply(command).await
    }

    async fn preview(&self, real: &Real, command: Command) -> Result<Applied, StoreError> {
        real.disk.memory().preview(command).await
    }

    async fn get(&self, real: &Real, id: IncidentId) -> Result<Incident, StoreError> {
        real.disk.memory().get(id).await
    }

    async fn list(&self, real: &Real, query: IncidentQuery) -> Result<Page<Incident>, StoreError> {
        real.disk.memory().list(query).await
    }

    async fn events(
        &self,
        real: &Real,
        id: IncidentId,
        page: PageRequest,
    ) -> Result<Page<Event>, StoreError> {
        real.disk.memory().events(id, page).await
    }

    async fn followups(
        &self,
        real: &Real,
        query: FollowupQuery,
    ) -> Result<Page<FollowupItem>, StoreError> {
        real.disk.memory().followups(query).await
    }

    async fn attach(
        &self,
        real: &Real,
        command: Command,
        content: Vec<u8>,
    ) -> Result<Applied, StoreError> {
        real.disk.attach(command, content).await
    }

    async fn artifact(
        &self,
        real: &Real,
        incident: IncidentId,
        name: &ArtifactName,
        version: Option<Digest>,
    ) -> Result<ArtifactContent, StoreError> {
        real.disk.memory().artifact(incident, name, version).await
    }

    async fn open_entry(&self, real: &Real, opening: AuditOpening) -> Result<(), StoreError> {
        real.disk.open_entry(opening).await
    }

    async fn close_entry(&self, real: &Real, closing: AuditClosing) -> Result<(), StoreError> {
        real.disk.close_entry(closing).await
    }

    async fn search_audit(
        &self,
        real: &Real,
        query: AuditQuery,
        page: PageRequest,
    ) -> Result<Page<AuditEntry>, StoreError> {
        real.disk.memory().search_audit(query, page).await
    }

    async fn keys(&self, real: &Real) -> Result<Vec<KeyRecord>, StoreError> {
        real.disk.memory().keys().await
    }

    async fn put_key(&self, real: &Real, record: KeyRecord) -> Result<(), StoreError> {
        real.disk.put_key(record).await
    }

    async fn absorb(&self, real: &Real, run: Run) -> Result<Absorbed, StoreError> {
        real.disk.memory().absorb(run).await
    }

    async fn plant(&self, real: &Real, wholes: Vec<Whole>) -> Result<Planted, StoreError> {
        real.disk.plant(wholes).await
    }

    async fn plant_trail(&self, real: &Real, lines: Vec<TrailLine>) -> Result<u64, StoreError> {
        real.disk.memory().plant_trail(lines).await
    }

    /// Called between the closing of a handle and its opening.
    async fn restarted(&self, _disk: &Disk) {}

    /// Called when the power fails.
    async fn crashed(&self, _disk: &Disk) {}

    async fn pepper(&self, real: &Real) -> Result<Pepper, StoreError> {
        real.disk.memory().pepper().await
    }

    async fn acquire(
        &self,
        real: &Real,
        name: &LeaseName,
        holder: &Name,
        span: Duration,
    ) -> Result<Taken, StoreError> {
        real.disk.memory().acquire(name, holder, span).await
    }

    async fn renew(&self, real: &Real, fence: &Fence, span: Duration) -> Result<Lease, StoreError> {
        real.disk.memory().renew(fence, span).await
    }

    async fn release(&self, real: &Real, fence: &Fence) -> Result<(), StoreError> {
        real.disk.memory().release(fence).await
    }

    async fn leases(&self, real: &Real) -> Result<Vec<Lease>, StoreError> {
        real.disk.memory().leases().await
    }

    async fn feed(
        &self,
        real: &Real,
        after: FeedPosition,
        limit: usize,
    ) -> Result<Stretch, StoreError> {
        real.disk.memory().feed(after, limit).await
    }

    /// The permission bits of the file that holds the keys.
    fn mode(&self) -> u32 {
        0o600
    }
}

/// Nothing is wrong.
#[derive(Debug)]
pub(crate) struct Honest;

impl Twist for Honest {}

/// A store with a twist.
#[derive(Debug)]
pub(crate) struct Twisted {
    real: Real,
    twist: Arc<dyn Twist>,
}

#[async_trait]
impl Incidents for Twisted {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            persistent: true,
            shared: true,
            verifiable: true,
        }
    }

    async fn health(&self) -> Health {
        let head = Some(self.real.disk.head().await);
        Health {
            head,
            ..self.real.disk.memory().health().await
        }
    }

    async fn apply(&self, command: Command) -> Result<Applied, StoreError> {
        self.twist.apply(&self.real, command).await
    }

    async fn preview(&self, command: Command) -> Result<Applied, StoreError> {
        self.twist.preview(&self.real, command).await
    }

    async fn get(&self, id: IncidentId) -> Result<Incident, StoreError> {
        self.twist.get(&self.real, id).await
    }

    async fn list(&self, query: IncidentQuery) -> Result<Page<Incident>, StoreError> {
        self.twist.list(&self.real, query).await
    }

    async fn events(&self, id: IncidentId, page: PageRequest) -> Result<Page<Event>, StoreError> {
        self.twist.events(&self.real, id, page).await
    }

    async fn followups(&self, query: FollowupQuery) -> Result<Page<FollowupItem>, StoreError> {
        self.twist.followups(&self.real, query).await
    }
}

#[async_trait]
impl Artifacts for Twisted {
    async fn attach(&self, command: Command, content: Vec<u8>) -> Result<Applied, StoreError> {
        self.twist.attach(&self.real, command, content).await
    }

    async fn artifact(
        &self,
        incident: IncidentId,
        name: &ArtifactName,
        version: Option<Digest>,
    ) -> Result<ArtifactContent, StoreError> {
        self.twist
            .artifact(&self.real, incident, name, version)
            .await
    }
}

#[async_trait]
impl AuditLog for Twisted {
    async fn open_entry(&self, opening: AuditOpening) -> Result<(), StoreError> {
        self.twist.open_entry(&self.real, opening).await
    }

    async fn close_entry(&self, closing: AuditClosing) -> Result<(), StoreError> {
        self.twist.close_entry(&self.real, closing).await
    }

    async fn sync_audit(&self) -> Result<(), StoreError> {
        Ok(())
    }

    async fn search_audit(
        &self,
        query: AuditQuery,
        page: PageRequest,
    ) -> Result<Page<AuditEntry>, StoreError> {
        self.twist.search_audit(&self.real, query, page).await
    }
}

#[async_trait]
impl Keys for Twisted {
    async fn keys(&self) -> Result<Vec<KeyRecord>, StoreError> {
        self.twist.keys(&self.real).await
    }

    async fn put_key(&self, record: KeyRecord) -> Result<(), StoreError> {
        self.twist.put_key(&self.real, record).await
    }

    async fn pepper(&self) -> Result<Pepper, StoreError> {
        self.twist.pepper(&self.real).await
    }
}

#[async_trait]
impl Leases for Twisted {
    async fn acquire(
        &self,
        name: &LeaseName,
        holder: &Name,
        span: Duration,
    ) -> Result<Taken, StoreError> {
        self.twist.acquire(&self.real, name, holder, span).await
    }

    async fn renew(&self, fence: &Fence, span: Duration) -> Result<Lease, StoreError> {
        self.twist.renew(&self.real, fence, span).await
    }

    async fn release(&self, fence: &Fence) -> Result<(), StoreError> {
        self.twist.release(&self.real, fence).await
    }

    async fn leases(&self) -> Result<Vec<Lease>, StoreError> {
        self.twist.leases(&self.real).await
    }
}

#[async_trait]
impl Feed for Twisted {
    async fn feed_end(&self) -> Result<FeedPosition, StoreError> {
        self.real.disk.memory().feed_end().await
    }

    async fn feed(&self, after: FeedPosition, limit: usize) -> Result<Stretch, StoreError> {
        self.twist.feed(&self.real, after, limit).await
    }
}

#[async_trait]
impl Absorb for Twisted {
    async fn store_id(&self) -> Result<StoreId, StoreError> {
        self.real.disk.memory().store_id().await
    }

    async fn absorbed(&self, source: StoreId) -> Result<u64, StoreError> {
        self.real.disk.memory().absorbed(source).await
    }

    async fn absorb(&self, run: Run) -> Result<Absorbed, StoreError> {
        self.twist.absorb(&self.real, run).await
    }
}

#[async_trait]
impl Transfer for Twisted {
    async fn export_after(
        &self,
        after: Option<IncidentId>,
        limit: usize,
    ) -> Result<Vec<Whole>, StoreError> {
        self.real.disk.memory().export_after(after, limit).await
    }

    async fn extents_after(
        &self,
        after: Option<IncidentId>,
        limit: usize,
    ) -> Result<Vec<Extent>, StoreError> {
        self.real.disk.memory().extents_after(after, limit).await
    }

    async fn export(&self, wanted: &[(IncidentId, u32)]) -> Result<Vec<Whole>, StoreError> {
        self.real.disk.memory().export(wanted).await
    }

    async fn plant(&self, wholes: Vec<Whole>, _durable: bool) -> Result<Planted, StoreError> {
        self.twist.plant(&self.real, wholes).await
    }

    async fn plant_bytes(
        &self,
        incident: IncidentId,
        sha256: Digest,
        bytes: Vec<u8>,
    ) -> Result<(), StoreError> {
        let memory = self.real.disk.memory();
        memory.plant_bytes(incident, sha256, bytes).await
    }

    async fn plant_pepper(&self, pepper: Pepper) -> Result<(), StoreError> {
        self.real.disk.memory().plant_pepper(pepper).await
    }

    async fn trail_after(
        &self,
        after: Option<TrailPosition>,
        limit: usize,
    ) -> Result<TrailStretch, StoreError> {
        self.real.disk.memory().trail_after(after, limit).await
    }

    async fn plant_trail(&self, lines: Vec<TrailLine>) -> Result<u64, StoreError> {
        self.twist.plant_trail(&self.real, lines).await
    }
}

/// The harness of a store with a twist.
#[derive(Debug)]
pub(crate) struct Rig {
    clock: ManualClock,
    disk: Arc<Disk>,
    fault: Arc<Fault>,
    twist: Arc<dyn Twist>,
    /// How much was written when a copy was kept.
    copied: AtomicUsize,
}

impl Rig {
    pub(crate) fn new(twist: impl Twist) -> Self {
        let clock = ManualClock::default();
        Self {
            disk: Arc::new(Disk::new(&clock)),
            clock,
            fault: Arc::new(Fault(AtomicU32::new(NO_FAULT))),
            twist: Arc::new(twist),
            copied: AtomicUsize::new(0),
        }
    }

    fn handle(&self, handle: u32) -> Twisted {
        let (disk, fault) = (Arc::clone(&self.disk), Arc::clone(&self.fault));
        Twisted {
            real: Real {
                disk,
                handle,
                fault,
            },
            twist: Arc::clone(&self.twist),
        }
    }
}

impl Harness for Rig {
    type Store = Twisted;

    async fn open(&self) -> Twisted {
        self.handle(0)
    }

    async fn reopen(&self, store: Twisted) -> Twisted {
        drop(store);
        self.twist.restarted(&self.disk).await;
        self.handle(0)
    }

    fn clock(&self) -> &ManualClock {
        &self.clock
    }

    async fn crash(&self, store: Twisted) -> Twisted {
        drop(store);
        self.twist.crashed(&self.disk).await;
        self.handle(0)
    }

    async fn second(&self, _first: &Twisted) -> Option<Twisted> {
        Some(self.handle(1))
    }

    fn offers(&self) -> &'static [Need] {
        &[
            Need::Faults,
            Need::Damage,
            Need::Files,
            Need::Restoration,
            Need::Absorbs,
            Need::Transfer,
        ]
    }

    async fn keep_copy(&self, _store: &Twisted) {
        self.copied.store(self.disk.written(), Ordering::SeqCst);
    }

    async fn restore_copy(&self, store: Twisted) -> Option<Twisted> {
        drop(store);
        self.disk.cut(self.copied.load(Ordering::SeqCst)).await;
        Some(self.handle(0))
    }

    fn absorbing<'s>(&self, store: &'s Twisted) -> Option<&'s dyn Absorb> {
        Some(store)
    }

    fn transfer<'s>(&self, store: &'s Twisted) -> Option<&'s dyn Transfer> {
        Some(store)
    }

    fn fail_at(&self, step: u32) -> bool {
        self.fault.0.store(step, Ordering::SeqCst);
        true
    }

    fn calm(&self) {
        self.fault.0.store(NO_FAULT, Ordering::SeqCst);
    }

    fn damage(&self, _store: &Twisted, artifact: Digest) -> bool {
        self.disk.memory().damage(artifact)
    }

    fn files(&self) -> Vec<FileSeen> {
        vec![FileSeen {
            path: "keys.jsonl".into(),
            mode: self.twist.mode(),
            content: self.disk.hashes().into_bytes(),
        }]
    }
}
