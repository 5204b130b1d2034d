//! What an error of the database means. The one place where its codes are looked at.

use std::error::Error;
use std::io;
use std::time::Duration;

use deadpool_postgres::PoolError;
use tokio_postgres::error::SqlState;
use watchbook_core::ChangeId;

use super::exec::ExecError;
use super::fitness::Unfit;
use super::pool::ReachError;
use crate::contract::{Loss, Lost, StoreError};

/// When it is worth trying again.
pub(super) const RETRY: Duration = Duration::from_secs(1);

/// What a database that takes no writes is said to be.
pub(super) const READ_ONLY: &str = "it is read-only; does DATABASE_URL name a replica?";

/// What to do about a certificate that is not trusted.
const DISTRUST: &str = "; name the host as its certificate does, and set database.ca_file if an authority of your own has signed it";

/// What to do about a server that is not there.
const UNREACHABLE: &str = "; see whether it runs where DATABASE_URL says";

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

/// What a code means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    /// Another transaction was quicker.
    Raced,
    /// What was to be written stands there already.
    Known,
    /// It ended the connection, at whatever point the statement was.
    Ended,
    /// It did nothing, and the store is lost in this way.
    Lost(Loss),
    /// It did nothing.
    Refused,
}

/// What every code means, and what to do about it where its own words do not say so.
fn meaning(code: &SqlState) -> (Meaning, &'static str) {
    let gone = Meaning::Lost(Loss::Gone);
    let misconfigured = Meaning::Lost(Loss::Misconfigured);
    match code.code() {
        "23505" => (Meaning::Known, ""),
        "40001" | "40P01" => (Meaning::Raced, ""),
        // By an administrator, by a crash, by a time-out of its own.
        "57P01" | "57P02" | "57P05" | "25P03" => (
            Meaning::Ended,
            "; see whether it is being stopped or restarted",
        ),
        "57P03" => (Meaning::Ended, "; wait until it has started"),
        "57P04" => (
            Meaning::Ended,
            "; create the database, or correct DATABASE_URL",
        ),
        code if code.starts_with("08") => (Meaning::Ended, "; see whether it runs"),
        // It takes no writes; a statement was cancelled, or took longer than the database allows.
        "25006" | "57014" => (gone, ""),
        "53100" => (gone, "; make room on its disk"),
        "53300" => (
            gone,
            "; it has no connections left: raise its limit, or lower the number that each watchbook holds",
        ),
        "28000" | "28P01" => (misconfigured, "; correct user and password in DATABASE_URL"),
        "3D000" => (
            misconfigured,
            "; create the database, or correct DATABASE_URL",
        ),
        // Schemas, tables, columns, functions and constraints that are not there.
        "3F000" | "42P01" | "42703" | "42883" | "42P10" => (
            misconfigured,
            "; run `watchbook migrate` to bring its tables up to date",
        ),
        // A prepared statement that is not there, or there already.
        "26000" | "42P05" => (
            misconfigured,
            "; a pooler lends connections for one transaction each: set database.statements to unnamed",
        ),
        "42501" => (
            Meaning::Refused,
            "; grant this user SELECT, INSERT and UPDATE on watchbook's tables",
        ),
        "42P07" | "42710" => (
            Meaning::Refused,
            "; is this database used by another program? Give watchbook one of its own, or a schema",
        ),
        "55P03" => (
            Meaning::Refused,
            "; another transaction holds what is to be changed: repeat the call",
        ),
        _ => (Meaning::Refused, ""),
    }
}

