//! What is taken over, as columns: many rows in one statement.

use std::collections::HashMap;
use std::time::SystemTime;

use serde::Serialize;
use watchbook_core::{IncidentId, IncidentState, Stamp};

use super::exec::{ExecError, Link, Statement};
use super::followups::Renewal;
use super::record::{STATE_FORMAT, moment};
use super::save::{Row, SaveError};
use crate::contract::{KeptKey, KeptLine};
use tokio_postgres::types::Type;

pub(super) const INCIDENTS: Statement = Statement {
    sql: include_str!("sql/plant_incidents.sql"),
    types: &[Type::TEXT],
};
pub(super) const LINES: Statement = Statement {
    sql: include_str!("sql/plant_lines.sql"),
    types: &[
        Type::TEXT_ARRAY,
        Type::INT4_ARRAY,
        Type::TEXT_ARRAY,
        Type::TEXT_ARRAY,
        Type::TIMESTAMPTZ_ARRAY,
        Type::TEXT_ARRAY,
        Type::TEXT_ARRAY,
        Type::TEXT_ARRAY,
        Type::TEXT_ARRAY,
    ],
};
pub(super) const KEYS: Statement = Statement {
    sql: include_str!("sql/plant_keys.sql"),
    types: &[
        Type::TEXT_ARRAY,
        Type::TEXT_ARRAY,
        Type::TEXT_ARRAY,
        Type::INT4_ARRAY,
        Type::TEXT_ARRAY,
        Type::TIMESTAMPTZ_ARRAY,
    ],
};
pub(super) const FEED: Statement = Statement {
    sql: include_str!("sql/plant_feed.sql"),
    types: &[Type::TEXT_ARRAY, Type::INT4_ARRAY],
};

/// The most bytes of lines that one statement takes, unless one line alone has more.
const STATEMENT_BYTES: usize = 4 << 20;

/// One row of incidents, as JSON.
#[derive(Debug, Serialize)]
struct IncidentColumns {
    id: String,
    version: i64,
    state_format: i16,
    #[serde(flatten)]
    row: Row,
}

/// The rows of incidents.
#[derive(Debug, Default)]
pub(super) struct Incidents {
    rows: Vec<IncidentColumns>,
    followups: Renewal,
    ids: Vec<String>,
    last_seqs: Vec<i32>,
}

impl Incidents {
    /// Adds what lines make of an incident that is at `version`.
    pub(super) fn push(
        &mut self,
        id: IncidentId,
        version: i64,
        state: &IncidentState,
        last_stamp: Stamp,
    ) -> Result<(), SaveError> {
        let incident = state.incident(id).ok_or(SaveError::NoIncident)?;
        self.followups.push(&incident)?;
        self.rows.push(IncidentColumns {
            id: id.to_string(),
            version: version + 1,
            state_format: STATE_FORMAT,
            row: Row::of(&incident, state, last_stamp)?,
        });
        self.ids.push(id.to_string());
        let last_seq = i32::try_from(state.last_seq()).unwrap_or(i32::MAX);
        self.last_seqs.push(last_seq);
        Ok(())
    }

    /// Saves them; `false` when one of them is at another version by now.
    pub(super) async fn send(&self, link: Link<'_>) -> Result<bool, PlantError> {
        if self.rows.is_empty() {
            return Ok(true);
        }
        let json = serde_json::to_string(&self.rows).map_err(SaveError::from)?;
        let saved = link.rows(&INCIDENTS, &[&json]).await?;
        self.followups.send(link).await?;
        Ok(saved.len() == self.rows.len())
    }

    /// Tells readers of the feed.
    pub(super) async fn feed(&self, link: Link<'_>) -> Result<(), PlantError> {
        if !self.ids.is_empty() {
            link.rows(&FEED, &[&self.ids, &self.last_seqs]).await?;
        }
        Ok(())
    }
}

