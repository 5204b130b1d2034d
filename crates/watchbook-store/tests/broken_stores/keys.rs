//! Stores that are wrong about keys.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU8, Ordering};

use async_trait::async_trait;
use parking_lot::Mutex;
use watchbook_core::KeyRecord;
use watchbook_store::{Keys, Pepper, StoreError};

use crate::disk::Disk;
use crate::twist::{Real, Twist};

/// Loses the record that was stored last in a power failure.
#[derive(Debug)]
pub(crate) struct LosesTheLastKey;

#[async_trait]
impl Twist for LosesTheLastKey {
    async fn crashed(&self, disk: &Disk) {
        disk.cut(disk.written() - 1).await;
    }
}

/// Adds the new record beside the old one.
#[derive(Debug, Default)]
pub(crate) struct KeepsBothRecords {
    records: Mutex<Vec<KeyRecord>>,
}

#[async_trait]
impl Twist for KeepsBothRecords {
    async fn keys(&self, _real: &Real) -> Result<Vec<KeyRecord>, StoreError> {
        Ok(self.records.lock().clone())
    }

    async fn put_key(&self, _real: &Real, record: KeyRecord) -> Result<(), StoreError> {
        self.records.lock().push(record);
        Ok(())
    }
}

/// Reads the records once per handle.
#[derive(Debug, Default)]
pub(crate) struct CachesKeys {
    read: Mutex<BTreeMap<u32, Vec<KeyRecord>>>,
}

#[async_trait]
impl Twist for CachesKeys {
    async fn keys(&self, real: &Real) -> Result<Vec<KeyRecord>, StoreError> {
        let present = real.disk.memory().keys().await?;
        let mut known = self.read.lock();
        Ok(known.entry(real.handle).or_insert(present).clone())
    }
}

/// Writes the records into a file that everybody can read.
#[derive(Debug)]
pub(crate) struct LeavesFilesOpen;

impl Twist for LeavesFilesOpen {
    fn mode(&self) -> u32 {
        0o644
    }
}

/// Keeps the pepper where everything is printed.
#[derive(Debug, Default)]
pub(crate) struct PrintsThePepper {
    pepper: Mutex<Option<[u8; 32]>>,
}

#[async_trait]
impl Twist for PrintsThePepper {
    async fn pepper(&self, real: &Real) -> Result<Pepper, StoreError> {
        let pepper = real.disk.memory().pepper().await?;
        *self.pepper.lock() = Some(pepper.0);
        Ok(pepper)
    }
}

/// Makes another pepper under some circumstance.
#[derive(Debug, Default)]
pub(crate) struct ChangesThePepper {
    at_each_key: bool,
    at_a_crash: bool,
    at_each_handle: bool,
    turns: AtomicU8,
}

impl ChangesThePepper {
    pub(crate) fn at_each_key() -> Self {
        Self {
            at_each_key: true,
            ..Self::default()
        }
    }

    pub(crate) fn at_a_crash() -> Self {
        Self {
            at_a_crash: true,
            ..Self::default()
        }
    }

    pub(crate) fn at_each_handle() -> Self {
        Self {
            at_each_handle: true,
            ..Self::default()
        }
    }

    fn turn(&self, is_one: bool) {
        self.turns.fetch_add(u8::from(is_one), Ordering::SeqCst);
    }
}

#[async_trait]
impl Twist for ChangesThePepper {
    async fn put_key(&self, real: &Real, record: KeyRecord) -> Result<(), StoreError> {
        self.turn(self.at_each_key);
        real.disk.put_key(record).await
    }

    async fn crashed(&self, _disk: &Disk) {
        self.turn(self.at_a_crash);
    }

    async fn pepper(&self, real: &Real) -> Result<Pepper, StoreError> {
        let mut pepper = real.disk.memory().pepper().await?;
        pepper.0[0] ^= self.turns.load(Ordering::SeqCst);
        pepper.0[1] ^= u8::from(self.at_each_handle && real.handle > 0);
        Ok(pepper)
    }
}

/// Gives the records in the order of their ids.
#[derive(Debug)]
pub(crate) struct SortsKeys;

#[async_trait]
impl Twist for SortsKeys {
    async fn keys(&self, real: &Real) -> Result<Vec<KeyRecord>, StoreError> {
        let mut keys = real.disk.memory().keys().await?;
        keys.sort_by(|one, other| one.id.cmp(&other.id));
        Ok(keys)
    }
}

/// Takes the old record out and puts the new one at the end.
#[derive(Debug, Default)]
pub(crate) struct MovesReplacedKeys {
    records: Mutex<Vec<KeyRecord>>,
}

#[async_trait]
impl Twist for MovesReplacedKeys {
    async fn keys(&self, _real: &Real) -> Result<Vec<KeyRecord>, StoreError> {
        Ok(self.records.lock().clone())
    }

    async fn put_key(&self, _real: &Real, record: KeyRecord) -> Result<(), StoreError> {
        let mut records = self.records.lock();
        records.retain(|known| known.id != record.id);
        records.push(record);
        Ok(())
    }
}
