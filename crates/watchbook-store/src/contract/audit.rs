//! The audit trail.

use std::fmt;

use async_trait::async_trait;
use watchbook_core::audit::{AuditClosing, AuditEntry, AuditOpening, AuditQuery};
use watchbook_core::query::{Page, PageRequest};

use super::StoreError;

/// The audit trail.
///
/// # Contract
/// 1. *Before.* When `open_entry` has answered, the opening is with the operating system: it survives the death of the
///    process. `sync` makes everything before it durable against power loss; it is called every second.
/// 2. *Beside.* Entries of several processes stand beside each other, each whole.
/// 3. *Paired.* A search gives an opening with its closing, if there is one.
#[async_trait]
pub trait AuditLog: fmt::Debug + Send + Sync + 'static {
    /// Appends the first half of an entry.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if it cannot be written. Writes must be refused then.
    async fn open_entry(&self, opening: AuditOpening) -> Result<(), StoreError>;

    /// Appends the second half of an entry.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if it cannot be written. The call's answer stands all the same.
    async fn close_entry(&self, closing: AuditClosing) -> Result<(), StoreError>;

    /// Makes everything appended so far durable.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if that is not possible.
    async fn sync_audit(&self) -> Result<(), StoreError>;

    /// One page of entries, the newest first. The place of an entry is made of its time and id.
    ///
    /// # Errors
    /// When the trail cannot be read.
    async fn search_audit(
        &self,
        query: AuditQuery,
        page: PageRequest,
    ) -> Result<Page<AuditEntry>, StoreError>;
}
