//! Saving what a commit makes of its incidents.

use std::fmt::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Serialize, Serializer};
use tokio_postgres::types::Type;
use watchbook_core::query::{owners, search_text};
use watchbook_core::{Commit, Event, Fence, Incident, IncidentId, IncidentState, KeyUse, Stamp};

use super::exec::{ExecError, Link, Statement};
use super::followups;
use super::record::{STATE_FORMAT, moment};

pub(super) const SAVE: Statement = Statement {
    sql: include_str!("sql/save.sql"),
    types: &[
        Type::TEXT,
        Type::INT8,
        Type::TEXT,
        Type::TEXT,
        Type::TEXT_ARRAY,
        Type::TEXT,
        Type::INT2,
        Type::TEXT,
        Type::BOOL,
        Type::TEXT,
        Type::TEXT,
        Type::BOOL,
        Type::TIMESTAMPTZ,
        Type::TIMESTAMPTZ,
        Type::TEXT_ARRAY,
        Type::TEXT_ARRAY,
        Type::TEXT,
        Type::BOOL,
        Type::BOOL,
        Type::INT4,
        Type::TEXT,
        Type::INT2,
        Type::BYTEA,
        Type::TEXT,
        Type::TEXT,
        Type::INT4_ARRAY,
        Type::TEXT_ARRAY,
        Type::TIMESTAMPTZ_ARRAY,
        Type::TEXT_ARRAY,
        Type::TEXT_ARRAY,
        Type::TEXT_ARRAY,
        Type::TEXT,
        Type::TEXT_ARRAY,
        Type::TIMESTAMPTZ,
        Type::TEXT,
        Type::INT8,
        Type::TEXT,
        Type::TEXT,
    ],
};

/// What a commit makes of one incident, as columns.
#[derive(Debug)]
pub(super) struct Saving {
    id: String,
    /// The version that it was decided on.
    version: i64,
    incident: Row,
    lines: Lines,
    change: String,
    by: String,
    key: Option<KeyColumns>,
    used_at: SystemTime,
    /// Its follow-ups as rows, if the commit may have changed one of them.
    followups: Option<String>,
}

/// What became of a saving.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sent {
    /// It is saved.
    Saved,
    /// The incident is at another version by now.
    Raced,
    /// The lease is not held with that token.
    Fenced,
}

/// What stands in the row of an incident.
#[derive(Debug, Serialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "one for each column of the table that lists are narrowed by"
)]
pub(super) struct Row {
    pub(super) title: String,
    pub(super) service: String,
    pub(super) affects: Vec<String>,
    pub(super) env: String,
    pub(super) severity: i16,
    pub(super) status: &'static str,
    pub(super) unfinished: bool,
    pub(super) kind: &'static str,
    pub(super) signature: String,
    pub(super) drill: bool,
    #[serde(serialize_with = "in_millis")]
    pub(super) created_at: SystemTime,
    #[serde(serialize_with = "in_millis")]
    pub(super) updated_at: SystemTime,
    pub(super) owners: Vec<String>,
    pub(super) labels: Vec<String>,
    pub(super) words: String,
    pub(super) has_followups: bool,
    pub(super) unfinished_followups: bool,
    pub(super) last_seq: i32,
    pub(super) last_stamp: String,
    #[serde(serialize_with = "in_hex")]
    pub(super) state: Vec<u8>,
    pub(super) group_key: Option<String>,
}

/// Lines of timelines, column by column.
#[derive(Debug, Default)]
pub(super) struct Lines {
    pub(super) seqs: Vec<i32>,
    pub(super) ids: Vec<String>,
    pub(super) recorded: Vec<SystemTime>,
    pub(super) types: Vec<&'static str>,
    pub(super) actors: Vec<String>,
    pub(super) events: Vec<String>,
}

#[derive(Debug)]
struct KeyColumns {
    body: String,
    similar: Vec<String>,
}

