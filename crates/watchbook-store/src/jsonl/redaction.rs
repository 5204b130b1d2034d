//! Redaction: the text goes from the journal itself; what remains proves that nothing else went.
//!
//! The permission is stored first, as part of an ordinary commit; then the line is rewritten. A crash between the two
//! leaves the permission, and whoever takes the lock next finishes the work. Readers see the text no more either way.

use std::sync::Arc;

use watchbook_core::{Command, Digest, Event, EventId, IncidentId, Op, redact};

use crate::contract::StoreError;
use crate::journal::{Journal, LockedJournal, RawCommit};

use super::codec::{self, CodecError, Redaction};
use super::failure;
use super::shelf::{Shelf, node_of};
use super::store::Directory;

/// The event that a redaction is about, and its record in the journal.
pub(crate) struct Target {
    pub(crate) event: Event,
    n: u64,
    index: usize,
    record: String,
}

/// A record that is to be blacked out.
#[derive(Debug)]
pub(crate) struct Scrub {
    n: u64,
    index: usize,
    incident: IncidentId,
    event: EventId,
    tombstone: String,
}

impl Target {
    /// What is to be put in the place of the record.
    pub(crate) fn scrub(self) -> Result<Scrub, CodecError> {
        let Self {
            event,
            n,
            index,
            record,
        } = self;
        let tombstone = codec::tombstone(&redact::blank(&event), &record)?;
        Ok(Scrub {
            n,
            index,
            incident: event.incident_id,
            event: event.id,
            tombstone,
        })
    }
}

impl Scrub {
    /// The permission for it.
    pub(crate) fn redaction(&self) -> Redaction {
        Redaction {
            incident: self.incident,
            event: self.event,
            tombstone: Digest::of(self.tombstone.as_bytes()),
        }
    }
}

/// The event that a command wants blacked out; `None` for any other command, or when there is no such event.
pub(crate) fn find_target(
    directory: &Directory,
    shelf: &Shelf,
    command: &Command,
) -> Result<Option<Target>, StoreError> {
    let Op::Redact { event, .. } = &command.op else {
        return Ok(None);
    };
    let Some(journal) = directory.journal().map_err(failure::reading)? else {
        return Ok(None);
    };
    find(&journal, shelf, command.incident, *event)
}

pub(super) fn find(
    journal: &Journal,
    shelf: &Shelf,
    incident: IncidentId,
    wanted: EventId,
) -> Result<Option<Target>, StoreError> {
    for line in shelf.book.lines(incident).into_iter().flatten() {
        let at = line.at();
        let found = journal
            .read(at.segment(), at.offset(), |raw: &RawCommit<'_>| {
                raw.records.iter().enumerate().find_map(|(index, record)| {
                    let event = codec::decode_event(record)?;
                    let target = Target {
                        event,
                        n: raw.n,
                        index,
                        record: (*record).to_owned(),
                    };
                    (target.event.id == wanted).then_some(target)
                })
            })
            .map_err(failure::reading)?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

impl Directory {
    /// Blacks records out, and reads the journal anew: every line behind them has moved.
    pub(crate) fn scrub(
        &self,
        journal: &Arc<Journal>,
        locked: &mut LockedJournal<'_>,
        scrubs: Vec<Scrub>,
    ) -> Result<(), StoreError> {
        if scrubs.is_empty() {
            return Ok(());
        }
        for Scrub {
            n,
            index,
            tombstone,
            ..
        } in scrubs
        {
            locked
                .rewrite(n, index, &tombstone)
                .map_err(failure::writing)?;
        }
        let mut shelf = self.shelf.write();
        *shelf = Shelf::new(node_of(journal.store_id()));
        self.fill(&mut shelf, journal).map_err(failure::filling)?;
        shelf.unscrubbed.clear();
        drop(shelf);
        self.rebuild_projections()
    }

    /// Blacks records out after their permission was stored. When that fails it is noted: the texts are shown no more
    /// already, and the next writer tries again.
    pub(crate) fn scrub_or_note(
        &self,
        journal: &Arc<Journal>,
        locked: &mut LockedJournal<'_>,
        scrubs: Vec<Scrub>,
    ) {
        let wanted: Vec<Redaction> = scrubs.iter().map(Scrub::redaction).collect();
        if self.scrub(journal, locked, scrubs).is_err() {
            self.shelf.write().unscrubbed.extend(wanted);
        }
    }

    /// Finishes redactions that a crash or a failing disk interrupted. They are wanted until all of them are done: a
    /// further failure leaves them to the writer after this one.
    pub(crate) fn finish_scrubs(
        &self,
        journal: &Arc<Journal>,
        locked: &mut LockedJournal<'_>,
    ) -> Result<(), StoreError> {
        let unfinished = self.unfinished_scrubs(journal)?;
        self.scrub(journal, locked, unfinished)?;
        self.shelf.write().unscrubbed.clear();
        Ok(())
    }

    fn unfinished_scrubs(&self, journal: &Journal) -> Result<Vec<Scrub>, StoreError> {
        let shelf = self.shelf.read();
        let mut scrubs: Vec<Scrub> = Vec::new();
        for redaction in &shelf.unscrubbed {
            let twice = scrubs.iter().any(|scrub| scrub.event == redaction.event);
            if !twice
                && let Some(target) = find(journal, &shelf, redaction.incident, redaction.event)?
                && !target.event.redacted
            {
                scrubs.push(target.scrub().map_err(failure::encoding)?);
            }
        }
        Ok(scrubs)
    }
}
