//! How a node stands to its database: a pure state machine.
//!
//! The condition belongs to the node's directory, not to a process: every process of the node reads the same one and
//! moves it on under the directory's lock. So a server and a command line that is started by cron agree.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use watchbook_core::{StoreId, Timestamp};

use crate::contract::Loss;

/// The most bytes of a reason that are kept.
const MAX_WHY: usize = 1_000;

/// Where writes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// To the database.
    Primary,
    /// To the files of this node, because the database was lost.
    Degraded,
    /// Still to the files, while what was written to them is brought into the database.
    Replaying,
}

impl Phase {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::Degraded => "degraded",
            Self::Replaying => "replaying",
        }
    }

    /// Whether the files of this node answer.
    pub const fn is_apart(self) -> bool {
        matches!(self, Self::Degraded | Self::Replaying)
    }
}

/// How a node stands to its database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// Where writes go.
    pub phase: Phase,
    /// Counts the changes of phase: whoever wants to move on says from which epoch.
    pub epoch: u64,
    /// Since when the files answer; `None` while the database does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Why the database was lost, or was not reached again at the last try.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Whether somebody must mend something before the database can be used: a wrong password, a missing table.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub needs_hands: bool,
    /// When the database is tried again; `None` while it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_try: Option<Timestamp>,
    /// Which of the node's local logs is in use. Each is made anew from the database when the one before was replayed.
    pub generation: u64,
    /// The database that the local log belongs to, once it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store: Option<StoreId>,
}

/// What happened to a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signal {
    /// The database was lost for a call, or for a replay.
    Lost {
        /// Why.
        why: String,
        /// What sort of loss.
        loss: Loss,
    },
    /// Somebody asks for a try now.
    RetryNow,
    /// The database was reached again: replaying begins.
    Reached {
        /// Which database it is.
        store: StoreId,
    },
    /// Everything that was written meanwhile is in the database.
    CaughtUp {
        /// The local log that goes on from here.
        generation: u64,
    },
    /// The local log was made anew beside the healthy database.
    Renewed {
        /// The local log that goes on from here.
        generation: u64,
    },
}

impl Condition {
    /// A node that has not met its database yet: it is tried first.
    pub const fn first() -> Self {
        Self {
            phase: Phase::Primary,
            epoch: 1,
            since: None,
            why: None,
            needs_hands: false,
            next_try: None,
            generation: 1,
            store: None,
        }
    }

    /// Whether the database is to be tried at `now`: a try is due, or a replay was begun and may have been interrupted.
    /// A try that lies further ahead than `retry` was set by a clock that has gone back since.
    pub fn is_due(&self, now: Timestamp, retry: Duration) -> bool {
        match self.phase {
            Phase::Primary => false,
            Phase::Degraded => self
                .next_try
                .is_none_or(|at| at <= now || at > now.plus(retry)),
            Phase::Replaying => true,
        }
    }

    /// The condition after `signal`, seen at `now` by somebody who knew `epoch`; the database is tried again `retry`
    /// later. `None` when the signal does not change it, such as the news of a loss that others have told already.
    #[must_use]
    pub fn after(
        &self,
        signal: Signal,
        epoch: u64,
        now: Timestamp,
        retry: Duration,
    ) -> Option<Self> {
        match (self.phase, signal) {
            (_, Signal::RetryNow) => self.hurried(now),
            _ if epoch != self.epoch => None,
            (_, Signal::Lost { why, loss }) => Some(self.lost((why, loss), now, retry)),
            (Phase::Degraded, Signal::Reached { store }) => Some(Self {
                phase: Phase::Replaying,
                epoch: self.epoch + 1,
                store: Some(store),
                ..self.clone()
            }),
            (Phase::Replaying, Signal::CaughtUp { generation }) => Some(Self {
                epoch: self.epoch + 1,
                generation,
                store: self.store,
                ..Self::first()
            }),
            (Phase::Primary, Signal::Reached { store }) if self.store.is_none() => Some(Self {
                store: Some(store),
                ..self.clone()
            }),
            (Phase::Primary, Signal::Renewed { generation }) => Some(Self {
                generation,
                ..self.clone()
            }),
            (_, Signal::Reached { .. } | Signal::CaughtUp { .. } | Signal::Renewed { .. }) => None,
        }
    }

    fn lost(&self, (why, loss): (String, Loss), now: Timestamp, retry: Duration) -> Self {
        Self {
            phase: Phase::Degraded,
            epoch: self.epoch + 1,
            since: Some(self.since.unwrap_or(now)),
            why: Some(shortened(why)),
            needs_hands: loss == Loss::Misconfigured,
            next_try: Some(now.plus(retry)),
            generation: self.generation,
            store: self.store,
        }
    }

    fn hurried(&self, now: Timestamp) -> Option<Self> {
        let waits = self.phase == Phase::Degraded && self.next_try.is_some_and(|at| at > now);
        waits.then(|| Self {
            next_try: Some(now),
            ..self.clone()
        })
    }
}

pub(super) fn shortened(why: String) -> String {
    match why.char_indices().find(|(at, _)| *at >= MAX_WHY) {
        Some((at, _)) => why.get(..at).unwrap_or_default().to_owned(),
        None => why,
    }
}

#[cfg(test)]
mod tests;
