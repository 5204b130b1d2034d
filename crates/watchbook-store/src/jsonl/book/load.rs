//! Making a book from the parts that a checkpoint holds.

use std::collections::{BTreeSet, HashMap};

use watchbook_core::text::ServiceName;
use watchbook_core::{ChangeId, IncidentId, IncidentState, NodeId, Stamp, Timestamp};

use super::{Book, Brief, Entry, KeySlot, Lines, PackError, likeness};

/// What a checkpoint holds of a book.
#[derive(Debug)]
pub(crate) struct BookParts {
    /// The greatest stamp that was folded.
    pub(crate) last_stamp: Option<Stamp>,
    /// The services with their numbers.
    pub(crate) services: HashMap<ServiceName, u32>,
    /// The incidents.
    pub(crate) entries: Vec<PackedEntry>,
    /// The keys that are remembered, the oldest first.
    pub(crate) keys: Vec<(Timestamp, ChangeId, KeySlot)>,
}

/// One incident in a checkpoint.
#[derive(Debug)]
pub(crate) struct PackedEntry {
    /// Its id.
    pub(crate) id: IncidentId,
    /// Its brief, if its creation was folded.
    pub(crate) brief: Option<Brief>,
    /// Its packed state.
    pub(crate) state: Box<[u8]>,
    /// Its lines.
    pub(crate) lines: Lines,
}

impl Book {
    /// The book that `parts` hold.
    ///
    /// # Errors
    /// When an unfinished incident does not decode.
    pub(crate) fn load(node: NodeId, parts: BookParts) -> Result<Self, PackError> {
        let BookParts {
            last_stamp,
            services,
            entries,
            keys,
        } = parts;
        let mut book = Self::new(node);
        if let Some(stamp) = last_stamp {
            book.clock.observe(stamp);
        }
        book.services = services;
        book.entries.reserve(entries.len());
        book.index(&entries);
        for PackedEntry {
            id,
            brief,
            state,
            lines,
        } in entries
        {
            book.packed_bytes += state.len();
            book.line_count += lines.len();
            let unfinished = brief.filter(|brief| brief.status.is_unfinished());
            let likeness = match &unfinished {
                Some(brief) => likeness(brief, &postcard::from_bytes::<IncidentState>(&state)?),
                None => None,
            };
            if let (Some(brief), Some(likeness)) = (unfinished, likeness.clone()) {
                let alike = book.similar.entry(likeness).or_default();
                alike.insert((brief.created, id));
            }
            book.entries
                .insert(id, Entry::packed(state, brief, likeness, lines));
        }
        for (used, change, slot) in keys {
            book.keys.insert(used, change, slot);
        }
        Ok(book)
    }

    /// Fills the ordered indexes at once, which is far quicker than one by one.
    fn index(&mut self, entries: &[PackedEntry]) {
        let briefs = || {
            entries
                .iter()
                .filter_map(|entry| Some((entry.id, entry.brief?)))
        };
        self.by_created = briefs()
            .map(|(id, brief)| (brief.created, id))
            .collect::<BTreeSet<_>>();
        self.by_updated = briefs().map(|(id, brief)| (brief.updated, id)).collect();
        let unfinished = briefs().filter(|(_, brief)| brief.status.is_unfinished());
        self.unfinished = unfinished.map(|(id, brief)| (brief.created, id)).collect();
        self.with_followups = briefs()
            .filter(|(_, brief)| brief.unfinished_followups)
            .map(|(id, _)| id)
            .collect();
    }
}