/// What an error of a write means.
pub(super) fn of_write(error: ExecError, change: ChangeId) -> WriteError {
    if matches!(error, ExecError::Stopped(_)) {
        return WriteError::Failed(of_read(error));
    }
    match code(&error).map(|code| meaning(code).0) {
        Some(Meaning::Known) => WriteError::Known,
        Some(Meaning::Raced) => WriteError::Raced,
        Some(Meaning::Lost(_) | Meaning::Refused) => WriteError::Failed(of_read(error)),
        // The connection ended between the question and the answer.
        Some(Meaning::Ended) | None => WriteError::Failed(StoreError::Unknown {
            change,
            why: format!("the database did not answer: {}", why(&error)),
            source: Some(beneath(loss(&error), error)),
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
        source: Some(beneath(loss(&error), error)),
    }
}

/// What it means that there is no connection.
pub(super) fn of_pool(error: ReachError) -> StoreError {
    let (why, loss) = match &error {
        ReachError::Late(_) | ReachError::Pool(PoolError::Timeout(_)) => {
            (format!("it cannot be reached: {error}"), Some(Loss::Gone))
        }
        ReachError::Pool(PoolError::Backend(error)) => (
            format!("it cannot be reached: {}", why_of(error)),
            loss_at_connecting(error),
        ),
        ReachError::Pool(other) => (other.to_string(), None),
        ReachError::Unfit(Unfit::Unanswered(error)) => (why(error), loss(error)),
        ReachError::Unfit(unfit) => (unfit.to_string(), Some(Loss::Misconfigured)),
    };
    StoreError::Unavailable {
        why: format!("the database: {why}"),
        retry_after: RETRY,
        source: Some(beneath(loss, error)),
    }
}

/// A stored value that cannot be read.
pub(super) fn of_value(
    what: &'static str,
    error: impl Into<Box<dyn Error + Send + Sync>>,
) -> StoreError {
    StoreError::Unavailable {
        why: format!("{what} in the database cannot be read; was it written by a newer version?"),
        retry_after: RETRY,
        source: Some(error.into()),
    }
}

fn beneath(
    loss: Option<Loss>,
    error: impl Error + Send + Sync + 'static,
) -> Box<dyn Error + Send + Sync> {
    match loss {
        Some(loss) => Box::new(Lost::new(loss, error)),
        None => Box::new(error),
    }
}

fn code(error: &ExecError) -> Option<&SqlState> {
    match error {
        ExecError::Database(error) => error.code(),
        ExecError::TimedOut(_) | ExecError::Stopped(_) => None,
    }
}

/// Whether an error of a statement means that the database is lost.
fn loss(error: &ExecError) -> Option<Loss> {
    match error {
        ExecError::TimedOut(_) | ExecError::Stopped(_) => Some(Loss::Gone),
        ExecError::Database(error) => match error.code() {
            Some(code) => loss_by(code),
            None => (error.is_closed() || beneath_io(error).is_some()).then_some(Loss::Gone),
        },
    }
}

/// Whether an error of making a connection means that the database is lost, which it nearly always does.
fn loss_at_connecting(error: &tokio_postgres::Error) -> Option<Loss> {
    if let Some(code) = error.code() {
        // One that lets nobody in, for whatever reason of its own, is gone; one that lets this user in to nothing is not.
        let is_gone = *code == SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE;
        return if is_gone {
            Some(Loss::Gone)
        } else {
            loss_by(code)
        };
    }
    let is_silence = error.source().is_none() || beneath_io(error).is_some();
    // What is left is about passwords and TLS.
    Some(if is_silence && !is_distrust(error) {
        Loss::Gone
    } else {
        Loss::Misconfigured
    })
}

/// Whether the other side could not show a certificate that we trust.
fn is_distrust(error: &tokio_postgres::Error) -> bool {
    beneath_io(error)
        .and_then(io::Error::get_ref)
        .is_some_and(<dyn Error + Send + Sync>::is::<rustls::Error>)
}

fn loss_by(code: &SqlState) -> Option<Loss> {
    match meaning(code).0 {
        Meaning::Ended if *code == SqlState::DATABASE_DROPPED => Some(Loss::Misconfigured),
        Meaning::Ended => Some(Loss::Gone),
        Meaning::Lost(loss) => Some(loss),
        Meaning::Raced | Meaning::Known | Meaning::Refused => None,
    }
}

fn beneath_io(error: &tokio_postgres::Error) -> Option<&io::Error> {
    error.source()?.downcast_ref()
}

/// Codes of values that a column or a constraint does not take.
fn is_about_data(code: &SqlState) -> bool {
    code.code().starts_with("22") || code.code().starts_with("23")
}

fn why(error: &ExecError) -> String {
    match error {
        ExecError::Database(error) => why_of(error),
        ExecError::TimedOut(_) | ExecError::Stopped(_) => error.to_string(),
    }
}

/// What the database says, with a hint where its words alone do not help.
pub(super) fn why_of(error: &tokio_postgres::Error) -> String {
    let Some(said) = error.as_db_error() else {
        let said = error.source().map_or_else(
            || error.to_string(),
            |beneath| format!("{error}: {beneath}"),
        );
        let advice = if is_distrust(error) {
            DISTRUST
        } else if beneath_io(error).is_some() {
            UNREACHABLE
        } else {
            ""
        };
        return format!("{said}{advice}");
    };
    if *said.code() == SqlState::READ_ONLY_SQL_TRANSACTION {
        // Its own words name the SELECT that our write begins with.
        return READ_ONLY.to_owned();
    }
    format!("{}{}", said.message(), meaning(said.code()).1)
}

#[cfg(test)]
mod tests;
