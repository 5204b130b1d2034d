//! What a list can be narrowed down by without decoding an entry.

use std::collections::HashMap;

use watchbook_core::query::{IncidentFilter, Place, Sort};
use watchbook_core::text::ServiceName;
use watchbook_core::{IncidentId, IncidentState, Kind, Severity, Status};

/// What a list can be narrowed down by without decoding an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Brief {
    pub(crate) created: i64,
    pub(crate) updated: i64,
    pub(crate) service: u32,
    pub(crate) affects: bool,
    pub(crate) drill: bool,
    pub(crate) unfinished_followups: bool,
    pub(crate) severity: Severity,
    pub(crate) status: Status,
    pub(crate) kind: Kind,
}

impl Brief {
    /// The brief of a state whose creation was folded. Services get a number each.
    pub(super) fn of(
        state: &IncidentState,
        services: &mut HashMap<ServiceName, u32>,
    ) -> Option<Self> {
        let outline = state.outline()?;
        let next = u32::try_from(services.len()).unwrap_or(u32::MAX);
        let service = match services.get(outline.service) {
            Some(known) => *known,
            None => *services.entry(outline.service.clone()).or_insert(next),
        };
        Some(Self {
            created: outline.created_at.millis(),
            updated: outline.updated_at.millis(),
            service,
            affects: outline.affects,
            drill: outline.drill,
            unfinished_followups: outline.unfinished_followups,
            severity: outline.severity,
            status: outline.status,
            kind: outline.kind,
        })
    }

    /// Whether the incident can match. `false` is certain; `true` wants a look at the whole incident.
    #[expect(
        clippy::option_option,
        reason = "no service is asked for; one that has no number; one that has"
    )]
    pub(super) fn may_match(&self, filter: &IncidentFilter, service: Option<Option<u32>>) -> bool {
        filter
            .statuses
            .as_ref()
            .is_none_or(|statuses| statuses.contains(&self.status))
            && filter
                .severities
                .as_ref()
                .is_none_or(|severities| severities.contains(&self.severity))
            && filter.kind.is_none_or(|kind| kind == self.kind)
            && filter.drill.is_none_or(|drill| drill == self.drill)
            && filter
                .updated_since
                .is_none_or(|since| self.updated >= since.millis())
            && filter.from.is_none_or(|from| self.created >= from.millis())
            && filter.to.is_none_or(|to| self.created < to.millis())
            && (!filter.unfinished_followups || self.unfinished_followups)
            && service.is_none_or(|wanted| self.affects || wanted == Some(self.service))
    }

    /// Where the incident stands in an order.
    pub(super) fn place(&self, id: IncidentId, sort: Sort) -> Place {
        Place::of_parts(id, self.created, self.updated, self.severity, sort)
    }
}
