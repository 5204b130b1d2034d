//! Incidents 8 and 9: pages and previews.

use std::collections::BTreeMap;

use async_trait::async_trait;
use parking_lot::Mutex;
use watchbook_core::query::{FollowupItem, FollowupQuery, IncidentQuery, Page, PageRequest, Place};
use watchbook_core::{Command, Event, Incident, IncidentId};
use watchbook_store::{Applied, Incidents, StoreError};

use crate::twist::{Real, Twist};

async fn whole(real: &Real, query: &IncidentQuery) -> Result<Vec<Incident>, StoreError> {
    let page = PageRequest {
        limit: 500,
        after: None,
    };
    Ok(real
        .disk
        .memory()
        .list(IncidentQuery {
            page,
            ..query.clone()
        })
        .await?
        .items)
}

/// Begins a page with the last item of the page before.
#[derive(Debug)]
pub(crate) struct RepeatsAtBorders;

#[async_trait]
impl Twist for RepeatsAtBorders {
    async fn list(&self, real: &Real, query: IncidentQuery) -> Result<Page<Incident>, StoreError> {
        let border = query.page.after;
        let mut items = whole(real, &query).await?;
        let at = |incident: &Incident| Some(Place::of(incident, query.sort));
        items.retain(|incident| at(incident) >= border);
        let more = items.len() > query.page.limit;
        items.truncate(query.page.limit);
        // At least one step on, or nobody would ever reach the end.
        let next = items
            .last()
            .and_then(at)
            .filter(|next| more && Some(*next) > border);
        Ok(Page { items, next })
    }
}

/// Finds the next page by counting items, whatever was written meanwhile.
#[derive(Debug, Default)]
pub(crate) struct PagesByNumber {
    given: Mutex<BTreeMap<Place, usize>>,
}

#[async_trait]
impl Twist for PagesByNumber {
    async fn list(&self, real: &Real, query: IncidentQuery) -> Result<Page<Incident>, StoreError> {
        let items = whole(real, &query).await?;
        let mut given = self.given.lock();
        let skipped = query.page.after.map_or(0, |after| given[&after]);
        let end = (skipped + query.page.limit).min(items.len());
        let page: Vec<Incident> = items.get(skipped..end).unwrap_or_default().to_vec();
        let next = page
            .last()
            .map(|last| Place::of(last, query.sort))
            .filter(|_| end < items.len());
        given.extend(next.map(|next| (next, end)));
        Ok(Page { items: page, next })
    }
}

/// Begins a page one line too late.
#[derive(Debug)]
pub(crate) struct SkipsLinesAtBorders;

#[async_trait]
impl Twist for SkipsLinesAtBorders {
    async fn events(
        &self,
        real: &Real,
        id: IncidentId,
        page: PageRequest,
    ) -> Result<Page<Event>, StoreError> {
        let after = page
            .after
            .and_then(Place::seq)
            .map(|seq| Place::of_seq(seq + 1));
        real.disk
            .memory()
            .events(id, PageRequest { after, ..page })
            .await
    }
}

/// Takes follow-ups with one deadline for one.
#[derive(Debug)]
pub(crate) struct PagesByDeadlineAlone;

#[async_trait]
impl Twist for PagesByDeadlineAlone {
    async fn followups(
        &self,
        real: &Real,
        query: FollowupQuery,
    ) -> Result<Page<FollowupItem>, StoreError> {
        let mut page = real.disk.memory().followups(query.clone()).await?;
        let all = PageRequest {
            limit: 500,
            after: None,
        };
        let items = real
            .disk
            .memory()
            .followups(FollowupQuery {
                page: all,
                ..query.clone()
            })
            .await?
            .items;
        let border = items
            .iter()
            .find(|item| Some(query.place(&item.followup)) == query.page.after);
        page.items
            .retain(|item| border.is_none_or(|border| border.followup.due != item.followup.due));
        Ok(page)
    }
}

/// Gives as much as it is asked for.
#[derive(Debug)]
pub(crate) struct HasNoLargestPage;

#[async_trait]
impl Twist for HasNoLargestPage {
    async fn events(
        &self,
        real: &Real,
        id: IncidentId,
        page: PageRequest,
    ) -> Result<Page<Event>, StoreError> {
        let mut whole = real.disk.memory().events(id, page).await?;
        while let (true, Some(after)) = (whole.items.len() < page.limit, whole.next) {
            let next = PageRequest {
                limit: page.limit,
                after: Some(after),
            };
            let rest = real.disk.memory().events(id, next).await?;
            whole.items.extend(rest.items);
            whole.next = rest.next;
        }
        Ok(whole)
    }
}

/// Carries out what it should only try.
#[derive(Debug)]
pub(crate) struct PreviewWrites;

#[async_trait]
impl Twist for PreviewWrites {
    async fn preview(&self, real: &Real, command: Command) -> Result<Applied, StoreError> {
        real.apply(command).await
    }
}

/// Says of everything legal that it would change something.
#[derive(Debug)]
pub(crate) struct PreviewGuesses;

#[async_trait]
impl Twist for PreviewGuesses {
    async fn preview(&self, real: &Real, command: Command) -> Result<Applied, StoreError> {
        let previewed = real.disk.memory().preview(command).await?;
        Ok(Applied {
            changed: true,
            ..previewed
        })
    }
}

/// Gives each page of incidents from its end.
#[derive(Debug)]
pub(crate) struct ListsBackwards;

#[async_trait]
impl Twist for ListsBackwards {
    async fn list(&self, real: &Real, query: IncidentQuery) -> Result<Page<Incident>, StoreError> {
        let mut page = real.disk.memory().list(query).await?;
        page.items.reverse();
        Ok(page)
    }
}

/// Gives each page of follow-ups from its end.
#[derive(Debug)]
pub(crate) struct PutsTheLatestDeadlineFirst;

#[async_trait]
impl Twist for PutsTheLatestDeadlineFirst {
    async fn followups(
        &self,
        real: &Real,
        query: FollowupQuery,
    ) -> Result<Page<FollowupItem>, StoreError> {
        let mut page = real.disk.memory().followups(query).await?;
        page.items.reverse();
        Ok(page)
    }
}
