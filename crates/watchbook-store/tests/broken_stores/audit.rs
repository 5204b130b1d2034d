//! Stores that are wrong about the audit trail.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use parking_lot::Mutex;
use watchbook_core::EventId;
use watchbook_core::audit::{AuditClosing, AuditEntry, AuditOpening, AuditQuery};
use watchbook_core::query::{Page, PageRequest};
use watchbook_store::{AuditLog, StoreError};

use crate::disk::Disk;
use crate::twist::{Real, Twist};

/// Writes an entry when the call has ended, both halves together.
#[derive(Debug, Default)]
pub(crate) struct WritesAtTheEnd {
    waiting: Mutex<BTreeMap<EventId, AuditOpening>>,
}

#[async_trait]
impl Twist for WritesAtTheEnd {
    async fn open_entry(&self, _real: &Real, opening: AuditOpening) -> Result<(), StoreError> {
        self.waiting.lock().insert(opening.id, opening);
        Ok(())
    }

    async fn close_entry(&self, real: &Real, closing: AuditClosing) -> Result<(), StoreError> {
        let opening = self.waiting.lock().remove(&closing.id);
        real.disk
            .open_entry(opening.expect("it was opened"))
            .await?;
        real.disk.close_entry(closing).await
    }
}

/// Loses what it wrote last.
#[derive(Debug)]
pub(crate) struct LosesTheTail {
    at_restart: bool,
}

impl LosesTheTail {
    pub(crate) const fn at_restart() -> Self {
        Self { at_restart: true }
    }

    pub(crate) const fn at_crash() -> Self {
        Self { at_restart: false }
    }
}

#[async_trait]
impl Twist for LosesTheTail {
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

/// Each handle reads its own entries only.
#[derive(Debug, Default)]
pub(crate) struct TrailPerHandle {
    owners: Mutex<BTreeSet<(u32, EventId)>>,
}

#[async_trait]
impl Twist for TrailPerHandle {
    async fn open_entry(&self, real: &Real, opening: AuditOpening) -> Result<(), StoreError> {
        self.owners.lock().insert((real.handle, opening.id));
        real.disk.open_entry(opening).await
    }

    async fn search_audit(
        &self,
        real: &Real,
        query: AuditQuery,
        page: PageRequest,
    ) -> Result<Page<AuditEntry>, StoreError> {
        let mut page = real.disk.memory().search_audit(query, page).await?;
        let owners = self.owners.lock();
        page.items
            .retain(|entry| owners.contains(&(real.handle, entry.opening.id)));
        Ok(page)
    }
}

/// Finds the end of the file, and writes there later: whoever was faster is overwritten.
#[derive(Debug, Default)]
pub(crate) struct LosesEntriesInTheCrowd {
    end: AtomicUsize,
}

#[async_trait]
impl Twist for LosesEntriesInTheCrowd {
    async fn open_entry(&self, real: &Real, opening: AuditOpening) -> Result<(), StoreError> {
        let end = self.end.load(Ordering::SeqCst);
        tokio::task::yield_now().await;
        if self
            .end
            .compare_exchange(end, end + 1, Ordering::SeqCst, Ordering::SeqCst)
            .is_ok()
        {
            real.disk.open_entry(opening).await?;
        }
        Ok(())
    }
}

/// Takes each closing for that of the oldest opening without one.
#[derive(Debug, Default)]
pub(crate) struct PairsInTurn {
    open: Mutex<Vec<EventId>>,
}

#[async_trait]
impl Twist for PairsInTurn {
    async fn open_entry(&self, real: &Real, opening: AuditOpening) -> Result<(), StoreError> {
        self.open.lock().push(opening.id);
        real.disk.open_entry(opening).await
    }

    async fn close_entry(&self, real: &Real, closing: AuditClosing) -> Result<(), StoreError> {
        let id = self.open.lock().remove(0);
        real.disk.close_entry(AuditClosing { id, ..closing }).await
    }
}

/// Gives every entry, whatever was asked for.
#[derive(Debug)]
pub(crate) struct IgnoresTheQuestion;

#[async_trait]
impl Twist for IgnoresTheQuestion {
    async fn search_audit(
        &self,
        real: &Real,
        _query: AuditQuery,
        page: PageRequest,
    ) -> Result<Page<AuditEntry>, StoreError> {
        real.disk
            .memory()
            .search_audit(AuditQuery::default(), page)
            .await
    }
}
