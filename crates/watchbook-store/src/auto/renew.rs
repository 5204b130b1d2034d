//! Making a fresh mirror.

use std::sync::Arc;
use std::time::Duration;

use watchbook_core::query::{IncidentFilter, IncidentQuery, MAX_LIMIT, PageRequest, Sort};
use watchbook_core::{IncidentId, Timestamp};

use super::condition::{Condition, Signal};
use super::mirror::last_line;
use super::notes::{FOLLOWED, Followed};
use super::shelter::Local;
use super::{AutoStore, GATE};
use crate::contract::{FeedPosition, StoreError};

/// What changed within this time is mirrored, finished or not; idempotency keys are younger.
const MIRRORED: Duration = Duration::from_hours(30 * 24);
/// How many incidents are taken over at once.
const AT_ONCE: usize = 50;
/// How often the gate is tried before the renewal is put off.
const TRIES: u32 = 20;

impl AutoStore {
    /// Makes a fresh local log beside the healthy database, and goes on with it.
    pub(super) async fn renew(&self, condition: &Condition) -> Result<(), StoreError> {
        let generation = condition.generation + 1;
        let (fresh, mut position) = self.make_mirror(generation).await?;
        for _ in 0..TRIES {
            position = self.catch_up(&*fresh, position).await?.1;
            let Some(_closed) = self.node.shelter.close(GATE).await? else {
                continue;
            };
            let (_, position) = self.catch_up(&*fresh, position).await?;
            self.keep_note(FOLLOWED, &Followed::new(generation, position))?;
            let renewed = Signal::Renewed { generation };
            self.signal(&renewed, condition.epoch)?;
            self.use_log(generation, fresh);
            return self.retire_before(generation);
        }
        Err(StoreError::Unavailable {
            why: "writers leave no moment for a fresh local copy".to_owned(),
            retry_after: GATE,
            source: None,
        })
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
            let mut missing = Vec::new();
            for incident in &page.items {
                // One filter may name what another has named before.
                let here = last_line(fresh, incident.id).await?;
                if here < incident.events {
                    missing.push(incident.id);
                }
            }
            self.take_over_these(fresh, &missing).await?;
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

    /// Takes away the logs before the last one, which is kept for whoever still reads from it.
    pub(super) fn retire_before(&self, generation: u64) -> Result<(), StoreError> {
        let quarantined = self.quarantine()?;
        let Some(old) = generation.checked_sub(2) else {
            return Ok(());
        };
        if quarantined.iter().any(|one| one.generation == old) {
            return Ok(());
        }
        self.node.shelter.clear(old)
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
