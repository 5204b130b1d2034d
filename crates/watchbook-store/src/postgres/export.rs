//! Giving whole incidents out.

use tokio_postgres::Row;
use tokio_postgres::types::Type;
use watchbook_core::{IncidentId, KeyUse};

use super::PostgresStore;
use super::exec::{Link, Statement};
use super::read::look_alikes_of;
use super::record::{self, column, moment, parsed, timestamp};
use super::sqlstate;
use crate::contract::{Extent, KeptKey, KeptLine, StoreError, Whole};
use crate::memory::KEY_MEMORY;

pub(super) const EXTENTS: Statement = Statement {
    sql: include_str!("sql/extents.sql"),
    types: &[Type::TEXT, Type::INT8],
};
pub(super) const EXPORT: Statement = Statement {
    sql: include_str!("sql/export.sql"),
    types: &[Type::TEXT_ARRAY, Type::INT4_ARRAY, Type::TIMESTAMPTZ],
};

impl PostgresStore {
    /// Which incidents come after one, and how far each goes.
    pub(super) async fn extents(
        &self,
        link: Link<'_>,
        after: Option<IncidentId>,
        limit: usize,
    ) -> Result<Vec<Extent>, StoreError> {
        let after = after.map(|after| after.to_string()).unwrap_or_default();
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = link
            .rows(&EXTENTS, &[&after, &limit])
            .await
            .map_err(sqlstate::of_read)?;
        let extent = |row: &Row| {
            let last_seq: i32 = column(row, "last_seq")?;
            Ok(Extent {
                id: parsed(row, "id")?,
                last_seq: last_seq.unsigned_abs(),
            })
        };
        rows.iter().map(extent).collect()
    }

    /// These incidents, each with its lines after a number.
    pub(super) async fn exported(
        &self,
        link: Link<'_>,
        wanted: &[(IncidentId, u32)],
    ) -> Result<Vec<Whole>, StoreError> {
        let ids: Vec<String> = wanted.iter().map(|(id, _)| id.to_string()).collect();
        let afters: Vec<i32> = wanted
            .iter()
            .map(|(_, after)| i32::try_from(*after).unwrap_or(i32::MAX))
            .collect();
        let horizon = moment(self.options.clock.now().minus(KEY_MEMORY));
        let rows = link
            .rows(&EXPORT, &[&ids, &afters, &horizon])
            .await
            .map_err(sqlstate::of_read)?;
        let mut wholes: Vec<Whole> = Vec::new();
        for row in &rows {
            let id: IncidentId = parsed(row, "incident_id")?;
            if wholes.last().is_none_or(|last| last.id != id) {
                wholes.push(Whole {
                    id,
                    lines: Vec::new(),
                    keys: Vec::new(),
                });
            }
            let Some(whole) = wholes.last_mut() else {
                continue;
            };
            if column(row, "is_key")? {
                whole.keys.push(key(row, id)?);
            } else {
                whole.lines.push(line(row)?);
            }
        }
        Ok(wholes)
    }
}

fn line(row: &Row) -> Result<KeptLine, StoreError> {
    let by = serde_json::from_str(column(row, "by")?)
        .map_err(|error| sqlstate::of_value("who made a change", error))?;
    Ok(KeptLine {
        change: parsed(row, "change")?,
        by,
        event: record::event(row)?,
    })
}

fn key(row: &Row, incident: IncidentId) -> Result<KeptKey, StoreError> {
    let seq: i32 = column(row, "seq")?;
    Ok(KeptKey {
        used: KeyUse {
            change: parsed(row, "change")?,
            body: parsed(row, "body")?,
            incident,
            similar: look_alikes_of(row)?,
        },
        seq: seq.unsigned_abs(),
        at: timestamp(column(row, "at")?),
    })
}
