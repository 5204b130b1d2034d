//! Reading the part of the log that a run touches, in a few statements.

use std::collections::{BTreeMap, BTreeSet};

use tokio_postgres::Row;
use tokio_postgres::types::Type;
use watchbook_core::reconcile::Held;
use watchbook_core::{Digest, Event, IncidentId, KeyUse, Set, Stamp, Timestamp, limit};

use super::here::{Here, Standing};
use super::{Apart, Origin, PostgresStore};
use crate::contract::StoreError;
use crate::postgres::exec::{Link, Params, Statement};
use crate::postgres::read::key_in_use;
use crate::postgres::record::{self, moment, parsed};
use crate::postgres::sqlstate::{self, Trouble};

pub(in crate::postgres) const KEYS: Statement = Statement {
    sql: include_str!("../sql/absorb_keys.sql"),
    types: &[Type::TEXT_ARRAY],
};
pub(in crate::postgres) const OPENINGS: Statement = Statement {
    sql: include_str!("../sql/absorb_openings.sql"),
    types: &[
        Type::TEXT_ARRAY,
        Type::TEXT_ARRAY,
        Type::TIMESTAMPTZ,
        Type::TIMESTAMPTZ,
        Type::TEXT,
    ],
};
pub(in crate::postgres) const HELD: Statement = Statement {
    sql: include_str!("../sql/absorb_held.sql"),
    types: &[Type::TEXT_ARRAY, Type::TEXT_ARRAY],
};
pub(in crate::postgres) const LINES: Statement = Statement {
    sql: include_str!("../sql/absorb_lines.sql"),
    types: &[Type::TEXT_ARRAY, Type::INT4_ARRAY, Type::TEXT],
};
pub(in crate::postgres) const BYTES_HERE: Statement = Statement {
    sql: include_str!("../sql/absorb_bytes_here.sql"),
    types: &[Type::TEXT_ARRAY, Type::TEXT_ARRAY],
};
pub(in crate::postgres) const TEXTS: Statement = Statement {
    sql: include_str!("../sql/absorb_texts.sql"),
    types: &[Type::TEXT_ARRAY],
};

/// What a run asks for.
#[derive(Debug, Default)]
struct Wanted {
    incidents: BTreeSet<IncidentId>,
    /// For each incident that the run sets something on: the least number up to which a writer had seen it.
    seen: BTreeMap<IncidentId, u32>,
    events: Vec<String>,
    changes: Vec<String>,
    groups: BTreeSet<String>,
    /// The first and the last creation for an alert group.
    opened: Option<(Timestamp, Timestamp)>,
    creates: bool,
    texts: Vec<String>,
    bytes: Vec<(String, String)>,
}

impl Wanted {
    fn of(commits: &[Apart]) -> Self {
        let mut wanted = Self::default();
        for apart in commits {
            if let Some(used) = apart.commit.key() {
                wanted.incidents.insert(used.incident);
                wanted.changes.push(used.change.to_string());
            }
            for event in apart.commit.events() {
                wanted.add(apart, event);
            }
        }
        wanted
    }

    fn add(&mut self, apart: &Apart, event: &Event) {
        let id = event.incident_id;
        self.incidents.insert(id);
        self.events.push(event.id.to_string());
        for set in &event.set {
            match set {
                Set::CreatedAt(_) => self.creates = true,
                Set::GroupKey(key) => {
                    self.groups.insert(key.to_string());
                    let at = event.stamp.time;
                    let (first, last) = self.opened.unwrap_or((at, at));
                    self.opened = Some((first.min(at), last.max(at)));
                }
                Set::Redacted(black) => self.texts.push(black.to_string()),
                Set::Artifact { version, .. } => {
                    self.bytes
                        .push((id.to_string(), version.sha256.to_string()));
                }
                _ => {}
            }
        }
        if !event.set.is_empty() {
            let seen = apart.seen.iter().find(|(incident, _)| *incident == id);
            let seen = seen.map_or(0, |(_, seq)| *seq);
            let least = self.seen.entry(id).or_insert(seen);
            *least = seen.min(*least);
        }
    }
}

impl PostgresStore {
    /// Reads what `commits` touch, and holds the rows of their incidents.
    pub(super) async fn gather(
        &self,
        link: Link<'_>,
        origin: Origin,
        commits: &[Apart],
    ) -> Result<Here, Trouble> {
        let mut wanted = Wanted::of(commits);
        let mut here = Here::default();
        keys(link, &mut wanted, &mut here).await?;
        openings(link, origin, &mut wanted, &mut here).await?;
        let ids: Vec<IncidentId> = wanted.incidents.iter().copied().collect();
        for loaded in self.load(link, &ids, true).await? {
            self.stamps.lock().observe(loaded.last_stamp);
            let standing = Standing {
                version: loaded.version,
                last_stamp: Some(loaded.last_stamp),
                state: loaded.state,
            };
            here.incidents.insert(loaded.id, standing);
        }
        held(link, &wanted, &mut here).await?;
        lines(link, origin, &wanted, &mut here).await?;
        texts(link, &wanted, &mut here).await?;
        bytes(link, &wanted, &mut here).await?;
        Ok(here)
    }
}