/// A commit that cannot be written down.
#[derive(Debug, thiserror::Error)]
pub(super) enum SaveError {
    #[error("a commit cannot be written as JSON")]
    Json(#[from] serde_json::Error),
    #[error("an incident cannot be packed")]
    Pack(#[from] postcard::Error),
    #[error("a commit leads to an incident that was never created")]
    NoIncident,
}

impl Saving {
    /// What `commit` makes of the incident `id`, which was at `version` and is in `state` now.
    pub(super) fn of(
        commit: &Commit,
        id: IncidentId,
        version: i64,
        state: &IncidentState,
    ) -> Result<Self, SaveError> {
        let incident = state.incident(id).ok_or(SaveError::NoIncident)?;
        let events: Vec<&Event> = commit
            .events()
            .filter(|event| event.incident_id == id)
            .collect();
        let key = commit.key().filter(|key| key.incident == id);
        Ok(Self {
            id: id.to_string(),
            version,
            incident: Row::of(&incident, state, commit.last_stamp())?,
            lines: Lines::of(&events)?,
            change: commit.change.to_string(),
            by: serde_json::to_string(&commit.by)?,
            key: key.map(KeyColumns::of),
            used_at: moment(commit.stamp.time),
            followups: followups::rows_after(&incident, &events)?,
        })
    }

    /// Saves it, if the incident is still at the version it was decided on, and under the fence if there is one.
    pub(super) async fn send(
        &self,
        link: Link<'_>,
        fence: Option<&Fence>,
    ) -> Result<Sent, ExecError> {
        let (lease, token) = fence_columns(fence);
        let Self {
            id,
            version,
            incident: row,
            lines,
            change,
            by,
            key,
            used_at,
            followups,
        } = self;
        let body = key.as_ref().map(|key| key.body.as_str());
        let similar = key.as_ref().map(|key| &key.similar);
        let saved = link
            .first(
                &SAVE,
                &[
                    id,
                    version,
                    &row.title,
                    &row.service,
                    &row.affects,
                    &row.env,
                    &row.severity,
                    &row.status,
                    &row.unfinished,
                    &row.kind,
                    &row.signature,
                    &row.drill,
                    &row.created_at,
                    &row.updated_at,
                    &row.owners,
                    &row.labels,
                    &row.words,
                    &row.has_followups,
                    &row.unfinished_followups,
                    &row.last_seq,
                    &row.last_stamp,
                    &STATE_FORMAT,
                    &row.state,
                    change,
                    by,
                    &lines.seqs,
                    &lines.ids,
                    &lines.recorded,
                    &lines.types,
                    &lines.actors,
                    &lines.events,
                    &body,
                    &similar,
                    used_at,
                    &lease,
                    &token,
                    &row.group_key,
                    followups,
                ],
            )
            .await?;
        let Some(row) = saved else {
            return Ok(Sent::Raced);
        };
        let (is_saved, is_allowed) = (row.try_get("is_saved")?, row.try_get("is_allowed")?);
        Ok(match (is_saved, is_allowed) {
            (true, _) => Sent::Saved,
            (false, true) => Sent::Raced,
            (false, false) => Sent::Fenced,
        })
    }
}

/// Name and token of a fence. No lease has a token beyond what the column holds.
pub(super) fn fence_columns(fence: Option<&Fence>) -> (Option<&str>, Option<i64>) {
    (
        fence.map(|fence| fence.name.as_str()),
        fence.map(|fence| i64::try_from(fence.token).unwrap_or(i64::MAX)),
    )
}

impl Row {
    /// An incident in `state`, the greatest stamp of whose lines is `last_stamp`.
    pub(super) fn of(
        incident: &Incident,
        state: &IncidentState,
        last_stamp: Stamp,
    ) -> Result<Self, SaveError> {
        let Incident {
            service,
            affects,
            env,
            severity,
            status,
            title,
            kind,
            signature,
            labels,
            drill,
            created_at,
            updated_at,
            followups,
            group_key,
            ..
        } = incident;
        let unfinished_followups = followups
            .iter()
            .any(|followup| followup.status.is_unfinished());
        Ok(Self {
            title: title.to_string(),
            service: service.to_string(),
            affects: affects.iter().map(ToString::to_string).collect(),
            env: env.to_string(),
            severity: *severity as i16,
            status: status.as_str(),
            unfinished: status.is_unfinished(),
            kind: kind.as_str(),
            signature: signature.to_string(),
            drill: *drill,
            created_at: moment(*created_at),
            updated_at: moment(*updated_at),
            owners: owners(incident).map(ToString::to_string).collect(),
            labels: labels
                .iter()
                .map(|(key, value)| format!("{key}={value}"))
                .collect(),
            words: search_text(incident).to_lowercase(),
            has_followups: !followups.is_empty(),
            unfinished_followups,
            last_seq: i32::try_from(state.last_seq()).unwrap_or(i32::MAX),
            last_stamp: last_stamp.to_string(),
            state: postcard::to_allocvec(state)?,
            group_key: group_key.as_ref().map(ToString::to_string),
        })
    }
}

/// A moment as JSON has it, in milliseconds.
fn in_millis<S: Serializer>(at: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    serializer.serialize_u64(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// Bytes as JSON has them.
fn in_hex<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    let mut hex = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing into a text cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    serializer.serialize_str(&hex)
}

impl Lines {
    fn of(events: &[&Event]) -> Result<Self, SaveError> {
        let mut lines = Self::default();
        for event in events {
            lines.push(event)?;
        }
        Ok(lines)
    }

    pub(super) fn push(&mut self, event: &Event) -> Result<(), SaveError> {
        self.seqs.push(i32::try_from(event.seq).unwrap_or(i32::MAX));
        self.ids.push(event.id.to_string());
        self.recorded.push(moment(event.recorded_at()));
        self.types.push(event.kind.as_str());
        self.actors.push(event.actor.to_string());
        self.events.push(serde_json::to_string(event)?);
        Ok(())
    }
}

impl KeyColumns {
    fn of(key: &KeyUse) -> Self {
        Self {
            body: key.body.to_string(),
            similar: key.similar.iter().map(ToString::to_string).collect(),
        }
    }
}
