//! What changed, in order.

use std::fmt;

use async_trait::async_trait;
use watchbook_core::IncidentId;

use super::StoreError;

/// How far a reader of the feed has come. Opaque: only the store that gave it can read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FeedPosition {
    /// Changes with every restoration of the store from a copy.
    pub epoch: u64,
    /// The transaction, where commits do not become visible in the order of their numbers; 0 elsewhere.
    pub transaction: u64,
    /// The number of the last commit that was read.
    pub number: u64,
}

/// One commit, as the feed tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Changed {
    /// An incident that it changed.
    pub incident: IncidentId,
    /// The last line of that incident right after it.
    pub last_seq: u32,
}

/// A stretch of the feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch {
    /// What changed, in order.
    pub changes: Vec<Changed>,
    /// Where to go on.
    pub next: FeedPosition,
}

/// What changed, in order.
///
/// # Contract
/// 1. *Gap-free.* Who reads on from where the last stretch ended misses no commit, however slow or concurrent the
///    writers are.
/// 2. *Ordered.* The changes of one incident come in the order of its lines.
/// 3. *Once.* A commit is told once per incident it touched to who reads on.
/// 4. *Honest after a restoration.* A position from before the store was restored is refused as
///    [`StoreError::FeedRestarted`](super::StoreError): the reader must read everything anew.
#[async_trait]
pub trait Feed: fmt::Debug + Send + Sync + 'static {
    /// The position after everything that can be read now.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn feed_end(&self) -> Result<FeedPosition, StoreError>;

    /// What changed after `after`, at most `limit` commits. Does not wait: empty when nothing did.
    ///
    /// # Errors
    /// [`StoreError::FeedRestarted`](super::StoreError) as above.
    async fn feed(&self, after: FeedPosition, limit: usize) -> Result<Stretch, StoreError>;
}
