//! Saving what a commit makes of its incidents.

use std::time::SystemTime;

use tokio_postgres::types::Type;
use watchbook_core::query::{owners, search_text};
use watchbook_core::{Commit, Event, Incident, IncidentId, IncidentState, KeyUse};

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
        Type::BOOL,
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
    /// Whether the change feed gets its row with this incident: once per commit.
    feeds: bool,
    /// Its follow-ups as rows, if the commit may have changed one of them.
    followups: Option<String>,
}

#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "one for each column of the table that lists are narrowed by"
)]
struct Row {
    title: String,
    service: String,
    affects: Vec<String>,
    env: String,
    severity: i16,
    status: &'static str,
    unfinished: bool,
    kind: &'static str,
    signature: String,
    drill: bool,
    created_at: SystemTime,
    updated_at: SystemTime,
    owners: Vec<String>,
    labels: Vec<String>,
    words: String,
    has_followups: bool,
    unfinished_followups: bool,
    last_seq: i32,
    last_stamp: String,
    state: Vec<u8>,
}

#[derive(Debug, Default)]
struct Lines {
    seqs: Vec<i32>,
    ids: Vec<String>,
    recorded: Vec<SystemTime>,
    types: Vec<&'static str>,
    actors: Vec<String>,
    events: Vec<String>,
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
        feeds: bool,
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
            incident: Row::of(&incident, state, commit)?,
            lines: Lines::of(&events)?,
            change: commit.change.to_string(),
            by: serde_json::to_string(&commit.by)?,
            key: key.map(KeyColumns::of),
            used_at: moment(commit.stamp.time),
            feeds,
            followups: followups::rows_after(&incident, &events)?,
        })
    }

    /// Saves it; `false` when the incident is at another version by now.
    pub(super) async fn send(&self, link: Link<'_>) -> Result<bool, ExecError> {
        let Self {
            id,
            version,
            incident: row,
            lines,
            change,
            by,
            key,
            used_at,
            feeds,
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
                    feeds,
                    followups,
                ],
            )
            .await?;
        Ok(saved.is_some())
    }
}

impl Row {
    fn of(incident: &Incident, state: &IncidentState, commit: &Commit) -> Result<Self, SaveError> {
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
            last_stamp: commit.last_stamp().to_string(),
            state: postcard::to_allocvec(state)?,
        })
    }
}

impl Lines {
    fn of(events: &[&Event]) -> Result<Self, SaveError> {
        let mut lines = Self::default();
        for event in events {
            lines
                .seqs
                .push(i32::try_from(event.seq).unwrap_or(i32::MAX));
            lines.ids.push(event.id.to_string());
            lines.recorded.push(moment(event.recorded_at()));
            lines.types.push(event.kind.as_str());
            lines.actors.push(event.actor.to_string());
            lines.events.push(serde_json::to_string(event)?);
        }
        Ok(lines)
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