/// Why rows were not sent.
#[derive(Debug, thiserror::Error)]
pub(super) enum PlantError {
    #[error(transparent)]
    Save(#[from] SaveError),
    #[error(transparent)]
    Exec(#[from] ExecError),
}

/// Rows of lines.
#[derive(Debug, Default)]
struct LineColumns {
    incidents: Vec<String>,
    seqs: Vec<i32>,
    ids: Vec<String>,
    changes: Vec<String>,
    recorded: Vec<SystemTime>,
    types: Vec<&'static str>,
    actors: Vec<String>,
    bys: Vec<String>,
    events: Vec<String>,
    bytes: usize,
}

impl LineColumns {
    fn push(&mut self, line: &KeptLine) -> Result<(), SaveError> {
        let KeptLine { change, by, event } = line;
        let json = serde_json::to_string(event)?;
        let by = serde_json::to_string(by)?;
        self.bytes += json.len() + by.len();
        self.incidents.push(event.incident_id.to_string());
        self.seqs.push(i32::try_from(event.seq).unwrap_or(i32::MAX));
        self.ids.push(event.id.to_string());
        self.changes.push(change.to_string());
        self.recorded.push(moment(event.recorded_at()));
        self.types.push(event.kind.as_str());
        self.actors.push(event.actor.to_string());
        self.bys.push(by);
        self.events.push(json);
        Ok(())
    }

    async fn send(&self, link: Link<'_>) -> Result<(), ExecError> {
        if self.ids.is_empty() {
            return Ok(());
        }
        let Self {
            incidents,
            seqs,
            ids,
            changes,
            recorded,
            types,
            actors,
            bys,
            events,
            bytes: _,
        } = self;
        link.rows(
            &LINES,
            &[
                incidents, seqs, ids, changes, recorded, types, actors, bys, events,
            ],
        )
        .await
        .map(drop)
    }
}

/// Writes lines, in statements of bounded size.
pub(super) async fn send_lines(
    link: Link<'_>,
    lines: impl Iterator<Item = &KeptLine>,
) -> Result<(), PlantError> {
    let mut columns = LineColumns::default();
    for line in lines {
        columns.push(line)?;
        if columns.bytes >= STATEMENT_BYTES {
            columns.send(link).await?;
            columns = LineColumns::default();
        }
    }
    Ok(columns.send(link).await?)
}

/// Writes keys; how many were not there before.
pub(super) async fn send_keys(link: Link<'_>, keys: &[&KeptKey]) -> Result<u64, PlantError> {
    if keys.is_empty() {
        return Ok(0);
    }
    let text =
        |of: fn(&KeptKey) -> String| -> Vec<String> { keys.iter().map(|key| of(key)).collect() };
    let changes = text(|key| key.used.change.to_string());
    let bodies = text(|key| key.used.body.to_string());
    let incidents = text(|key| key.used.incident.to_string());
    let similar = keys
        .iter()
        .map(|key| serde_json::to_string(&key.used.similar));
    let similar: Vec<String> = similar.collect::<Result<_, _>>().map_err(SaveError::from)?;
    let seqs: Vec<i32> = keys
        .iter()
        .map(|key| i32::try_from(key.seq).unwrap_or(i32::MAX))
        .collect();
    let used: Vec<SystemTime> = keys.iter().map(|key| moment(key.at)).collect();
    let rows = link
        .rows(
            &KEYS,
            &[&changes, &bodies, &incidents, &seqs, &similar, &used],
        )
        .await?;
    Ok(rows.len() as u64)
}

/// The greatest stamp of each incident's lines.
pub(super) fn last_stamps<'l>(
    lines: impl Iterator<Item = &'l KeptLine>,
) -> HashMap<IncidentId, Stamp> {
    let mut last: HashMap<IncidentId, Stamp> = HashMap::new();
    for line in lines {
        let stamp = line.event.stamp;
        let known = last.entry(line.event.incident_id).or_insert(stamp);
        *known = stamp.max(*known);
    }
    last
}
