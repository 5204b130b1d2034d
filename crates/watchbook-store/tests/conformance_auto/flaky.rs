//! A database that fails all the time: before it does what it is asked, or after.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::Mutex;
use watchbook_core::audit::{AuditClosing, AuditEntry, AuditOpening, AuditQuery};
use watchbook_core::query::{FollowupItem, FollowupQuery, IncidentQuery, Page, PageRequest};
use watchbook_core::text::Name;
use watchbook_core::{
    ArtifactName, ChangeId, Command, Digest, Entropy as _, Event, Fence, Incident, IncidentId,
    KeyRecord, LeaseName, StoreId,
};
use watchbook_store::auto::Primary;
use watchbook_store::memory::MemoryStore;
use watchbook_store::system::SeededEntropy;
use watchbook_store::{
    Absorb, Absorbed, Applied, ArtifactContent, Artifacts, AuditLog, Capabilities, Extent, Feed,
    FeedPosition, Health, Incidents, Keys, Lease, Leases, Loss, Lost, Pepper, Planted, Run,
    StoreError, Stretch, Taken, TrailLine, TrailPosition, TrailStretch, Transfer, Whole,
};

/// A store that is lost for two to nine calls at a time, every few calls; or one that is lost when it is told to be.
pub(crate) struct Flaky {
    /// Whether it is lost by itself.
    is_fickle: bool,
    /// How it is lost until it is told otherwise.
    down: Mutex<Option<Loss>>,
    real: Arc<MemoryStore>,
    random: SeededEntropy,
    /// What was done without anybody hearing of it: a database finds a change by its id when it is asked again.
    unheard: Mutex<BTreeMap<ChangeId, Applied>>,
    /// Whether lists take for ever.
    dawdles: AtomicBool,
    /// How many more calls fail.
    left: Mutex<u64>,
    failures: AtomicU64,
    /// What the next calls meet, before anything else.
    script: Mutex<VecDeque<Turn>>,
    /// What is told each time it has taken in lines of the audit trail.
    planted: Mutex<Option<Told>>,
    /// The most of anything that one call was about.
    pub(crate) most: Most,
}

/// What is told of something that has happened.
type Told = Box<dyn Fn() + Send + Sync>;

/// The most of anything that one call was about.
#[derive(Debug, Default)]
pub(crate) struct Most {
    /// Lines that were given out.
    pub(crate) lines: AtomicUsize,
    /// Bytes of artifacts that were brought in.
    pub(crate) bytes: AtomicUsize,
    /// Lines of the audit trail that were brought in, all calls together.
    pub(crate) trail: AtomicUsize,
}

/// What a call meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    Well,
    /// It fails before it does anything.
    Before(Loss),
    /// It does what it was asked, and nobody hears of it.
    After,
}

impl Flaky {
    pub(crate) fn new(real: Arc<MemoryStore>, seed: u64) -> Self {
        Self {
            is_fickle: true,
            down: Mutex::new(None),
            real,
            random: SeededEntropy::new(seed),
            unheard: Mutex::default(),
            dawdles: AtomicBool::new(false),
            left: Mutex::new(0),
            failures: AtomicU64::new(0),
            script: Mutex::default(),
            planted: Mutex::new(None),
            most: Most::default(),
        }
    }

    /// Lets the next calls meet these turns.
    pub(crate) fn script(&self, turns: impl IntoIterator<Item = Turn>) {
        self.script.lock().extend(turns);
    }

    /// Lets `told` know each time it has taken in lines of the audit trail.
    pub(crate) fn when_trail_came(&self, told: Option<Told>) {
        *self.planted.lock() = told;
    }

    /// One that is only lost when it is told to be.
    pub(crate) fn steady(real: Arc<MemoryStore>) -> Self {
        Self {
            is_fickle: false,
            ..Self::new(real, 0)
        }
    }

    /// Loses it from now on, or gives it back.
    pub(crate) fn lose(&self, down: Option<Loss>) {
        *self.down.lock() = down;
    }

    /// Lets lists take for ever from now on.
    pub(crate) fn dawdle(&self) {
        self.dawdles.store(true, Ordering::Relaxed);
    }

