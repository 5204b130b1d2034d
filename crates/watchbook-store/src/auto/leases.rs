//! Leases and the feed: of the database, or of this node while that is gone.
//!
//! Nodes that are apart cannot agree on who does something alone, so their leases are each their own. What must be
//! done by one node only waits until the database is back: [`degraded_since`](crate::Incidents::degraded_since) says so.
//! A lease is only good on the side that gave it, so the tokens of this node are numbers that the database never gives.

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
        self.read_knowing(
            |primary| async move { primary.acquire(name, holder, span).await },
            |local, generation| async move {
                Ok(match local.acquire(name, holder, span).await? {
                    Taken::Given(lease) => Taken::Given(marked(lease, generation)),
                    Taken::Held(lease) => Taken::Held(marked(lease, generation)),
                })
            },
        )
        .await
    }

    async fn renew(&self, fence: &Fence, span: Duration) -> Result<Lease, StoreError> {
        self.read_knowing(
            |primary| async move { primary.renew(fence, span).await },
            |local, generation| async move {
                let fence = unmarked(fence, generation)?;
                let lease = local.renew(&fence, span).await?;
                Ok(marked(lease, generation))
            },
        )
        .await
    }

    async fn release(&self, fence: &Fence) -> Result<(), StoreError> {
        self.read_knowing(
            |primary| async move { primary.release(fence).await },
            |local, generation| async move {
                match unmarked(fence, generation) {
                    Ok(fence) => local.release(&fence).await,
                    // What is not held here is released.
                    Err(_) => Ok(()),
                }
            },
        )
        .await
    }

    async fn leases(&self) -> Result<Vec<Lease>, StoreError> {
        self.read_knowing(
            |primary| async move { primary.leases().await },
            |local, generation| async move {
                let held = local.leases().await?.into_iter();
                Ok(held.map(|lease| marked(lease, generation)).collect())
            },
        )
        .await
    }
}

/// What tells a token of this node from one of the database, which counts from 1. Every JSON reader can hold it.
const OF_THIS_NODE: u64 = 1 << 52;
/// Where the generation stands in a token of this node: below it is the token of the log.
const GENERATION: u32 = 32;

/// A token of a local log, marked so that it is worth nothing in the database or in another local log.
fn mark(token: u64, generation: u64) -> u64 {
    let (log, rest) = (generation % (1 << 20), token % (1 << GENERATION));
    OF_THIS_NODE | (log << GENERATION) | rest
}

fn marked(lease: Lease, generation: u64) -> Lease {
    let token = mark(lease.fence.token, generation);
    Lease {
        fence: Fence {
            token,
            ..lease.fence
        },
        ..lease
    }
}

/// The fence as the local log knows it.
///
/// # Errors
/// [`StoreError::Fenced`] when the lease was given by the database, or by another local log.
pub(super) fn unmarked(fence: &Fence, generation: u64) -> Result<Fence, StoreError> {
    let token = fence.token % (1 << GENERATION);
    if fence.token != mark(token, generation) {
        return Err(StoreError::Fenced(fence.clone()));
    }
    Ok(Fence {
        name: fence.name.clone(),
        token,
    })
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
