//! What changed, in order.

use std::fmt;

use async_trait::async_trait;
use watchbook_core::IncidentId;

use super::StoreError;

/// The most changes that one stretch has.
pub const MAX_STRETCH: usize = 1_000;

/// How far a reader of the feed has come. Opaque: only the store that gave it can read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FeedPosition {
    /// Tells the store, and what became of it, from others; another one after a restoration from a copy.
    pub epoch: u64,
    /// The transaction of the last change that was read, or another mark by which that is known again.
    pub transaction: u64,
    /// The number of the last change that was read, or of its commit.
    pub number: u64,
}

/// One change of one incident, as the feed tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Changed {
    /// The incident.
    pub incident: IncidentId,
    /// Its last line right after the change: all lines after the one that was told before are new, up to this one.
    pub last_seq: u32,
}

impl Changed {
    /// What lines, each told by incident and number, change: one change for each incident, in the order in which they
    /// first come.
    pub fn of(lines: impl IntoIterator<Item = (IncidentId, u32)>) -> Vec<Self> {
        let mut changes: Vec<Self> = Vec::with_capacity(1);
        for (incident, seq) in lines {
            match changes.iter_mut().find(|known| known.incident == incident) {
                Some(known) => known.last_seq = known.last_seq.max(seq),
                None => changes.push(Self {
                    incident,
                    last_seq: seq,
                }),
            }
        }
        changes
    }
}

/// A stretch of the feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch {
    /// What changed, in order.
    pub changes: Vec<Changed>,
    /// Where to go on. May be further than before though there are no changes.
    pub next: FeedPosition,
}

/// What changed, in order.
///
/// A change is told once no transaction that may come before it is still running. So it can be seen in the store a
/// moment before the feed tells it.
///
/// # Contract
/// 1. *Gap-free.* Who reads on from where the last stretch ended learns of every line, of every incident that a commit
///    touched, however slow or concurrent the writers are.
/// 2. *Ordered.* From change to change of one incident `last_seq` grows.
/// 3. *Once.* No line is told twice to who reads on.
/// 4. *Honest after a restoration.* When the store was restored from a copy that does not have all that was read up to
///    a position, the position is refused as [`StoreError::FeedRestarted`](super::StoreError): the reader must read
///    everything anew, after it has asked for [`feed_end`](Self::feed_end). A store may refuse every position from
///    before a restoration.
#[async_trait]
pub trait Feed: fmt::Debug + Send + Sync + 'static {
    /// The position after everything that can be told now. What is told after it may be known from a later look at the
    /// store already, but nothing between the two is missed.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn feed_end(&self) -> Result<FeedPosition, StoreError>;

    /// What changed after `after`, at most `limit` changes and [`MAX_STRETCH`], but always the whole of one commit where
    /// commits are read whole. Does not wait: empty when nothing can be told.
    ///
    /// # Errors
    /// [`StoreError::FeedRestarted`](super::StoreError) as above; others when the store cannot be read.
    async fn feed(&self, after: FeedPosition, limit: usize) -> Result<Stretch, StoreError>;
}
