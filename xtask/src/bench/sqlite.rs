//! The peer everybody knows: SQLite with the same promise (on disk before the answer), one transaction per record.
//!
//! Two ways to share it between threads are measured and the faster one counts: a connection per thread, where
//! SQLite's own lock decides who writes, and one connection behind a mutex.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use rusqlite::{Connection, Result, params};

use crate::surroundings;

/// Longer than any measurement here, so that a busy database is waited for and never refuses.
const BUSY_TIMEOUT: Duration = Duration::from_mins(1);

/// What is written, by how many, for how long.
#[derive(Debug, Clone, Copy)]
pub(super) struct Load {
    /// Threads that write at the same time.
    pub(super) writers: usize,
    /// Bytes of each record, besides its key.
    pub(super) bytes: usize,
    /// When no new transaction is begun any more.
    pub(super) lasts: Duration,
}

/// Durable transactions per second, the faster of the two ways.
pub(super) fn commits_per_second(folder: &Path, load: Load) -> Result<f64> {
    let apart = connection_each(&folder.join("apart.sqlite"), load)?;
    let together = connection_shared(&folder.join("together.sqlite"), load)?;
    Ok(apart.max(together))
}

fn connection_each(file: &Path, load: Load) -> Result<f64> {
    let first = open(file)?;
    create_table(&first)?;
    let connections = (0..load.writers)
        .map(|_| open(file))
        .collect::<Result<Vec<_>>>()?;
    measure(load, connections, |connection, key, record| {
        insert(connection, key, record)
    })
}

fn connection_shared(file: &Path, load: Load) -> Result<f64> {
    let connection = open(file)?;
    create_table(&connection)?;
    let shared = Mutex::new(connection);
    let handles = vec![&shared; load.writers];
    measure(load, handles, |shared, key, record| {
        let connection = shared
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        insert(&connection, key, record)
    })
}

/// Lets every writer insert until time is up, then divides what was committed by the time it really took.
fn measure<W: Send>(
    load: Load,
    writers: Vec<W>,
    insert: impl Fn(&W, u64, &[u8]) -> Result<()> + Sync,
) -> Result<f64> {
    let record = vec![b'x'; load.bytes];
    let (next_key, is_over) = (AtomicU64::new(0), AtomicBool::new(false));
    let start = surroundings::now();
    let write = |writer: W| -> Result<()> {
        while !is_over.load(Ordering::Relaxed) {
            insert(&writer, next_key.fetch_add(1, Ordering::Relaxed), &record)?;
            is_over.fetch_or(start.elapsed() >= load.lasts, Ordering::Relaxed);
        }
        Ok(())
    };
    let write = &write;
    thread::scope(|scope| {
        let threads: Vec<_> = writers
            .into_iter()
            .map(|writer| scope.spawn(move || write(writer)))
            .collect();
        threads.into_iter().try_for_each(|thread| {
            thread
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    })?;
    let committed = u32::try_from(next_key.into_inner()).unwrap_or(u32::MAX);
    Ok(f64::from(committed) / start.elapsed().as_secs_f64())
}

fn open(file: &Path) -> Result<Connection> {
    let connection = Connection::open(file)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    Ok(connection)
}

fn create_table(connection: &Connection) -> Result<()> {
    connection.execute_batch("CREATE TABLE records (id TEXT PRIMARY KEY, body BLOB NOT NULL)")
}

/// One statement outside a transaction is a transaction of its own.
fn insert(connection: &Connection, key: u64, record: &[u8]) -> Result<()> {
    let mut statement =
        connection.prepare_cached("INSERT INTO records (id, body) VALUES (?1, ?2)")?;
    statement.execute(params![format!("inc_{key:012}"), record])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_commit_what_they_count() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let load = Load {
            writers: 3,
            bytes: 100,
            lasts: Duration::from_millis(50),
        };
        let rate = commits_per_second(folder.path(), load).expect("SQLite works here");
        assert!(rate > 0.0);
        for name in ["apart.sqlite", "together.sqlite"] {
            let connection = open(&folder.path().join(name)).expect("the database was left there");
            let question = "SELECT count(*), count(DISTINCT id), min(length(body)) FROM records";
            let (rows, ids, bytes): (i64, i64, i64) = connection
                .query_row(question, [], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
                })
                .expect("the table was created");
            assert!(rows >= 3, "{name} holds {rows}");
            assert_eq!((ids, bytes), (rows, 100));
            let synchronous: i64 = connection
                .pragma_query_value(None, "synchronous", |row| row.get(0))
                .expect("a pragma");
            assert_eq!(synchronous, 2, "2 is FULL");
        }
    }
}
