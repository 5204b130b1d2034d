//! Last writer wins: what makes folding independent of the order of arrival.

use serde::{Deserialize, Serialize};

use crate::id::EventId;
use crate::stamp::Stamp;

/// The place of a write in the order that all nodes agree on: by stamp, then by event id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Mark {
    /// When, by the hybrid clock.
    pub stamp: Stamp,
    /// Which event, to settle equal stamps.
    pub event: EventId,
}

/// A value with the mark of the write that set it. The greater mark wins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lww<T> {
    entry: Option<(Mark, T)>,
}

impl<T> Default for Lww<T> {
    fn default() -> Self {
        Self { entry: None }
    }
}

impl<T> Lww<T> {
    /// Takes `value` over if `mark` is later than what stands here.
    pub fn set(&mut self, mark: Mark, value: T) {
        if self
            .entry
            .as_ref()
            .is_none_or(|(current, _)| *current < mark)
        {
            self.entry = Some((mark, value));
        }
    }

    /// Changes the value if `event` wrote it, whatever it was.
    pub(crate) fn revise(&mut self, event: EventId, change: impl FnOnce(&mut T)) {
        if let Some((mark, value)) = &mut self.entry
            && mark.event == event
        {
            change(value);
        }
    }

    /// The value, if one was ever set.
    pub fn get(&self) -> Option<&T> {
        self.entry.as_ref().map(|(_, value)| value)
    }

    /// The mark of the write that set the value.
    pub fn mark(&self) -> Option<Mark> {
        self.entry.as_ref().map(|(mark, _)| *mark)
    }
}
