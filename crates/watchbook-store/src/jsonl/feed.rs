//! What changed, read from the journal. A position is known again by the chain's value after its commit, so one that
//! belongs to another history is noticed wherever the files were moved to.

use std::ops::ControlFlow;

use async_trait::async_trait;
use watchbook_core::StoreId;

use super::JsonlStore;
use super::codec::{self, CodecError, Skimmed};
use super::failure;
use super::store::Directory;
use crate::contract::{Changed, Feed, FeedPosition, MAX_STRETCH, StoreError, Stretch};
use crate::journal::{Entry, Journal, JournalError, Position, RawCommit};

/// How often a stretch is begun anew because files were replaced while it was read.
const TRIES: u32 = 3;

/// Before everything: fits every history.
const START: FeedPosition = FeedPosition {
    epoch: 0,
    transaction: 0,
    number: 0,
};

#[async_trait]
impl Feed for JsonlStore {
    async fn feed_end(&self) -> Result<FeedPosition, StoreError> {
        self.blocking(Directory::feed_end).await
    }

    async fn feed(&self, after: FeedPosition, limit: usize) -> Result<Stretch, StoreError> {
        self.blocking(move |directory| directory.feed(after, limit))
            .await
    }
}

impl Directory {
    fn feed_end(&self) -> Result<FeedPosition, StoreError> {
        let Some(journal) = self.journal().map_err(failure::reading)? else {
            return Ok(START);
        };
        let published = journal.published().map_err(failure::reading)?;
        Ok(mark(journal.store_id(), &published))
    }

    fn feed(&self, after: FeedPosition, limit: usize) -> Result<Stretch, StoreError> {
        let nothing = Stretch {
            changes: Vec::new(),
            next: after,
        };
        let Some(journal) = self.journal().map_err(failure::reading)? else {
            return if after == START {
                Ok(nothing)
            } else {
                Err(StoreError::FeedRestarted)
            };
        };
        let id = journal.store_id();
        if after.number > 0 && after.epoch != epoch(id) {
            return Err(StoreError::FeedRestarted);
        }
        for _ in 0..TRIES {
            let published = journal.published().map_err(failure::reading)?;
            if mark(id, &published) == after {
                return Ok(nothing);
            }
            match self.told_after(&journal, after, limit.clamp(1, MAX_STRETCH)) {
                Err(JournalError::Replaced) => {}
                Err(error) => return Err(failure::reading(error)),
                Ok(None) => return Err(StoreError::FeedRestarted),
                Ok(Some((changes, end))) => {
                    *self.told.lock() = Some(end);
                    let next = mark(id, &end);
                    return Ok(Stretch { changes, next });
                }
            }
        }
        Err(failure::reading(JournalError::Replaced))
    }

    /// What the journal has after a position, and where that ends; `None` when the position is of another history.
    fn told_after(
        &self,
        journal: &Journal,
        after: FeedPosition,
        limit: usize,
    ) -> Result<Option<(Vec<Changed>, Position)>, JournalError> {
        let generation = journal.published()?.generation;
        let id = journal.store_id();
        let kept = *self.told.lock();
        let kept = kept.filter(|at| at.generation == generation && mark(id, at) == after);
        // What came since the last stretch is little; what came since another position may be much.
        let (from, workers) = match kept {
            Some(at) => (at, 0),
            None => (journal.segment_start(after.number)?, self.options.workers),
        };
        let mut reader = Reader {
            store: id,
            after,
            limit,
            met: mark(id, &from) == after,
            strayed: false,
            changes: Vec::new(),
        };
        let end = journal.scan(
            &from,
            workers,
            |raw: &RawCommit<'_>| codec::skim(raw.by, raw.records),
            |entry| reader.take(entry),
        )?;
        Ok((reader.met && !reader.strayed).then_some((reader.changes, end)))
    }
}

/// Reads up to the position, makes sure that it is there, and takes in what follows.
struct Reader {
    store: StoreId,
    after: FeedPosition,
    limit: usize,
    /// Whether the position was met.
    met: bool,
    /// Whether another commit stands where the position's was.
    strayed: bool,
    changes: Vec<Changed>,
}

impl Reader {
    fn take(&mut self, entry: Entry<'_, Result<Skimmed, CodecError>>) -> ControlFlow<()> {
        let Entry::Commit {
            n, chain, value, ..
        } = entry
        else {
            return ControlFlow::Continue(());
        };
        if n <= self.after.number {
            let here = position(self.store, n, chain.as_bytes());
            self.met |= here == self.after;
            self.strayed |= n == self.after.number && here != self.after;
        } else if self.met
            && let Ok(skimmed) = value
        {
            let lines = skimmed.footprints.iter();
            let lines = lines.map(|line| (line.incident_id, line.seq));
            self.changes.extend(Changed::of(lines));
        }
        let lost = self.strayed || (n > self.after.number && !self.met);
        if lost || self.changes.len() >= self.limit {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
}

fn mark(store: StoreId, at: &Position) -> FeedPosition {
    position(store, at.n, at.chain.as_bytes())
}

/// The position after commit `n`, at which the chain has this value.
fn position(store: StoreId, n: u64, chain: &[u8; 32]) -> FeedPosition {
    if n == 0 {
        return START;
    }
    let first = chain.first_chunk().copied().unwrap_or_default();
    FeedPosition {
        epoch: epoch(store),
        transaction: u64::from_le_bytes(first),
        number: n,
    }
}

/// Tells one store from another.
fn epoch(store: StoreId) -> u64 {
    let bits = store.to_bits().to_le_bytes();
    u64::from_le_bytes(bits.first_chunk().copied().unwrap_or_default())
}
