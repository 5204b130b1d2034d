//! How a node stands, for people and monitors.

use super::condition::{Condition, Phase};
use super::counters::AutoCounts;
use super::notes::{Followed, Quarantined, REPLAYED, Replayed};
use super::{AutoStore, Signal};
use crate::contract::{FeedPosition, Standing, StoreError};

/// How a node stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AutoStatus {
    /// How it stands to its database.
    pub condition: Condition,
    /// Commits that were written here and are not known to be in the database.
    pub pending: u64,
    /// Up to where the local copy follows the database; `None` before it was first made.
    pub followed: Option<FeedPosition>,
    /// Commits that could not be brought in.
    pub quarantined: Vec<Quarantined>,
    /// What this process has counted.
    pub counts: AutoCounts,
}

impl AutoStore {
    /// How the node stands. Asks the database nothing.
    ///
    /// # Errors
    /// When the shelter cannot be read.
    pub async fn status(&self) -> Result<AutoStatus, StoreError> {
        let condition = self.node.shelter.condition()?;
        let followed = self.followed(condition.generation)?;
        Ok(AutoStatus {
            pending: self.pending(&condition).await?,
            condition,
            followed: followed.map(Followed::position),
            quarantined: self.quarantine()?,
            counts: self.counts(),
        })
    }

    /// Where writes go.
    ///
    /// # Errors
    /// When the shelter cannot be read.
    pub fn phase(&self) -> Result<Phase, StoreError> {
        Ok(self.node.shelter.condition()?.phase)
    }

    /// What this process has counted.
    pub fn counts(&self) -> AutoCounts {
        self.node.counters.counts()
    }

    /// Lets the database be tried now instead of at the next time. Gives the condition that holds then.
    ///
    /// # Errors
    /// When the shelter cannot be used.
    pub fn retry_now(&self) -> Result<Condition, StoreError> {
        self.signal(&Signal::RetryNow, 0)
    }

    /// How it stands to its database, for monitors; `None` when the shelter cannot be read.
    pub(super) fn stands(&self) -> Option<Standing> {
        let Condition {
            phase,
            epoch: _,
            since,
            why,
            needs_hands,
            next_try,
            generation: _,
            store: _,
        } = self.node.shelter.condition().ok()?;
        Some(Standing {
            phase: phase.as_str(),
            since,
            why,
            needs_hands,
            next_try,
            counters: self.counts().named(),
        })
    }

    /// How many own commits of the local log are not known to be in the database.
    async fn pending(&self, condition: &Condition) -> Result<u64, StoreError> {
        if !condition.phase.is_apart() {
            return Ok(0);
        }
        let local = self.local(condition.generation)?;
        let log = local.log_id()?;
        let upto = self
            .note::<Replayed>(REPLAYED)?
            .filter(|replayed| replayed.log == log)
            .map_or(0, |replayed| replayed.upto);
        local.own_commits().count_after(upto).await
    }
}
