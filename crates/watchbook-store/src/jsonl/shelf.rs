//! The shelf: the book of a directory together with the place up to which the journal is in it.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;

use watchbook_core::{EventId, IncidentId, NodeId, StoreId};

use crate::contract::CorruptPlace;
use crate::journal::{Damage, Entry, Journal, JournalError, Position, RawCommit};

use super::book::{Book, LineAt, PackError};
use super::codec::{self, CodecError, Redaction, Skimmed};
use super::layout::Layout;

/// The most damaged places that are remembered one by one.
const MAX_DAMAGES: usize = 1_000;

/// The book of a directory together with the place up to which the journal is in it.
#[derive(Debug)]
pub(crate) struct Shelf {
    /// What the journal folds to.
    pub(crate) book: Book,
    /// Up to where it was read; `None` before anything was.
    pub(crate) position: Option<Position>,
    /// Places that are damaged.
    pub(crate) damages: Vec<CorruptPlace>,
    /// Incidents that are touched by damage: they take no writes.
    pub(crate) damaged: HashMap<IncidentId, CorruptPlace>,
    /// Whether damage was met since losses were last looked for.
    pub(crate) damaged_lately: bool,
    /// Redactions whose event may still stand in the journal, because a crash came between.
    pub(crate) unscrubbed: Vec<Redaction>,
    /// Redacted events that were met in their blank form.
    scrubbed: HashSet<EventId>,
    /// Commits that were folded since the checkpoint was written or read.
    pub(crate) since_checkpoint: u64,
}

/// Why a shelf could not be filled.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ShelfError {
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(transparent)]
    Pack(#[from] PackError),
}

/// The node that stamps the writes of a store.
pub(crate) fn node_of(store: StoreId) -> NodeId {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the low half of a random number is as random"
    )]
    NodeId::from_bits(store.to_bits() as u32)
}

impl Shelf {
    /// An empty shelf.
    pub(crate) fn new(node: NodeId) -> Self {
        Self {
            book: Book::new(node),
            position: None,
            damages: Vec::new(),
            damaged: HashMap::new(),
            damaged_lately: false,
            unscrubbed: Vec::new(),
            scrubbed: HashSet::new(),
            since_checkpoint: 0,
        }
    }

    /// Folds what the journal has beyond the shelf's place.
    ///
    /// # Errors
    /// When the journal cannot be read; [`JournalError::Replaced`] when the shelf must be filled anew.
    pub(crate) fn catch_up(
        &mut self,
        journal: &Journal,
        workers: usize,
        layout: &Layout,
    ) -> Result<(), ShelfError> {
        let from = self.position.unwrap_or_else(|| journal.start());
        let mut packed = Ok(());
        let end = journal.scan(
            &from,
            workers,
            |raw: &RawCommit<'_>| codec::skim(raw.by, raw.records),
            |entry| {
                packed = self.take(entry, layout);
                if packed.is_ok() {
                    ControlFlow::Continue(())
                } else {
                    ControlFlow::Break(())
                }
            },
        )?;
        packed?;
        self.position = Some(end);
        Ok(())
    }

    fn take(
        &mut self,
        entry: Entry<'_, Result<Skimmed, CodecError>>,
        layout: &Layout,
    ) -> Result<(), PackError> {
        match entry {
            Entry::Commit {
                location,
                value: Ok(skimmed),
                ..
            } => {
                self.since_checkpoint += 1;
                self.note_redactions(&skimmed);
                self.book
                    .fold(skimmed, LineAt::new(location.segment, location.offset))
            }
            Entry::Commit {
                location,
                value: Err(error),
                raw,
                ..
            } => {
                let place = CorruptPlace {
                    file: layout.incidents.clone(),
                    line: 0,
                    byte: location.offset,
                    what: error.to_string(),
                };
                self.note_damage(place, raw);
                Ok(())
            }
            Entry::Damaged { damage, raw } => {
                let usable = damage.flaw.is_usable();
                self.note_damage(
                    corrupt_place(&damage, layout),
                    if usable { &[] } else { raw },
                );
                Ok(())
            }
            Entry::Segment { .. } | Entry::Gap { .. } => Ok(()),
        }
    }

    /// Remembers which redacted events may still stand in the journal.
    fn note_redactions(&mut self, skimmed: &Skimmed) {
        self.scrubbed.extend(
            skimmed
                .footprints
                .iter()
                .filter(|footprint| footprint.redacted)
                .map(|footprint| footprint.id),
        );
        self.unscrubbed.extend(
            skimmed
                .redactions
                .iter()
                .filter(|one| !self.scrubbed.contains(&one.event)),
        );
    }

    /// Remembers damage, and keeps the incidents that the damaged bytes still name from being written to.
    fn note_damage(&mut self, place: CorruptPlace, raw: &[u8]) {
        for id in named_incidents(raw) {
            self.damaged.entry(id).or_insert_with(|| place.clone());
        }
        self.damaged_lately = true;
        if self.damages.len() < MAX_DAMAGES {
            self.damages.push(place);
        }
    }
}

/// A place of damage as everyone is told it.
pub(crate) fn corrupt_place(damage: &Damage, layout: &Layout) -> CorruptPlace {
    let Damage {
        file,
        line,
        byte,
        flaw,
    } = damage;
    CorruptPlace {
        file: layout.incidents.join(file),
        line: *line,
        byte: *byte,
        what: flaw.to_string(),
    }
}

/// The ids of incidents that stand anywhere in these bytes.
fn named_incidents(raw: &[u8]) -> HashSet<IncidentId> {
    const ID_BYTES: usize = 24;
    memchr::memmem::find_iter(raw, b"inc_")
        .filter_map(|at| {
            std::str::from_utf8(raw.get(at..at + ID_BYTES)?)
                .ok()?
                .parse()
                .ok()
        })
        .collect()
}
