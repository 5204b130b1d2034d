//! Following what other nodes write to the database.

use super::AutoStore;
use super::condition::Condition;
use super::mirror::last_line;
use super::notes::{FOLLOWED, Followed};
use super::shelter::Local;
use crate::contract::{FeedPosition, StoreError};

/// How many commits are read from the feed at once.
const STRETCH: usize = 256;

impl AutoStore {
    /// Lets what was written to the database since the last time enter the local log; makes a fresh log when that
    /// cannot be. Gives how many commits were looked at.
    pub(super) async fn follow(&self, condition: &Condition) -> Result<u64, StoreError> {
        let Some(followed) = self.followed(condition.generation)? else {
            return self.renew(condition).await.map(|()| 0);
        };
        let position = followed.position();
        let local = self.local(condition.generation)?;
        match self.catch_up(&*local, position).await {
            Ok((seen, at)) if at != position => {
                self.keep_note(FOLLOWED, &Followed::new(condition.generation, at))?;
                Ok(seen)
            }
            Err(StoreError::FeedRestarted | StoreError::Diverged { .. }) => {
                self.renew(condition).await.map(|()| 0)
            }
            caught_up => caught_up.map(|(seen, _)| seen),
        }
    }

    /// Brings `local` from `position` of the feed to its end.
    pub(super) async fn catch_up(
        &self,
        local: &dyn Local,
        mut position: FeedPosition,
    ) -> Result<(u64, FeedPosition), StoreError> {
        let mut seen = 0;
        loop {
            let stretch = self.node.primary.feed(position, STRETCH).await?;
            let is_last = stretch.changes.len() < STRETCH;
            let mut wanted = Vec::new();
            for change in &stretch.changes {
                let here = last_line(local, change.incident).await?;
                if here < change.last_seq && !wanted.contains(&(change.incident, here)) {
                    wanted.push((change.incident, here));
                }
            }
            if !wanted.is_empty() {
                let missing = self.node.primary.export(&wanted).await?;
                local.plant(missing, false).await?;
            }
            seen += stretch.changes.len() as u64;
            position = stretch.next;
            if is_last {
                return Ok((seen, position));
            }
        }
    }
}
