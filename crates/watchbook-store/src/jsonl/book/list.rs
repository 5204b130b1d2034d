//! Lists: the right candidates in the right order, decoded only when they can match.

use std::ops::Bound;

use watchbook_core::query::{
    FollowupFilter, FollowupItem, FollowupQuery, IncidentFilter, IncidentQuery, Page, PageRequest,
    Place, Sort, page_of,
};
use watchbook_core::{Incident, IncidentId};

use super::{Book, PackError, only_unfinished};

impl Book {
    /// One incident as everyone sees it.
    pub(crate) fn incident(&self, id: IncidentId) -> Option<Result<Incident, PackError>> {
        self.entries
            .get(&id)
            .and_then(|entry| entry.with_state(|state| state.incident(id)).transpose())
    }

    /// One page of incidents.
    pub(crate) fn list(&self, query: &IncidentQuery) -> Result<Page<Incident>, PackError> {
        let IncidentQuery { filter, sort, page } = query;
        let mut items = Vec::new();
        let mut last = None;
        for (place, id) in self.candidates(filter, *sort, page.after) {
            let Some(incident) = self.matching(id, filter)? else {
                continue;
            };
            if items.len() == page.limit {
                return Ok(Page { items, next: last });
            }
            items.push(incident);
            last = Some(place);
        }
        Ok(Page { items, next: None })
    }

    fn matching(
        &self,
        id: IncidentId,
        filter: &IncidentFilter,
    ) -> Result<Option<Incident>, PackError> {
        let incident = self.incident(id).transpose()?;
        Ok(incident.filter(|incident| filter.matches(incident)))
    }

    /// Incidents that can match, in order, after a place.
    fn candidates<'a>(
        &'a self,
        filter: &'a IncidentFilter,
        sort: Sort,
        after: Option<Place>,
    ) -> Box<dyn Iterator<Item = (Place, IncidentId)> + 'a> {
        let service = filter
            .service
            .as_ref()
            .map(|name| self.services.get(name).copied());
        let placed = move |id: IncidentId| {
            let brief = self.entries.get(&id)?.brief()?;
            let place = brief.place(id, sort);
            let wanted =
                after.is_none_or(|after| place > after) && brief.may_match(filter, service);
            wanted.then_some((place, id))
        };
        let by_created = if only_unfinished(filter) {
            &self.unfinished
        } else {
            &self.by_created
        };
        // The key of an index is where a place begins, so whole stretches before a cursor are never touched.
        let from = after.map_or(Bound::Unbounded, |after| {
            Bound::Included((after.indexed(), IncidentId::MIN))
        });
        let until = after.map_or(Bound::Unbounded, |after| {
            Bound::Included((after.indexed(), IncidentId::MAX))
        });
        let all = Bound::Unbounded;
        match sort {
            Sort::Created => Box::new(
                by_created
                    .range((from, all))
                    .filter_map(move |(_, id)| placed(*id)),
            ),
            Sort::CreatedDesc => Box::new(
                by_created
                    .range((all, until))
                    .rev()
                    .filter_map(move |(_, id)| placed(*id)),
            ),
            Sort::Updated => Box::new(
                self.by_updated
                    .range((from, all))
                    .filter_map(move |(_, id)| placed(*id)),
            ),
            Sort::UpdatedDesc => Box::new(
                self.by_updated
                    .range((all, until))
                    .rev()
                    .filter_map(move |(_, id)| placed(*id)),
            ),
            Sort::Severity => {
                let mut found: Vec<(Place, IncidentId)> = by_created
                    .iter()
                    .filter_map(|(_, id)| placed(*id))
                    .collect();
                found.sort_unstable();
                Box::new(found.into_iter())
            }
        }
    }

    /// One page of follow-ups across incidents.
    pub(crate) fn followups(&self, query: &FollowupQuery) -> Result<Page<FollowupItem>, PackError> {
        let mut items = Vec::new();
        for id in self.followup_candidates(query) {
            let Some(incident) = self.incident(id).transpose()? else {
                continue;
            };
            items.extend(query.among(incident));
        }
        let request: PageRequest = query.page;
        Ok(page_of(items, request, |item| query.place(&item.followup)))
    }

    fn followup_candidates<'a>(
        &'a self,
        query: &FollowupQuery,
    ) -> Box<dyn Iterator<Item = IncidentId> + 'a> {
        match (query.incident, query.state) {
            (Some(id), _) => Box::new(std::iter::once(id)),
            (None, FollowupFilter::Unfinished | FollowupFilter::OverdueAt(_)) => {
                Box::new(self.with_followups.iter().copied())
            }
            (None, FollowupFilter::All | FollowupFilter::Finished) => {
                Box::new(self.by_created.iter().map(|(_, id)| *id))
            }
        }
    }
}
