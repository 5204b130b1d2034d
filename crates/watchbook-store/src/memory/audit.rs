//! The audit trail, in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;
use watchbook_core::EventId;
use watchbook_core::audit::{AuditClosing, AuditEntry, AuditOpening, AuditQuery};
use watchbook_core::query::{Page, PageRequest, Place, page_of};

use super::{MAX_AUDIT_ENTRIES, MemoryStore, bounded, full};
use crate::contract::{AuditLog, StoreError};

/// Openings and closings, each by the id they share.
#[derive(Debug, Default)]
pub(super) struct Trail {
    openings: BTreeMap<EventId, AuditOpening>,
    closings: BTreeMap<EventId, AuditClosing>,
}

#[async_trait]
impl AuditLog for MemoryStore {
    async fn open_entry(&self, opening: AuditOpening) -> Result<(), StoreError> {
        let mut trail = self.trail.lock();
        if trail.openings.len() >= MAX_AUDIT_ENTRIES {
            return Err(full("audit entries"));
        }
        trail.openings.insert(opening.id, opening);
        Ok(())
    }

    async fn close_entry(&self, closing: AuditClosing) -> Result<(), StoreError> {
        let mut trail = self.trail.lock();
        if trail.openings.contains_key(&closing.id) {
            trail.closings.insert(closing.id, closing);
        }
        Ok(())
    }

    async fn sync_audit(&self) -> Result<(), StoreError> {
        Ok(())
    }

    async fn search_audit(
        &self,
        query: AuditQuery,
        page: PageRequest,
    ) -> Result<Page<AuditEntry>, StoreError> {
        let trail = self.trail.lock();
        let entries = trail.openings.values().map(|opening| AuditEntry {
            opening: opening.clone(),
            closing: trail.closings.get(&opening.id).cloned(),
        });
        let meant = entries.filter(|entry| query.matches(entry));
        Ok(page_of(meant, bounded(page), |entry| {
            Place::of_audit(&entry.opening)
        }))
    }
}
