//! Values of the domain as columns, and back.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio_postgres::Row;
use tokio_postgres::types::FromSql;
use watchbook_core::{Event, IncidentId, IncidentState, Timestamp};

use super::sqlstate;
use crate::contract::StoreError;

/// The form of a packed state. Counts up whenever that changes; rows in another form are folded anew from their events.
pub(super) const STATE_FORMAT: i16 = 2;

/// A moment as the database keeps it.
pub(super) fn moment(at: Timestamp) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(at.millis().unsigned_abs())
}

/// The moment that the database keeps.
pub(super) fn timestamp(at: SystemTime) -> Timestamp {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// A column that holds a moment.
pub(super) fn time(row: &Row, name: &'static str) -> Result<Timestamp, StoreError> {
    column(row, name).map(timestamp)
}

/// A column of a row.
pub(super) fn column<'r, T: FromSql<'r>>(
    row: &'r Row,
    name: &'static str,
) -> Result<T, StoreError> {
    row.try_get(name)
        .map_err(|error| sqlstate::of_value(name, error))
}

/// A column that holds a text of its own form.
pub(super) fn parsed<T>(row: &Row, name: &'static str) -> Result<T, StoreError>
where
    T: std::str::FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    column::<&str>(row, name)?
        .parse()
        .map_err(|error| sqlstate::of_value(name, error))
}

/// The column `event`.
pub(super) fn event(row: &Row) -> Result<Event, StoreError> {
    serde_json::from_str(column(row, "event")?)
        .map_err(|error| sqlstate::of_value("an event", error))
}

/// The packed state of a row; `None` when another version packed it.
pub(super) fn state(row: &Row) -> Result<Option<IncidentState>, StoreError> {
    if column::<i16>(row, "state_format")? != STATE_FORMAT {
        return Ok(None);
    }
    postcard::from_bytes(column(row, "state")?)
        .map(Some)
        .map_err(|error| sqlstate::of_value("an incident", error))
}

/// That there is no such incident.
pub(super) fn no_incident(id: IncidentId) -> StoreError {
    StoreError::NotFound {
        what: "incident",
        name: id.to_string(),
    }
}
