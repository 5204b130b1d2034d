//! What changed, in memory.

use async_trait::async_trait;

use super::MemoryStore;
use crate::contract::{Changed, Feed, FeedPosition, MAX_STRETCH, StoreError, Stretch};

#[async_trait]
impl Feed for MemoryStore {
    async fn feed_end(&self) -> Result<FeedPosition, StoreError> {
        Ok(self.position(self.book.lock().changes().len()))
    }

    async fn feed(&self, after: FeedPosition, limit: usize) -> Result<Stretch, StoreError> {
        let book = self.book.lock();
        let read = usize::try_from(after.number).unwrap_or(usize::MAX);
        let rest = book.changes().get(read..);
        let rest = rest.filter(|_| after.epoch == self.epoch);
        let rest = rest.ok_or(StoreError::FeedRestarted)?;
        let told = rest.len().min(limit.clamp(1, MAX_STRETCH));
        let changes: Vec<Changed> = rest.iter().take(told).copied().collect();
        Ok(Stretch {
            changes,
            next: self.position(read + told),
        })
    }
}

impl MemoryStore {
    const fn position(&self, number: usize) -> FeedPosition {
        FeedPosition {
            epoch: self.epoch,
            transaction: 0,
            number: number as u64,
        }
    }
}
