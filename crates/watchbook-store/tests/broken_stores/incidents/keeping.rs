//! Incidents 3, 4 and 5: what is kept, when it is seen, and how it is counted.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};

use async_trait::async_trait;
use parking_lot::Mutex;
use watchbook_core::query::{IncidentQuery, Page, PageRequest};
use watchbook_core::{Command, Event, Incident, IncidentId, Op};
use watchbook_store::{Applied, Incidents, StoreError};

use crate::disk::Disk;
use crate::twist::{Real, Twist};

/// Loses the commit that it answered last.
#[derive(Debug)]
pub(crate) struct LosesTheLastCommit {
    at_restart: bool,
}

impl LosesTheLastCommit {
    pub(crate) const fn at_restart() -> Self {
        Self { at_restart: true }
    }

    pub(crate) const fn at_crash() -> Self {
        Self { at_restart: false }
    }
}

#[async_trait]
impl Twist for LosesTheLastCommit {
    async fn restarted(&self, disk: &Disk) {
        if self.at_restart {
            disk.cut(disk.written() - 1).await;
        }
    }

    async fn crashed(&self, disk: &Disk) {
        if !self.at_restart {
            disk.cut(disk.written() - 1).await;
        }
    }
}

/// Shows a commit, then syncs it, then answers.
#[derive(Debug, Default)]
pub(crate) struct ShowsBeforeItSyncs {
    synced: AtomicUsize,
}

#[async_trait]
impl Twist for ShowsBeforeItSyncs {
    async fn apply(&self, real: &Real, command: Command) -> Result<Applied, StoreError> {
        let applied = real.apply(command).await;
        tokio::task::yield_now().await;
        self.synced.store(real.disk.written(), Ordering::SeqCst);
        applied
    }

    async fn crashed(&self, disk: &Disk) {
        disk.cut(self.synced.load(Ordering::SeqCst)).await;
    }
}

/// Loses what a careless encoding loses: the precision of numbers.
#[derive(Debug, Default)]
pub(crate) struct ManglesTexts {
    read_back: AtomicBool,
}

impl ManglesTexts {
    pub(crate) fn at_once() -> Self {
        Self {
            read_back: AtomicBool::new(true),
        }
    }
}

#[async_trait]
impl Twist for ManglesTexts {
    async fn events(
        &self,
        real: &Real,
        id: IncidentId,
        page: PageRequest,
    ) -> Result<Page<Event>, StoreError> {
        let mut page = real.disk.memory().events(id, page).await?;
        if self.read_back.load(Ordering::SeqCst) {
            for event in &mut page.items {
                event.meta.values_mut().for_each(round);
            }
        }
        Ok(page)
    }

    async fn restarted(&self, _disk: &Disk) {
        self.read_back.store(true, Ordering::SeqCst);
    }
}

fn round(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Array(items) => items.iter_mut().for_each(round),
        serde_json::Value::Number(number) => {
            let rounded: f64 = format!("{:.6e}", number.as_f64().unwrap()).parse().unwrap();
            *value = rounded.into();
        }
        _ => {}
    }
}

/// Gives what it gave the last time, and refreshes that afterwards.
#[derive(Debug, Default)]
pub(crate) struct ReadsFromACache {
    last: Mutex<BTreeMap<IncidentId, Incident>>,
    /// The first handle that does so.
    from: u32,
}

impl ReadsFromACache {
    pub(crate) fn elsewhere() -> Self {
        Self {
            from: 1,
            ..Self::default()
        }
    }
}

#[async_trait]
impl Twist for ReadsFromACache {
    async fn get(&self, real: &Real, id: IncidentId) -> Result<Incident, StoreError> {
        let present = real.disk.memory().get(id).await?;
        if real.handle < self.from {
            return Ok(present);
        }
        let last = self.last.lock().insert(id, present.clone());
        Ok(last.unwrap_or(present))
    }
}

/// Brings its list up to date after it was read.
#[derive(Debug, Default)]
pub(crate) struct ListsLate {
    last: Mutex<Option<Page<Incident>>>,
}

#[async_trait]
impl Twist for ListsLate {
    async fn list(&self, real: &Real, query: IncidentQuery) -> Result<Page<Incident>, StoreError> {
        let present = real.disk.memory().list(query).await?;
        let last = self.last.lock().replace(present.clone());
        Ok(last.unwrap_or(present))
    }
}

/// Counts its lines 1, 3, 5 …
#[derive(Debug)]
pub(crate) struct LeavesGaps;

#[async_trait]
impl Twist for LeavesGaps {
    async fn events(
        &self,
        real: &Real,
        id: IncidentId,
        page: PageRequest,
    ) -> Result<Page<Event>, StoreError> {
        let mut page = real.disk.memory().events(id, page).await?;
        for event in &mut page.items {
            event.seq = event.seq * 2 - 1;
        }
        Ok(page)
    }
}

/// Gives its second line twice.
#[derive(Debug)]
pub(crate) struct DoublesALine;

#[async_trait]
impl Twist for DoublesALine {
    async fn events(
        &self,
        real: &Real,
        id: IncidentId,
        page: PageRequest,
    ) -> Result<Page<Event>, StoreError> {
        let mut page = real.disk.memory().events(id, page).await?;
        if let Some(second) = page.items.get(1).cloned() {
            page.items.insert(1, second);
        }
        Ok(page)
    }
}

/// Answers a note that came while another was being written, and does not write it.
#[derive(Debug, Default)]
pub(crate) struct LosesALine {
    writing: AtomicU32,
}

#[async_trait]
impl Twist for LosesALine {
    async fn apply(&self, real: &Real, command: Command) -> Result<Applied, StoreError> {
        let note = matches!(command.op, Op::Append { .. });
        if note && self.writing.load(Ordering::SeqCst) > 0 {
            return real.disk.memory().preview(command).await;
        }
        self.writing.fetch_add(1, Ordering::SeqCst);
        tokio::task::yield_now().await;
        let applied = real.apply(command).await;
        self.writing.fetch_sub(1, Ordering::SeqCst);
        applied
    }
}
