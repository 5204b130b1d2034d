//! Stores that are wrong about keys.

use std::collections::BTreeMap;

use async_trait::async_trait;
use parking_lot::Mutex;
use watchbook_core::KeyRecord;
use watchbook_store::conformance::FileSeen;
use watchbook_store::{Keys, StoreError};

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
#[derive(Debug, Default)]
pub(crate) struct LeavesFilesOpen {
    file: Mutex<String>,
}

#[async_trait]
impl Twist for LeavesFilesOpen {
    async fn put_key(&self, real: &Real, record: KeyRecord) -> Result<(), StoreError> {
        self.file.lock().push_str(&record.hash.to_string());
        real.disk.put_key(record).await
    }

    fn files(&self) -> Vec<FileSeen> {
        vec![FileSeen {
            path: "keys.jsonl".into(),
            mode: 0o644,
            content: self.file.lock().clone().into_bytes(),
        }]
    }
}
