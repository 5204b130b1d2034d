//! Connections that did not answer, and are not used again.

use std::sync::{Arc, Weak};

use deadpool_postgres::{Hook, HookError, StatementCache};
use parking_lot::Mutex;

/// The connections of one pool that did not answer. A connection is known by its cache of prepared statements: that is
/// the one thing of it that stays where it is while the pool moves it about.
#[derive(Debug, Clone, Default)]
pub(super) struct Silent {
    /// At most as many as the pool holds connections: those that are gone are forgotten.
    known: Arc<Mutex<Vec<Weak<StatementCache>>>>,
}

impl Silent {
    pub(super) fn note(&self, cache: &Arc<StatementCache>) {
        let mut known = self.known.lock();
        known.retain(|other| other.strong_count() > 0);
        known.push(Arc::downgrade(cache));
    }

    fn holds(&self, cache: &Arc<StatementCache>) -> bool {
        let known = self.known.lock();
        known
            .iter()
            .any(|other| std::ptr::eq(other.as_ptr(), Arc::as_ptr(cache)))
    }

    /// What the pool asks before it lends a connection again.
    pub(super) fn hook(&self) -> Hook {
        let silent = self.clone();
        Hook::sync_fn(move |client, _metrics| {
            if silent.holds(&client.statement_cache) {
                return Err(HookError::message("it did not answer the last time"));
            }
            Ok(())
        })
    }
}
