//! Saving what a run makes of the log: one statement for each table.

use tokio_postgres::types::Type;
use watchbook_core::{StoreId, Timestamp};

use super::columns::{self, Incidents, array};
use super::here::{Here, Made, MadeKey};
use crate::postgres::exec::{Link, Params, Statement};
use crate::postgres::record::moment;
use crate::postgres::save::{Lines, SaveError};
use crate::postgres::sqlstate::{self, Trouble};

pub(in crate::postgres) const INCIDENTS: Statement = Statement {
    sql: include_str!("../sql/absorb_incidents.sql"),
    types: columns::TYPES,
};
pub(in crate::postgres) const EVENTS: Statement = Statement {
    sql: include_str!("../sql/absorb_events.sql"),
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
        Type::TEXT_ARRAY,
        Type::INT4_ARRAY,
    ],
};
const KEY_TYPES: &[Type] = &[
    Type::TEXT_ARRAY,
    Type::TEXT_ARRAY,
    Type::TEXT_ARRAY,
    Type::INT4_ARRAY,
    Type::TEXT_ARRAY,
    Type::TIMESTAMPTZ_ARRAY,
];
pub(in crate::postgres) const NEW_KEYS: Statement = Statement {
    sql: include_str!("../sql/absorb_new_keys.sql"),
    types: KEY_TYPES,
};
pub(in crate::postgres) const MOVED_KEYS: Statement = Statement {
    sql: include_str!("../sql/absorb_moved_keys.sql"),
    types: KEY_TYPES,
};
pub(in crate::postgres) const BLANKS: Statement = Statement {
    sql: include_str!("../sql/absorb_blanks.sql"),
    types: &[Type::TEXT_ARRAY, Type::TEXT_ARRAY],
};
pub(in crate::postgres) const BYTES: Statement = Statement {
    sql: include_str!("../sql/absorb_bytes.sql"),
    types: &[
        Type::TEXT_ARRAY,
        Type::TEXT_ARRAY,
        Type::BYTEA_ARRAY,
        Type::TIMESTAMPTZ,
    ],
};
pub(in crate::postgres) const MET: Statement = Statement {
    sql: include_str!("../sql/absorb_met.sql"),
    types: &[Type::TEXT, Type::TEXT_ARRAY],
};

/// Saves everything that was made.
pub(super) async fn save(
    link: Link<'_>,
    source: StoreId,
    here: &Here,
    now: Timestamp,
) -> Result<(), Trouble> {
    let made = &here.made;
    bytes(link, made, now).await?;
    if !made.lines.is_empty() {
        let incidents = incidents(here).map_err(|error| unwritable(&error))?;
        send(link, &INCIDENTS, &incidents.params()).await?;
        let renewed = incidents.followups.send(link).await;
        renewed.map_err(sqlstate::of_bulk)?;
        lines(link, made, &incidents).await?;
    }
    for (statement, is_new) in [(&NEW_KEYS, true), (&MOVED_KEYS, false)] {
        let some = made.keys.values().filter(|key| key.is_new == is_new);
        keys(link, statement, &some.collect::<Vec<_>>()).await?;
    }
    blanks(link, made).await?;
    if made.met.is_empty() {
        return Ok(());
    }
    let met: Vec<String> = made.met.iter().map(ToString::to_string).collect();
    send(link, &MET, &[&source.to_string(), &met]).await
}

async fn send(link: Link<'_>, statement: &Statement, params: Params<'_>) -> Result<(), Trouble> {
    let sent = link.rows(statement, params).await;
    sent.map(drop).map_err(sqlstate::of_bulk)
}

fn incidents(here: &Here) -> Result<Incidents, SaveError> {
    let mut incidents = Incidents::default();
    for id in &here.made.touched {
        let standing = here.incidents.get(id).ok_or(SaveError::NoIncident)?;
        incidents.push(*id, standing)?;
    }
    Ok(incidents)
}

async fn lines(link: Link<'_>, made: &Made, incidents: &Incidents) -> Result<(), Trouble> {
    let mut lines = Lines::default();
    let (mut ids, mut changes, mut bys) = (Vec::new(), Vec::new(), Vec::new());
    for line in &made.lines {
        lines
            .push(&line.event)
            .map_err(|error| unwritable(&error))?;
        ids.push(line.event.incident_id.to_string());
        changes.push(line.change.to_string());
        bys.push(serde_json::to_string(&line.by).map_err(|error| unwritable(&error.into()))?);
    }
    let (touched, last_seqs) = incidents.feed();
    let params: Params<'_> = &[
        &ids,
        &lines.seqs,
        &lines.ids,
        &changes,
        &lines.recorded,
        &lines.types,
        &lines.actors,
        &bys,
        &lines.events,
        touched,
        last_seqs,
    ];
    send(link, &EVENTS, params).await
}

async fn keys(link: Link<'_>, statement: &Statement, keys: &[&MadeKey]) -> Result<(), Trouble> {
    if keys.is_empty() {
        return Ok(());
    }
    let texts = |text: fn(&MadeKey) -> String| -> Vec<String> {
        keys.iter().map(|key| text(key)).collect()
    };
    let similar = |key: &MadeKey| {
        let ids = key.used.similar.iter().map(ToString::to_string);
        array(&ids.collect::<Vec<_>>())
    };
    let seqs = keys.iter().map(|key| i32::try_from(key.seq));
    let seqs: Vec<i32> = seqs.map(|seq| seq.unwrap_or(i32::MAX)).collect();
    let used_at: Vec<_> = keys.iter().map(|key| moment(key.at)).collect();
    let params: Params<'_> = &[
        &texts(|key| key.used.change.to_string()),
        &texts(|key| key.used.body.to_string()),
        &texts(|key| key.used.incident.to_string()),
        &seqs,
        &texts(similar),
        &used_at,
    ];
    send(link, statement, params).await
}

async fn blanks(link: Link<'_>, made: &Made) -> Result<(), Trouble> {
    if made.blanks.is_empty() {
        return Ok(());
    }
    let ids: Vec<String> = made.blanks.keys().map(ToString::to_string).collect();
    let events = made.blanks.values().map(serde_json::to_string);
    let events: Result<Vec<String>, _> = events.collect();
    let events = events.map_err(|error| unwritable(&error.into()))?;
    send(link, &BLANKS, &[&ids, &events]).await
}

async fn bytes(link: Link<'_>, made: &Made, now: Timestamp) -> Result<(), Trouble> {
    if made.bytes.is_empty() {
        return Ok(());
    }
    let ids: Vec<String> = made.bytes.keys().map(|(id, _)| id.to_string()).collect();
    let digests = made.bytes.keys().map(|(_, digest)| digest.to_string());
    let digests: Vec<String> = digests.collect();
    let bytes: Vec<&Vec<u8>> = made.bytes.values().collect();
    send(link, &BYTES, &[&ids, &digests, &bytes, &moment(now)]).await
}

fn unwritable(error: &SaveError) -> Trouble {
    Trouble::Unfit(format!("it cannot be written down: {error}"))
}