    /// How often it failed.
    pub(crate) fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }

    fn below(&self, end: u64) -> u64 {
        let mut bytes = [0; 8];
        self.random.fill(&mut bytes);
        u64::from_le_bytes(bytes) % end
    }

    fn turn(&self) -> Turn {
        if let Some(turn) = self.script.lock().pop_front() {
            return turn;
        }
        if let Some(loss) = *self.down.lock() {
            self.failures.fetch_add(1, Ordering::Relaxed);
            return Turn::Before(loss);
        }
        if !self.is_fickle {
            return Turn::Well;
        }
        let mut left = self.left.lock();
        if *left == 0 && self.below(6) == 0 {
            *left = 2 + self.below(8);
        }
        if *left == 0 {
            return Turn::Well;
        }
        *left -= 1;
        self.failures.fetch_add(1, Ordering::Relaxed);
        if self.below(2) == 0 {
            Turn::Before(Loss::Gone)
        } else {
            Turn::After
        }
    }

    /// A call whose outcome is of no consequence when it is not heard of.
    async fn read<T: Send>(
        &self,
        call: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        match self.turn() {
            Turn::Well => call.await,
            Turn::Before(loss) => Err(lost(loss)),
            Turn::After => {
                drop(call.await);
                Err(lost(Loss::Gone))
            }
        }
    }

    async fn write(
        &self,
        change: ChangeId,
        call: impl Future<Output = Result<Applied, StoreError>> + Send,
    ) -> Result<Applied, StoreError> {
        let turn = self.turn();
        if let Turn::Before(loss) = turn {
            return Err(lost(loss));
        }
        let known = self.unheard.lock().get(&change).cloned();
        let answer = match known {
            Some(applied) => Ok(Applied {
                replayed: true,
                ..applied
            }),
            None => call.await,
        };
        if turn == Turn::Well {
            return answer;
        }
        if let Ok(applied) = answer {
            self.unheard.lock().insert(change, applied);
        }
        Err(StoreError::Unknown {
            change,
            why: "the connection was cut".to_owned(),
            source: Some(Box::new(Lost::new(Loss::Gone, "cut"))),
        })
    }
}

impl fmt::Debug for Flaky {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flaky").finish_non_exhaustive()
    }
}

fn lost(loss: Loss) -> StoreError {
    let why = match loss {
        Loss::Gone => "the connection was refused",
        Loss::Misconfigured => "password authentication failed",
    };
    StoreError::Unavailable {
        why: why.to_owned(),
        retry_after: Duration::ZERO,
        source: Some(Box::new(Lost::new(loss, why))),
    }
}

impl Primary for Flaky {
    fn reconnect(&self) {}
}

#[async_trait]
impl Incidents for Flaky {
    fn capabilities(&self) -> Capabilities {
        self.real.capabilities()
    }

    async fn health(&self) -> Health {
        self.real.health().await
    }

    async fn apply(&self, command: Command) -> Result<Applied, StoreError> {
        if command.fence.is_some() {
            // A fence is only good on the side that gave it; see `insistent`.
            return self.real.apply(command).await;
        }
        self.write(command.change, self.real.apply(command)).await
    }

    async fn preview(&self, command: Command) -> Result<Applied, StoreError> {
        self.read(self.real.preview(command)).await
    }

    async fn get(&self, id: IncidentId) -> Result<Incident, StoreError> {
        self.read(self.real.get(id)).await
    }

    async fn list(&self, query: IncidentQuery) -> Result<Page<Incident>, StoreError> {
        if self.dawdles.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
        self.read(self.real.list(query)).await
    }

    async fn events(&self, id: IncidentId, page: PageRequest) -> Result<Page<Event>, StoreError> {
        self.read(self.real.events(id, page)).await
    }

    async fn followups(&self, query: FollowupQuery) -> Result<Page<FollowupItem>, StoreError> {
        self.read(self.real.followups(query)).await
    }
}

#[async_trait]
impl Artifacts for Flaky {
    async fn attach(&self, command: Command, content: Vec<u8>) -> Result<Applied, StoreError> {
        if command.fence.is_some() {
            return self.real.attach(command, content).await;
        }
        self.write(command.change, self.real.attach(command, content))
            .await
    }

    async fn artifact(
        &self,
        incident: IncidentId,
        name: &ArtifactName,
        version: Option<Digest>,
    ) -> Result<ArtifactContent, StoreError> {
        self.read(self.real.artifact(incident, name, version)).await
    }
}

#[async_trait]
impl AuditLog for Flaky {
    async fn open_entry(&self, opening: AuditOpening) -> Result<(), StoreError> {
        self.read(self.real.open_entry(opening)).await
    }

    async fn close_entry(&self, closing: AuditClosing) -> Result<(), StoreError> {
        self.read(self.real.close_entry(closing)).await
    }

