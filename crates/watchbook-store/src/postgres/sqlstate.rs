//! What an error of the database means. The one place where its codes are looked at.

use std::time::Duration;

use deadpool_postgres::PoolError;
use tokio_postgres::error::SqlState;
use watchbook_core::ChangeId;

use super::exec::ExecError;
use crate::contract::StoreError;

/// When it is worth trying again.
pub(super) const RETRY: Duration = Duration::from_secs(1);

/// What a database that takes no writes is said to be.
pub(super) const READ_ONLY: &str = "it is read-only; does DATABASE_URL name a replica?";

/// What became of a write that ended in an error.
#[derive(Debug)]
pub(super) enum WriteError {
    /// Somebody was quicker: look again and decide anew.
    Raced,
    /// A change or a key with this id stands there already: look again, it is to be answered as the first time.
    Known,
    /// Anything else; says whether the write may have happened.
    Failed(StoreError),
}

/// What an error of a write means.
pub(super) fn of_write(error: ExecError, change: ChangeId) -> WriteError {
    let code = code(&error).cloned();
    match code.as_ref() {
        Some(&SqlState::UNIQUE_VIOLATION) => WriteError::Known,
        Some(&(SqlState::T_R_SERIALIZATION_FAILURE | SqlState::T_R_DEADLOCK_DETECTED)) => {
            WriteError::Raced
        }
        Some(code) if !is_end_of_connection(code) => WriteError::Failed(of_read(error)),
        // The connection ended between the question and the answer.
        _ => WriteError::Failed(StoreError::Unknown {
            change,
            why: format!("the database did not answer: {}", why(&error)),
            source: Some(Box::new(error)),
        }),
    }
}

/// What an error of a read means, or of a write that certainly did not happen.
pub(super) fn of_read(error: ExecError) -> StoreError {
    StoreError::Unavailable {
        why: format!("the database: {}", why(&error)),
        retry_after: RETRY,
        source: Some(Box::new(error)),
    }
}

/// What it means that there is no connection.
pub(super) fn of_pool(error: PoolError) -> StoreError {
    let why = match &error {
        PoolError::Timeout(_) => "there is no connection within the time allowed".to_owned(),
        PoolError::Backend(error) => why_of(error),
        other => other.to_string(),
    };
    StoreError::Unavailable {
        why: format!("the database cannot be reached: {why}"),
        retry_after: RETRY,
        source: Some(Box::new(error)),
    }
}

/// A stored value that cannot be read.
pub(super) fn of_value(
    what: &'static str,
    error: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> StoreError {
    StoreError::Unavailable {
        why: format!("{what} in the database cannot be read; was it written by a newer version?"),
        retry_after: RETRY,
        source: Some(error.into()),
    }
}

fn code(error: &ExecError) -> Option<&SqlState> {
    match error {
        ExecError::Database(error) => error.code(),
        ExecError::TimedOut(_) => None,
    }
}

/// Codes with which the database ends a connection, at whatever point the statement was.
fn is_end_of_connection(code: &SqlState) -> bool {
    code.code().starts_with("08") || code.code().starts_with("57P")
}

fn why(error: &ExecError) -> String {
    match error {
        ExecError::Database(error) => why_of(error),
        ExecError::TimedOut(_) => error.to_string(),
    }
}

/// What the database says, with a hint where its words alone do not help.
pub(super) fn why_of(error: &tokio_postgres::Error) -> String {
    let Some(said) = error.as_db_error() else {
        let beneath = std::error::Error::source(error);
        return beneath.map_or_else(
            || error.to_string(),
            |beneath| format!("{error}: {beneath}"),
        );
    };
    if *said.code() == SqlState::READ_ONLY_SQL_TRANSACTION {
        // Its own words name the SELECT that our write begins with.
        return READ_ONLY.to_owned();
    }
    let hint = match *said.code() {
        SqlState::UNDEFINED_TABLE | SqlState::UNDEFINED_COLUMN => {
            "; run `watchbook migrate` to bring its tables up to date"
        }
        SqlState::DUPLICATE_TABLE | SqlState::DUPLICATE_OBJECT => {
            "; is this database used by another program? Give watchbook one of its own, or a schema"
        }
        SqlState::INVALID_PASSWORD | SqlState::INVALID_AUTHORIZATION_SPECIFICATION => {
            "; correct user and password in DATABASE_URL"
        }
        SqlState::INVALID_CATALOG_NAME => "; create the database, or correct DATABASE_URL",
        SqlState::INSUFFICIENT_PRIVILEGE => {
            "; grant this user SELECT, INSERT and UPDATE on watchbook's tables"
        }
        SqlState::TOO_MANY_CONNECTIONS => "; it has no connections left",
        SqlState::DISK_FULL => "; make room on its disk",
        _ => "",
    };
    format!("{}{hint}", said.message())
}
