//! Follow-ups across incidents are rows that follow from the incidents, whatever became of the rows.

use watchbook_core::query::{FollowupFilter, FollowupQuery, FollowupSort, PageRequest};
use watchbook_core::text::{Short, Title};
use watchbook_core::{FollowupStatus, IncidentId, IncidentPatch, NewFollowup, Op, Severity};
use watchbook_store::Incidents;
use watchbook_store::conformance::block_on;
use watchbook_store::postgres::{ExecMode, PostgresStore};

use crate::commands::{command, creation};
use crate::schema::Schema;

async fn with_followups(store: &PostgresStore, titles: &[&str]) -> IncidentId {
    let incident = store.apply(creation()).await.unwrap().incident.id;
    for title in titles {
        let new = NewFollowup {
            title: Title::new(*title).unwrap(),
            message: None,
            owner: Some(Short::new("ada").unwrap()),
            priority: Severity::P2,
            due: None,
            status: FollowupStatus::Open,
            external_ref: None,
            meta: serde_json::Map::new(),
        };
        let opening = command(incident, Op::OpenFollowup(Box::new(new)));
        store.apply(opening).await.unwrap();
    }
    incident
}

async fn titles(store: &PostgresStore, query: FollowupQuery) -> Vec<String> {
    let page = store.followups(query).await.unwrap();
    let titles = page
        .items
        .iter()
        .map(|item| item.followup.title.to_string());
    titles.collect()
}

#[test]
fn rows_that_are_missing_are_made_from_the_incidents() {
    block_on(async {
        let schema = Schema::migrated().await;
        let store = schema.store(ExecMode::Prepared);
        with_followups(&store, &["pool", "docs"]).await;
        with_followups(&store, &["cache"]).await;
        let before = titles(&store, FollowupQuery::default()).await;
        assert_eq!(before.len(), 3);
        // As after a dump of the three tables of the log was restored.
        schema.execute("delete from followups").await;
        let restarted = schema.store(ExecMode::Prepared);
        assert_eq!(titles(&restarted, FollowupQuery::default()).await, before);
    });
}

#[test]
fn a_change_of_the_incident_is_a_change_of_its_follow_ups() {
    block_on(async {
        let schema = Schema::migrated().await;
        let store = schema.store(ExecMode::Prepared);
        let incident = with_followups(&store, &["pool"]).await;
        let worse = Op::Update(Box::new(IncidentPatch {
            severity: Some(Severity::P0),
            ..IncidentPatch::default()
        }));
        store.apply(command(incident, worse)).await.unwrap();
        let of = |severity| FollowupQuery {
            severities: Some(vec![severity]),
            ..FollowupQuery::default()
        };
        assert_eq!(titles(&store, of(Severity::P0)).await, ["pool"]);
        assert!(titles(&store, of(Severity::P1)).await.is_empty());
    });
}

#[test]
fn each_order_is_read_page_by_page_whatever_the_deadlines() {
    block_on(async {
        let schema = Schema::migrated().await;
        let store = schema.store(ExecMode::Prepared);
        with_followups(&store, &["a", "b", "c", "d", "e"]).await;
        for sort in [
            FollowupSort::Due,
            FollowupSort::Opened,
            FollowupSort::OpenedDesc,
        ] {
            let mut query = FollowupQuery {
                state: FollowupFilter::Unfinished,
                sort,
                ..FollowupQuery::default()
            };
            let whole = titles(&store, query.clone()).await;
            let mut read = Vec::new();
            let mut page = PageRequest {
                limit: 2,
                after: None,
            };
            loop {
                query.page = page;
                let found = store.followups(query.clone()).await.unwrap();
                read.extend(
                    found
                        .items
                        .iter()
                        .map(|item| item.followup.title.to_string()),
                );
                let Some(next) = found.next else { break };
                page.after = Some(next);
            }
            assert_eq!((read.len(), &read), (5, &whole), "{sort}");
        }
    });
}