    async fn sync_audit(&self) -> Result<(), StoreError> {
        self.read(self.real.sync_audit()).await
    }

    async fn search_audit(
        &self,
        query: AuditQuery,
        page: PageRequest,
    ) -> Result<Page<AuditEntry>, StoreError> {
        self.read(self.real.search_audit(query, page)).await
    }
}

#[async_trait]
impl Keys for Flaky {
    async fn keys(&self) -> Result<Vec<KeyRecord>, StoreError> {
        self.read(self.real.keys()).await
    }

    async fn put_key(&self, record: KeyRecord) -> Result<(), StoreError> {
        self.read(self.real.put_key(record)).await
    }

    async fn pepper(&self) -> Result<Pepper, StoreError> {
        self.read(self.real.pepper()).await
    }
}

#[async_trait]
impl Leases for Flaky {
    async fn acquire(
        &self,
        name: &LeaseName,
        holder: &Name,
        span: Duration,
    ) -> Result<Taken, StoreError> {
        self.real.acquire(name, holder, span).await
    }

    async fn renew(&self, fence: &Fence, span: Duration) -> Result<Lease, StoreError> {
        self.real.renew(fence, span).await
    }

    async fn release(&self, fence: &Fence) -> Result<(), StoreError> {
        self.real.release(fence).await
    }

    async fn leases(&self) -> Result<Vec<Lease>, StoreError> {
        self.real.leases().await
    }
}

#[async_trait]
impl Feed for Flaky {
    async fn feed_end(&self) -> Result<FeedPosition, StoreError> {
        self.read(self.real.feed_end()).await
    }

    async fn feed(&self, after: FeedPosition, limit: usize) -> Result<Stretch, StoreError> {
        self.read(self.real.feed(after, limit)).await
    }
}

#[async_trait]
impl Transfer for Flaky {
    async fn export_after(
        &self,
        after: Option<IncidentId>,
        limit: usize,
    ) -> Result<Vec<Whole>, StoreError> {
        self.read(self.real.export_after(after, limit)).await
    }

    async fn extents_after(
        &self,
        after: Option<IncidentId>,
        limit: usize,
    ) -> Result<Vec<Extent>, StoreError> {
        self.read(self.real.extents_after(after, limit)).await
    }

    async fn export(&self, wanted: &[(IncidentId, u32)]) -> Result<Vec<Whole>, StoreError> {
        let wholes = self.read(self.real.export(wanted)).await?;
        let lines = wholes.iter().map(|whole| whole.lines.len()).sum();
        self.most.lines.fetch_max(lines, Ordering::Relaxed);
        Ok(wholes)
    }

    async fn plant(&self, wholes: Vec<Whole>, durable: bool) -> Result<Planted, StoreError> {
        self.read(self.real.plant(wholes, durable)).await
    }

    async fn plant_bytes(
        &self,
        incident: IncidentId,
        sha256: Digest,
        bytes: Vec<u8>,
    ) -> Result<(), StoreError> {
        self.read(self.real.plant_bytes(incident, sha256, bytes))
            .await
    }

    async fn plant_pepper(&self, pepper: Pepper) -> Result<(), StoreError> {
        self.read(self.real.plant_pepper(pepper)).await
    }

    async fn trail_after(
        &self,
        after: Option<TrailPosition>,
        limit: usize,
    ) -> Result<TrailStretch, StoreError> {
        self.read(self.real.trail_after(after, limit)).await
    }

    async fn plant_trail(&self, lines: Vec<TrailLine>) -> Result<u64, StoreError> {
        self.most.trail.fetch_add(lines.len(), Ordering::Relaxed);
        let planted = self.read(self.real.plant_trail(lines)).await;
        if let Some(told) = &*self.planted.lock() {
            told();
        }
        tokio::task::yield_now().await;
        planted
    }
}

#[async_trait]
impl Absorb for Flaky {
    async fn store_id(&self) -> Result<StoreId, StoreError> {
        self.read(self.real.store_id()).await
    }

    async fn absorbed(&self, source: StoreId) -> Result<u64, StoreError> {
        self.read(self.real.absorbed(source)).await
    }

    async fn absorb(&self, run: Run) -> Result<Absorbed, StoreError> {
        let bytes = run.commits.iter().flat_map(|one| &one.bytes);
        let bytes = bytes.map(|(_, _, bytes)| bytes.len()).sum();
        self.most.bytes.fetch_max(bytes, Ordering::Relaxed);
        self.read(self.real.absorb(run)).await
    }
}
