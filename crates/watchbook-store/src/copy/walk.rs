//! Two stores, walked through side by side in the order of ids.

use std::collections::VecDeque;

use watchbook_core::IncidentId;

use super::CopyError;
use crate::contract::{Extent, Movable, StoreError};

/// How many incidents are asked for at once.
const AT_ONCE: usize = 10_000;

/// How far one incident goes on both sides; 0 where it is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) id: IncidentId,
    /// In the source.
    pub(super) there: u32,
    /// In the target.
    pub(super) here: u32,
}

/// Two stores, side by side.
#[derive(Debug)]
pub(super) struct Walk<'a> {
    from: Side<'a>,
    to: Side<'a>,
}

#[derive(Debug)]
struct Side<'a> {
    store: &'a dyn Movable,
    ahead: VecDeque<Extent>,
    last: Option<IncidentId>,
    ended: bool,
}

impl<'a> Walk<'a> {
    pub(super) fn new(from: &'a dyn Movable, to: &'a dyn Movable) -> Self {
        let side = |store| Side {
            store,
            ahead: VecDeque::new(),
            last: None,
            ended: false,
        };
        Self {
            from: side(from),
            to: side(to),
        }
    }

    /// The next incident of either.
    pub(super) async fn next(&mut self) -> Result<Option<Step>, CopyError> {
        let there = self.from.peek().await.map_err(CopyError::Source)?;
        let here = self.to.peek().await.map_err(CopyError::Target)?;
        let Some(id) = [there, here].into_iter().flatten().map(|one| one.id).min() else {
            return Ok(None);
        };
        let of = |one: Option<Extent>| one.filter(|one| one.id == id);
        let (there, here) = (of(there), of(here));
        if there.is_some() {
            self.from.ahead.pop_front();
        }
        if here.is_some() {
            self.to.ahead.pop_front();
        }
        let lines = |one: Option<Extent>| one.map_or(0, |one| one.last_seq);
        Ok(Some(Step {
            id,
            there: lines(there),
            here: lines(here),
        }))
    }
}

impl Side<'_> {
    async fn peek(&mut self) -> Result<Option<Extent>, StoreError> {
        if self.ahead.is_empty() && !self.ended {
            self.ahead = self.store.extents_after(self.last, AT_ONCE).await?.into();
            self.ended = self.ahead.is_empty();
            self.last = self.ahead.back().map(|last| last.id).or(self.last);
        }
        Ok(self.ahead.front().copied())
    }
}

/// Incidents that are read together.
#[derive(Debug, Default)]
pub(super) struct Portion {
    pub(super) wanted: Vec<(IncidentId, u32)>,
    lines: u32,
}

/// The most lines of a portion, unless one incident alone has more.
const PORTION_LINES: u32 = 2_000;
/// The most incidents of a portion.
const PORTION_INCIDENTS: usize = 500;

impl Portion {
    /// Adds an incident from line `after` on, of which `lines` are to come; gives the portion before when it is full.
    pub(super) fn add(&mut self, id: IncidentId, after: u32, lines: u32) -> Option<Self> {
        let full = self.wanted.len() >= PORTION_INCIDENTS
            || (self.lines > 0 && self.lines.saturating_add(lines) > PORTION_LINES);
        let before = full.then(|| std::mem::take(self));
        self.wanted.push((id, after));
        self.lines = self.lines.saturating_add(lines);
        before
    }
}
