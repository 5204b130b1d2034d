//! The audit trail, in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;
use watchbook_core::EventId;
use watchbook_core::audit::{AuditClosing, AuditEntry, AuditOpening, AuditQuery};
use watchbook_core::query::{Page, PageRequest, Place, page_of};

use super::{MAX_AUDIT_ENTRIES, MemoryStore, bounded, full};
use crate::contract::{AuditLog, StoreError, TrailLine, TrailPosition, TrailStretch};

/// Openings and closings, each by the id they share.
#[derive(Debug, Default)]
pub(super) struct Trail {
    openings: BTreeMap<EventId, AuditOpening>,
    closings: BTreeMap<EventId, AuditClosing>,
}

impl Trail {
    /// Takes a line over; whether it was not there before.
    pub(super) fn take_over(&mut self, line: TrailLine) -> Result<bool, StoreError> {
        match line {
            TrailLine::Open(opening) if !self.openings.contains_key(&opening.id) => {
                if self.openings.len() >= MAX_AUDIT_ENTRIES {
                    return Err(full("audit entries"));
                }
                self.openings.insert(opening.id, opening);
            }
            TrailLine::Close(closing) if !self.closings.contains_key(&closing.id) => {
                self.closings.insert(closing.id, closing);
            }
            TrailLine::Open(_) | TrailLine::Close(_) => return Ok(false),
        }
        Ok(true)
    }

    /// The entries after a place, the oldest first, as lines.
    pub(super) fn stretch(&self, after: Option<TrailPosition>, limit: usize) -> TrailStretch {
        let place = |opening: &AuditOpening| TrailPosition {
            at: opening.at,
            number: opening.id.to_bits(),
        };
        let mut later: Vec<&AuditOpening> = self
            .openings
            .values()
            .filter(|opening| after.is_none_or(|after| place(opening) > after))
            .collect();
        later.sort_by_key(|opening| place(opening));
        let more = later.len() > limit;
        later.truncate(limit);
        let next = later.last().filter(|_| more).map(|last| place(last));
        let mut lines = Vec::with_capacity(2 * later.len());
        for opening in later {
            lines.push(TrailLine::Open(opening.clone()));
            let closing = self.closings.get(&opening.id).cloned();
            lines.extend(closing.map(TrailLine::Close));
        }
        TrailStretch { lines, next }
    }
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
