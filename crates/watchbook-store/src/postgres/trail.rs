//! The audit trail in the order of its times, and lines of another trail that are taken over.

use std::time::SystemTime;

use tokio_postgres::Row;
use tokio_postgres::types::Type;
use watchbook_core::EventId;
use watchbook_core::audit::{AuditClosing, AuditOpening};

use super::exec::{Link, Statement};
use super::record::{column, moment, parsed, timestamp};
use super::sqlstate;
use crate::contract::{StoreError, TrailLine, TrailPosition, TrailStretch};

pub(super) const TRAIL: Statement = Statement {
    sql: include_str!("sql/trail.sql"),
    types: &[Type::TIMESTAMPTZ, Type::TEXT, Type::INT8],
};
pub(super) const OPENINGS: Statement = Statement {
    sql: include_str!("sql/plant_openings.sql"),
    types: &[
        Type::TEXT_ARRAY,
        Type::TIMESTAMPTZ_ARRAY,
        Type::TEXT_ARRAY,
        Type::TEXT_ARRAY,
        Type::TEXT_ARRAY,
        Type::TEXT_ARRAY,
        Type::TEXT_ARRAY,
    ],
};
pub(super) const CLOSINGS: Statement = Statement {
    sql: include_str!("sql/plant_closings.sql"),
    types: &[
        Type::TEXT_ARRAY,
        Type::TEXT_ARRAY,
        Type::TEXT_ARRAY,
        Type::TEXT_ARRAY,
    ],
};

/// A stretch of entries, as lines.
pub(super) async fn stretch(
    link: Link<'_>,
    after: Option<TrailPosition>,
    limit: usize,
) -> Result<TrailStretch, StoreError> {
    let (at, id) = after.map_or((SystemTime::UNIX_EPOCH, String::new()), |after| {
        let id = EventId::from_bits(after.number).to_string();
        (moment(after.at), id)
    });
    // An entry is two lines.
    let entries = (limit / 2).max(1);
    let most = i64::try_from(entries).unwrap_or(i64::MAX);
    let rows = link
        .rows(&TRAIL, &[&at, &id, &most])
        .await
        .map_err(sqlstate::of_read)?;
    let mut lines = Vec::with_capacity(2 * rows.len());
    for row in &rows {
        lines.extend(entry(row)?);
    }
    let last = rows.last().filter(|_| rows.len() == entries);
    let next = last.map(place).transpose()?;
    Ok(TrailStretch { lines, next })
}

fn place(row: &Row) -> Result<TrailPosition, StoreError> {
    let id: EventId = parsed(row, "id")?;
    Ok(TrailPosition {
        at: timestamp(column(row, "at")?),
        number: id.to_bits(),
    })
}

fn entry(row: &Row) -> Result<impl Iterator<Item = TrailLine>, StoreError> {
    let wrong = |error| sqlstate::of_value("an audit entry", error);
    let opening = serde_json::from_str(column(row, "opening")?).map_err(wrong)?;
    let closing: Option<&str> = column(row, "closing")?;
    let closing = closing
        .map(serde_json::from_str)
        .transpose()
        .map_err(wrong)?;
    let halves = [
        Some(TrailLine::Open(opening)),
        closing.map(TrailLine::Close),
    ];
    Ok(halves.into_iter().flatten())
}

/// Writes those of the lines that are not there yet; how many they were.
pub(super) async fn plant(link: Link<'_>, lines: Vec<TrailLine>) -> Result<u64, StoreError> {
    let (mut openings, mut closings) = (Vec::new(), Vec::new());
    for line in lines {
        match line {
            TrailLine::Open(opening) => openings.push(opening),
            TrailLine::Close(closing) => closings.push(closing),
        }
    }
    let opened = open(link, &openings).await?;
    Ok(opened + close(link, &closings).await?)
}

async fn open(link: Link<'_>, openings: &[AuditOpening]) -> Result<u64, StoreError> {
    let text =
        |of: fn(&AuditOpening) -> String| -> Vec<String> { openings.iter().map(of).collect() };
    let ids = text(|opening| opening.id.to_string());
    let at: Vec<SystemTime> = openings.iter().map(|opening| moment(opening.at)).collect();
    let agents = text(|opening| opening.agent.to_string());
    let tools = text(|opening| opening.tool.to_string());
    let actions = text(|opening| opening.action.to_string());
    let incidents: Vec<Option<String>> = openings
        .iter()
        .map(|opening| opening.incident.map(|id| id.to_string()))
        .collect();
    let json: Vec<String> = openings
        .iter()
        .map(serde_json::to_string)
        .collect::<Result<_, _>>()
        .map_err(|error| sqlstate::of_value("an audit entry", error))?;
    let rows = link
        .rows(
            &OPENINGS,
            &[&ids, &at, &agents, &tools, &actions, &incidents, &json],
        )
        .await
        .map_err(sqlstate::of_read)?;
    Ok(rows.len() as u64)
}

async fn close(link: Link<'_>, closings: &[AuditClosing]) -> Result<u64, StoreError> {
    let ids: Vec<String> = closings
        .iter()
        .map(|closing| closing.id.to_string())
        .collect();
    let json: Vec<String> = closings
        .iter()
        .map(serde_json::to_string)
        .collect::<Result<_, _>>()
        .map_err(|error| sqlstate::of_value("an audit entry", error))?;
    let outcomes: Vec<&str> = closings
        .iter()
        .map(|closing| closing.outcome.as_str())
        .collect();
    let incidents: Vec<Option<String>> = closings
        .iter()
        .map(|closing| closing.incident.map(|id| id.to_string()))
        .collect();
    let rows = link
        .rows(&CLOSINGS, &[&ids, &json, &outcomes, &incidents])
        .await
        .map_err(sqlstate::of_read)?;
    Ok(rows.len() as u64)
}
