//! How the store is doing, asked at most once a second: every answer says so.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::RwLock;
use watchbook_core::{Clock, Timestamp};
use watchbook_store::{Health, Store};

/// How old an answer may be.
const FRESH: Duration = Duration::from_secs(1);

/// The store's health, at most a second old.
#[derive(Debug)]
pub(crate) struct HealthWatch {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    seen: RwLock<Option<(Timestamp, Arc<Health>)>>,
}

impl HealthWatch {
    pub(crate) const fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        Self {
            store,
            clock,
            seen: RwLock::new(None),
        }
    }

    /// How the store is doing, or did less than a second ago.
    pub(crate) async fn recent(&self) -> Arc<Health> {
        let now = self.clock.now();
        if let Some((at, health)) = self.seen.read().clone()
            && at <= now
            && now.since(at) < FRESH
        {
            return health;
        }
        let health = Arc::new(self.store.health().await);
        *self.seen.write() = Some((now, Arc::clone(&health)));
        health
    }
}
