//! Making a fresh mirror.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use watchbook_core::query::{IncidentFilter, IncidentQuery, MAX_LIMIT, PageRequest, Sort};
use watchbook_core::{IncidentId, Timestamp};

use super::condition::{Condition, Signal};
use super::mirror::last_line;
use super::notes::{FOLLOWED, Followed, MAX_QUARANTINED};
use super::replay::check_store;
use super::shelter::Local;
use super::{AutoStore, GATE};
use crate::contract::{FeedPosition, Loss, Lost, StoreError};

/// What changed within this time is mirrored, finished or not; idempotency keys are younger.
const MIRRORED: Duration = Duration::from_hours(30 * 24);
/// How many incidents are taken over at once.
pub(super) const AT_ONCE: usize = 50;
/// How long the gate is held closed at most: well below [`LONGEST_GATE`](super::LONGEST_GATE), so that nobody who waits
/// there is turned away, and far above what it takes, so that a busy node is not kept from coming back.
const LONGEST_HOLD: Duration = Duration::from_millis(2_500);
/// How often the gate is tried before the renewal is put off.
const TRIES: u32 = 20;

impl AutoStore {
    /// Makes a fresh local log, unless that failed a short while ago: it asks the database for much.
    pub(super) async fn renew_when_due(&self, condition: &Condition) -> Result<u64, StoreError> {
        let (now, retry) = (self.now(), self.node.options.retry);
        let put_off = *self.node.renewal.lock();
        if put_off.is_some_and(|until| now < until && until <= now.plus(retry)) {
            return Ok(0);
        }
        let renewed = self.renew(condition).await;
        let failed = renewed.as_ref().is_err_and(|error| error.loss().is_none());
        *self.node.renewal.lock() = failed.then(|| now.plus(retry));
        renewed.map(|()| 0)
    }

    /// Makes a fresh local log beside the healthy database, and goes on with it.
    async fn renew(&self, condition: &Condition) -> Result<(), StoreError> {
        check_store(condition.store, self.node.primary.store_id().await?)?;
        let generation = condition.generation + 1;
        let (fresh, mut position) = self.make_mirror(generation).await?;
        for _ in 0..TRIES {
            position = self.catch_up(&*fresh, position).await?.1;
            fresh.secure().await?;
            let Some(_closed) = self.node.shelter.close(GATE).await? else {
                continue;
            };
            let last = Self::in_time(async {
                let (_, position) = self.catch_up(&*fresh, position).await?;
                fresh.secure().await?;
                Ok(position)
            });
            let position = last.await?;
            let renewed = Signal::Renewed { generation };
            if self.signal(&renewed, condition.epoch)?.generation == generation {
                self.keep_note(FOLLOWED, &Followed::new(generation, position))?;
                self.use_log(generation, fresh);
                self.retire_before(generation);
            }
            return Ok(());
        }
        Err(StoreError::Unavailable {
            why: "writers leave no moment for a fresh local copy".to_owned(),
            retry_after: GATE,
            source: None,
        })
    }

    /// What is done while the gate is closed: writers wait, so it must not take long.
    pub(super) async fn in_time<T>(
        work: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        let Ok(done) = tokio::time::timeout(LONGEST_HOLD, work).await else {
            let why = format!(
                "the database did not take the last commits within {} s, and writers wait",
                LONGEST_HOLD.as_secs_f32()
            );
            return Err(StoreError::Unavailable {
                why: why.clone(),
                retry_after: super::RETRY,
                source: Some(Box::new(Lost::new(Loss::Gone, why))),
            });
        };
        done
    }

    /// A local log with everything that is mirrored, and the position in the feed from which it must be caught up.
    pub(super) async fn make_mirror(
        &self,
        generation: u64,
    ) -> Result<(Arc<dyn Local>, FeedPosition), StoreError> {
        self.node.shelter.clear(generation)?;
        let fresh = self.node.shelter.open(generation)?;
        let position = self.node.primary.feed_end().await?;
        let since = self.now().minus(MIRRORED);
        for filter in mirrored(since) {
            self.take_over(&*fresh, filter).await?;
        }
        Ok((fresh, position))
    }

    async fn take_over(&self, fresh: &dyn Local, filter: IncidentFilter) -> Result<(), StoreError> {
        let mut after = None;
        loop {
            let query = IncidentQuery {
                filter: filter.clone(),
                sort: Sort::CreatedDesc,
                page: PageRequest {
                    limit: MAX_LIMIT,
                    after,
                },
            };
            let page = self.node.primary.list(query).await?;
            let mut wanted = Vec::with_capacity(page.items.len());
            for incident in &page.items {
                // One filter may name what another has named before.
                let here = last_line(fresh, incident.id).await?;
                if here < incident.events {
                    wanted.push((incident.id, here, incident.events));
                }
            }
            self.fetch(fresh, wanted).await?;
            after = page.next;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    /// Takes over what is missing of these incidents: while some of them enter, the next are read.
    pub(super) async fn take_over_these(
        &self,
        fresh: &dyn Local,
        ids: &[IncidentId],
    ) -> Result<(), StoreError> {
        let mut read = Vec::new();
        for some in ids.chunks(AT_ONCE) {
            let mut wanted = Vec::with_capacity(some.len());
            for id in some {
                wanted.push((*id, last_line(fresh, *id).await?));
            }
            let entering = std::mem::take(&mut read);
            let (next, entered) = tokio::join!(
                self.node.primary.export(&wanted),
                fresh.plant(entering, false)
            );
            entered?;
            read = next?;
        }
        fresh.plant(read, false).await.map(|_| ())
    }

    /// Takes away the log before the last one, which is kept for whoever still reads from it; one of which something was
    /// set aside, or may have been beyond what is listed, stays.
    pub(super) fn retire_before(&self, generation: u64) {
        let Some(old) = generation.checked_sub(2) else {
            return;
        };
        let retired = self.quarantine().and_then(|quarantined| {
            let is_kept = quarantined.len() >= MAX_QUARANTINED
                || quarantined.iter().any(|one| one.generation == old);
            if is_kept {
                Ok(())
            } else {
                self.node.shelter.clear(old)
            }
        });
        if let Err(error) = retired {
            tracing::warn!(
                "the local log {old} of this node is not used any more, and stays: {error}"
            );
        }
    }
}

/// What is mirrored: the unfinished, what has unfinished follow-ups, and what changed lately.
fn mirrored(since: Timestamp) -> [IncidentFilter; 3] {
    [
        IncidentFilter {
            statuses: Some(IncidentFilter::unfinished()),
            ..IncidentFilter::default()
        },
        IncidentFilter {
            unfinished_followups: true,
            ..IncidentFilter::default()
        },
        IncidentFilter {
            updated_since: Some(since),
            ..IncidentFilter::default()
        },
    ]
}
