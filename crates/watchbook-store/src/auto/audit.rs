//! The audit trail: in the database, or beside the local log until it is brought in.

use async_trait::async_trait;
use watchbook_core::audit::{AuditClosing, AuditEntry, AuditOpening, AuditQuery};
use watchbook_core::query::{Page, PageRequest};

use super::ask::Asked;
use super::condition::Phase;
use super::shelter::Local;
use super::{AutoStore, Opened};
use crate::contract::{AuditLog, StoreError};

/// How many lines of the trail are brought in at once.
const STRETCH: usize = 500;
/// The most openings that are remembered until their closing comes. A call beyond them closes in the database alone.
const MAX_OPENINGS: usize = 10_000;

#[async_trait]
impl AuditLog for AutoStore {
    async fn open_entry(&self, opening: AuditOpening) -> Result<(), StoreError> {
        self.tend_when_due().await;
        let mut condition = self.node.shelter.condition()?;
        if condition.phase == Phase::Primary {
            let asked = self
                .ask(|primary| {
                    let opening = opening.clone();
                    async move { primary.open_entry(opening).await }
                })
                .await;
            match asked {
                Asked::Answered(answer) => {
                    answer?;
                    self.remember_opening(opening, false);
                    return Ok(());
                }
                Asked::Lost(lost) => condition = self.lost(condition.epoch, &lost)?,
            }
        }
        self.remember_opening(opening.clone(), true);
        self.local(condition.generation)?.open_entry(opening).await
    }

    async fn close_entry(&self, closing: AuditClosing) -> Result<(), StoreError> {
        let opened = self.node.openings.lock().remove(&closing.id);
        let mut condition = self.node.shelter.condition()?;
        if condition.phase == Phase::Primary {
            let asked = self
                .ask(|primary| {
                    let (opened, closing) = (opened.clone(), closing.clone());
                    async move {
                        if let Some(Opened { opening, .. }) =
                            opened.filter(|opened| opened.is_apart)
                        {
                            primary.open_entry(opening).await?;
                        }
                        primary.close_entry(closing).await
                    }
                })
                .await;
            match asked {
                Asked::Answered(answer) => return answer,
                Asked::Lost(lost) => condition = self.lost(condition.epoch, &lost)?,
            }
        }
        let local = self.local(condition.generation)?;
        if let Some(Opened { opening, .. }) = opened.filter(|opened| !opened.is_apart) {
            local.open_entry(opening).await?;
        }
        local.close_entry(closing).await
    }

    async fn sync_audit(&self) -> Result<(), StoreError> {
        let condition = self.node.shelter.condition()?;
        match condition.phase {
            Phase::Primary => Ok(()),
            Phase::Degraded | Phase::Replaying => {
                self.local(condition.generation)?.sync_audit().await
            }
        }
    }

    async fn search_audit(
        &self,
        query: AuditQuery,
        page: PageRequest,
    ) -> Result<Page<AuditEntry>, StoreError> {
        let again = query.clone();
        self.read(
            |primary| {
                let query = query.clone();
                async move { primary.search_audit(query, page).await }
            },
            |local| async move { local.search_audit(again, page).await },
        )
        .await
    }
}

impl AutoStore {
    fn remember_opening(&self, opening: AuditOpening, is_apart: bool) {
        let mut openings = self.node.openings.lock();
        if openings.len() < MAX_OPENINGS {
            openings.insert(opening.id, Opened { opening, is_apart });
        }
    }

    /// Brings the entries that were written beside the local log into the database. Those that are there stay as they
    /// are, so it may be done again.
    pub(super) async fn bring_in_audit(&self, local: &dyn Local) -> Result<(), StoreError> {
        let mut after = None;
        loop {
            let stretch = local.trail_after(after, STRETCH).await?;
            if !stretch.lines.is_empty() {
                self.node.primary.plant_trail(stretch.lines).await?;
            }
            after = stretch.next;
            if after.is_none() {
                return Ok(());
            }
        }
    }
}
