//! `bench store`: the store beside a bare disk and beside SQLite.

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use crate::bench::sqlite::Load;
use crate::bench::table::{Measure, Row, Target};
use crate::bench::{disk, sqlite, table};
use crate::failure::Failure;
use crate::metadata;

/// Bytes of one record.
const RECORD_BYTES: usize = 700;
/// Durable appends by one caller.
const APPENDS: usize = 2_000;
/// Callers of the concurrent measurement.
const WRITERS: usize = 64;
/// How long the concurrent measurement writes.
const LASTS: Duration = Duration::from_secs(5);

/// Measures and prints.
pub(super) fn run() -> Result<(), Failure> {
    // Below cargo's target folder and not below /tmp, which is often memory and not a disk.
    let folder = tempfile::tempdir_in(metadata::load()?.target_directory);
    let folder = folder.map_err(|source| failed("in the target folder", source))?;
    let rows = rows(folder.path())?;
    print!("{}", table::render(&rows));
    Ok(())
}

fn rows(folder: &Path) -> Result<Vec<Row>, Failure> {
    let appends = disk::durable_appends(&folder.join("appends"), RECORD_BYTES, APPENDS);
    let append = appends
        .map_err(|source| failed("bare appends", source))?
        .median();
    let load = Load {
        writers: WRITERS,
        bytes: RECORD_BYTES,
        lasts: LASTS,
    };
    let commits = sqlite::commits_per_second(folder, load);
    let commits = commits.map_err(|source| failed("SQLite", source))?;
    let bare = Measure::PerSecond(append.as_secs_f64().recip());
    Ok(vec![Row {
        name: "SQLite, 64 writers, against one bare writer",
        ours: Measure::PerSecond(commits),
        other: bare,
        other_name: "write + fdatasync",
        target: Target::Shown,
    }])
}

fn failed(what: &'static str, source: impl Error + Send + Sync + 'static) -> Failure {
    let source = Box::new(source);
    Failure::Measure { what, source }
}
