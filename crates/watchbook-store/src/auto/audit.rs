//! The audit trail: in the database, or beside the local log until it is brought in.

use std::collections::HashSet;

use async_trait::async_trait;
use watchbook_core::EventId;
use watchbook_core::audit::{AuditClosing, AuditEntry, AuditOpening, AuditQuery};
use watchbook_core::query::{Page, PageRequest};

use super::ask::Asked;
use super::condition::Phase;
use super::shelter::Local;
use super::{AutoStore, Opened};
use crate::contract::{AuditLog, StoreError, TrailLine};

/// How many lines of the trail are brought in at once.
const STRETCH: usize = 500;
/// The most openings that are remembered until their closing comes. A call beyond them closes in the database alone.
const MAX_OPENINGS: usize = 10_000;
/// The most lines of the trail that are known to be brought in. Further ones are brought in again.
const MAX_KNOWN: usize = 1_000_000;

/// Which lines of a trail were brought in.
#[derive(Debug, Default)]
pub(super) struct BroughtIn(HashSet<(EventId, bool)>);

impl BroughtIn {
    fn holds(&self, line: &TrailLine) -> bool {
        self.0.contains(&half(line))
    }

    fn note(&mut self, lines: &[TrailLine]) {
        let room = MAX_KNOWN.saturating_sub(self.0.len());
        self.0.extend(lines.iter().map(half).take(room));
    }
}

/// Which half of which entry a line is.
const fn half(line: &TrailLine) -> (EventId, bool) {
    match line {
        TrailLine::Open(opening) => (opening.id, false),
        TrailLine::Close(closing) => (closing.id, true),
    }
}

#[async_trait]
impl AuditLog for AutoStore {
    async fn open_entry(&self, opening: AuditOpening) -> Result<(), StoreError> {
        self.tend_when_due().await;
        if self.open_far(&opening).await? {
            return Ok(());
        }
        // Beside the local log only through the gate: what is written there when it closes is brought in, later is not.
        let _inside = self.node.shelter.enter().await?;
        if self.open_far(&opening).await? {
            return Ok(());
        }
        self.remember_opening(opening.clone(), true);
        let condition = self.node.shelter.condition()?;
        self.local(condition.generation)?.open_entry(opening).await
    }

    async fn close_entry(&self, closing: AuditClosing) -> Result<(), StoreError> {
        let opened = self.node.openings.lock().remove(&closing.id);
        if self.close_far(opened.as_ref(), &closing).await? {
            return Ok(());
        }
        let _inside = self.node.shelter.enter().await?;
        if self.close_far(opened.as_ref(), &closing).await? {
            return Ok(());
        }
        let condition = self.node.shelter.condition()?;
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
    /// Opens an entry in the database; `false` when the node is apart from it, or is now.
    async fn open_far(&self, opening: &AuditOpening) -> Result<bool, StoreError> {
        let condition = self.node.shelter.condition()?;
        if condition.phase.is_apart() {
            return Ok(false);
        }
        let asked = self
            .ask(|primary| {
                let opening = opening.clone();
                async move { primary.open_entry(opening).await }
            })
            .await;
        match asked {
            Asked::Answered(answer) => {
                answer?;
                self.remember_opening(opening.clone(), false);
                Ok(true)
            }
            Asked::Lost(lost) => self.lost(condition.epoch, &lost).map(|_| false),
        }
    }

    /// Closes an entry in the database; `false` when the node is apart from it, or is now.
    async fn close_far(
        &self,
        opened: Option<&Opened>,
        closing: &AuditClosing,
    ) -> Result<bool, StoreError> {
        let condition = self.node.shelter.condition()?;
        if condition.phase.is_apart() {
            return Ok(false);
        }
        let asked = self
            .ask(|primary| {
                let (opened, closing) = (opened.cloned(), closing.clone());
                async move {
                    if let Some(Opened { opening, .. }) = opened.filter(|opened| opened.is_apart) {
                        primary.open_entry(opening).await?;
                    }
                    primary.close_entry(closing).await
                }
            })
            .await;
        match asked {
            Asked::Answered(answer) => answer.map(|()| true),
            Asked::Lost(lost) => self.lost(condition.epoch, &lost).map(|_| false),
        }
    }

    fn remember_opening(&self, opening: AuditOpening, is_apart: bool) {
        let mut openings = self.node.openings.lock();
        if openings.len() < MAX_OPENINGS {
            openings.insert(opening.id, Opened { opening, is_apart });
        }
    }

    /// Brings the entries that were written beside the local log into the database. Those that are there stay as they
    /// are, so it may be done again; what `brought_in` knows to be there is not sent again.
    pub(super) async fn bring_in_audit(
        &self,
        local: &dyn Local,
        brought_in: &mut BroughtIn,
    ) -> Result<(), StoreError> {
        let mut after = None;
        loop {
            let mut stretch = local.trail_after(after, STRETCH).await?;
            stretch.lines.retain(|line| !brought_in.holds(line));
            if !stretch.lines.is_empty() {
                self.node.primary.plant_trail(stretch.lines.clone()).await?;
                brought_in.note(&stretch.lines);
            }
            after = stretch.next;
            if after.is_none() {
                return Ok(());
            }
        }
    }
}
