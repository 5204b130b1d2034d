//! The page of a list at a million incidents beside its bare query: the same statement, prepared, with its rows left as
//! they came.

use tokio_postgres::Client;
use watchbook_core::query::{IncidentFilter, IncidentQuery, PageRequest, Sort};
use watchbook_core::text::{Env, ServiceName};
use watchbook_store::Incidents;
use watchbook_store::postgres::{Question, sent_for};

use crate::bench::AnyError;
use crate::bench::database::filled::BenchDatabase;
use crate::bench::samples::Samples;
use crate::bench::table::{Measure, Row, Target};
use crate::surroundings;

/// How often each page is read, by either.
const READS: u32 = 300;

/// One row for each page.
pub(super) async fn rows(database: &BenchDatabase) -> Result<Vec<Row>, AnyError> {
    let client = database.client().await?;
    let mut rows = Vec::new();
    for (name, filter) in filters()? {
        let query = IncidentQuery {
            filter,
            sort: Sort::CreatedDesc,
            page: PageRequest::default(),
        };
        let (ours, bare) = side_by_side(database, &client, &query).await?;
        rows.push(Row {
            name: format!("page of {name} of 1,000,000, p99"),
            ours: Measure::Time(ours.quantile(99)),
            other: Measure::Time(bare.quantile(99)),
            other_name: "bare query",
            target: Target::AtMost(3.0),
        });
    }
    Ok(rows)
}

fn filters() -> Result<Vec<(&'static str, IncidentFilter)>, AnyError> {
    let all = IncidentFilter::default();
    Ok(vec![
        ("all", all.clone()),
        (
            "unfinished",
            IncidentFilter {
                statuses: Some(IncidentFilter::unfinished()),
                ..all.clone()
            },
        ),
        (
            "one service in prod",
            IncidentFilter {
                service: Some(ServiceName::new("service-042")?),
                env: Some(Env::prod()),
                ..all.clone()
            },
        ),
        (
            "those with two words",
            IncidentFilter {
                words: vec!["pool 42".to_owned(), "service-199".to_owned()],
                ..all
            },
        ),
    ])
}

async fn side_by_side(
    database: &BenchDatabase,
    client: &Client,
    query: &IncidentQuery,
) -> Result<(Samples, Samples), AnyError> {
    let sent = sent_for(&Question::Incidents(query.clone()));
    let sent = sent.first().ok_or("a list sends nothing")?;
    let (values, types): (Vec<_>, Vec<_>) = sent.params().into_iter().unzip();
    let prepared = client.prepare_typed(&sent.sql, &types).await?;
    let (mut ours, mut bare) = (Samples::default(), Samples::default());
    for _ in 0..READS {
        let start = surroundings::now();
        let page = database.store.list(query.clone()).await?;
        ours.note(start.elapsed());
        let start = surroundings::now();
        let rows = client.query(&prepared, &values).await?;
        bare.note(start.elapsed());
        if page.items.len() != rows.len().min(query.page.limit) {
            return Err("the two sides read different pages".into());
        }
    }
    Ok((ours, bare))
}
