//! Leases, in memory.

use std::time::Duration;

use async_trait::async_trait;
use watchbook_core::text::Name;
use watchbook_core::{Fence, LeaseName};

use super::MemoryStore;
use crate::contract::{Lease, Leases, StoreError, Taken};

#[async_trait]
impl Leases for MemoryStore {
    async fn acquire(
        &self,
        name: &LeaseName,
        holder: &Name,
        span: Duration,
    ) -> Result<Taken, StoreError> {
        let now = self.clock.now();
        self.book.lock().leases.acquire(name, holder, span, now)
    }

    async fn renew(&self, fence: &Fence, span: Duration) -> Result<Lease, StoreError> {
        let now = self.clock.now();
        self.book.lock().leases.renew(fence, span, now)
    }

    async fn release(&self, fence: &Fence) -> Result<(), StoreError> {
        self.book.lock().leases.release(fence);
        Ok(())
    }

    async fn leases(&self) -> Result<Vec<Lease>, StoreError> {
        let now = self.clock.now();
        Ok(self.book.lock().leases.held(now))
    }
}