async fn rows(
    link: Link<'_>,
    statement: &Statement,
    params: Params<'_>,
) -> Result<Vec<Row>, Trouble> {
    link.rows(statement, params)
        .await
        .map_err(sqlstate::of_bulk)
}

async fn keys(link: Link<'_>, wanted: &mut Wanted, here: &mut Here) -> Result<(), Trouble> {
    if wanted.changes.is_empty() {
        return Ok(());
    }
    for row in rows(link, &KEYS, &[&wanted.changes]).await? {
        let used = key_in_use(&row)?;
        let used = KeyUse {
            change: parsed(&row, "change")?,
            body: used.body,
            incident: used.incident,
            similar: used.similar,
        };
        wanted.incidents.insert(used.incident);
        here.keys.insert(used.change, used);
    }
    Ok(())
}

async fn openings(
    link: Link<'_>,
    origin: Origin,
    wanted: &mut Wanted,
    here: &mut Here,
) -> Result<(), Trouble> {
    if !wanted.creates || (wanted.changes.is_empty() && wanted.groups.is_empty()) {
        return Ok(());
    }
    let groups: Vec<&str> = wanted.groups.iter().map(String::as_str).collect();
    let (first, last) = wanted
        .opened
        .unwrap_or((Timestamp::EPOCH, Timestamp::EPOCH));
    let first = moment(first.minus(limit::TWINS));
    let last = moment(last.plus(limit::TWINS));
    let source = origin.source.to_string();
    let params: Params<'_> = &[&wanted.changes, &groups, &first, &last, &source];
    for row in rows(link, &OPENINGS, params).await? {
        let event = record::event(&row)?;
        wanted.incidents.insert(event.incident_id);
        note_met(here, &row, &event)?;
        here.openings.push((parsed(&row, "change")?, event));
    }
    Ok(())
}

async fn held(link: Link<'_>, wanted: &Wanted, here: &mut Here) -> Result<(), Trouble> {
    let ids: Vec<String> = here.incidents.keys().map(ToString::to_string).collect();
    for row in rows(link, &HELD, &[&wanted.events, &ids]).await? {
        let stamp: Stamp = parsed(&row, "stamp")?;
        let held = Held {
            incident: parsed(&row, "incident_id")?,
            node: stamp.node,
        };
        here.held.insert(parsed(&row, "id")?, held);
    }
    Ok(())
}

async fn lines(
    link: Link<'_>,
    origin: Origin,
    wanted: &Wanted,
    here: &mut Here,
) -> Result<(), Trouble> {
    let known = wanted.seen.iter();
    let known = known.filter(|(id, _)| here.incidents.contains_key(id));
    let (ids, seqs): (Vec<String>, Vec<i32>) = known
        .map(|(id, seq)| (id.to_string(), i32::try_from(*seq).unwrap_or(i32::MAX)))
        .unzip();
    if ids.is_empty() {
        return Ok(());
    }
    let source = origin.source.to_string();
    for row in rows(link, &LINES, &[&ids, &seqs, &source]).await? {
        let event = record::event(&row)?;
        note_met(here, &row, &event)?;
        here.lines.entry(event.incident_id).or_default().push(event);
    }
    Ok(())
}

async fn texts(link: Link<'_>, wanted: &Wanted, here: &mut Here) -> Result<(), Trouble> {
    if wanted.texts.is_empty() {
        return Ok(());
    }
    for row in rows(link, &TEXTS, &[&wanted.texts]).await? {
        let event = record::event(&row)?;
        here.texts.insert(event.id, event);
    }
    Ok(())
}

async fn bytes(link: Link<'_>, wanted: &Wanted, here: &mut Here) -> Result<(), Trouble> {
    let (ids, digests): (Vec<&str>, Vec<&str>) = wanted
        .bytes
        .iter()
        .map(|(id, digest)| (id.as_str(), digest.as_str()))
        .unzip();
    if ids.is_empty() {
        return Ok(());
    }
    for row in rows(link, &BYTES_HERE, &[&ids, &digests]).await? {
        let digest: Digest = parsed(&row, "sha256")?;
        here.bytes.insert((parsed(&row, "incident_id")?, digest));
    }
    Ok(())
}

fn note_met(here: &mut Here, row: &Row, event: &Event) -> Result<(), StoreError> {
    if record::column(row, "met")? {
        here.met.insert(event.id);
    }
    Ok(())
}
