//! Bringing a database up to date: numbered steps, each with a checksum, one server at a time.

use tokio_postgres::{Client, Connection, NoTls, Transaction};
use watchbook_core::Digest;

use super::options::PostgresOptions;
use super::pool::{ConnectError, config};
use super::sqlstate;
use super::tls::tls;

/// The lock that only one migration holds at a time; a number of our own.
const LOCK: i64 = 0x7761_7463_6862_6f6f;

/// One step, in order.
struct Step {
    number: i32,
    name: &'static str,
    sql: &'static str,
}

const STEPS: &[Step] = &[
    Step {
        number: 1,
        name: "incidents",
        sql: include_str!("migrations/0001_incidents.sql"),
    },
    Step {
        number: 2,
        name: "beside_the_log",
        sql: include_str!("migrations/0002_beside_the_log.sql"),
    },
    Step {
        number: 3,
        name: "leases_and_feed",
        sql: include_str!("migrations/0003_leases_and_feed.sql"),
    },
    Step {
        number: 4,
        name: "transfer",
        sql: include_str!("migrations/0004_transfer.sql"),
    },
    Step {
        number: 5,
        name: "absorb",
        sql: include_str!("migrations/0005_absorb.sql"),
    },
    Step {
        number: 6,
        name: "lists",
        sql: include_str!("migrations/0006_lists.sql"),
    },
];

/// Where the steps that were taken are written down.
const LEDGER: &str = "create table if not exists schema_steps (
    number   integer primary key,
    name     text not null,
    sha256   text not null,
    taken_at timestamptz not null default now()
);";

/// Whether the three tables of the log are there.
const RESTORED: &str = include_str!("sql/restored.sql");
/// Fails where a table of the log is not of the form that it should have.
const RECOGNISE: &str = include_str!("sql/recognise.sql");

/// What a migration did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migrated {
    /// The steps it took, by name. Empty when the database was up to date.
    pub taken: Vec<&'static str>,
    /// The number of the last step the database has now.
    pub version: i32,
}

/// A database that cannot be brought up to date.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MigrateError {
    /// It cannot be reached.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// It refused a statement, or the connection failed. Nothing has changed.
    #[error("the database refused the migration: {}", sqlstate::why_of(.0))]
    Database(#[from] tokio_postgres::Error),
    /// It has steps that this program does not know.
    #[error(
        "the database has version {found}, this program knows up to {known}; upgrade watchbook to use it"
    )]
    Newer {
        /// The version found.
        found: i32,
        /// The newest version this program knows.
        known: i32,
    },
    /// A step was taken in another form than this program has it.
    #[error(
        "step {number} of the database was not made by this watchbook; restore it from a backup, or ask who changed it"
    )]
    Changed {
        /// The step.
        number: i32,
    },
}

/// Everything that an empty database is given, as SQL. Needs no database.
pub fn ddl() -> String {
    let steps = STEPS.iter().map(|step| {
        let Step { number, name, sql } = step;
        format!("-- step {number}: {name}\n{sql}")
    });
    std::iter::once(format!("{LEDGER}\n"))
        .chain(steps)
        .collect::<Vec<_>>()
        .join("\n")
}

/// The number of the last step that this program knows.
pub(super) fn newest() -> i32 {
    STEPS.last().map_or(0, |step| step.number)
}

/// Takes the steps that the database does not have yet, all of them or none. Waits for another migration to end.
///
/// # Errors
/// When the database cannot be reached, refuses, or is of a newer version. Nothing has changed then.
pub async fn migrate(options: &PostgresOptions) -> Result<Migrated, MigrateError> {
    let config = config(options)?;
    let Some(tls) = tls(&config, options)? else {
        let (client, connection) = config.connect(NoTls).await?;
        return over(client, connection).await;
    };
    let (client, connection) = config.connect(tls).await?;
    over(client, connection).await
}

/// Takes the steps over a connection, and ends it: a migration that was refused must not leave locks behind.
async fn over<S, T>(
    mut client: Client,
    connection: Connection<S, T>,
) -> Result<Migrated, MigrateError>
where
    Connection<S, T>: Future<Output = Result<(), tokio_postgres::Error>> + Send + 'static,
{
    let driver = tokio::spawn(connection);
    let migrated = take_steps(&mut client).await;
    drop(client);
    // How the connection ended changes nothing: what counts was answered before.
    drop(driver.await);
    migrated
}

async fn take_steps(client: &mut Client) -> Result<Migrated, MigrateError> {
    let transaction = client.transaction().await?;
    let lock = format!("select pg_advisory_xact_lock({LOCK})");
    transaction.batch_execute(&lock).await?;
    transaction.batch_execute(LEDGER).await?;
    let rows = transaction
        .query(
            "select number, sha256 from schema_steps order by number",
            &[],
        )
        .await?;
    let taken: Vec<(i32, String)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    check(&taken)?;
    let mut migrated = Migrated {
        taken: Vec::new(),
        version: taken.last().map_or(0, |(number, _)| *number),
    };
    let restored = taken.is_empty() && is_restored(&transaction).await?;
    for step in STEPS.iter().skip(taken.len()) {
        let Step { number, name, sql } = step;
        if restored {
            transaction.batch_execute(&completing(sql)).await?;
        } else {
            transaction.batch_execute(sql).await?;
        }
        transaction
            .execute(
                "insert into schema_steps (number, name, sha256) values ($1, $2, $3)",
                &[number, name, &Digest::of(sql.as_bytes()).to_string()],
            )
            .await?;
        migrated.taken.push(name);
        migrated.version = *number;
    }
    if restored {
        transaction.batch_execute(RECOGNISE).await?;
    }
    transaction.commit().await?;
    Ok(migrated)
}

/// Whether the tables of the log came from a dump: they are there, and no step says who made them.
async fn is_restored(transaction: &Transaction<'_>) -> Result<bool, tokio_postgres::Error> {
    let row = transaction.query_one(RESTORED, &[]).await?;
    row.try_get(0)
}

/// A step that makes only what is not there yet.
fn completing(sql: &str) -> String {
    [
        ("create table ", "create table if not exists "),
        ("create index ", "create index if not exists "),
        ("create unique index ", "create unique index if not exists "),
        ("add column ", "add column if not exists "),
    ]
    .iter()
    .fold(sql.to_owned(), |sql, (from, to)| sql.replace(from, to))
}

/// Whether the steps that were taken are the first of ours.
fn check(taken: &[(i32, String)]) -> Result<(), MigrateError> {
    let known = newest();
    if let Some((found, _)) = taken.last().filter(|(found, _)| *found > known) {
        return Err(MigrateError::Newer {
            found: *found,
            known,
        });
    }
    for ((number, sha256), step) in taken.iter().zip(STEPS) {
        if *number != step.number || *sha256 != Digest::of(step.sql.as_bytes()).to_string() {
            return Err(MigrateError::Changed { number: *number });
        }
    }
    Ok(())
}
