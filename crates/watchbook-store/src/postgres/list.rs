//! Lists of incidents: filters, orders and places as conditions.

use tokio_postgres::Row;
use tokio_postgres::types::Type;
use watchbook_core::query::{IncidentFilter, IncidentQuery, Page, Place, Sort};
use watchbook_core::{Incident, IncidentId, Severity, Status, Timestamp};

use super::PostgresStore;
use super::condition::Conditions;
use super::exec::Link;
use super::listing::Source;
use super::record::{self, column, parsed};
use super::sqlstate;
use crate::contract::StoreError;

/// See [`Source::stretch`].
const STRETCH: usize = 10_000;

/// What a filter asks of the table of incidents.
fn filtered(filter: &IncidentFilter) -> Conditions {
    let mut asked = Conditions::default();
    let IncidentFilter {
        statuses,
        service,
        env,
        severities,
        kind,
        signature,
        labels,
        owner,
        updated_since,
        from,
        to,
        drill,
        words,
        unfinished_followups,
    } = filter;
    ask_statuses(&mut asked, statuses.as_deref());
    asked.service(service.as_ref());
    if let Some(severities) = severities {
        let ranks: Vec<i16> = severities.iter().map(|rank| -(*rank as i16)).collect();
        let ranks = asked.bind(ranks, Type::INT2_ARRAY);
        asked.require(format!("-severity = any({ranks})"));
    }
    asked.equals("env", env.as_ref());
    asked.equals("kind", kind.as_ref());
    asked.equals("signature", signature.as_ref());
    asked.labels(labels);
    if let Some(owner) = owner {
        let owner = asked.texts([owner]);
        asked.require(format!("owners @> {owner}"));
    }
    asked.words("words", words);
    if let Some(drill) = drill {
        asked.require(if *drill { "drill" } else { "not drill" });
    }
    if *unfinished_followups {
        asked.require("unfinished_followups");
    }
    asked.compares("updated_at", ">=", *updated_since);
    asked.compares("created_at", ">=", *from);
    asked.compares("created_at", "<", *to);
    asked
}

fn ask_statuses(asked: &mut Conditions, statuses: Option<&[Status]>) {
    let Some(statuses) = statuses else { return };
    if statuses.iter().all(|status| status.is_unfinished()) {
        // The condition of a partial index, so that it is used.
        asked.require("unfinished");
    }
    let places = asked.texts(statuses);
    asked.require(format!("status = any({places})"));
}

/// Asks only for what comes after a place.
fn ask_after(asked: &mut Conditions, place: Place, sort: Sort) {
    let (major, minor, id) = place.parts();
    let id = IncidentId::from_bits(u64::try_from(id.unsigned_abs()).unwrap_or(u64::MAX));
    let id = asked.text(&id.unwrap_or(IncidentId::MAX));
    let time = |millis: i64| Timestamp::from_millis(millis.saturating_abs());
    let (column, comes) = match sort {
        Sort::CreatedDesc => ("created_at", "<"),
        Sort::Created => ("created_at", ">"),
        Sort::UpdatedDesc => ("updated_at", "<"),
        Sort::Updated => ("updated_at", ">"),
        Sort::Severity => {
            let rank = i16::try_from(major).unwrap_or(i16::MAX);
            let rank = asked.bind(-rank, Type::INT2);
            let created = asked.time(time(minor));
            return asked.require(format!(
                "(-severity, created_at, id) < ({rank}, {created}, {id})"
            ));
        }
    };
    let at = asked.time(time(major));
    asked.require(format!("({column}, id) {comes} ({at}, {id})"));
}

const fn order(sort: Sort) -> &'static str {
    match sort {
        Sort::CreatedDesc => "created_at desc, id desc",
        Sort::Created => "created_at, id",
        Sort::UpdatedDesc => "updated_at desc, id desc",
        Sort::Updated => "updated_at, id",
        Sort::Severity => "-severity desc, created_at desc, id desc",
    }
}

/// Where a row stands.
fn place(row: &Row, sort: Sort) -> Result<Place, StoreError> {
    let rank: i16 = column(row, "severity")?;
    let severity = Severity::ALL.iter().find(|known| **known as i16 == rank);
    Ok(Place::of_parts(
        parsed(row, "id")?,
        record::time(row, "created_at")?.millis(),
        record::time(row, "updated_at")?.millis(),
        *severity.ok_or_else(|| sqlstate::of_value("severity", format!("{rank}")))?,
        sort,
    ))
}

pub(super) const fn source(sort: Sort) -> Source {
    Source {
        columns: "id, created_at, updated_at, severity, state_format, state",
        table: "incidents",
        order: order(sort),
        stretch: STRETCH,
    }
}

/// What a query asks for after a place.
pub(super) fn asked(query: &IncidentQuery, after: Option<Place>) -> Conditions {
    let mut asked = filtered(&query.filter);
    if let Some(place) = after {
        ask_after(&mut asked, place, query.sort);
    }
    asked
}

impl PostgresStore {
    /// One page of incidents.
    pub(super) async fn listed(
        &self,
        link: Link<'_>,
        query: &IncidentQuery,
    ) -> Result<Page<Incident>, StoreError> {
        let sort = query.sort;
        let found = source(sort)
            .look(
                link,
                query.page,
                |after| asked(query, after),
                |row| place(row, sort),
            )
            .await?;
        let mut items = Vec::with_capacity(found.rows.len());
        for row in &found.rows {
            let id = parsed(row, "id")?;
            items.extend(self.state(link, row).await?.incident(id));
        }
        Ok(Page {
            items,
            next: found.next,
        })
    }
}
