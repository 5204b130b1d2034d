//! Small things that a node remembers beside its log.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use watchbook_core::{KeyRecord, StoreId};

use super::AutoStore;
use crate::contract::{FeedPosition, Pepper, StoreError};

/// Up to where the feed of the database is in the local log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Followed {
    pub(super) generation: u64,
    epoch: u64,
    transaction: u64,
    number: u64,
}

impl Followed {
    pub(super) const fn new(generation: u64, at: FeedPosition) -> Self {
        Self {
            generation,
            epoch: at.epoch,
            transaction: at.transaction,
            number: at.number,
        }
    }

    pub(super) const fn position(self) -> FeedPosition {
        FeedPosition {
            epoch: self.epoch,
            transaction: self.transaction,
            number: self.number,
        }
    }
}

/// How far the own commits of a local log were brought in, as far as this node knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Replayed {
    pub(super) log: StoreId,
    pub(super) upto: u64,
}

/// A commit that could not be brought into the database. Its text stays in the local log of its generation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarantined {
    /// The local log that holds it.
    pub generation: u64,
    /// Its number in that log.
    pub n: u64,
    /// Why it could not be brought in.
    pub why: String,
}

/// The keys of callers as they last were in the database.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct KeptKeys {
    pepper: String,
    pub(super) records: Vec<KeyRecord>,
}

impl KeptKeys {
    pub(super) fn new(pepper: Pepper, records: Vec<KeyRecord>) -> Self {
        use std::fmt::Write as _;
        let mut hex = String::with_capacity(64);
        for byte in pepper.0 {
            // Writing to a text cannot fail.
            let _ = write!(hex, "{byte:02x}");
        }
        Self {
            pepper: hex,
            records,
        }
    }

    /// Puts a record in the place of the one with its id, or at the end.
    pub(super) fn put(&mut self, record: KeyRecord) {
        let known = self.records.iter_mut().find(|known| known.id == record.id);
        match known {
            Some(known) => *known = record,
            None => self.records.push(record),
        }
    }

    pub(super) fn pepper(&self) -> Option<Pepper> {
        let mut bytes = [0; 32];
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(self.pepper.get(2 * at..2 * at + 2)?, 16).ok()?;
        }
        Some(Pepper(bytes))
    }
}

/// The mirror of this generation has a hole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Torn {
    pub(super) generation: u64,
}

/// The names of the notes.
pub(super) const FOLLOWED: &str = "followed.json";
pub(super) const REPLAYED: &str = "replayed.json";
pub(super) const QUARANTINE: &str = "quarantine.json";
pub(super) const TORN: &str = "torn.json";
pub(super) const KEYS: &str = "keys.json";

/// The most quarantined commits that are listed one by one.
pub(super) const MAX_QUARANTINED: usize = 10_000;

impl AutoStore {
    /// Up to where the local log follows the database, if it does so without a hole.
    pub(super) fn followed(&self, generation: u64) -> Result<Option<Followed>, StoreError> {
        let torn = self.note::<Torn>(TORN)?;
        if torn.is_some_and(|torn| torn.generation == generation) {
            return Ok(None);
        }
        let followed = self.note::<Followed>(FOLLOWED)?;
        Ok(followed.filter(|followed| followed.generation == generation))
    }

    /// A note, if there is one that can be read. What cannot be read is found out anew.
    pub(super) fn note<T: DeserializeOwned>(
        &self,
        name: &'static str,
    ) -> Result<Option<T>, StoreError> {
        let bytes = self.node.shelter.note(name)?;
        Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
    }

    pub(super) fn keep_note<T: Serialize>(
        &self,
        name: &'static str,
        note: &T,
    ) -> Result<(), StoreError> {
        let bytes = serde_json::to_vec(note).map_err(|error| StoreError::Unavailable {
            why: format!("the note {name} cannot be written: {error}"),
            retry_after: super::RETRY,
            source: Some(Box::new(error)),
        })?;
        self.node.shelter.keep_note(name, &bytes)
    }
}
