//! Reading: incidents from the book, events from the lines of the journal.

use watchbook_core::query::{Page, PageRequest, Place};
use watchbook_core::{Command, Commit, Event, IncidentId, IncidentState, fold, redact};

use crate::contract::{Applied, StoreError};
use crate::journal::{Journal, RawCommit};

use super::book::{LineAt, LineRef, Lines};
use super::codec::{self, Decoded};
use super::failure;
use super::overlay::Overlay;
use super::shelf::Shelf;
use super::store::Directory;

impl Directory {
    /// One page of a timeline.
    pub(crate) fn events(
        &self,
        id: IncidentId,
        page: PageRequest,
    ) -> Result<Page<Event>, StoreError> {
        let (lines, state) = {
            let shelf = self.fresh()?;
            let lines = shelf
                .book
                .lines(id)
                .cloned()
                .ok_or_else(|| no_incident(id))?;
            let state = shelf
                .book
                .state(id)
                .ok_or_else(|| no_incident(id))?
                .map_err(failure::packed)?;
            (lines, state)
        };
        let journal = self
            .journal()
            .map_err(failure::reading)?
            .ok_or_else(|| no_incident(id))?;
        let after = page.after.and_then(Place::seq).unwrap_or(0);
        let mut events = Vec::new();
        for line in lines_after(&lines, after) {
            if events.len() > page.limit {
                break;
            }
            let Decoded { commit, .. } = read_commit(&journal, line.at())?;
            events.extend(shown(commit, id, &state).filter(|event| event.seq > after));
        }
        let more = events.len() > page.limit;
        events.truncate(page.limit);
        let next = if more {
            events.last().map(|event| Place::of_seq(event.seq))
        } else {
            None
        };
        Ok(Page {
            items: events,
            next,
        })
    }
}

/// The events of one incident in a commit, as readers see them.
fn shown(commit: Commit, id: IncidentId, state: &IncidentState) -> impl Iterator<Item = Event> {
    commit
        .into_events()
        .filter(move |event| event.incident_id == id)
        .map(|event| {
            if state.is_redacted(event.id) && !event.redacted {
                redact::blank(&event)
            } else {
                event
            }
        })
}

/// The lines that can hold events with a greater number than `after`.
fn lines_after(lines: &Lines, after: u32) -> &[LineRef] {
    let first = lines.partition_point(|line| line.first_seq() <= after);
    // The line before can hold several events, the last of them beyond `after`.
    lines.get(first.saturating_sub(1)..).unwrap_or_default()
}

/// Reads the commit of one line.
pub(crate) fn read_commit(journal: &Journal, at: LineAt) -> Result<Decoded, StoreError> {
    journal
        .read(at.segment(), at.offset(), |raw: &RawCommit<'_>| {
            codec::decode(raw.by, raw.records)
        })
        .map_err(failure::reading)?
        .map_err(failure::encoding)
}

/// The answer that was given when this command's key was used first.
pub(crate) fn replay(
    directory: &Directory,
    shelf: &Shelf,
    overlay: &Overlay<'_>,
    command: &Command,
) -> Result<Applied, StoreError> {
    if let Some(applied) = overlay.decided(command.change) {
        return Ok(Applied {
            replayed: true,
            ..applied.clone()
        });
    }
    let forgotten = || no_key(command);
    let slot = shelf
        .book
        .keys()
        .get(command.change)
        .ok_or_else(forgotten)?;
    let journal = directory
        .journal()
        .map_err(failure::reading)?
        .ok_or_else(forgotten)?;
    let Decoded { commit, .. } = read_commit(&journal, slot.at)?;
    let key = commit.key().cloned().ok_or_else(forgotten)?;
    let lines = shelf
        .book
        .lines(key.incident)
        .ok_or_else(|| no_incident(key.incident))?;
    let now = shelf
        .book
        .state(key.incident)
        .ok_or_else(|| no_incident(key.incident))?
        .map_err(failure::packed)?;
    let mut then = IncidentState::default();
    for line in lines.iter().filter(|line| line.at() <= slot.at) {
        let Decoded { commit, .. } = read_commit(&journal, line.at())?;
        for event in shown(commit, key.incident, &now) {
            fold::apply(&mut then, &event);
        }
    }
    let events: Vec<Event> = commit.events().cloned().collect();
    Ok(Applied {
        incident: then
            .incident(key.incident)
            .ok_or_else(|| no_incident(key.incident))?,
        changed: !events.is_empty(),
        events,
        similar: key.similar,
        replayed: true,
        durable: true,
    })
}

pub(crate) fn no_incident(id: IncidentId) -> StoreError {
    StoreError::NotFound {
        what: "incident",
        name: id.to_string(),
    }
}

fn no_key(command: &Command) -> StoreError {
    StoreError::NotFound {
        what: "earlier use of the idempotency key of change",
        name: command.change.to_string(),
    }
}
