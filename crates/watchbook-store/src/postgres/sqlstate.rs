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

/// Why a transaction that brings in commits was given up. Nothing of it happened.
#[derive(Debug)]
pub(super) enum Trouble {
    /// Somebody was quicker: look again.
    Raced,
    /// Something in it cannot be kept here, whatever the circumstances.
    Unfit(String),
    /// Anything else.
    Failed(StoreError),
}

/// What an error in the middle of a transaction means that brings in commits.
pub(super) fn of_bulk(error: ExecError) -> Trouble {
    match code(&error) {
        Some(
            &(SqlState::UNIQUE_VIOLATION
            | SqlState::T_R_SERIALIZATION_FAILURE
            | SqlState::T_R_DEADLOCK_DETECTED),
        ) => Trouble::Raced,
        Some(code) if is_about_data(code) => {
            Trouble::Unfit(format!("the database refused it: {}", why(&error)))
        }
        _ => Trouble::Failed(of_read(error)),
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}

/// What an error of the last word of a transaction means: without an answer, nobody knows whether it was heard.
pub(super) fn of_commit(error: ExecError, change: ChangeId) -> StoreError {
    match of_write(error, change) {
        WriteError::Failed(error) => error,
        WriteError::Raced | WriteError::Known => StoreError::Unavailable {
            why: "another server was quicker; try again".to_owned(),
            retry_after: RETRY,
            source: None,
        },
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

/// Codes of values that a column or a constraint does not take.
fn is_about_data(code: &SqlState) -> bool {
    code.code().starts_with("22") || code.code().starts_with("23")
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
