//! Who holds which lease.

use std::time::Duration;

use async_trait::async_trait;
use watchbook_core::text::Name;
use watchbook_core::{Fence, LeaseName};
use watchbook_store::{Lease, Leases, StoreError, Taken};

use crate::Ledger;

#[async_trait]
impl Leases for Ledger {
    async fn acquire(
        &self,
        name: &LeaseName,
        holder: &Name,
        span: Duration,
    ) -> Result<Taken, StoreError> {
        let now = self.clock.now();
        self.pages.lock().leases.acquire(name, holder, span, now)
    }

    async fn renew(&self, fence: &Fence, span: Duration) -> Result<Lease, StoreError> {
        let now = self.clock.now();
        self.pages.lock().leases.renew(fence, span, now)
    }

    async fn release(&self, fence: &Fence) -> Result<(), StoreError> {
        self.pages.lock().leases.release(fence);
        Ok(())
    }

    async fn leases(&self) -> Result<Vec<Lease>, StoreError> {
        Ok(self.pages.lock().leases.held(self.clock.now()))
    }
}
