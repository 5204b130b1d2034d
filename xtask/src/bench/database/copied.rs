//! A store copied from files into a database and from there into files.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use watchbook_store::Movable;
use watchbook_store::copy::{self, Phase, Progress};
use watchbook_store::jsonl::JsonlStore;

use crate::bench::AnyError;
use crate::bench::database::filled::BenchDatabase;
use crate::bench::database::{Bench, node};
use crate::bench::generated::{self, Size};
use crate::bench::table::{Measure, Row, Target};
use crate::surroundings;

/// What is copied.
const COPIED: Size = Size {
    name: "10k/100k",
    incidents: 10_000,
    lines: 10,
    has_targets: true,
};
/// Events that are to be copied each second.
const LEAST: f64 = 20_000.0;

/// Both ways, with and without the comparison in the end.
pub(super) fn rows(bench: &Bench) -> Result<Vec<Row>, AnyError> {
    let (source, target) = (node::folder()?, node::folder()?);
    generated::make(&bench.runtime, source.path(), COPIED)?;
    let files = JsonlStore::open(generated::options(source.path()))?;
    let created = BenchDatabase::create(&bench.cluster, "copied");
    let database = bench.runtime.block_on(created)?.store;
    let copy = JsonlStore::open(generated::options(target.path()))?;
    let mut rows = timed(bench, "files to PostgreSQL", &files, &database)?;
    rows.extend(timed(bench, "PostgreSQL to files", &database, &copy)?);
    Ok(rows)
}

fn timed(
    bench: &Bench,
    way: &str,
    from: &dyn Movable,
    to: &dyn Movable,
) -> Result<Vec<Row>, AnyError> {
    let watch = Watch::default();
    let start = surroundings::now();
    let copying = copy::copy(from, to, false, &watch);
    let copied = bench.runtime.block_on(copying)?;
    let whole = start.elapsed();
    let lines = u64::from(COPIED.incidents * COPIED.lines);
    if (copied.lines, copied.compared.lines) != (lines, lines) {
        return Err(format!("{} lines were copied", copied.lines).into());
    }
    let compared = watch.compared.get().ok_or("nothing was compared")?;
    let alone = compared.duration_since(start);
    Ok(vec![
        row(format!("copy {way}, events"), alone, Target::AtLeast(1.0)),
        row(
            format!("copy {way}, events, with the comparison"),
            whole,
            Target::Shown,
        ),
    ])
}

fn row(name: String, took: Duration, target: Target) -> Row {
    let lines = f64::from(COPIED.incidents * COPIED.lines);
    Row {
        name,
        ours: Measure::PerSecond(lines / took.as_secs_f64()),
        other: Measure::PerSecond(LEAST),
        other_name: "limit",
        target,
    }
}

/// Looks when the comparison begins.
#[derive(Debug, Default)]
struct Watch {
    compared: OnceLock<Instant>,
}

impl Progress for Watch {
    fn begin(&self, phase: Phase, _lines: u64) {
        if phase == Phase::Comparing {
            self.compared.get_or_init(surroundings::now);
        }
    }

    fn advance(&self, _lines: u64) {}
}
