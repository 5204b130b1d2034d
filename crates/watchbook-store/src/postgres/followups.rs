//! Follow-ups across incidents: rows of their own, written with the incident they belong to.

use std::sync::atomic::Ordering;

use serde::Serialize;
use tokio_postgres::Row;
use tokio_postgres::types::{Timestamp as Edge, Type};
use watchbook_core::query::{
    FollowupFilter, FollowupItem, FollowupQuery, FollowupSort, Page, Place, followup_text,
};
use watchbook_core::text::{ServiceName, Short};
use watchbook_core::{Event, EventId, Followup, Incident, Set, Severity, Timestamp};

use super::PostgresStore;
use super::condition::Conditions;
use super::exec::{ExecError, Link, Statement};
use super::listing::Source;
use super::record::{column, moment, parsed};
use super::sqlstate;
use crate::contract::StoreError;

pub(super) const WITHOUT_ROWS: Statement = Statement {
    sql: include_str!("sql/without_followups.sql"),
    types: &[Type::TEXT, Type::INT8],
};
pub(super) const PUT: Statement = Statement {
    sql: include_str!("sql/put_followups.sql"),
    types: &[Type::TEXT],
};
pub(super) const RENEW: Statement = Statement {
    sql: include_str!("sql/renew_followups.sql"),
    types: &[Type::TEXT],
};
/// See [`Source::stretch`].
const STRETCH: usize = 2_000;
/// How many incidents' rows are made at once.
const AT_ONCE: i64 = 200;
/// The moment of those without a deadline.
const NO_DEADLINE: &str = "infinity";

/// One follow-up as a row.
#[derive(Debug, Serialize)]
struct FollowupRow<'i> {
    incident_id: String,
    id: EventId,
    position: String,
    service: &'i str,
    affects: Vec<&'i str>,
    env: &'i str,
    severity: i16,
    kind: &'i str,
    labels: Vec<String>,
    drill: bool,
    owner: Option<&'i str>,
    unfinished: bool,
    due_at: String,
    opened_at: Timestamp,
    updated_at: Timestamp,
    words: String,
    record: &'i Followup,
}

/// The follow-ups of an incident as rows, in JSON, if one of these events may have changed what they say.
pub(super) fn rows_after(
    incident: &Incident,
    events: &[&Event],
) -> Result<Option<String>, serde_json::Error> {
    let is_said =
        |set: &Set| set.is_state() || matches!(set, Set::Followup { .. } | Set::Redacted(_));
    if incident.followups.is_empty() || !events.iter().any(|event| event.set.iter().any(is_said)) {
        return Ok(None);
    }
    serde_json::to_string(&rows(incident).collect::<Vec<_>>()).map(Some)
}

/// The follow-ups of several incidents, to be written at once.
#[derive(Debug, Default)]
pub(super) struct Renewal {
    rows: Vec<String>,
}

impl Renewal {
    pub(super) fn push(&mut self, incident: &Incident) -> Result<(), serde_json::Error> {
        for row in rows(incident) {
            self.rows.push(serde_json::to_string(&row)?);
        }
        Ok(())
    }

    pub(super) async fn send(&self, link: Link<'_>) -> Result<(), ExecError> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let json = format!("[{}]", self.rows.join(","));
        link.rows(&RENEW, &[&json]).await.map(drop)
    }
}

fn rows(incident: &Incident) -> impl Iterator<Item = FollowupRow<'_>> {
    incident.followups.iter().map(|followup| FollowupRow {
        incident_id: incident.id.to_string(),
        id: followup.id,
        position: position(
            Place::of_followup(followup, FollowupSort::Opened),
            FollowupSort::Opened,
        ),
        service: incident.service.as_str(),
        affects: incident.affects.iter().map(ServiceName::as_str).collect(),
        env: incident.env.as_str(),
        severity: incident.severity as i16,
        kind: incident.kind.as_str(),
        labels: incident
            .labels
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect(),
        drill: incident.drill,
        owner: followup.owner.as_ref().map(Short::as_str),
        unfinished: followup.status.is_unfinished(),
        due_at: followup
            .due
            .map_or_else(|| NO_DEADLINE.to_owned(), |due| due.deadline().to_string()),
        opened_at: followup.opened_at,
        updated_at: followup.updated_at,
        words: followup_text(followup).to_lowercase(),
        record: followup,
    })
}

/// The last part of a place, as a text in the same order.
fn position(place: Place, sort: FollowupSort) -> String {
    let (_, _, id) = place.parts();
    let id = match sort {
        FollowupSort::Due | FollowupSort::Opened => id,
        FollowupSort::OpenedDesc => !id,
    };
    // Turning the sign around puts the negative ones first.
    format!("{:032x}", id.cast_unsigned() ^ (1 << 127))
}

pub(super) const fn source(sort: FollowupSort) -> Source {
    Source {
        columns: "incident_id, service, env, severity, record::text",
        table: "followups",
        order: match sort {
            FollowupSort::Due => "due_at, opened_at, position",
            FollowupSort::Opened => "opened_at, position",
            FollowupSort::OpenedDesc => "opened_at desc, position desc",
        },
        stretch: STRETCH,
    }
}

