//! Lines of the timeline: adding, reading, blacking out.

use watchbook_core::query::{Cursor, EventFilter, ListKind, PageRequest};
use watchbook_core::text::{Message, Prose};
use watchbook_core::{AgentId, EventId, EventType, IncidentId, Op, Source, Timestamp};

use super::appended::{self, LineType};
use super::lists::{check_cursor, check_range, page};
use crate::fault::{At, Faults};
use crate::param::{Limit, Meta, Moment, Several, Words, params};
use crate::problem::Problem;

params! {
    /// Adds a line to the timeline. `type` is `note` (an observation), `decision` (what was decided, and why),
    /// `action` (what was done), `custom`, or one of two with a meaning of their own:
    /// `followup` opens a follow-up from `meta` `{title?, owner?, priority?, due_date?, status?, external_ref?}`
    /// (without a title, the first line of the message is it; other members are kept as further facts), and
    /// `followup_update` changes one from `meta` `{followup_id, title?, owner?, priority?, due_date?, status?,
    /// external_ref?, reason?}`. Other types are written by watchbook alone.
    pub IncidentAppendEvent {
        /// The incident.
        incident_id: IncidentId,
        /// What sort of line it is.
        kind as "type": LineType,
        /// What it says. May have several lines.
        message: Message,
        /// Further facts: any JSON object of up to 64 KiB.
        meta: Meta = {},
        /// When it happened, if not now: at most five minutes ahead.
        at: Option<Timestamp>,
    }
    check IncidentAppendEvent::check;

    /// Reads an incident's timeline in order. Every line has its number `seq`, from 1, without gaps.
    pub IncidentEvents {
        /// The incident.
        incident_id: IncidentId,
        /// Only lines of this type, or one of these.
        kind as "type": Option<Several<EventType, 18>>,
        /// Only lines by this sort of writer, or one of these.
        source: Option<Several<Source, 4>>,
        /// Only lines by this agent or person.
        actor: Option<AgentId>,
        /// Only what happened at or after this.
        from: Option<Moment>,
        /// Only what happened before this.
        to: Option<Moment>,
        /// Words that all must occur in the message or the facts.
        q: Option<Words>,
        /// How many at most, up to 500.
        limit: Limit = 20,
        /// Where to go on: `next_cursor` of the page before.
        cursor: Option<Cursor>,
    }
    check IncidentEvents::check;

    /// Blacks out the texts of one line, such as a password that was pasted. The line and its place stay, and the log
    /// still verifies.
    pub IncidentRedact {
        /// The incident.
        incident_id: IncidentId,
        /// The line.
        event_id: EventId,
        /// Why. Do not repeat what is to be hidden.
        reason: Prose,
    }
}

impl IncidentAppendEvent {
    fn check(&self, at: &At<'_>, faults: &mut Faults) {
        let Self {
            incident_id: _,
            kind,
            message,
            meta,
            at: moment,
        } = self;
        appended::op(*kind, message, meta, *moment, at, faults);
    }

    /// The operation that does it.
    ///
    /// # Errors
    /// When `meta` does not suit the type. What [`decode()`](crate::decode()) let through does.
    pub fn into_op(self) -> Result<Op, Problem> {
        let Self {
            incident_id: _,
            kind,
            message,
            meta,
            at,
        } = self;
        let mut faults = Faults::default();
        appended::op(kind, &message, &meta, at, &At::ROOT, &mut faults).ok_or_else(|| faults.into())
    }
}

impl IncidentEvents {
    fn check(&self, at: &At<'_>, faults: &mut Faults) {
        check_range(self.from, self.to, at, faults);
        check_cursor(self.cursor, ListKind::Events, at, faults);
    }

    /// Which lines it asks for, and which part of them.
    pub fn into_query(self) -> (EventFilter, PageRequest) {
        let Self {
            incident_id: _,
            kind,
            source,
            actor,
            from,
            to,
            q,
            limit,
            cursor,
        } = self;
        let moment = |Moment(moment): Moment| moment;
        let filter = EventFilter {
            kinds: kind.map(|Several(kinds)| kinds),
            sources: source.map(|Several(sources)| sources),
            actor,
            from: from.map(moment),
            to: to.map(moment),
            words: q.as_ref().map(Words::split).unwrap_or_default(),
        };
        (filter, page(limit, cursor))
    }
}

impl IncidentRedact {
    /// The operation that does it.
    pub fn into_op(self) -> Op {
        let Self {
            incident_id: _,
            event_id: event,
            reason,
        } = self;
        Op::Redact { event, reason }
    }
}
