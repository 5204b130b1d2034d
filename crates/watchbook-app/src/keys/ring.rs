//! The keys as this process knows them, at most a second old.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::RwLock;
use subtle::ConstantTimeEq;
use tokio::sync::Mutex;
use watchbook_core::text::Name;
use watchbook_core::{Clock, Digest, KeyRecord, Timestamp};
use watchbook_store::{Pepper, Store, StoreError};

use super::token::Token;

/// How old the known keys may be: a key that is revoked in another process is refused here after this.
const FRESH: Duration = Duration::from_secs(1);

/// The keys of a store, read again when they are a second old.
#[derive(Debug)]
pub(crate) struct KeyRing {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    known: RwLock<Option<Arc<Known>>>,
    /// Held while reading, so that a crowd of callers reads once.
    reading: Mutex<()>,
}

#[derive(Debug)]
struct Known {
    at: Timestamp,
    records: BTreeMap<Name, KeyRecord>,
    /// `None` while there is no key: asking for the pepper would create a store.
    pepper: Option<Pepper>,
}

impl KeyRing {
    pub(crate) fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        Self {
            store,
            clock,
            known: RwLock::new(None),
            reading: Mutex::new(()),
        }
    }

    /// Whether the store has never had a key. One that was revoked counts: taking back the last key
    /// must not open the door to everybody.
    pub(crate) async fn is_empty(&self) -> Result<bool, StoreError> {
        Ok(self.known().await?.records.is_empty())
    }

    /// The record of the key that is shown, if it is one and is good now.
    pub(crate) async fn verify(&self, shown: &str) -> Result<Option<KeyRecord>, StoreError> {
        let known = self.known().await?;
        let Some((token, pepper)) = Token::parse(shown).zip(known.pepper) else {
            return Ok(None);
        };
        let hash = token.hash(&pepper);
        let Some(record) = known.records.get(token.id()) else {
            return Ok(None);
        };
        let good = same(hash, record.hash) && record.is_valid(self.clock.now());
        Ok(good.then(|| record.clone()))
    }

    /// Forgets what is known, after a change of this process's own. Waits for a reading that began before the
    /// change, which would bring the old keys back.
    pub(crate) async fn forget(&self) {
        let _alone = self.reading.lock().await;
        *self.known.write() = None;
    }

    async fn known(&self) -> Result<Arc<Known>, StoreError> {
        if let Some(fresh) = self.fresh() {
            return Ok(fresh);
        }
        let _alone = self.reading.lock().await;
        if let Some(fresh) = self.fresh() {
            return Ok(fresh);
        }
        let known = Arc::new(self.read().await?);
        *self.known.write() = Some(Arc::clone(&known));
        Ok(known)
    }

    fn fresh(&self) -> Option<Arc<Known>> {
        let known = self.known.read().clone()?;
        let now = self.clock.now();
        // A clock that was set back makes everything look fresh: then read again.
        (known.at <= now && now.since(known.at) < FRESH).then_some(known)
    }

    async fn read(&self) -> Result<Known, StoreError> {
        let at = self.clock.now();
        let records: BTreeMap<Name, KeyRecord> = self
            .store
            .keys()
            .await?
            .into_iter()
            .map(|record| (record.id.clone(), record))
            .collect();
        let pepper = if records.is_empty() {
            None
        } else {
            Some(self.store.pepper().await?)
        };
        Ok(Known {
            at,
            records,
            pepper,
        })
    }
}

/// Compares in a time that does not tell where the difference is.
fn same(one: Digest, other: Digest) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}
