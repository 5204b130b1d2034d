//! Where a node keeps what it needs while its database is gone.

use std::any::Any;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use watchbook_core::{NodeId, StoreId};

use super::condition::Condition;
use crate::contract::{Absorb, Apart, Store, StoreError, Transfer};

/// A database that many nodes share: the first choice.
pub trait Primary: Store + Transfer + Absorb {
    /// Forgets every connection, so that the next call makes a fresh one.
    fn reconnect(&self);
}

/// A log of this node: the mirror of the database, and what was written while that was gone.
///
/// Its own commits are those whose stamps bear [its node](Self::node); all others came from the database.
#[async_trait]
pub trait Local: Store + Transfer {
    /// The id of the log.
    ///
    /// # Errors
    /// When it can be neither read nor made.
    fn log_id(&self) -> Result<StoreId, StoreError>;

    /// The node whose stamps the log's own commits bear.
    fn node(&self, log: StoreId) -> NodeId;

    /// Its own commits, from the first.
    fn own_commits(&self) -> Box<dyn OwnCommits>;

    /// Makes durable what was taken over so far.
    ///
    /// # Errors
    /// When that is not certain.
    async fn secure(&self) -> Result<(), StoreError>;

    /// Leaves the log as the next opening likes to find it. Blocks.
    ///
    /// # Errors
    /// When its files cannot be written. Nothing that was acknowledged is lost by that.
    fn settle(&self) -> Result<(), StoreError>;
}

/// The own commits of a log, in order; remembers how far it was read.
#[async_trait]
pub trait OwnCommits: Send + Sync {
    /// The next own commits, at most `limit`, and no more once their artifacts weigh [`MAX_RUN_BYTES`]; empty when there
    /// are none for now.
    ///
    /// # Errors
    /// When the log cannot be read.
    async fn next(&mut self, limit: usize) -> Result<Vec<Apart>, StoreError>;

    /// How many of those that are still to be given come after number `n`. Reads no artifacts.
    ///
    /// # Errors
    /// When the log cannot be read.
    async fn count_after(&mut self, n: u64) -> Result<u64, StoreError>;
}

/// The bytes of artifacts after which a run of own commits takes no further one: a transaction ends within seconds.
pub const MAX_RUN_BYTES: usize = 4 * 1024 * 1024;

/// The bytes of the artifacts of a commit.
pub(crate) fn weight(apart: &Apart) -> usize {
    apart.bytes.iter().map(|(_, _, bytes)| bytes.len()).sum()
}

/// Held for as long as something must not be interrupted; let go of by dropping it.
pub struct Pass {
    _held: Box<dyn Any + Send + Sync>,
}

impl Pass {
    /// A pass that lets go of `held` when it is dropped.
    pub fn holding(held: impl Any + Send + Sync) -> Self {
        Self {
            _held: Box::new(held),
        }
    }
}

impl fmt::Debug for Pass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pass")
    }
}

/// Where a node keeps what it needs while its database is gone: its condition, its local logs, and three locks.
///
/// # Contract
/// 1. *One condition.* [`Self::change`] looks at the condition and replaces it in one step for all processes of the
///    node, and it is durable when the call has answered.
/// 2. *The gate.* While somebody holds a pass of [`Self::close`], nobody holds one of [`Self::enter`].
/// 3. *One at a time.* [`Self::tend`] gives its pass to one at a time.
#[async_trait]
pub trait Shelter: fmt::Debug + Send + Sync + 'static {
    /// The condition of this moment.
    ///
    /// # Errors
    /// When it cannot be read.
    fn condition(&self) -> Result<Condition, StoreError>;

    /// Replaces the condition by what `change` makes of it, unless that is `None`; gives the one that holds then.
    ///
    /// # Errors
    /// When it can be neither read nor kept.
    fn change(
        &self,
        change: &mut (dyn FnMut(&Condition) -> Option<Condition> + Send),
    ) -> Result<Condition, StoreError>;

    /// Goes through the gate with a write: while the pass is held, the log that writes go to stays the same.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the gate stays closed for longer than [`LONGEST_GATE`].
    async fn enter(&self) -> Result<Pass, StoreError>;

    /// Closes the gate and waits, at most `patience`, until everybody is through. `None` if they are not by then.
    ///
    /// # Errors
    /// When the gate cannot be used.
    async fn close(&self, patience: Duration) -> Result<Option<Pass>, StoreError>;

    /// The right to replay, follow and renew. `None` if somebody else has it.
    ///
    /// # Errors
    /// When that cannot be told.
    fn tend(&self) -> Result<Option<Pass>, StoreError>;

    /// The local log of a generation, made if it is not there.
    ///
    /// # Errors
    /// When it cannot be opened.
    fn open(&self, generation: u64) -> Result<Arc<dyn Local>, StoreError>;

    /// Takes away the local log of a generation that is not in use: what an interrupted replay left, or what was replayed.
    ///
    /// # Errors
    /// When it is in use, or cannot be taken away.
    fn clear(&self, generation: u64) -> Result<(), StoreError>;

    /// A small note by its name.
    ///
    /// # Errors
    /// When it cannot be read.
    fn note(&self, name: &'static str) -> Result<Option<Vec<u8>>, StoreError>;

    /// Keeps a small note, durably, readable by its owner alone.
    ///
    /// # Errors
    /// When it cannot be kept; the old one stands then.
    fn keep_note(&self, name: &'static str, bytes: &[u8]) -> Result<(), StoreError>;
}

/// How long a write waits at a closed gate.
pub const LONGEST_GATE: Duration = Duration::from_secs(5);
