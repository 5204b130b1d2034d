//! Who does something alone for a while.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use watchbook_core::text::Name;
use watchbook_core::{Fence, LeaseName, Timestamp};

use super::StoreError;

/// The longest time that a lease is given for at once. What asks for more gets this much; it can be renewed.
pub const LONGEST_LEASE: Duration = Duration::from_hours(24);
/// The most leases that [`Leases::leases`] lists, and that a store of files or in memory holds at once.
pub const MAX_LEASES: usize = 10_000;

/// A lease as it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// What proves it to a write: name and token.
    pub fence: Fence,
    /// Who has it.
    pub holder: Name,
    /// When it ends unless it is renewed, by the clock of the store.
    pub expires_at: Timestamp,
}

/// What became of the wish for a lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// It was given.
    Given(Lease),
    /// Another has it.
    Held(Lease),
}

impl Taken {
    /// The lease, if it was given.
    pub fn given(self) -> Option<Lease> {
        match self {
            Self::Given(lease) => Some(lease),
            Self::Held(_) => None,
        }
    }
}

/// Who does something alone for a while.
///
/// Time is the store's, not the caller's: a database judges by its own clock, the one clock that all its servers share;
/// files and memory judge by the clock of their machine.
///
/// # Contract
/// 1. *Alone.* Until a lease ends, nobody but its holder gets it.
/// 2. *Ending.* A lease that is released ends at once, and one that is not renewed ends in its time; others get it then.
/// 3. *Growing.* The token of a lease is greater each time it is given, also after it has ended, and to the same holder.
/// 4. *Fenced.* A command that bears a [fence](watchbook_core::Command::fence) changes something only if that lease is
///    held with that token while it is written; otherwise it is refused as
///    [`StoreError::Fenced`](super::StoreError), and nothing has changed. No other holder gets the lease before such a
///    write has ended.
/// 5. *Seen.* Every handle, in every process, sees who holds what, also after a restart.
#[async_trait]
pub trait Leases: fmt::Debug + Send + Sync + 'static {
    /// Takes a lease for `span`, if nobody else has it. Who has it already gets it anew, and the token of before is worth
    /// nothing from then on: a program that was started again must not wait for what it held itself.
    ///
    /// # Errors
    /// When the store cannot be written. It is not known then whether the lease was given; asking again settles it.
    async fn acquire(
        &self,
        name: &LeaseName,
        holder: &Name,
        span: Duration,
    ) -> Result<Taken, StoreError>;

    /// Holds a lease on, for `span` from now.
    ///
    /// # Errors
    /// [`StoreError::Fenced`](super::StoreError) when it has ended or was given anew; it must be taken again then.
    async fn renew(&self, fence: &Fence, span: Duration) -> Result<Lease, StoreError>;

    /// Ends a lease. Does nothing when it has ended or was given anew.
    ///
    /// # Errors
    /// When the store cannot be written. The lease ends in its time then.
    async fn release(&self, fence: &Fence) -> Result<(), StoreError>;

    /// The leases that are held now, in the order of their names, at most [`MAX_LEASES`].
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn leases(&self) -> Result<Vec<Lease>, StoreError>;
}
