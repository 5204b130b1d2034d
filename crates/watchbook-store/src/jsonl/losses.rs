//! Which incidents have lost events to damage.
//!
//! The bytes of a damaged line name its incidents only as long as they are there and right: a line that was deleted
//! names nobody, and one that was changed in an id names somebody else. So two more things are asked when there is
//! damage: whether the numbers of the events that are left have a gap, and whether the projection, which is a second
//! copy, knows of more events.

use std::collections::HashMap;

use serde::Deserialize;
use watchbook_core::{IncidentId, IncidentState};

use crate::contract::CorruptPlace;
use crate::disk::{Disk, Open};
use crate::journal::{Journal, MAX_LINE_BYTES};

use super::layout::Layout;
use super::shelf::{Shelf, ShelfError};
use super::store::Directory;
use super::whole_file::read_range;

/// How much of a projection is read at once, in bytes.
const BLOCK: u64 = 1 << 20;

/// How many events the projection knows of each incident.
pub(crate) type Recorded = HashMap<IncidentId, u32>;

/// What counts in a line of the projection.
#[derive(Debug, Deserialize)]
struct Record {
    id: IncidentId,
    events: u32,
}

/// What the projection says; nothing where it cannot be read.
fn recorded(disk: &dyn Disk, layout: &Layout) -> Recorded {
    let mut recorded = Recorded::new();
    let Ok(file) = disk.open(&layout.incident_records(), Open::Read) else {
        return recorded;
    };
    let (mut at, mut bytes) = (0, Vec::new());
    while let Ok(block) = read_range(&*file, at, BLOCK)
        && !block.is_empty()
    {
        at += block.len() as u64;
        bytes.extend(block);
        let whole = memchr::memrchr(b'\n', &bytes).map_or(0, |newline| newline + 1);
        for line in bytes[..whole].split(|byte| *byte == b'\n') {
            if let Ok(Record { id, events }) = serde_json::from_slice(line) {
                let known = recorded.entry(id).or_default();
                *known = events.max(*known);
            }
        }
        bytes.drain(..whole);
        if bytes.len() > MAX_LINE_BYTES {
            bytes.clear();
        }
    }
    recorded
}

impl Directory {
    /// Looks for incidents that have lost events, when damage was met since this was last asked.
    pub(crate) fn see_to_losses(
        &self,
        shelf: &mut Shelf,
        journal: &Journal,
    ) -> Result<(), ShelfError> {
        if !std::mem::take(&mut shelf.damaged_lately) {
            return Ok(());
        }
        let layout = &self.options.layout;
        let recorded = recorded(&*self.options.disk, layout);
        // Writers publish first and record then: whatever is recorded is in the journal by now, if it was not lost.
        shelf.catch_up(journal, self.options.workers, layout)?;
        shelf.damaged_lately = false;
        shelf.note_losses(&recorded)?;
        Ok(())
    }
}

impl Shelf {
    /// Keeps incidents that have lost events from being written to.
    fn note_losses(&mut self, recorded: &Recorded) -> Result<(), super::book::PackError> {
        let Some(place) = self.damages.first().cloned() else {
            return Ok(());
        };
        let mut lost: Vec<IncidentId> = recorded
            .keys()
            .filter(|id| self.book.lines(**id).is_none())
            .copied()
            .collect();
        for (id, entry) in self.book.entries() {
            let known = recorded.get(&id).copied().unwrap_or(0);
            if entry.with_state(|state| has_lost(id, state, known))? {
                lost.push(id);
            }
        }
        for id in lost {
            let what = format!("{}; {id} has lost events", place.what);
            let place = CorruptPlace {
                what,
                ..place.clone()
            };
            self.damaged.entry(id).or_insert(place);
        }
        Ok(())
    }
}

/// Whether events are missing: some before the last, the creation, or some that were recorded.
fn has_lost(id: IncidentId, state: &IncidentState, recorded: u32) -> bool {
    let last = state.last_seq().max(recorded);
    state
        .incident(id)
        .is_none_or(|incident| incident.events < last)
}
