//! Everything that a store shows, to compare before and after.

use watchbook_core::query::{
    FollowupItem, FollowupQuery, IncidentFilter, IncidentQuery, PageRequest, Sort,
};
use watchbook_core::{Event, Incident};

use super::scene::timeline;
use crate::contract::Store;

/// Everything that a store shows of its incidents. Two of them are equal when nobody could tell the stores apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Snapshot {
    /// Each incident with its timeline, the oldest first.
    pub(crate) incidents: Vec<(Incident, Vec<Event>)>,
    /// Every follow-up.
    pub(crate) followups: Vec<FollowupItem>,
}

impl Snapshot {
    pub(crate) async fn of<S: Store>(store: &S) -> Self {
        let mut incidents = Vec::new();
        for listed in listed(store).await {
            let id = listed.id;
            let read = store.get(id).await.expect("what is listed is there");
            assert_eq!(read, listed, "the list shows {id} otherwise than `get`");
            incidents.push((listed, timeline(store, id).await));
        }
        Self {
            incidents,
            followups: followups(store).await,
        }
    }

    /// How many incidents there are.
    pub(crate) fn len(&self) -> usize {
        self.incidents.len()
    }
}

async fn listed<S: Store>(store: &S) -> Vec<Incident> {
    let mut items = Vec::new();
    let mut after = None;
    loop {
        let query = IncidentQuery {
            filter: IncidentFilter::default(),
            sort: Sort::Created,
            page: PageRequest { limit: 500, after },
        };
        let page = store.list(query).await.expect("the list can be read");
        items.extend(page.items);
        after = page.next;
        if after.is_none() {
            return items;
        }
    }
}

async fn followups<S: Store>(store: &S) -> Vec<FollowupItem> {
    let mut items = Vec::new();
    let mut after = None;
    loop {
        let query = FollowupQuery {
            page: PageRequest { limit: 500, after },
            ..FollowupQuery::default()
        };
        let page = store.followups(query).await;
        let page = page.expect("the follow-ups can be read");
        items.extend(page.items);
        after = page.next;
        if after.is_none() {
            return items;
        }
    }
}
