//! Leases and the feed: of the database, or of this node while that is gone.
//!
//! Nodes that are apart cannot agree on who does something alone, so their leases are each their own. What must be
//! done by one node only waits until the database is back: [`degraded_since`](crate::Incidents::degraded_since) says so.

use std::time::Duration;

use async_trait::async_trait;
use watchbook_core::text::Name;
use watchbook_core::{Fence, LeaseName};

use super::AutoStore;
use super::ask::Asked;
use super::condition::Phase;
use crate::contract::{Feed, FeedPosition, Lease, Leases, StoreError, Stretch, Taken};

#[async_trait]
impl Leases for AutoStore {
    async fn acquire(
        &self,
        name: &LeaseName,
        holder: &Name,
        span: Duration,
    ) -> Result<Taken, StoreError> {
        self.read(
            |primary| async move { primary.acquire(name, holder, span).await },
            |local| async move { local.acquire(name, holder, span).await },
        )
        .await
    }

    async fn renew(&self, fence: &Fence, span: Duration) -> Result<Lease, StoreError> {
        self.read(
            |primary| async move { primary.renew(fence, span).await },
            |local| async move { local.renew(fence, span).await },
        )
        .await
    }

    async fn release(&self, fence: &Fence) -> Result<(), StoreError> {
        self.read(
            |primary| async move { primary.release(fence).await },
            |local| async move { local.release(fence).await },
        )
        .await
    }

    async fn leases(&self) -> Result<Vec<Lease>, StoreError> {
        self.read(
            |primary| async move { primary.leases().await },
            |local| async move { local.leases().await },
        )
        .await
    }
}

#[async_trait]
impl Feed for AutoStore {
    async fn feed_end(&self) -> Result<FeedPosition, StoreError> {
        self.told(None).await.map(|stretch| stretch.next)
    }

    async fn feed(&self, after: FeedPosition, limit: usize) -> Result<Stretch, StoreError> {
        self.told(Some((after, limit))).await
    }
}

impl AutoStore {
    /// What the database tells. Positions are of the database, so without it nobody can go on from one.
    async fn told(&self, from: Option<(FeedPosition, usize)>) -> Result<Stretch, StoreError> {
        self.tend_when_due().await;
        let condition = self.node.shelter.condition()?;
        if condition.phase == Phase::Primary {
            let asked = self
                .ask(|primary| async move {
                    match from {
                        Some((after, limit)) => primary.feed(after, limit).await,
                        None => Ok(Stretch {
                            changes: Vec::new(),
                            next: primary.feed_end().await?,
                        }),
                    }
                })
                .await;
            match asked {
                Asked::Answered(answer) => return answer,
                Asked::Lost(lost) => drop(self.lost(condition.epoch, &lost)?),
            }
        }
        Err(StoreError::Unavailable {
            why: "what changed is told again when the database is back".to_owned(),
            retry_after: super::RETRY,
            source: None,
        })
    }
}
