//! Reading incidents, lines and keys.

use tokio_postgres::Row;
use tokio_postgres::types::Type;
use watchbook_core::query::{Page, PageRequest, Place};
use watchbook_core::{
    ChangeId, Digest, Event, EventId, Incident, IncidentId, IncidentState, Stamp, fold,
};

use super::PostgresStore;
use super::exec::{Link, Statement};
use super::record::{self, column, parsed};
use super::sqlstate;
use crate::contract::StoreError;

pub(super) const LOAD: Statement = Statement {
    sql: include_str!("sql/load.sql"),
    types: &[Type::TEXT_ARRAY],
};
pub(super) const LOAD_LOCKED: Statement = Statement {
    sql: include_str!("sql/load_locked.sql"),
    types: &[Type::TEXT_ARRAY],
};
pub(super) const PRIOR: Statement = Statement {
    sql: include_str!("sql/prior.sql"),
    types: &[Type::TEXT],
};
pub(super) const LINE: Statement = Statement {
    sql: include_str!("sql/line.sql"),
    types: &[Type::TEXT, Type::TEXT],
};
pub(super) const LINES_OF_CHANGE: Statement = Statement {
    sql: include_str!("sql/lines_of_change.sql"),
    types: &[Type::TEXT],
};
pub(super) const LINES_UP_TO: Statement = Statement {
    sql: include_str!("sql/lines_up_to.sql"),
    types: &[Type::TEXT, Type::INT4],
};
pub(super) const TIMELINE: Statement = Statement {
    sql: include_str!("sql/timeline.sql"),
    types: &[Type::TEXT, Type::INT4, Type::INT8],
};

/// An incident as a decision needs it.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) id: IncidentId,
    pub(super) version: i64,
    pub(super) last_stamp: Stamp,
    pub(super) state: IncidentState,
}

/// An idempotency key that was used.
#[derive(Debug, Clone)]
pub(super) struct KeyInUse {
    pub(super) body: Digest,
    pub(super) incident: IncidentId,
    /// The last line of that incident right after the change.
    pub(super) seq: i32,
    pub(super) similar: Vec<IncidentId>,
}

impl PostgresStore {
    /// The incidents with these ids, as far as they are there.
    pub(super) async fn load(
        &self,
        link: Link<'_>,
        ids: &[IncidentId],
        locked: bool,
    ) -> Result<Vec<Loaded>, StoreError> {
        let statement = if locked { &LOAD_LOCKED } else { &LOAD };
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let rows = link
            .rows(statement, &[&ids])
            .await
            .map_err(sqlstate::of_read)?;
        let mut loaded = Vec::with_capacity(rows.len());
        for row in &rows {
            loaded.push(Loaded {
                id: parsed(row, "id")?,
                version: column(row, "version")?,
                last_stamp: parsed(row, "last_stamp")?,
                state: self.state(link, row).await?,
            });
        }
        Ok(loaded)
    }

    /// The state of a row, folded anew when another version packed it.
    pub(super) async fn state(
        &self,
        link: Link<'_>,
        row: &Row,
    ) -> Result<IncidentState, StoreError> {
        match record::state(row)? {
            Some(state) => Ok(state),
            None => self.folded(link, parsed(row, "id")?, i32::MAX).await,
        }
    }

    /// The fold of a timeline up to a line.
    pub(super) async fn folded(
        &self,
        link: Link<'_>,
        id: IncidentId,
        seq: i32,
    ) -> Result<IncidentState, StoreError> {
        let rows = link
            .rows(&LINES_UP_TO, &[&id.to_string(), &seq])
            .await
            .map_err(sqlstate::of_read)?;
        let mut state = IncidentState::default();
        for row in &rows {
            fold::apply(&mut state, &record::event(row)?);
        }
        Ok(state)
    }

    /// One incident as everyone sees it.
    pub(super) async fn one(&self, link: Link<'_>, id: IncidentId) -> Result<Incident, StoreError> {
        let loaded = self.load(link, &[id], false).await?;
        let state = loaded.into_iter().next().map(|loaded| loaded.state);
        state
            .and_then(|state| state.incident(id))
            .ok_or_else(|| record::no_incident(id))
    }

    /// One page of a timeline.
    pub(super) async fn timeline(
        &self,
        link: Link<'_>,
        id: IncidentId,
        page: PageRequest,
    ) -> Result<Page<Event>, StoreError> {
        let after = page.after.and_then(Place::seq).unwrap_or(0);
        let after = i32::try_from(after).unwrap_or(i32::MAX);
        let one_more = i64::try_from(page.limit)
            .unwrap_or(i64::MAX)
            .saturating_add(1);
        let rows = link
            .rows(&TIMELINE, &[&id.to_string(), &after, &one_more])
            .await
            .map_err(sqlstate::of_read)?;
        if rows.is_empty() {
            // A timeline that has no more lines, or an incident that is not there.
            self.one(link, id).await?;
        }
        let mut items: Vec<Event> = rows.iter().map(record::event).collect::<Result<_, _>>()?;
        let more = items.len() > page.limit;
        items.truncate(page.limit);
        let next = items.last().filter(|_| more);
        let next = next.map(|event| Place::of_seq(event.seq));
        Ok(Page { items, next })
    }

    /// The earlier use of the key that this change stands for, if there was one.
    pub(super) async fn prior(
        &self,
        link: Link<'_>,
        change: ChangeId,
    ) -> Result<Option<KeyInUse>, StoreError> {
        let found = link
            .first(&PRIOR, &[&change.to_string()])
            .await
            .map_err(sqlstate::of_read)?;
        found.as_ref().map(key_in_use).transpose()
    }

    /// One line of a timeline, if it is there.
    pub(super) async fn line(
        &self,
        link: Link<'_>,
        incident: IncidentId,
        event: EventId,
    ) -> Result<Option<Event>, StoreError> {
        let found = link
            .first(&LINE, &[&incident.to_string(), &event.to_string()])
            .await
            .map_err(sqlstate::of_read)?;
        found.as_ref().map(record::event).transpose()
    }

    /// The lines that a change wrote, in its order.
    pub(super) async fn lines_of(
        &self,
        link: Link<'_>,
        change: ChangeId,
    ) -> Result<Vec<Event>, StoreError> {
        let rows = link
            .rows(&LINES_OF_CHANGE, &[&change.to_string()])
            .await
            .map_err(sqlstate::of_read)?;
        let mut lines: Vec<Event> = rows.iter().map(record::event).collect::<Result<_, _>>()?;
        lines.sort_by_key(|line| line.stamp);
        Ok(lines)
    }
}

pub(super) fn look_alikes_of(row: &Row) -> Result<Vec<IncidentId>, StoreError> {
    let similar: Vec<&str> = column(row, "look_alikes")?;
    let similar = similar.into_iter().map(|id| {
        id.parse()
            .map_err(|error: watchbook_core::ParseIdError| sqlstate::of_value("look_alikes", error))
    });
    similar.collect()
}

pub(super) fn key_in_use(row: &Row) -> Result<KeyInUse, StoreError> {
    Ok(KeyInUse {
        body: parsed(row, "body")?,
        incident: parsed(row, "incident_id")?,
        seq: column(row, "seq")?,
        similar: look_alikes_of(row)?,
    })
}
