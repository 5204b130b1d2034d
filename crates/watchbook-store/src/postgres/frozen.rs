//! One moment of a database: everything that is read belongs to it, whoever writes meanwhile.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use deadpool_postgres::Object;
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::PostgresStore;
use super::exec::ExecError;
use super::sqlstate;
use crate::contract::StoreError;

const BEGIN: &str = "begin isolation level repeatable read read only";

/// The connection on which a moment is kept.
pub(super) struct Frozen(Arc<Mutex<Held>>);

impl fmt::Debug for Frozen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Frozen(..)")
    }
}

/// A connection with an open transaction: nobody else may get it.
struct Held(Option<Object>);

impl Drop for Held {
    fn drop(&mut self) {
        // Closing it ends the transaction.
        drop(self.0.take().map(Object::take));
    }
}

/// A connection for one call.
pub(super) enum Lent {
    /// Of the pool, to which it goes back.
    Pooled(Box<Object>),
    /// The one on which a moment is kept.
    Frozen(FrozenGuard),
}

/// The one connection, while a call has it.
pub(super) struct FrozenGuard(OwnedMutexGuard<Held>);

impl Lent {
    /// Closes it instead of giving it back: it may be busy with what nobody waits for any more.
    pub(super) fn discard(self) {
        match self {
            Self::Pooled(connection) => drop(Object::take(*connection)),
            Self::Frozen(_) => {}
        }
    }
}

impl Deref for Lent {
    type Target = Object;

    fn deref(&self) -> &Object {
        match self {
            Self::Pooled(connection) => connection,
            Self::Frozen(FrozenGuard(held)) => held.connection(),
        }
    }
}

impl DerefMut for Lent {
    fn deref_mut(&mut self) -> &mut Object {
        match self {
            Self::Pooled(connection) => connection,
            Self::Frozen(FrozenGuard(held)) => held.connection_mut(),
        }
    }
}

#[expect(
    clippy::expect_used,
    reason = "it is there from the making to the drop of this value"
)]
impl Held {
    fn connection(&self) -> &Object {
        self.0.as_ref().expect("a connection")
    }

    fn connection_mut(&mut self) -> &mut Object {
        self.0.as_mut().expect("a connection")
    }
}

impl PostgresStore {
    /// The same store as it is at this moment: everything that is read from it belongs to one moment, whoever writes
    /// meanwhile. It takes no writes, holds one connection, and answers one call after the other.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn frozen(&self) -> Result<Self, StoreError> {
        let connection = self.database.connection().await;
        let connection = connection.map_err(sqlstate::of_pool)?;
        let held = Held(Some(connection));
        let begun = held.connection().batch_execute(BEGIN).await;
        begun.map_err(|error| sqlstate::of_read(ExecError::Database(error)))?;
        // The moment is that of the first statement.
        let look = held.connection().simple_query("select 1").await;
        look.map_err(|error| sqlstate::of_read(ExecError::Database(error)))?;
        Ok(Self {
            frozen: Some(Arc::new(Frozen(Arc::new(Mutex::new(held))))),
            ..self.clone()
        })
    }

    /// A connection for one call.
    pub(super) async fn connect(&self) -> Result<Lent, StoreError> {
        if let Some(frozen) = &self.frozen {
            let held = Arc::clone(&frozen.0).lock_owned().await;
            return Ok(Lent::Frozen(FrozenGuard(held)));
        }
        let connection = self.database.connection().await;
        connection
            .map(Box::new)
            .map(Lent::Pooled)
            .map_err(sqlstate::of_pool)
    }

    /// Refuses a write to a store that shows one moment.
    pub(super) fn check_not_frozen(&self) -> Result<(), StoreError> {
        if self.frozen.is_none() {
            return Ok(());
        }
        Err(StoreError::Unavailable {
            why: "this is a moment of the database, which takes no writes".to_owned(),
            retry_after: sqlstate::RETRY,
            source: None,
        })
    }
}
