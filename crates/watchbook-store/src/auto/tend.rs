//! Looking after a node: what is due is done.

use std::future::Future;
use std::time::Duration;

use super::AutoStore;
use super::ask::{Asked, Lost, why_of};
use super::condition::{Condition, Phase, Signal};
use super::replay::check_store;
use crate::contract::{Loss, Outcome, StoreError};

/// What tending a node came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tended {
    /// Nothing was due, or another process of this node is at it.
    Nothing,
    /// So many commits of other nodes were looked at.
    Followed(u64),
    /// The database was tried in vain.
    InVain,
    /// Everything is in the database, and writes go to it again.
    Back,
}

impl AutoStore {
    /// Looks at the database before the first call: a node does not start with a wrong password, a missing table or
    /// another store's database. One that cannot be reached is no reason not to start.
    ///
    /// # Errors
    /// What must be corrected first.
    pub async fn start(&self) -> Result<Condition, StoreError> {
        let condition = self.node.shelter.condition()?;
        if condition.phase.is_apart() && !self.is_due(&condition) {
            return Ok(condition);
        }
        match self
            .ask(|primary| async move { primary.store_id().await })
            .await
        {
            Asked::Answered(Ok(found)) => {
                check_store(condition.store, found)?;
                if condition.phase == Phase::Primary {
                    let met = Signal::Reached { store: found };
                    return self.signal(&met, condition.epoch);
                }
                Ok(condition)
            }
            Asked::Answered(Err(error)) => Err(error),
            // Who runs on files already goes on; who has not begun yet must not begin with them unnoticed.
            Asked::Lost(lost)
                if lost.loss == Loss::Misconfigured && condition.phase == Phase::Primary =>
            {
                Err(StoreError::Unavailable {
                    why: lost.why.clone(),
                    retry_after: super::RETRY,
                    source: Some(Box::new(crate::contract::Lost::new(lost.loss, lost.why))),
                })
            }
            Asked::Lost(lost) => self.lost(condition.epoch, &lost),
        }
    }

    /// Does what is due: follows other nodes while the database answers; tries it again when that is due, and then
    /// brings in what was written meanwhile.
    ///
    /// # Errors
    /// When the shelter cannot be used, or the mirror cannot be kept. What was acknowledged is safe all the same.
    pub async fn tend(&self) -> Result<Tended, StoreError> {
        let Some(_mine) = self.node.shelter.tend()? else {
            return Ok(Tended::Nothing);
        };
        let condition = self.node.shelter.condition()?;
        match condition.phase {
            Phase::Primary => self.follow_or_lose(&condition).await,
            Phase::Degraded | Phase::Replaying if !self.is_due(&condition) => Ok(Tended::Nothing),
            Phase::Degraded | Phase::Replaying => self.try_to_come_back(condition).await,
        }
    }

    fn is_due(&self, condition: &Condition) -> bool {
        condition.is_due(self.now(), self.node.options.retry)
    }

    /// Tends at once, for a process that nobody tends beside its calls. What comes of it, the next call will see.
    pub(super) async fn tend_when_due(&self) {
        if !self.node.options.eager {
            return;
        }
        let condition = self.node.shelter.condition();
        if condition.is_ok_and(|condition| self.is_due(&condition))
            && let Err(error) = self.tend().await
        {
            tracing::warn!("the node could not be brought back to its database: {error}");
        }
    }

    /// Tends the node every `pause` until `stop` is done.
    pub async fn keep_tending(&self, pause: Duration, stop: impl Future<Output = ()> + Send) {
        let mut stop = std::pin::pin!(stop);
        loop {
            if let Err(error) = self.tend().await {
                tracing::warn!("this node cannot be tended: {error}");
            }
            if tokio::time::timeout(pause, &mut stop).await.is_ok() {
                return;
            }
        }
    }

    async fn follow_or_lose(&self, condition: &Condition) -> Result<Tended, StoreError> {
        match self.follow(condition).await {
            Ok(seen) => Ok(Tended::Followed(seen)),
            Err(error) => self.give_up(condition.epoch, error),
        }
    }

    async fn try_to_come_back(&self, mut condition: Condition) -> Result<Tended, StoreError> {
        let reached = self
            .ask(|primary| async move { primary.store_id().await })
            .await;
        let store = match reached {
            Asked::Answered(store) => store?,
            Asked::Lost(lost) => {
                self.lost(condition.epoch, &lost)?;
                return Ok(Tended::InVain);
            }
        };
        if let Err(error) = check_store(condition.store, store) {
            return self.give_up(condition.epoch, error);
        }
        if condition.phase == Phase::Degraded {
            condition = self.signal(&Signal::Reached { store }, condition.epoch)?;
        }
        match self.replay(&condition).await {
            Ok(()) => Ok(Tended::Back),
            Err(error) => self.give_up(condition.epoch, error),
        }
    }

    /// Takes an error of the database for what it is: a loss of it, or something that must be looked into.
    fn give_up(&self, epoch: u64, error: StoreError) -> Result<Tended, StoreError> {
        let Some(loss) = error.loss() else {
            return Err(error);
        };
        let lost = Lost {
            why: why_of(&error),
            loss,
            may_have_happened: matches!(error.outcome(), Outcome::Unknown(_)),
            is_silence: false,
        };
        self.node.primary.reconnect();
        self.lost(epoch, &lost)?;
        Ok(Tended::InVain)
    }
}
