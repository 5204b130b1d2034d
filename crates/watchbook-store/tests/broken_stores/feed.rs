//! Stores that are wrong about what changed.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use parking_lot::Mutex;
use watchbook_core::{Command, IncidentId};
use watchbook_store::{Applied, Feed, FeedPosition, StoreError, Stretch};

use crate::disk::Disk;
use crate::twist::{Real, Twist};

/// What lines a commit wrote, with the handle it was written through.
fn wrote(handle: u32, applied: &Applied) -> impl Iterator<Item = (u32, IncidentId, u32)> {
    let events = applied.events.iter();
    events.map(move |event| (handle, event.incident_id, event.seq))
}

/// Tells of the incident that a command is about, and of no other that its commit touched.
#[derive(Debug, Default)]
pub(crate) struct TellsOfOneIncident {
    untold: Mutex<BTreeSet<(u32, IncidentId, u32)>>,
}

#[async_trait]
impl Twist for TellsOfOneIncident {
    async fn apply(&self, real: &Real, command: Command) -> Result<Applied, StoreError> {
        let own = command.incident;
        let applied = real.apply(command).await?;
        let others = wrote(0, &applied).filter(|(_, incident, _)| *incident != own);
        self.untold.lock().extend(others);
        Ok(applied)
    }

    async fn feed(
        &self,
        real: &Real,
        after: FeedPosition,
        limit: usize,
    ) -> Result<Stretch, StoreError> {
        let mut stretch = real.disk.memory().feed(after, limit).await?;
        let untold = self.untold.lock();
        stretch
            .changes
            .retain(|change| !untold.contains(&(0, change.incident, change.last_seq)));
        Ok(stretch)
    }
}

/// Tells a handle of what was written through it alone.
#[derive(Debug, Default)]
pub(crate) struct FeedPerHandle {
    written: Mutex<BTreeSet<(u32, IncidentId, u32)>>,
}

#[async_trait]
impl Twist for FeedPerHandle {
    async fn apply(&self, real: &Real, command: Command) -> Result<Applied, StoreError> {
        let applied = real.apply(command).await?;
        self.written.lock().extend(wrote(real.handle, &applied));
        Ok(applied)
    }

    async fn feed(
        &self,
        real: &Real,
        after: FeedPosition,
        limit: usize,
    ) -> Result<Stretch, StoreError> {
        let mut stretch = real.disk.memory().feed(after, limit).await?;
        let written = self.written.lock();
        stretch
            .changes
            .retain(|change| written.contains(&(real.handle, change.incident, change.last_seq)));
        Ok(stretch)
    }
}

/// Takes every position from before a power failure for the end.
#[derive(Debug, Default)]
pub(crate) struct BeginsAnew {
    crashed: AtomicBool,
}

#[async_trait]
impl Twist for BeginsAnew {
    async fn feed(
        &self,
        real: &Real,
        after: FeedPosition,
        limit: usize,
    ) -> Result<Stretch, StoreError> {
        let memory = real.disk.memory();
        let stretch = memory.feed(after, limit).await?;
        if self.crashed.load(Ordering::SeqCst) {
            return Ok(Stretch {
                changes: Vec::new(),
                next: memory.feed_end().await?,
            });
        }
        Ok(stretch)
    }

    async fn crashed(&self, _disk: &Disk) {
        self.crashed.store(true, Ordering::SeqCst);
    }
}

/// Tells the newest of a stretch first.
#[derive(Debug)]
pub(crate) struct TellsBackwards;

#[async_trait]
impl Twist for TellsBackwards {
    async fn feed(
        &self,
        real: &Real,
        after: FeedPosition,
        limit: usize,
    ) -> Result<Stretch, StoreError> {
        let mut stretch = real.disk.memory().feed(after, limit).await?;
        stretch.changes.reverse();
        Ok(stretch)
    }
}

/// Begins each stretch with the change that ended the one before.
#[derive(Debug)]
pub(crate) struct TellsTheLastAgain;

#[async_trait]
impl Twist for TellsTheLastAgain {
    async fn feed(
        &self,
        real: &Real,
        after: FeedPosition,
        limit: usize,
    ) -> Result<Stretch, StoreError> {
        let number = after.number.saturating_sub(1);
        let after = FeedPosition { number, ..after };
        real.disk.memory().feed(after, limit).await
    }
}

/// Tells what it has beyond a position, whatever became of what was before it.
#[derive(Debug)]
pub(crate) struct GoesOnRegardless;

#[async_trait]
impl Twist for GoesOnRegardless {
    async fn feed(
        &self,
        real: &Real,
        after: FeedPosition,
        limit: usize,
    ) -> Result<Stretch, StoreError> {
        let memory = real.disk.memory();
        let told = memory.feed(after, limit).await;
        let Err(StoreError::FeedRestarted) = told else {
            return told;
        };
        let next = memory.feed_end().await?;
        let changes = Vec::new();
        Ok(Stretch { changes, next })
    }
}
