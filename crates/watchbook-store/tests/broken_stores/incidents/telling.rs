//! Incidents 10 and 11: what is shown beside the timeline, and what is still told after a redaction.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use parking_lot::Mutex;
use watchbook_core::query::{IncidentQuery, Page, PageRequest};
use watchbook_core::{ChangeId, Command, Event, EventId, Incident, IncidentId};
use watchbook_store::{Applied, Incidents, StoreError};

use crate::disk::Disk;
use crate::twist::{Real, Twist};

/// Shows an incident as changed at every look.
#[derive(Debug)]
pub(crate) struct AddsOfItsOwn;

#[async_trait]
impl Twist for AddsOfItsOwn {
    async fn get(&self, real: &Real, id: IncidentId) -> Result<Incident, StoreError> {
        let mut incident = real.disk.memory().get(id).await?;
        incident.drill = !incident.drill;
        Ok(incident)
    }

    async fn list(&self, real: &Real, query: IncidentQuery) -> Result<Page<Incident>, StoreError> {
        let mut page = real.disk.memory().list(query).await?;
        page.items
            .iter_mut()
            .for_each(|incident| incident.drill = !incident.drill);
        Ok(page)
    }
}

/// Keeps what it has written, and goes on telling it somewhere after it was redacted.
#[derive(Debug, Default)]
pub(crate) struct KeepsTexts {
    events: Mutex<BTreeMap<EventId, Event>>,
    answers: Mutex<BTreeMap<ChangeId, Applied>>,
    in_replays: bool,
    /// The first handle whose timelines tell.
    from: u32,
    /// Whether timelines tell.
    awake: AtomicBool,
    wakes_at_restart: bool,
}

impl KeepsTexts {
    pub(crate) fn in_timelines() -> Self {
        Self {
            awake: AtomicBool::new(true),
            ..Self::default()
        }
    }

    pub(crate) fn in_replays() -> Self {
        Self {
            in_replays: true,
            ..Self::default()
        }
    }

    pub(crate) fn after_a_restart() -> Self {
        Self {
            wakes_at_restart: true,
            ..Self::default()
        }
    }

    pub(crate) fn elsewhere() -> Self {
        Self {
            from: 1,
            ..Self::in_timelines()
        }
    }
}

#[async_trait]
impl Twist for KeepsTexts {
    async fn apply(&self, real: &Real, command: Command) -> Result<Applied, StoreError> {
        let change = command.change;
        let applied = real.apply(command).await?;
        if self.in_replays && applied.replayed {
            let first = self.answers.lock()[&change].clone();
            return Ok(Applied {
                replayed: true,
                ..first
            });
        }
        let events = applied.events.iter().map(|event| (event.id, event.clone()));
        self.events.lock().extend(events);
        self.answers.lock().insert(change, applied.clone());
        Ok(applied)
    }

    async fn events(
        &self,
        real: &Real,
        id: IncidentId,
        page: PageRequest,
    ) -> Result<Page<Event>, StoreError> {
        let mut page = real.disk.memory().events(id, page).await?;
        if self.awake.load(Ordering::SeqCst) && real.handle >= self.from {
            let kept = self.events.lock();
            page.items
                .iter_mut()
                .for_each(|event| *event = kept[&event.id].clone());
        }
        Ok(page)
    }

    async fn restarted(&self, _disk: &Disk) {
        self.awake.fetch_or(self.wakes_at_restart, Ordering::SeqCst);
    }
}

/// Leaves redacted lines out altogether.
#[derive(Debug)]
pub(crate) struct DropsRedactedLines;

#[async_trait]
impl Twist for DropsRedactedLines {
    async fn events(
        &self,
        real: &Real,
        id: IncidentId,
        page: PageRequest,
    ) -> Result<Page<Event>, StoreError> {
        let mut page = real.disk.memory().events(id, page).await?;
        page.items.retain(|event| !event.redacted);
        Ok(page)
    }
}
