//! Stores that are wrong about leases.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use watchbook_core::text::Name;
use watchbook_core::{Command, Fence, LeaseName};
use watchbook_store::{Applied, Lease, Leases, StoreError, Taken};

use crate::disk::Disk;
use crate::twist::{Real, Twist};

/// Takes the lease from whoever has it.
async fn seize(
    real: &Real,
    name: &LeaseName,
    holder: &Name,
    span: Duration,
) -> Result<Taken, StoreError> {
    let memory = real.disk.memory();
    let asked = memory.acquire(name, holder, span).await?;
    let Taken::Held(lease) = asked else {
        return Ok(asked);
    };
    memory.release(&lease.fence).await?;
    memory.acquire(name, holder, span).await
}

/// Does not look who has it.
#[derive(Debug)]
pub(crate) struct GivesToEverybody;

#[async_trait]
impl Twist for GivesToEverybody {
    async fn acquire(
        &self,
        real: &Real,
        name: &LeaseName,
        holder: &Name,
        span: Duration,
    ) -> Result<Taken, StoreError> {
        seize(real, name, holder, span).await
    }
}

/// Looks whether it is free, and takes it a moment later.
#[derive(Debug)]
pub(crate) struct LooksBeforeItTakes;

#[async_trait]
impl Twist for LooksBeforeItTakes {
    async fn acquire(
        &self,
        real: &Real,
        name: &LeaseName,
        holder: &Name,
        span: Duration,
    ) -> Result<Taken, StoreError> {
        let held = real.disk.memory().leases().await?;
        tokio::task::yield_now().await;
        match held.into_iter().find(|lease| lease.fence.name == *name) {
            Some(lease) if lease.holder != *holder => Ok(Taken::Held(lease)),
            _ => seize(real, name, holder, span).await,
        }
    }
}

/// Ends leases only in their time.
#[derive(Debug)]
pub(crate) struct TakesNothingBack;

#[async_trait]
impl Twist for TakesNothingBack {
    async fn release(&self, _real: &Real, _fence: &Fence) -> Result<(), StoreError> {
        Ok(())
    }
}

/// Ends leases only when they are given back.
#[derive(Debug)]
pub(crate) struct NeverEnds;

#[async_trait]
impl Twist for NeverEnds {
    async fn acquire(
        &self,
        real: &Real,
        name: &LeaseName,
        holder: &Name,
        span: Duration,
    ) -> Result<Taken, StoreError> {
        real.disk.memory().acquire(name, holder, span * 1_000).await
    }

    async fn renew(&self, real: &Real, fence: &Fence, span: Duration) -> Result<Lease, StoreError> {
        real.disk.memory().renew(fence, span * 1_000).await
    }
}

/// Gives the holder that asks again the token that it has.
#[derive(Debug)]
pub(crate) struct GivesTheSameToken;

#[async_trait]
impl Twist for GivesTheSameToken {
    async fn acquire(
        &self,
        real: &Real,
        name: &LeaseName,
        holder: &Name,
        span: Duration,
    ) -> Result<Taken, StoreError> {
        let memory = real.disk.memory();
        let held = memory.leases().await?;
        let own = |lease: &Lease| lease.fence.name == *name && lease.holder == *holder;
        match held.into_iter().find(own) {
            Some(lease) => memory.renew(&lease.fence, span).await.map(Taken::Given),
            None => memory.acquire(name, holder, span).await,
        }
    }
}

/// Keeps the count of tokens where a power failure takes it.
#[derive(Debug, Default)]
pub(crate) struct CountsAnew {
    given: AtomicU64,
    before: AtomicU64,
}

#[async_trait]
impl Twist for CountsAnew {
    async fn acquire(
        &self,
        real: &Real,
        name: &LeaseName,
        holder: &Name,
        span: Duration,
    ) -> Result<Taken, StoreError> {
        let taken = real.disk.memory().acquire(name, holder, span).await?;
        let Taken::Given(mut lease) = taken else {
            return Ok(taken);
        };
        self.given.store(lease.fence.token, Ordering::SeqCst);
        lease.fence.token -= self.before.load(Ordering::SeqCst);
        Ok(Taken::Given(lease))
    }

    async fn crashed(&self, _disk: &Disk) {
        let given = self.given.load(Ordering::SeqCst);
        self.before.store(given, Ordering::SeqCst);
    }
}

/// Carries out what bears a fence that does not hold.
#[derive(Debug)]
pub(crate) struct IgnoresFences {
    of_all: bool,
}

impl IgnoresFences {
    pub(crate) const fn everywhere() -> Self {
        Self { of_all: true }
    }

    pub(crate) const fn of_attachments() -> Self {
        Self { of_all: false }
    }
}

#[async_trait]
impl Twist for IgnoresFences {
    async fn apply(&self, real: &Real, command: Command) -> Result<Applied, StoreError> {
        let fence = command.fence.clone().filter(|_| !self.of_all);
        real.apply(Command { fence, ..command }).await
    }

    async fn attach(
        &self,
        real: &Real,
        command: Command,
        content: Vec<u8>,
    ) -> Result<Applied, StoreError> {
        let fence = None;
        let command = Command { fence, ..command };
        real.disk.attach(command, content).await
    }
}

/// Knows only the leases that were taken through the same handle.
#[derive(Debug)]
pub(crate) struct LeasesPerHandle;

#[async_trait]
impl Twist for LeasesPerHandle {
    async fn leases(&self, real: &Real) -> Result<Vec<Lease>, StoreError> {
        if real.handle > 0 {
            return Ok(Vec::new());
        }
        real.disk.memory().leases().await
    }
}

/// Forgets who holds what when it is opened anew.
#[derive(Debug)]
pub(crate) struct ForgetsLeases;

#[async_trait]
impl Twist for ForgetsLeases {
    async fn restarted(&self, disk: &Disk) {
        let memory = disk.memory();
        for lease in memory.leases().await.unwrap() {
            memory.release(&lease.fence).await.unwrap();
        }
    }
}
