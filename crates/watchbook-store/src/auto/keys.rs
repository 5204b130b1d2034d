//! Keys: kept by the database; known to the node while that is gone.

use async_trait::async_trait;
use watchbook_core::KeyRecord;

use super::AutoStore;
use super::ask::Asked;
use super::condition::Phase;
use super::notes::{KEYS, KeptKeys};
use crate::contract::{Keys, Pepper, StoreError};

#[async_trait]
impl Keys for AutoStore {
    async fn keys(&self) -> Result<Vec<KeyRecord>, StoreError> {
        self.tend_when_due().await;
        let condition = self.node.shelter.condition()?;
        if condition.phase == Phase::Primary {
            let known = *self.node.pepper.lock();
            let asked = self
                .ask(|primary| async move {
                    // A store keeps its pepper for life, and the keys are asked for every second.
                    let pepper = match known {
                        Some(pepper) => pepper,
                        None => primary.pepper().await?,
                    };
                    Ok((pepper, primary.keys().await?))
                })
                .await;
            match asked {
                Asked::Answered(answer) => {
                    let (pepper, records) = answer?;
                    self.remember(pepper, &records);
                    return Ok(records);
                }
                Asked::Lost(lost) => drop(self.lost(condition.epoch, &lost)?),
            }
        }
        Ok(self.kept_keys()?.records)
    }

    async fn put_key(&self, record: KeyRecord) -> Result<(), StoreError> {
        self.tend_when_due().await;
        let condition = self.node.shelter.condition()?;
        if condition.phase.is_apart() {
            return Err(waits());
        }
        let asked = self
            .ask(|primary| {
                let record = record.clone();
                async move { primary.put_key(record).await }
            })
            .await;
        match asked {
            Asked::Answered(answer) => answer?,
            Asked::Lost(lost) => {
                self.lost(condition.epoch, &lost)?;
                return Err(waits());
            }
        }
        if !self.keep_also(record)? {
            // Who has never seen the keys looks at all of them.
            self.keys().await?;
        }
        Ok(())
    }

    async fn pepper(&self) -> Result<Pepper, StoreError> {
        if let Some(pepper) = *self.node.pepper.lock() {
            return Ok(pepper);
        }
        self.keys().await?;
        let known = *self.node.pepper.lock();
        match known {
            Some(pepper) => Ok(pepper),
            None => self.kept_keys()?.pepper().ok_or_else(unknown),
        }
    }
}

impl AutoStore {
    /// Keeps the keys for the time without the database.
    fn remember(&self, pepper: Pepper, records: &[KeyRecord]) {
        *self.node.pepper.lock() = Some(pepper);
        let kept = KeptKeys::new(pepper, records.to_vec());
        self.keep(&mut self.node.kept_keys.lock(), &kept);
    }

    /// Keeps a record that the database has just taken; `false` when no keys are kept yet. It holds from then on, even if
    /// the database is lost before it is asked again: a key that was revoked must not go on working.
    fn keep_also(&self, record: KeyRecord) -> Result<bool, StoreError> {
        let mut last = self.node.kept_keys.lock();
        let Some(mut kept) = self.note::<KeptKeys>(KEYS)? else {
            return Ok(false);
        };
        kept.put(record);
        self.keep(&mut last, &kept);
        Ok(true)
    }

    /// Keeps these keys, if they are others than `last`, which is held meanwhile: two at once could leave older keys on
    /// the disk than it says. That they cannot be kept is no reason to turn callers away while the database answers.
    fn keep(&self, last: &mut Vec<u8>, kept: &KeptKeys) {
        let bytes = serde_json::to_vec(kept).unwrap_or_default();
        if *last == bytes {
            return;
        }
        match self.keep_note(KEYS, kept) {
            Ok(()) => *last = bytes,
            Err(error) => tracing::error!(
                "the keys cannot be kept for the time without the database; those kept before hold then: {error}"
            ),
        }
    }

    fn kept_keys(&self) -> Result<KeptKeys, StoreError> {
        self.note(KEYS)?.ok_or_else(unknown)
    }
}

fn waits() -> StoreError {
    StoreError::Unavailable {
        why: "keys cannot be changed while the database is lost; the known ones go on working"
            .to_owned(),
        retry_after: super::RETRY,
        source: None,
    }
}

fn unknown() -> StoreError {
    StoreError::Unavailable {
        why: "the database is lost, and this node has never seen its keys; reach the database once"
            .to_owned(),
        retry_after: super::RETRY,
        source: None,
    }
}
