//! The life of an incident: which statuses there are and which moves lead from one to the next.

use crate::text::word_enum;

word_enum! {
    /// The status an incident is shown with.
    Status, "a status" {
        /// Not yet sure that it is one.
        Triage = "triage",
        /// Declared; nobody has taken it yet.
        Open = "open",
        /// Somebody is on it.
        Acknowledged = "acknowledged",
        /// The impact is over; the cause is not.
        Mitigated = "mitigated",
        /// The cause is dealt with.
        Resolved = "resolved",
        /// Nothing is left to do.
        Closed = "closed",
        /// It turned out to be part of another incident.
        Merged = "merged",
        /// A false alarm.
        Canceled = "canceled",
    }
}

word_enum! {
    /// How far the work on an incident has come. `merged` and `canceled` stand beside it and hide it.
    Stage, "a stage" {
        /// Not yet sure that it is one.
        Triage = "triage",
        /// Declared; nobody has taken it yet.
        Open = "open",
        /// Somebody is on it.
        Acknowledged = "acknowledged",
        /// The impact is over; the cause is not.
        Mitigated = "mitigated",
        /// The cause is dealt with.
        Resolved = "resolved",
        /// Nothing is left to do.
        Closed = "closed",
    }
}

word_enum! {
    /// A move from one status to another.
    Move, "a move" {
        /// To `acknowledged`.
        Acknowledge = "acknowledge",
        /// To `mitigated`.
        Mitigate = "mitigate",
        /// To `resolved`.
        Resolve = "resolve",
        /// To `closed`.
        Close = "close",
        /// Back to `open`.
        Reopen = "reopen",
        /// Into another incident.
        Merge = "merge",
        /// Out of the incident it was merged into.
        Unmerge = "unmerge",
        /// A false alarm.
        Cancel = "cancel",
    }
}

impl From<Stage> for Status {
    fn from(stage: Stage) -> Self {
        match stage {
            Stage::Triage => Self::Triage,
            Stage::Open => Self::Open,
            Stage::Acknowledged => Self::Acknowledged,
            Stage::Mitigated => Self::Mitigated,
            Stage::Resolved => Self::Resolved,
            Stage::Closed => Self::Closed,
        }
    }
}

impl Status {
    /// Whether there is still something to do: everything before `resolved`.
    pub const fn is_unfinished(self) -> bool {
        matches!(
            self,
            Self::Triage | Self::Open | Self::Acknowledged | Self::Mitigated
        )
    }

    /// The moves that are legal from here, in the order of the documentation.
    pub const fn allowed(self) -> &'static [Move] {
        use Move::{Acknowledge, Cancel, Close, Merge, Mitigate, Reopen, Resolve, Unmerge};
        match self {
            Self::Triage | Self::Open => &[Acknowledge, Mitigate, Resolve, Close, Merge, Cancel],
            Self::Acknowledged => &[Mitigate, Resolve, Close, Merge, Cancel],
            Self::Mitigated => &[Resolve, Close, Reopen, Merge, Cancel],
            Self::Resolved => &[Close, Reopen],
            Self::Closed => &[Reopen],
            Self::Merged => &[Unmerge],
            Self::Canceled => &[],
        }
    }

    /// Whether `step` is legal from here.
    pub fn allows(self, step: Move) -> bool {
        self.allowed().contains(&step)
    }
}

impl Move {
    /// The status that this move leads to, unless that depends on what was before (`unmerge`).
    pub const fn target(self) -> Option<Status> {
        match self {
            Self::Acknowledge => Some(Status::Acknowledged),
            Self::Mitigate => Some(Status::Mitigated),
            Self::Resolve => Some(Status::Resolved),
            Self::Close => Some(Status::Closed),
            Self::Reopen => Some(Status::Open),
            Self::Merge => Some(Status::Merged),
            Self::Cancel => Some(Status::Canceled),
            Self::Unmerge => None,
        }
    }
}
