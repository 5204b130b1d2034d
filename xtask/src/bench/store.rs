//! `bench store`: the store beside a bare disk, beside SQLite, and beside its own limits.

use std::path::Path;
use std::time::Duration;

use tokio::runtime::Runtime;

use crate::bench::generated::Size;
use crate::bench::opened::Opened;
use crate::bench::sqlite::Load;
use crate::bench::table::{Measure, Row, Target};
use crate::bench::{AnyError, create, generated, opened, sqlite, table};
use crate::failure::Failure;
use crate::metadata;

/// Callers of the concurrent measurement.
const CALLERS: usize = 64;
/// How long the concurrent measurement writes.
const LASTS: Duration = Duration::from_secs(5);
/// The longest that opening with a checkpoint may take.
const OPEN_LIMIT: Duration = Duration::from_millis(300);
/// How fast the journal is read when there is no checkpoint, in millions of bytes per second.
const READ_LIMIT: f64 = 400.0;
/// The longest that 99 of 100 first pages may take.
const PAGE_LIMIT: Duration = Duration::from_micros(100);
/// The most memory after opening, in millions of bytes.
const MEMORY_LIMIT: f64 = 120.0;

/// Measures and prints; one store of each size.
pub(super) fn run(sizes: &[Size]) -> Result<(), Failure> {
    // Below cargo's target folder and not below /tmp, which is often memory and not a disk.
    let folder = tempfile::tempdir_in(metadata::load()?.target_directory);
    let folder = folder.map_err(|error| failed("in the target folder")(error.into()))?;
    let runtime = Runtime::new().map_err(|error| failed("with threads")(error.into()))?;
    let mut rows = creates(&runtime, folder.path()).map_err(failed("durable creates"))?;
    for size in sizes {
        let found = generated_store(&runtime, folder.path(), *size);
        rows.extend(found.map_err(failed("a generated store"))?);
    }
    print!("{}", table::render(&rows));
    Ok(())
}

fn creates(runtime: &Runtime, folder: &Path) -> Result<Vec<Row>, AnyError> {
    let alone = create::by_one_caller(runtime, folder)?;
    let load = Load {
        writers: CALLERS,
        bytes: alone.bytes,
        lasts: LASTS,
    };
    let peer = sqlite::commits_per_second(folder, load)?;
    let ours = create::per_second(runtime, folder, CALLERS, LASTS)?;
    Ok(vec![
        Row {
            name: format!("durable create of {} bytes, 1 caller", alone.bytes),
            ours: Measure::Time(alone.ours.median()),
            other: Measure::Time(alone.bare.median()),
            other_name: "write + fdatasync",
            target: Target::AtMost(1.25),
        },
        Row {
            name: format!("durable creates, {CALLERS} callers"),
            ours: Measure::PerSecond(ours),
            other: Measure::PerSecond(peer),
            other_name: "SQLite WAL, FULL",
            target: Target::AtLeast(12.0),
        },
    ])
}

fn generated_store(runtime: &Runtime, folder: &Path, size: Size) -> Result<Vec<Row>, AnyError> {
    let directory = folder.join(size.incidents.to_string());
    generated::make(runtime, &directory, size)?;
    let with_checkpoint = opened::median(&directory)?;
    let journal = generated::journal_bytes(&directory)?;
    generated::remove_checkpoint(&directory)?;
    let without = opened::median(&directory)?;
    let rows = [
        opening(with_checkpoint),
        reading(journal, without),
        page("median", with_checkpoint.page_median, Target::Shown),
        page("p99", with_checkpoint.page_p99, Target::AtMost(1.0)),
        memory("memory after opening with a checkpoint", with_checkpoint),
        memory("memory after opening without", without),
    ];
    Ok(rows.map(|row| row.of(size)).into())
}

impl Row {
    /// The same row, said of this size.
    fn of(self, size: Size) -> Self {
        Self {
            name: format!("{}: {}", size.name, self.name),
            target: if size.has_targets {
                self.target
            } else {
                Target::Shown
            },
            ..self
        }
    }
}

fn opening(opened: Opened) -> Row {
    Row {
        name: "open with a checkpoint".to_owned(),
        ours: Measure::Time(opened.open),
        other: Measure::Time(OPEN_LIMIT),
        other_name: "limit",
        target: Target::AtMost(1.0),
    }
}

fn reading(journal: u64, opened: Opened) -> Row {
    let rate = megabytes(journal) / opened.open.as_secs_f64();
    Row {
        name: format!("open without, journal of {:.0} MB", megabytes(journal)),
        ours: Measure::MegabytesPerSecond(rate),
        other: Measure::MegabytesPerSecond(READ_LIMIT),
        other_name: "limit",
        target: Target::AtLeast(1.0),
    }
}

fn page(which: &str, time: Duration, target: Target) -> Row {
    Row {
        name: format!("first page of open incidents, {which}"),
        ours: Measure::Time(time),
        other: Measure::Time(PAGE_LIMIT),
        other_name: "limit",
        target,
    }
}

fn memory(name: &str, opened: Opened) -> Row {
    Row {
        name: name.to_owned(),
        ours: Measure::Megabytes(megabytes(opened.resident_bytes)),
        other: Measure::Megabytes(MEMORY_LIMIT),
        other_name: "limit",
        target: Target::AtMost(1.0),
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "shown with at most one digit after the point"
)]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

fn failed(what: &'static str) -> impl FnOnce(AnyError) -> Failure {
    move |source| Failure::Measure { what, source }
}
