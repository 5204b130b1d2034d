//! Incidents 6 and 7: keys, and what an error says.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::Mutex;
use watchbook_core::{ChangeId, Command, Digest, Key, Refused, Timestamp};
use watchbook_store::{Applied, Incidents, StoreError};

use crate::disk::Disk;
use crate::twist::{Real, Twist, unavailable};

/// The command as if its key had never been used.
fn forgotten(command: Command) -> Command {
    let bits = command.change.to_bits() ^ u128::from(command.incident.to_bits());
    Command {
        key: None,
        change: ChangeId::from_bits(bits.rotate_left(1)),
        ..command
    }
}

/// Has no memory of keys.
#[derive(Debug)]
pub(crate) struct ForgetsKeys;

#[async_trait]
impl Twist for ForgetsKeys {
    async fn apply(&self, real: &Real, command: Command) -> Result<Applied, StoreError> {
        real.apply(forgotten(command)).await
    }
}

/// Knows the key, and answers with the incident as it is now.
#[derive(Debug)]
pub(crate) struct ReplaysThePresent;

#[async_trait]
impl Twist for ReplaysThePresent {
    async fn apply(&self, real: &Real, command: Command) -> Result<Applied, StoreError> {
        let applied = real.apply(command).await?;
        let incident = real.disk.memory().get(applied.incident.id).await?;
        Ok(Applied {
            incident,
            ..applied
        })
    }
}

/// Does not compare bodies.
#[derive(Debug)]
pub(crate) struct TakesAnyBody;

#[async_trait]
impl Twist for TakesAnyBody {
    async fn apply(&self, real: &Real, mut command: Command) -> Result<Applied, StoreError> {
        let body = Digest::of(b"any");
        command.key = command.key.map(|_| Key { body });
        real.apply(command).await
    }
}

/// Remembers a key only if its request changed something.
#[derive(Debug)]
pub(crate) struct ForgetsIdleKeys;

#[async_trait]
impl Twist for ForgetsIdleKeys {
    async fn apply(&self, real: &Real, command: Command) -> Result<Applied, StoreError> {
        let previewed = real.disk.memory().preview(command.clone()).await?;
        if previewed.changed || previewed.replayed {
            return real.apply(command).await;
        }
        real.apply(forgotten(command)).await
    }
}

/// Takes a key for used although its request was refused.
#[derive(Debug, Default)]
pub(crate) struct BurnsKeys {
    burnt: Mutex<BTreeSet<ChangeId>>,
}

#[async_trait]
impl Twist for BurnsKeys {
    async fn apply(&self, real: &Real, command: Command) -> Result<Applied, StoreError> {
        let change = command.change;
        if self.burnt.lock().contains(&change) {
            return Err(Refused::KeyReused.into());
        }
        let answer = real.apply(command).await;
        if answer.is_err() {
            self.burnt.lock().insert(change);
        }
        answer
    }
}

/// Remembers keys for three days.
#[derive(Debug, Default)]
pub(crate) struct ForgetsAfterThreeDays {
    used: Mutex<BTreeMap<ChangeId, Timestamp>>,
}

#[async_trait]
impl Twist for ForgetsAfterThreeDays {
    async fn apply(&self, real: &Real, command: Command) -> Result<Applied, StoreError> {
        let now = real.disk.now();
        let used = *self.used.lock().entry(command.change).or_insert(now);
        if now.since(used) > Duration::from_hours(3 * 24) {
            return real.apply(forgotten(command)).await;
        }
        real.apply(command).await
    }
}

/// Remembers keys in memory only.
#[derive(Debug, Default)]
pub(crate) struct ForgetsAtRestart {
    used: Mutex<BTreeSet<ChangeId>>,
    before: Mutex<BTreeSet<ChangeId>>,
}

#[async_trait]
impl Twist for ForgetsAtRestart {
    async fn apply(&self, real: &Real, command: Command) -> Result<Applied, StoreError> {
        if self.before.lock().contains(&command.change) {
            return real.apply(forgotten(command)).await;
        }
        self.used.lock().insert(command.change);
        real.apply(command).await
    }

    async fn restarted(&self, _disk: &Disk) {
        let used = std::mem::take(&mut *self.used.lock());
        self.before.lock().extend(used);
    }
}

/// Looks for the key, lets others go first, and then writes.
#[derive(Debug, Default)]
pub(crate) struct LooksForKeysTooEarly {
    known: Mutex<BTreeSet<ChangeId>>,
}

#[async_trait]
impl Twist for LooksForKeysTooEarly {
    async fn apply(&self, real: &Real, command: Command) -> Result<Applied, StoreError> {
        let change = command.change;
        let known = self.known.lock().contains(&change);
        tokio::task::yield_now().await;
        let answer = if known {
            real.apply(command).await
        } else {
            real.apply(forgotten(command)).await
        };
        self.known.lock().insert(change);
        answer
    }
}

/// Remembers on each handle the keys that were used on it.
#[derive(Debug)]
pub(crate) struct KeysPerHandle;

#[async_trait]
impl Twist for KeysPerHandle {
    async fn apply(&self, real: &Real, mut command: Command) -> Result<Applied, StoreError> {
        let bits = command.change.to_bits() ^ u128::from(real.handle);
        command.change = ChangeId::from_bits(bits);
        real.apply(command).await
    }
}

/// Says that nothing happened when the disk fails right after the commit.
#[derive(Debug)]
pub(crate) struct CallsSuccessFailure;

#[async_trait]
impl Twist for CallsSuccessFailure {
    async fn apply(&self, real: &Real, command: Command) -> Result<Applied, StoreError> {
        match real.apply(command).await {
            Err(StoreError::Unknown { .. }) => Err(unavailable()),
            answer => answer,
        }
    }
}

/// Answers as if all were well when the disk fails right before the commit.
#[derive(Debug)]
pub(crate) struct CallsFailureSuccess;

#[async_trait]
impl Twist for CallsFailureSuccess {
    async fn apply(&self, real: &Real, command: Command) -> Result<Applied, StoreError> {
        let previewed = real.disk.memory().preview(command.clone()).await?;
        match real.apply(command).await {
            Err(StoreError::Unavailable { .. }) => Ok(previewed),
            answer => answer,
        }
    }
}

/// Says of every refusal that the change may have happened.
#[derive(Debug)]
pub(crate) struct IsNeverSure;

#[async_trait]
impl Twist for IsNeverSure {
    async fn apply(&self, real: &Real, command: Command) -> Result<Applied, StoreError> {
        let change = command.change;
        let unsure = |error: StoreError| StoreError::Unknown {
            change,
            why: error.to_string(),
            source: None,
        };
        real.apply(command).await.map_err(unsure)
    }
}
