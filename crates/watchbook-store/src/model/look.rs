//! Looking at two stores: what must be the same.

use watchbook_core::query::{
    FollowupFilter, FollowupQuery, IncidentFilter, IncidentQuery, PageRequest, Sort,
};
use watchbook_core::{Event, IncidentId, NodeId, Severity, Stamp, Status};

use crate::contract::Store;

/// An event without the node in its stamp, the only thing that may tell one store from the other.
pub(super) fn plain(event: Event) -> Event {
    let Stamp {
        time,
        counter,
        node: _,
    } = event.stamp;
    let stamp = Stamp {
        time,
        counter,
        node: NodeId::from_bits(0),
    };
    Event { stamp, ..event }
}

/// Both timelines, page by page.
pub(super) async fn same_timeline<A: Store, B: Store>(reference: &A, other: &B, id: IncidentId) {
    let mut after = None;
    loop {
        let page = PageRequest { limit: 5, after };
        let (expected, given) = (
            reference.events(id, page).await,
            other.events(id, page).await,
        );
        let (Ok(expected), Ok(given)) = (&expected, &given) else {
            assert!(
                expected.is_err() && given.is_err(),
                "{given:?} is not {expected:?}"
            );
            return;
        };
        let items = |events: &[Event]| events.iter().cloned().map(plain).collect::<Vec<_>>();
        assert_eq!(items(&given.items), items(&expected.items));
        assert_eq!(given.next, expected.next);
        after = given.next;
        if after.is_none() {
            return;
        }
    }
}

/// Every version of every file, with its bytes.
pub(super) async fn same_artifacts<A: Store, B: Store>(reference: &A, other: &B, id: IncidentId) {
    let Ok(incident) = reference.get(id).await else {
        return;
    };
    for artifact in incident.artifacts {
        let versions = artifact.versions.iter().map(|version| Some(version.sha256));
        for version in versions.chain([None]) {
            let expected = reference.artifact(id, &artifact.name, version).await;
            let expected = expected.expect("the reference has what it shows");
            let given = other.artifact(id, &artifact.name, version).await;
            assert_eq!(given.ok(), Some(expected), "{} of {id}", artifact.name);
        }
    }
}

/// One list that `draw` picks, page by page.
pub(super) async fn same_sight<A: Store, B: Store>(reference: &A, other: &B, draw: u64) {
    let filter = match draw % 6 {
        0 => IncidentFilter::default(),
        1 => IncidentFilter {
            statuses: Some(IncidentFilter::unfinished()),
            ..IncidentFilter::default()
        },
        2 => IncidentFilter {
            statuses: Some(vec![Status::Merged, Status::Closed]),
            ..IncidentFilter::default()
        },
        3 => IncidentFilter {
            severities: Some(vec![Severity::P0, Severity::P1]),
            ..IncidentFilter::default()
        },
        4 => IncidentFilter {
            words: vec!["pool".to_owned()],
            ..IncidentFilter::default()
        },
        _ => IncidentFilter {
            unfinished_followups: true,
            ..IncidentFilter::default()
        },
    };
    let sort = Sort::ALL[usize::try_from(draw / 6).unwrap_or(0) % Sort::ALL.len()];
    same_list(reference, other, filter, sort).await;
}

/// Every order, and the follow-ups. Gives the incidents that there are.
pub(super) async fn same_lists<A: Store, B: Store>(reference: &A, other: &B) -> Vec<IncidentId> {
    let mut ids = Vec::new();
    for sort in Sort::ALL {
        ids = same_list(reference, other, IncidentFilter::default(), *sort).await;
    }
    for state in [
        FollowupFilter::All,
        FollowupFilter::Unfinished,
        FollowupFilter::Finished,
    ] {
        same_followups(reference, other, state).await;
    }
    ids
}

async fn same_list<A: Store, B: Store>(
    reference: &A,
    other: &B,
    filter: IncidentFilter,
    sort: Sort,
) -> Vec<IncidentId> {
    let mut ids = Vec::new();
    let mut after = None;
    loop {
        let page = PageRequest { limit: 3, after };
        let query = IncidentQuery {
            filter: filter.clone(),
            sort,
            page,
        };
        let expected = reference
            .list(query.clone())
            .await
            .expect("the reference can be read");
        let given = other
            .list(query.clone())
            .await
            .expect("the store can be read");
        assert_eq!(given, expected, "{query:?}");
        ids.extend(given.items.iter().map(|incident| incident.id));
        after = given.next;
        if after.is_none() {
            return ids;
        }
    }
}

async fn same_followups<A: Store, B: Store>(reference: &A, other: &B, state: FollowupFilter) {
    let mut after = None;
    loop {
        let page = PageRequest { limit: 3, after };
        let query = FollowupQuery {
            state,
            page,
            ..FollowupQuery::default()
        };
        let expected = reference
            .followups(query.clone())
            .await
            .expect("the reference can be read");
        let given = other
            .followups(query.clone())
            .await
            .expect("the store can be read");
        assert_eq!(given, expected, "{query:?}");
        after = given.next;
        if after.is_none() {
            return;
        }
    }
}
