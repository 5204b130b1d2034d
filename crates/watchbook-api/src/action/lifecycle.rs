//! Moving an incident through its life, and into and out of others.

use watchbook_core::text::{Message, Prose};
use watchbook_core::{IncidentId, Lifecycle, Op, Resolution, Step, Timestamp};

use crate::param::params;

params! {
    /// Says that somebody is on it. Doing it twice moves nothing the second time; a further `note` is kept as a note.
    pub IncidentAcknowledge {
        /// The incident.
        incident_id: IncidentId,
        /// When it happened, if not now: not before the incident began, and at most five minutes ahead.
        at: Option<Timestamp>,
        /// What to say about it on the timeline.
        note: Option<Message>,
    }

    /// Says that the impact is over, though the cause is not.
    pub IncidentMitigate {
        /// The incident.
        incident_id: IncidentId,
        /// When it happened, if not now: not before the incident began, and at most five minutes ahead.
        at: Option<Timestamp>,
        /// What to say about it on the timeline.
        note: Option<Message>,
    }

    /// Says that the cause is dealt with. Said again, only what it says that is new is recorded.
    pub IncidentResolve {
        /// The incident.
        incident_id: IncidentId,
        /// When it happened, if not now: not before the incident began, and at most five minutes ahead.
        at: Option<Timestamp>,
        /// What ended it.
        resolution_summary: Option<Prose>,
        /// What caused it.
        root_cause: Option<Prose>,
        /// What to say about it on the timeline.
        note: Option<Message>,
    }

    /// Closes an incident. Its follow-ups stay open until each is done. Closed again, only what is said that is new is recorded. The policy may want a second pair of eyes:
    /// then use `incident_propose`.
    pub IncidentClose {
        /// The incident.
        incident_id: IncidentId,
        /// When it happened, if not now: not before the incident began, and at most five minutes ahead.
        at: Option<Timestamp>,
        /// What ended it.
        resolution_summary: Option<Prose>,
        /// What caused it.
        root_cause: Option<Prose>,
        /// What to say about it on the timeline.
        note: Option<Message>,
    }

    /// Opens a mitigated, resolved or closed incident again.
    pub IncidentReopen {
        /// The incident.
        incident_id: IncidentId,
        /// When it happened, if not now: not before the incident began, and at most five minutes ahead.
        at: Option<Timestamp>,
        /// What to say about it on the timeline.
        note: Option<Message>,
    }

    /// Ends an unfinished incident as a false alarm.
    pub IncidentCancel {
        /// The incident.
        incident_id: IncidentId,
        /// Why it was a false alarm.
        reason: Message,
        /// When it happened, if not now: not before the incident began, and at most five minutes ahead.
        at: Option<Timestamp>,
    }

    /// Makes an unfinished incident part of another. Both timelines say so. The policy may want a second pair of
    /// eyes: then use `incident_propose`.
    pub IncidentMerge {
        /// The incident that becomes part of the other.
        incident_id: IncidentId,
        /// The other incident.
        into: IncidentId,
        /// When it happened, if not now: not before the incident began, and at most five minutes ahead.
        at: Option<Timestamp>,
        /// What to say about it on both timelines.
        note: Option<Message>,
    }

    /// Undoes a merge. The incident has the status again that it had before.
    pub IncidentUnmerge {
        /// The incident that was merged.
        incident_id: IncidentId,
        /// When it happened, if not now: not before the incident began, and at most five minutes ahead.
        at: Option<Timestamp>,
        /// What to say about it on both timelines.
        note: Option<Message>,
    }
}

/// A step without anything to say about the end.
fn step(step: Step, at: Option<Timestamp>, note: Option<Message>) -> Op {
    ended(step, at, note, Resolution::default())
}

fn ended(step: Step, at: Option<Timestamp>, note: Option<Message>, resolution: Resolution) -> Op {
    Op::Move(Box::new(Lifecycle {
        step,
        at,
        note,
        resolution,
    }))
}

macro_rules! plain_steps {
    ($($name:ident => $step:ident),+ $(,)?) => {
        $(impl $name {
            /// The operation that does it.
            pub fn into_op(self) -> Op {
                let Self { incident_id: _, at, note } = self;
                step(Step::$step, at, note)
            }
        })+
    };
}

macro_rules! ends {
    ($($name:ident => $step:ident),+ $(,)?) => {
        $(impl $name {
            /// The operation that does it.
            pub fn into_op(self) -> Op {
                let Self { incident_id: _, at, resolution_summary: summary, root_cause, note } = self;
                ended(Step::$step, at, note, Resolution { summary, root_cause })
            }
        })+
    };
}

plain_steps! {
    IncidentAcknowledge => Acknowledge,
    IncidentMitigate => Mitigate,
    IncidentReopen => Reopen,
}

ends! {
    IncidentResolve => Resolve,
    IncidentClose => Close,
}

impl IncidentCancel {
    /// The operation that does it.
    pub fn into_op(self) -> Op {
        let Self {
            incident_id: _,
            reason,
            at,
        } = self;
        step(Step::Cancel, at, Some(reason))
    }
}

impl IncidentMerge {
    /// The operation that does it.
    pub fn into_op(self) -> Op {
        let Self {
            incident_id: _,
            into,
            at,
            note,
        } = self;
        Op::Merge { into, at, note }
    }
}

impl IncidentUnmerge {
    /// The operation that does it.
    pub fn into_op(self) -> Op {
        let Self {
            incident_id: _,
            at,
            note,
        } = self;
        Op::Unmerge { at, note }
    }
}