/// What a query asks for after a place.
pub(super) fn asked(query: &FollowupQuery, after: Option<Place>) -> Conditions {
    let FollowupQuery {
        incident,
        service,
        env,
        severities,
        kind,
        labels,
        drill,
        owner,
        state,
        finished_since,
        updated_since,
        from,
        to,
        words,
        sort,
        page: _,
    } = query;
    let mut asked = Conditions::default();
    asked.equals("incident_id", incident.as_ref());
    asked.service(service.as_ref());
    asked.equals("env", env.as_ref());
    if let Some(severities) = severities {
        let ranks: Vec<i16> = severities.iter().map(|rank| *rank as i16).collect();
        let ranks = asked.bind(ranks, Type::INT2_ARRAY);
        asked.require(format!("severity = any({ranks})"));
    }
    asked.equals("kind", kind.as_ref());
    asked.labels(labels);
    if let Some(drill) = drill {
        asked.require(if *drill { "drill" } else { "not drill" });
    }
    asked.equals("owner", owner.as_ref());
    ask_state(&mut asked, *state);
    if let Some(since) = finished_since {
        let since = asked.time(*since);
        asked.require(format!("(unfinished or updated_at >= {since})"));
    }
    asked.compares("updated_at", ">=", *updated_since);
    asked.compares("opened_at", ">=", *from);
    asked.compares("opened_at", "<", *to);
    asked.words("words", words);
    if let Some(place) = after {
        ask_after(&mut asked, place, *sort);
    }
    asked
}

fn ask_state(asked: &mut Conditions, state: FollowupFilter) {
    match state {
        FollowupFilter::All => {}
        FollowupFilter::Unfinished => asked.require("unfinished"),
        FollowupFilter::Finished => asked.require("not unfinished"),
        FollowupFilter::OverdueAt(now) => {
            asked.require("unfinished");
            asked.compares("due_at", "<", Some(now));
        }
    }
}

fn ask_after(asked: &mut Conditions, place: Place, sort: FollowupSort) {
    let (major, minor, _) = place.parts();
    let position = asked.text(&position(place, sort));
    let time = |millis: i64| Timestamp::from_millis(millis.saturating_abs());
    let condition = match sort {
        FollowupSort::Due => {
            let due = match major {
                i64::MAX => Edge::PosInfinity,
                millis => Edge::Value(moment(time(millis))),
            };
            let (due, opened) = (asked.bind(due, Type::TIMESTAMPTZ), asked.time(time(minor)));
            format!("(due_at, opened_at, position) > ({due}, {opened}, {position})")
        }
        FollowupSort::Opened => {
            let opened = asked.time(time(major));
            format!("(opened_at, position) > ({opened}, {position})")
        }
        FollowupSort::OpenedDesc => {
            let opened = asked.time(time(major));
            format!("(opened_at, position) < ({opened}, {position})")
        }
    };
    asked.require(condition);
}

fn item(row: &Row) -> Result<FollowupItem, StoreError> {
    let rank: i16 = column(row, "severity")?;
    let severity = Severity::ALL.iter().find(|known| **known as i16 == rank);
    Ok(FollowupItem {
        incident_id: parsed(row, "incident_id")?,
        service: parsed(row, "service")?,
        env: parsed(row, "env")?,
        severity: *severity.ok_or_else(|| sqlstate::of_value("severity", format!("{rank}")))?,
        followup: serde_json::from_str(column(row, "record")?)
            .map_err(|error| sqlstate::of_value("a follow-up", error))?,
    })
}

impl PostgresStore {
    /// One page of follow-ups across incidents.
    pub(super) async fn followups_listed(
        &self,
        link: Link<'_>,
        query: &FollowupQuery,
    ) -> Result<Page<FollowupItem>, StoreError> {
        self.complete_followups(link).await?;
        let found = source(query.sort)
            .look(
                link,
                query.page,
                |after| asked(query, after),
                |row| Ok(query.place(&item(row)?.followup)),
            )
            .await?;
        Ok(Page {
            items: found.rows.iter().map(item).collect::<Result<_, _>>()?,
            next: found.next,
        })
    }

    /// Makes the rows that are missing: of incidents that an earlier version wrote, or that were restored from a dump of
    /// the log alone. Looked for once in the life of a handle.
    async fn complete_followups(&self, link: Link<'_>) -> Result<(), StoreError> {
        if self.followups_complete.load(Ordering::Relaxed) {
            return Ok(());
        }
        let mut after = String::new();
        loop {
            let missing = link
                .rows(&WITHOUT_ROWS, &[&after, &AT_ONCE])
                .await
                .map_err(sqlstate::of_read)?;
            let Some(last) = missing.last() else { break };
            after = column(last, "id")?;
            self.put_followups(link, &missing).await?;
        }
        self.followups_complete.store(true, Ordering::Relaxed);
        Ok(())
    }

    async fn put_followups(&self, link: Link<'_>, missing: &[Row]) -> Result<(), StoreError> {
        let mut incidents = Vec::with_capacity(missing.len());
        for row in missing {
            let id = parsed(row, "id")?;
            incidents.extend(self.state(link, row).await?.incident(id));
        }
        let all: Vec<_> = incidents.iter().flat_map(rows).collect();
        let json = serde_json::to_string(&all)
            .map_err(|error| sqlstate::of_value("a follow-up", error))?;
        link.rows(&PUT, &[&json])
            .await
            .map(drop)
            .map_err(sqlstate::of_read)
    }
}
