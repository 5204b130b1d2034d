//! Giving whole incidents out.

use watchbook_core::{IncidentId, Timestamp};

use crate::contract::{Extent, KeptKey, KeptLine, StoreError, Whole};
use crate::journal::Journal;
use crate::jsonl::book::{KeyMemory, Lines};
use crate::jsonl::codec::Decoded;
use crate::jsonl::read::{lines_after, read_commit, shown};
use crate::jsonl::store::Directory;
use crate::jsonl::{book, failure};
use crate::planting;

impl Directory {
    /// Which incidents come after `after`, and how far each goes.
    pub(crate) fn extents_after(
        &self,
        after: Option<IncidentId>,
        limit: usize,
    ) -> Result<Vec<Extent>, StoreError> {
        let shelf = self.fresh()?;
        let all = shelf.book.entries().map(|(id, _)| id);
        let mut later: Vec<IncidentId> = all
            .filter(|id| after.is_none_or(|after| *id > after))
            .collect();
        if later.len() > limit && limit > 0 {
            later.select_nth_unstable(limit - 1);
        }
        later.truncate(limit);
        later.sort_unstable();
        let mut extents = Vec::with_capacity(later.len());
        for id in later {
            let state = shelf.book.state(id).transpose().map_err(failure::packed)?;
            let last_seq = state.map_or(0, |state| state.last_seq());
            extents.push(Extent { id, last_seq });
        }
        Ok(extents)
    }

    /// These incidents, each with its lines after a number.
    pub(crate) fn export(
        &self,
        mut wanted: Vec<(IncidentId, u32)>,
    ) -> Result<Vec<Whole>, StoreError> {
        let Some(journal) = self.journal().map_err(failure::reading)? else {
            return Ok(Vec::new());
        };
        let horizon = self.options.clock.now().minus(book::KEY_MEMORY);
        wanted.sort_unstable();
        let mut wholes = Vec::with_capacity(wanted.len());
        for (id, after) in wanted {
            wholes.extend(self.export_one(&journal, id, after, horizon)?);
        }
        Ok(wholes)
    }

    fn export_one(
        &self,
        journal: &Journal,
        id: IncidentId,
        after: u32,
        horizon: Timestamp,
    ) -> Result<Option<Whole>, StoreError> {
        let shelf = self.fresh()?;
        let (Some(lines), Some(state)) = (shelf.book.lines(id), shelf.book.state(id)) else {
            return Ok(None);
        };
        let state = state.map_err(failure::packed)?;
        let mut whole = Whole {
            id,
            lines: Vec::new(),
            keys: alone(journal, shelf.book.keys(), id, (lines, state.last_seq()))?,
        };
        for line in lines_after(lines, after) {
            let Decoded { commit, .. } = read_commit(journal, line.at())?;
            let (change, by, at) = (commit.change, commit.by.clone(), commit.stamp.time);
            let key = commit.key().cloned();
            let mut seq = 0;
            for event in shown(commit, id, &state) {
                seq = event.seq;
                let by = by.clone();
                whole.lines.push(KeptLine { change, by, event });
            }
            let remembered = shelf.book.keys().get(change);
            if let Some(used) = key.filter(|key| key.incident == id)
                && remembered.is_some_and(|slot| slot.at == line.at())
            {
                whole.keys.push(KeptKey { used, seq, at });
            }
        }
        whole.lines.retain(|line| line.event.seq > after);
        whole.keys.retain(|key| key.at >= horizon);
        whole.keys = planting::since(whole.keys, after);
        whole
            .keys
            .sort_by_key(|key| (key.seq, key.at, key.used.change));
        Ok(Some(whole).filter(planting::says_something))
    }
}

/// The keys that were used by changes that wrote nothing.
fn alone(
    journal: &Journal,
    keys: &KeyMemory,
    id: IncidentId,
    (lines, last_seq): (&Lines, u32),
) -> Result<Vec<KeptKey>, StoreError> {
    let mut found = Vec::new();
    for (_, slot) in keys.alone(id) {
        let Decoded { commit, .. } = read_commit(journal, slot.at)?;
        let Some(used) = commit.key().cloned() else {
            continue;
        };
        let next = lines.iter().find(|line| line.at() > slot.at);
        let seq = next.map_or(last_seq, |line| line.first_seq() - 1);
        let at = commit.stamp.time;
        found.push(KeptKey { used, seq, at });
    }
    Ok(found)
}
