//! Following what other nodes write to the database.

use std::collections::BTreeMap;

use watchbook_core::IncidentId;

use super::AutoStore;
use super::condition::Condition;
use super::mirror::last_line;
use super::notes::{FOLLOWED, Followed};
use super::shelter::Local;
use crate::contract::{Changed, FeedPosition, StoreError};

/// The most lines that are fetched at once, unless one incident alone has more.
const LINES_AT_ONCE: u32 = 2_000;
/// How many commits are read from the feed at once.
const STRETCH: usize = 256;

impl AutoStore {
    /// Lets what was written to the database since the last time enter the local log; makes a fresh log when that
    /// cannot be. Gives how many commits were looked at.
    pub(super) async fn follow(&self, condition: &Condition) -> Result<u64, StoreError> {
        let Some(followed) = self.followed(condition.generation)? else {
            return self.renew_when_due(condition).await;
        };
        let position = followed.position();
        let local = self.local(condition.generation)?;
        match self.catch_up(&*local, position).await {
            Ok((seen, at)) if at != position => {
                // A power cut must not leave the note of what it takes from the log.
                local.secure().await?;
                self.keep_note(FOLLOWED, &Followed::new(condition.generation, at))?;
                Ok(seen)
            }
            Err(StoreError::FeedRestarted | StoreError::Diverged { .. }) => {
                self.renew_when_due(condition).await
            }
            caught_up => caught_up.map(|(seen, _)| seen),
        }
    }

    /// Fetches the lines of incidents from after the last that is here up to the last that is known of, some at a time.
    pub(super) async fn fetch(
        &self,
        local: &dyn Local,
        wanted: Vec<(IncidentId, u32, u32)>,
    ) -> Result<(), StoreError> {
        for some in stretches(wanted) {
            let missing = self.node.primary.export(&some).await?;
            local.plant(missing, false).await?;
        }
        Ok(())
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
            for (id, last) in last_lines(&stretch.changes) {
                wanted.push((id, last_line(local, id).await?, last));
            }
            self.fetch(local, wanted).await?;
            seen += stretch.changes.len() as u64;
            position = stretch.next;
            if is_last {
                return Ok((seen, position));
            }
        }
    }
}

/// Each incident that changed, once, with the number of its last line.
fn last_lines(changes: &[Changed]) -> BTreeMap<IncidentId, u32> {
    let mut last = BTreeMap::new();
    for change in changes {
        let upto = last.entry(change.incident).or_insert(change.last_seq);
        *upto = change.last_seq.max(*upto);
    }
    last
}

/// What is to be fetched at once, with the number of the last line that is here. No incident may be wanted twice.
fn stretches(wanted: Vec<(IncidentId, u32, u32)>) -> Vec<Vec<(IncidentId, u32)>> {
    let mut stretches: Vec<Vec<(IncidentId, u32)>> = Vec::new();
    let mut lines = 0_u32;
    for (id, here, last) in wanted.into_iter().filter(|(_, here, last)| here < last) {
        lines = lines.saturating_add(last - here);
        if let Some(stretch) = stretches.last_mut().filter(|_| lines <= LINES_AT_ONCE) {
            stretch.push((id, here));
        } else {
            stretches.push(vec![(id, here)]);
            lines = last - here;
        }
    }
    stretches
}
