//! Incidents as columns: one array for each, so that one statement saves many.

use std::time::SystemTime;

use tokio_postgres::types::{ToSql, Type};
use watchbook_core::IncidentId;

use super::here::Standing;
use crate::postgres::followups::Renewal;
use crate::postgres::record::STATE_FORMAT;
use crate::postgres::save::{Row, SaveError};

/// Incidents, column by column, in the order of [`TYPES`].
#[derive(Debug, Default)]
pub(super) struct Incidents {
    id: Vec<String>,
    version: Vec<i64>,
    title: Vec<String>,
    service: Vec<String>,
    affects: Vec<String>,
    env: Vec<String>,
    severity: Vec<i16>,
    status: Vec<&'static str>,
    unfinished: Vec<bool>,
    kind: Vec<&'static str>,
    signature: Vec<String>,
    drill: Vec<bool>,
    created_at: Vec<SystemTime>,
    updated_at: Vec<SystemTime>,
    owners: Vec<String>,
    labels: Vec<String>,
    words: Vec<String>,
    has_followups: Vec<bool>,
    unfinished_followups: Vec<bool>,
    last_seq: Vec<i32>,
    last_stamp: Vec<String>,
    state_format: Vec<i16>,
    state: Vec<Vec<u8>>,
    group_key: Vec<Option<String>>,
    pub(super) followups: Renewal,
}

pub(super) const TYPES: &[Type] = &[
    Type::TEXT_ARRAY,
    Type::INT8_ARRAY,
    Type::TEXT_ARRAY,
    Type::TEXT_ARRAY,
    Type::TEXT_ARRAY,
    Type::TEXT_ARRAY,
    Type::INT2_ARRAY,
    Type::TEXT_ARRAY,
    Type::BOOL_ARRAY,
    Type::TEXT_ARRAY,
    Type::TEXT_ARRAY,
    Type::BOOL_ARRAY,
    Type::TIMESTAMPTZ_ARRAY,
    Type::TIMESTAMPTZ_ARRAY,
    Type::TEXT_ARRAY,
    Type::TEXT_ARRAY,
    Type::TEXT_ARRAY,
    Type::BOOL_ARRAY,
    Type::BOOL_ARRAY,
    Type::INT4_ARRAY,
    Type::TEXT_ARRAY,
    Type::INT2_ARRAY,
    Type::BYTEA_ARRAY,
    Type::TEXT_ARRAY,
];

impl Incidents {
    /// Adds an incident.
    pub(super) fn push(&mut self, id: IncidentId, standing: &Standing) -> Result<(), SaveError> {
        let state = &standing.state;
        let incident = state.incident(id).ok_or(SaveError::NoIncident)?;
        let last_stamp = standing.last_stamp.ok_or(SaveError::NoIncident)?;
        self.followups.push(&incident)?;
        let Row {
            title,
            service,
            affects,
            env,
            severity,
            status,
            unfinished,
            kind,
            signature,
            drill,
            created_at,
            updated_at,
            owners,
            labels,
            words,
            has_followups,
            unfinished_followups,
            last_seq,
            last_stamp,
            state,
            group_key,
        } = Row::of(&incident, state, last_stamp)?;
        self.id.push(id.to_string());
        self.version.push(standing.version + 1);
        self.title.push(title);
        self.service.push(service);
        self.affects.push(array(&affects));
        self.env.push(env);
        self.severity.push(severity);
        self.status.push(status);
        self.unfinished.push(unfinished);
        self.kind.push(kind);
        self.signature.push(signature);
        self.drill.push(drill);
        self.created_at.push(created_at);
        self.updated_at.push(updated_at);
        self.owners.push(array(&owners));
        self.labels.push(array(&labels));
        self.words.push(words);
        self.has_followups.push(has_followups);
        self.unfinished_followups.push(unfinished_followups);
        self.last_seq.push(last_seq);
        self.last_stamp.push(last_stamp);
        self.state_format.push(STATE_FORMAT);
        self.state.push(state);
        self.group_key.push(group_key);
        Ok(())
    }

    /// The parameters of the statement.
    pub(super) fn params(&self) -> [&(dyn ToSql + Sync); 24] {
        [
            &self.id,
            &self.version,
            &self.title,
            &self.service,
            &self.affects,
            &self.env,
            &self.severity,
            &self.status,
            &self.unfinished,
            &self.kind,
            &self.signature,
            &self.drill,
            &self.created_at,
            &self.updated_at,
            &self.owners,
            &self.labels,
            &self.words,
            &self.has_followups,
            &self.unfinished_followups,
            &self.last_seq,
            &self.last_stamp,
            &self.state_format,
            &self.state,
            &self.group_key,
        ]
    }

    /// The feed's columns: the incidents, and the last line of each.
    pub(super) const fn feed(&self) -> (&Vec<String>, &Vec<i32>) {
        (&self.id, &self.last_seq)
    }
}

/// An array as the database writes it. Arrays of arrays must all be of one length there, so each goes as a text.
pub(super) fn array(items: &[String]) -> String {
    let quoted = |item: &String| {
        let escaped = item.replace('\\', r"\\").replace('"', "\\\"");
        format!("\"{escaped}\"")
    };
    let items: Vec<String> = items.iter().map(quoted).collect();
    format!("{{{}}}", items.join(","))
}
