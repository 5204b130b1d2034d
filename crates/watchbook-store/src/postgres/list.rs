//! Lists: filters and orders as one statement, page by page from a place.

use tokio_postgres::types::Type;
use watchbook_core::query::{
    FollowupFilter, FollowupItem, FollowupQuery, IncidentFilter, IncidentQuery, Page, PageRequest,
    Place, Sort, page_of,
};
use watchbook_core::text::{Name, Short};
use watchbook_core::{Incident, IncidentId, Status, Timestamp};

use super::PostgresStore;
use super::condition::Conditions;
use super::exec::{Link, Statement};
use super::record::parsed;
use super::sqlstate;
use crate::contract::StoreError;

const WITH_FOLLOWUPS: Statement = Statement {
    sql: include_str!("sql/with_followups.sql"),
    types: &[Type::BOOL],
};

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
    if let Some(service) = service {
        let (own, affected) = (asked.text(service), asked.texts([service]));
        asked.require(format!("(service = {own} or affects @> {affected})"));
    }
    if let Some(severities) = severities {
        let ranks: Vec<i16> = severities.iter().map(|severity| *severity as i16).collect();
        let ranks = asked.bind(ranks, Type::INT2_ARRAY);
        asked.require(format!("severity = any({ranks})"));
    }
    asked.equals("env", env.as_ref());
    asked.equals("kind", kind.as_ref());
    asked.equals("signature", signature.as_ref());
    ask_labels(&mut asked, labels);
    if let Some(owner) = owner {
        let owner = asked.texts([owner]);
        asked.require(format!("owners @> {owner}"));
    }
    for word in words {
        let pattern = asked.text(&format!("%{}%", escaped(word)));
        asked.require(format!("words like {pattern}"));
    }
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

fn ask_labels(asked: &mut Conditions, labels: &[(Name, Short)]) {
    if labels.is_empty() {
        return;
    }
    let pairs: Vec<String> = labels
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    let pairs = asked.texts(&pairs);
    asked.require(format!("labels @> {pairs}"));
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
            let rank = asked.bind(i16::try_from(major).unwrap_or(i16::MAX), Type::INT2);
            let created = asked.time(time(minor));
            return asked.require(format!(
                "(severity > {rank} or (severity = {rank} and (created_at, id) < ({created}, {id})))"
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
        Sort::Severity => "severity, created_at desc, id desc",
    }
}

/// A word in which the signs of a pattern stand for themselves.
fn escaped(word: &str) -> String {
    word.replace('\\', "\\\\")
        .replace('%', "\\%")
        .replace('_', "\\_")
}

impl PostgresStore {
    /// One page of incidents.
    pub(super) async fn listed(
        &self,
        link: Link<'_>,
        query: &IncidentQuery,
    ) -> Result<Page<Incident>, StoreError> {
        let IncidentQuery { filter, sort, page } = query;
        let mut asked = filtered(filter);
        if let Some(place) = page.after {
            ask_after(&mut asked, place, *sort);
        }
        let sql = format!(
            "select id, state_format, state from incidents\nwhere {}\norder by {}\nlimit {}",
            asked.sql(),
            order(*sort),
            page.limit + 1
        );
        let rows = link
            .unnamed(&sql, &asked.params())
            .await
            .map_err(sqlstate::of_read)?;
        let mut items = Vec::with_capacity(rows.len());
        for row in &rows {
            let id = parsed(row, "id")?;
            items.extend(self.state(link, row).await?.incident(id));
        }
        let more = items.len() > page.limit;
        items.truncate(page.limit);
        let next = items.last().filter(|_| more);
        let next = next.map(|incident| Place::of(incident, *sort));
        Ok(Page { items, next })
    }

    /// One page of follow-ups across incidents.
    pub(super) async fn followups_listed(
        &self,
        link: Link<'_>,
        query: &FollowupQuery,
    ) -> Result<Page<FollowupItem>, StoreError> {
        let incidents = match query.incident {
            Some(id) => match self.one(link, id).await {
                Ok(incident) => vec![incident],
                Err(StoreError::NotFound { .. }) => Vec::new(),
                Err(error) => return Err(error),
            },
            None => self.with_followups(link, query.state).await?,
        };
        let items = incidents
            .into_iter()
            .flat_map(|incident| query.among(incident));
        let request: PageRequest = query.page;
        Ok(page_of(items, request, |item| query.place(&item.followup)))
    }

    async fn with_followups(
        &self,
        link: Link<'_>,
        state: FollowupFilter,
    ) -> Result<Vec<Incident>, StoreError> {
        let unfinished = matches!(
            state,
            FollowupFilter::Unfinished | FollowupFilter::OverdueAt(_)
        );
        let rows = link
            .rows(&WITH_FOLLOWUPS, &[&unfinished])
            .await
            .map_err(sqlstate::of_read)?;
        let mut incidents = Vec::with_capacity(rows.len());
        for row in &rows {
            let id = parsed(row, "id")?;
            incidents.extend(self.state(link, row).await?.incident(id));
        }
        Ok(incidents)
    }
}
