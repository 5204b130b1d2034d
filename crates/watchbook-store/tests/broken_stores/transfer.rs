//! Stores that are wrong about what they take over.

use std::collections::BTreeMap;

use async_trait::async_trait;
use parking_lot::Mutex;
use watchbook_core::query::{Page, PageRequest};
use watchbook_core::{AgentId, Event, EventId, IncidentId};
use watchbook_store::{Incidents, Planted, StoreError, TrailLine, Transfer, Whole};

use crate::disk::Disk;
use crate::twist::{Real, Twist};

/// Says of all changes that it made them itself.
#[derive(Debug)]
pub(crate) struct SignsItself;

#[async_trait]
impl Twist for SignsItself {
    async fn plant(&self, real: &Real, mut wholes: Vec<Whole>) -> Result<Planted, StoreError> {
        for line in wholes.iter_mut().flat_map(|whole| &mut whole.lines) {
            line.by.agent = AgentId::new("mover").unwrap();
        }
        real.disk.plant(wholes).await
    }
}

/// Takes no keys over.
#[derive(Debug)]
pub(crate) struct LeavesKeysBehind;

#[async_trait]
impl Twist for LeavesKeysBehind {
    async fn plant(&self, real: &Real, mut wholes: Vec<Whole>) -> Result<Planted, StoreError> {
        for whole in &mut wholes {
            whole.keys.clear();
        }
        real.disk.plant(wholes).await
    }
}

/// Loses what it took over last in a power failure.
#[derive(Debug)]
pub(crate) struct LosesWhatItTook;

#[async_trait]
impl Twist for LosesWhatItTook {
    async fn crashed(&self, disk: &Disk) {
        disk.cut(disk.written() - 1).await;
    }
}

/// Writes the lines of a trail down as often as they come.
#[derive(Debug)]
pub(crate) struct DoublesTheTrail;

#[async_trait]
impl Twist for DoublesTheTrail {
    async fn plant_trail(&self, real: &Real, lines: Vec<TrailLine>) -> Result<u64, StoreError> {
        let count = lines.len() as u64;
        real.disk.memory().plant_trail(lines).await?;
        Ok(count)
    }
}

/// Takes everything over each time it comes.
#[derive(Debug)]
pub(crate) struct TakesOverAnew;

#[async_trait]
impl Twist for TakesOverAnew {
    async fn plant(&self, real: &Real, wholes: Vec<Whole>) -> Result<Planted, StoreError> {
        let lines: usize = wholes.iter().map(|whole| whole.lines.len()).sum();
        let planted = real.disk.plant(wholes).await?;
        Ok(Planted {
            lines: lines as u64,
            ..planted
        })
    }
}

/// Leaves something behind of a call that fails, which the next one stumbles over.
#[derive(Debug)]
pub(crate) struct KeepsHalf;

#[async_trait]
impl Twist for KeepsHalf {
    async fn plant(&self, real: &Real, wholes: Vec<Whole>) -> Result<Planted, StoreError> {
        let mut half = wholes[0].clone();
        let planted = real.disk.plant(wholes).await;
        if planted.is_err() {
            half.keys.clear();
            half.lines.truncate(1);
            half.lines[0].by.agent = AgentId::new("mover").unwrap();
            real.disk.plant(vec![half]).await?;
        }
        planted
    }
}

/// Takes nothing over of incidents that it knows.
#[derive(Debug)]
pub(crate) struct TakesBeginningsOnly;

#[async_trait]
impl Twist for TakesBeginningsOnly {
    async fn plant(&self, real: &Real, mut wholes: Vec<Whole>) -> Result<Planted, StoreError> {
        let known = real.disk.memory().extents_after(None, usize::MAX).await?;
        wholes.retain(|whole| known.iter().all(|known| known.id != whole.id));
        let planted = real.disk.plant(wholes).await?;
        Ok(Planted {
            lines: planted.lines.max(1),
            ..planted
        })
    }
}

/// Numbers lines anew where some are missing.
#[derive(Debug)]
pub(crate) struct ClosesGaps;

#[async_trait]
impl Twist for ClosesGaps {
    async fn plant(&self, real: &Real, mut wholes: Vec<Whole>) -> Result<Planted, StoreError> {
        let known = real.disk.memory().extents_after(None, usize::MAX).await?;
        for whole in &mut wholes {
            let here = known.iter().find(|known| known.id == whole.id);
            let Some(here) = here else { continue };
            if whole.lines[0].event.seq <= here.last_seq {
                continue;
            }
            for (line, seq) in whole.lines.iter_mut().zip(here.last_seq + 1..) {
                line.event.seq = seq;
            }
        }
        real.disk.plant(wholes).await
    }
}

/// Goes on telling what it took over before it was blacked out.
#[derive(Debug, Default)]
pub(crate) struct KeepsBright {
    events: Mutex<BTreeMap<EventId, Event>>,
}

#[async_trait]
impl Twist for KeepsBright {
    async fn plant(&self, real: &Real, wholes: Vec<Whole>) -> Result<Planted, StoreError> {
        let lines = wholes.iter().flat_map(|whole| &whole.lines);
        for event in lines.map(|line| &line.event) {
            let mut kept = self.events.lock();
            kept.entry(event.id).or_insert_with(|| event.clone());
        }
        real.disk.plant(wholes).await
    }

    async fn events(
        &self,
        real: &Real,
        id: IncidentId,
        page: PageRequest,
    ) -> Result<Page<Event>, StoreError> {
        let mut page = real.disk.memory().events(id, page).await?;
        let kept = self.events.lock();
        page.items
            .iter_mut()
            .for_each(|event| event.clone_from(&kept[&event.id]));
        Ok(page)
    }
}
