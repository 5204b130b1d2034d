//! The keys by which callers are known, in memory.

use async_trait::async_trait;
use watchbook_core::KeyRecord;

use super::{MAX_KEYS, MemoryStore, full};
use crate::contract::{Keys, Pepper, StoreError};

/// The records in the order in which they were made, and the pepper they are hashed under.
#[derive(Debug)]
pub(super) struct KeyRing {
    records: Vec<KeyRecord>,
    pepper: Pepper,
}

impl KeyRing {
    pub(super) const fn new(pepper: Pepper) -> Self {
        Self {
            records: Vec::new(),
            pepper,
        }
    }
}

impl KeyRing {
    /// Takes over a pepper, unless there are keys under another one.
    pub(super) fn plant_pepper(&mut self, pepper: Pepper) -> Result<(), StoreError> {
        if pepper != self.pepper && !self.records.is_empty() {
            return Err(StoreError::OtherSecret);
        }
        self.pepper = pepper;
        Ok(())
    }
}

#[async_trait]
impl Keys for MemoryStore {
    async fn keys(&self) -> Result<Vec<KeyRecord>, StoreError> {
        Ok(self.keys.lock().records.clone())
    }

    async fn put_key(&self, record: KeyRecord) -> Result<(), StoreError> {
        let records = &mut self.keys.lock().records;
        if let Some(known) = records.iter_mut().find(|known| known.id == record.id) {
            *known = record;
            return Ok(());
        }
        if records.len() >= MAX_KEYS {
            return Err(full("keys"));
        }
        records.push(record);
        Ok(())
    }

    async fn pepper(&self) -> Result<Pepper, StoreError> {
        Ok(self.keys.lock().pepper)
    }
}
