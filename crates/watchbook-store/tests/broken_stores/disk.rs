//! A sound store as if it were on a disk: it outlives its handles, and can be told to lose what it was told last.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Mutex;
use watchbook_core::audit::{AuditClosing, AuditOpening};
use watchbook_core::{Clock, Command, Digest, KeyRecord, Timestamp};
use watchbook_store::memory::MemoryStore;
use watchbook_store::system::{ManualClock, SeededEntropy};
use watchbook_store::{
    Applied, Artifacts, AuditLog, Incidents, Keys, Planted, StoreError, Transfer, Whole,
};

/// Something that was written.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    Apply(Command),
    Attach(Command, Vec<u8>),
    Open(AuditOpening),
    Close(AuditClosing),
    PutKey(KeyRecord),
    Plant(Vec<Whole>),
}

/// Everything that was written, and the store that it makes.
#[derive(Debug)]
pub(crate) struct Disk {
    clock: ManualClock,
    written: parking_lot::Mutex<Vec<(Timestamp, Act)>>,
    memory: parking_lot::Mutex<Arc<MemoryStore>>,
    /// One writer at a time, so that the order of what was written is the order in which it was carried out.
    writing: Mutex<()>,
    /// How often something was lost.
    cuts: AtomicU64,
}

/// The store before anything was written, after so many losses.
fn empty(clock: &ManualClock, cuts: u64) -> Arc<MemoryStore> {
    Arc::new(MemoryStore::new(
        Arc::new(clock.clone()),
        &SeededEntropy::new(1 + cuts),
    ))
}

impl Disk {
    pub(crate) fn new(clock: &ManualClock) -> Self {
        Self {
            clock: clock.clone(),
            written: parking_lot::Mutex::default(),
            memory: parking_lot::Mutex::new(empty(clock, 0)),
            writing: Mutex::default(),
            cuts: AtomicU64::new(0),
        }
    }

    pub(crate) fn memory(&self) -> Arc<MemoryStore> {
        Arc::clone(&self.memory.lock())
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// How much was written.
    pub(crate) fn written(&self) -> usize {
        self.written.lock().len()
    }

    /// The head of a chain over everything that was committed.
    pub(crate) async fn head(&self) -> Digest {
        let commits = self.memory().health().await.commits;
        let written = self.written.lock();
        let commands = written
            .iter()
            .filter(|(_, act)| matches!(act, Act::Apply(_) | Act::Attach(..) | Act::Plant(_)));
        Digest::of(format!("{commits} {:?}", commands.collect::<Vec<_>>()).as_bytes())
    }

    /// Carries a write out, and notes it down if it changed anything.
    pub(crate) async fn apply(&self, command: Command) -> Result<Applied, StoreError> {
        let _one = self.writing.lock().await;
        let before = self.memory().health().await.commits;
        let applied = self.memory().apply(command.clone()).await?;
        if self.memory().health().await.commits > before {
            self.note(Act::Apply(command));
        }
        Ok(Applied {
            durable: true,
            ..applied
        })
    }

    pub(crate) async fn attach(
        &self,
        command: Command,
        content: Vec<u8>,
    ) -> Result<Applied, StoreError> {
        let _one = self.writing.lock().await;
        let applied = self
            .memory()
            .attach(command.clone(), content.clone())
            .await?;
        self.note(Act::Attach(command, content));
        Ok(Applied {
            durable: true,
            ..applied
        })
    }

    pub(crate) async fn open_entry(&self, opening: AuditOpening) -> Result<(), StoreError> {
        self.memory().open_entry(opening.clone()).await?;
        self.note(Act::Open(opening));
        Ok(())
    }

    pub(crate) async fn close_entry(&self, closing: AuditClosing) -> Result<(), StoreError> {
        self.memory().close_entry(closing.clone()).await?;
        self.note(Act::Close(closing));
        Ok(())
    }

    pub(crate) async fn put_key(&self, record: KeyRecord) -> Result<(), StoreError> {
        self.memory().put_key(record.clone()).await?;
        self.note(Act::PutKey(record));
        Ok(())
    }

    pub(crate) async fn plant(&self, wholes: Vec<Whole>) -> Result<Planted, StoreError> {
        let _one = self.writing.lock().await;
        let planted = self.memory().plant(wholes.clone(), true).await?;
        if planted != Planted::default() {
            self.note(Act::Plant(wholes));
        }
        Ok(planted)
    }

    /// The hashes of all keys, as a file would hold them.
    pub(crate) fn hashes(&self) -> String {
        let written = self.written.lock();
        let hash = |act: &Act| match act {
            Act::PutKey(record) => Some(record.hash.to_string()),
            Act::Apply(_) | Act::Attach(..) | Act::Open(_) | Act::Close(_) | Act::Plant(_) => None,
        };
        written.iter().filter_map(|(_, act)| hash(act)).collect()
    }

    fn note(&self, act: Act) {
        self.written.lock().push((self.now(), act));
    }

    /// Loses everything but the first `kept` writes.
    pub(crate) async fn cut(&self, kept: usize) {
        let now = self.now();
        let written: Vec<_> = self.written.lock().drain(..).take(kept).collect();
        let cuts = self.cuts.fetch_add(1, Ordering::SeqCst) + 1;
        *self.memory.lock() = empty(&self.clock, cuts);
        for (at, act) in written {
            self.clock.set(at);
            self.again(act).await.expect("it was carried out before");
        }
        self.clock.set(now);
    }

    async fn again(&self, act: Act) -> Result<(), StoreError> {
        match act {
            Act::Apply(command) => self.apply(command).await.map(drop),
            Act::Attach(command, content) => self.attach(command, content).await.map(drop),
            Act::Open(opening) => self.open_entry(opening).await,
            Act::Close(closing) => self.close_entry(closing).await,
            Act::PutKey(record) => self.put_key(record).await,
            Act::Plant(wholes) => self.plant(wholes).await.map(drop),
        }
    }
}
