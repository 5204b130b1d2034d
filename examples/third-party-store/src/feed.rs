//! What changed: the list itself.

use async_trait::async_trait;
use watchbook_core::Commit;
use watchbook_store::{Changed, Feed, FeedPosition, MAX_STRETCH, StoreError, Stretch};

use crate::Ledger;

#[async_trait]
impl Feed for Ledger {
    async fn feed_end(&self) -> Result<FeedPosition, StoreError> {
        Ok(position(self.pages.lock().commits.len()))
    }

    async fn feed(&self, after: FeedPosition, limit: usize) -> Result<Stretch, StoreError> {
        let pages = self.pages.lock();
        let mut read = usize::try_from(after.number).unwrap_or(usize::MAX);
        let rest = pages.commits.get(read..).ok_or(StoreError::FeedRestarted)?;
        let mut changes = Vec::new();
        for commit in rest {
            if changes.len() >= limit.clamp(1, MAX_STRETCH) {
                break;
            }
            changes.extend(changed(commit));
            read += 1;
        }
        let next = position(read);
        Ok(Stretch { changes, next })
    }
}

fn changed(commit: &Commit) -> Vec<Changed> {
    let events = commit.events();
    Changed::of(events.map(|event| (event.incident_id, event.seq)))
}

/// A list that begins empty with each program has no past to tell from another.
const fn position(number: usize) -> FeedPosition {
    FeedPosition {
        epoch: 0,
        transaction: 0,
        number: number as u64,
    }
}
