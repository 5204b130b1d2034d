//! Who did what, and who one is.

use watchbook_core::audit::{AuditOutcome, AuditQuery};
use watchbook_core::query::{Cursor, ListKind, PageRequest};
use watchbook_core::text::Short;
use watchbook_core::{AgentId, IncidentId};

use super::lists::{check_cursor, check_range, page};
use crate::fault::{At, Faults};
use crate::param::{Limit, Moment, params};

params! {
    /// Searches the audit trail, the newest entry first: every call, allowed or denied, with its parameters as far as
    /// they may be kept.
    pub AuditSearch {
        /// Made as this agent or person.
        agent: Option<AgentId>,
        /// Of this tool.
        tool as "tool_name": Option<Short>,
        /// Of this action.
        action as "action_name": Option<Short>,
        /// About this incident.
        incident_id: Option<IncidentId>,
        /// That ended like this.
        outcome: Option<AuditOutcome>,
        /// Made at or after this.
        from: Option<Moment>,
        /// Made before this.
        to: Option<Moment>,
        /// How many at most, up to 500.
        limit: Limit = 20,
        /// Where to go on: `next_cursor` of the page before.
        cursor: Option<Cursor>,
    }
    check AuditSearch::check;

    /// Says as whom one's calls are made, in which role, and what that role may do.
    pub Whoami {}
}

impl AuditSearch {
    fn check(&self, at: &At<'_>, faults: &mut Faults) {
        check_range(self.from, self.to, at, faults);
        check_cursor(self.cursor, ListKind::Audit, at, faults);
    }

    /// The question it asks, and for which part of the answer.
    pub fn into_query(self) -> (AuditQuery, PageRequest) {
        let Self {
            agent,
            tool,
            action,
            incident_id: incident,
            outcome,
            from,
            to,
            limit,
            cursor,
        } = self;
        let moment = |Moment(moment): Moment| moment;
        let query = AuditQuery {
            agent,
            tool,
            action,
            incident,
            outcome,
            from: from.map(moment),
            to: to.map(moment),
        };
        (query, page(limit, cursor))
    }
}
