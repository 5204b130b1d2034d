//! The keys by which callers are known.

use std::fmt;

use async_trait::async_trait;
use watchbook_core::KeyRecord;

use super::StoreError;

/// The secret under which keys are hashed: who steals the records alone cannot test guesses.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Pepper(pub [u8; 32]);

impl fmt::Debug for Pepper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pepper(..)")
    }
}

/// The keys by which callers are known.
///
/// # Contract
/// 1. *Durable.* A stored record survives a power loss once `put_key` has answered.
/// 2. *Seen.* It is seen by every handle, in every process, from then on.
/// 3. *Private.* Files that hold records or the pepper are readable by their owner alone, and nothing that is printed
///    says the pepper.
/// 4. *Steady.* The pepper is the same ever after, in every process.
/// 5. *In their order.* `keys` gives all records in the order in which they were made; one that is replaced keeps its
///    place.
#[async_trait]
pub trait Keys: fmt::Debug + Send + Sync + 'static {
    /// All records, revoked ones too, in the order in which they were made.
    ///
    /// # Errors
    /// When they cannot be read. Nobody must be let in then.
    async fn keys(&self) -> Result<Vec<KeyRecord>, StoreError>;

    /// Stores a record; one with the same id is replaced.
    ///
    /// # Errors
    /// When it cannot be stored. Nothing has changed then.
    async fn put_key(&self, record: KeyRecord) -> Result<(), StoreError>;

    /// The pepper of this store, made at the first call and the same ever after.
    ///
    /// # Errors
    /// When it can be neither read nor made.
    async fn pepper(&self) -> Result<Pepper, StoreError>;
}
