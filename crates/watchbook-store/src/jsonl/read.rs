//! Reading: incidents from the book, events from the lines of the journal.

use watchbook_core::query::{Page, PageRequest, Place};
use watchbook_core::{
    ChangeId, Command, Commit, Event, EventType, IncidentId, IncidentState, KeyUse, Set, fold,
    redact,
};

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
pub(super) fn shown(
    commit: Commit,
    id: IncidentId,
    state: &IncidentState,
) -> impl Iterator<Item = Event> {
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
pub(super) fn lines_after(lines: &Lines, after: u32) -> &[LineRef] {
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
    let Decoded {
        commit, planted, ..
    } = read_commit(&journal, slot.at)?;
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
    let (mut then, mut written) = (IncidentState::default(), None);
    for line in lines.iter().filter(|line| line.at() <= slot.at) {
        let Decoded { commit, .. } = read_commit(&journal, line.at())?;
        let own = commit.change == key.change;
        for event in shown(commit, key.incident, &now) {
            fold::apply(&mut then, &event);
        }
        if own {
            written = Some(then.clone());
        }
    }
    // A key that was taken over may stand behind lines that are younger than it.
    let then = written.unwrap_or(then);
    let events: Vec<Event> = if planted {
        scattered(&journal, shelf, &key)?
    } else {
        commit.events().cloned().collect()
    };
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

/// The events of a change that was taken over from another log, in which they may stand apart: those on the incident of
/// its key, and those on the other one of a merge.
fn scattered(journal: &Journal, shelf: &Shelf, key: &KeyUse) -> Result<Vec<Event>, StoreError> {
    let mut events = written_by(journal, shelf, key.incident, key.change)?;
    let mut others: Vec<IncidentId> = events.iter().filter_map(merged_with).collect();
    others.sort_unstable();
    others.dedup();
    for other in others.into_iter().filter(|other| *other != key.incident) {
        events.extend(written_by(journal, shelf, other, key.change)?);
    }
    events.sort_by_key(|event| event.stamp);
    Ok(events)
}

/// The incident that a line merges its own with, or parts it from.
fn merged_with(event: &Event) -> Option<IncidentId> {
    if event.kind != EventType::Merge {
        return None;
    }
    let named = event.meta.values().filter_map(serde_json::Value::as_str);
    let mut named = named.filter_map(|text| text.parse().ok());
    let into = event.set.iter().find_map(|set| match set {
        Set::MergedInto(into) => *into,
        _ => None,
    });
    into.or_else(|| named.next())
}

/// What a change wrote on one incident.
fn written_by(
    journal: &Journal,
    shelf: &Shelf,
    id: IncidentId,
    change: ChangeId,
) -> Result<Vec<Event>, StoreError> {
    let mut events = Vec::new();
    let Some(state) = shelf.book.state(id) else {
        return Ok(events);
    };
    let state = state.map_err(failure::packed)?;
    for line in shelf.book.lines(id).into_iter().flatten() {
        let Decoded { commit, .. } = read_commit(journal, line.at())?;
        if commit.change == change {
            events.extend(shown(commit, id, &state));
        }
    }
    Ok(events)
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
