//! A store of many incidents, made for the run.

use std::io;
use std::path::Path;
use std::sync::Arc;

use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use watchbook_store::Incidents;
use watchbook_store::disk::{Disk, RealDisk};
use watchbook_store::journal::FsyncPolicy;
use watchbook_store::jsonl::{JsonlOptions, JsonlStore, Layout};
use watchbook_store::system::{OsEntropy, SystemClock};

use crate::bench::{AnyError, commands};

/// Callers that fill a store; as many as one batch holds, so that batches are full.
const CALLERS: u32 = 256;

/// How much a generated store holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Size {
    /// For people: incidents and events.
    pub(super) name: &'static str,
    /// How many incidents.
    pub(super) incidents: u32,
    /// Timeline lines of each, its creation among them.
    pub(super) lines: u32,
    /// Whether the targets are promised for this size; else its numbers are only shown.
    pub(super) has_targets: bool,
}

/// The size that the targets are promised for.
pub(super) const SMALL: Size = Size {
    name: "100k/1M",
    incidents: 100_000,
    lines: 10,
    has_targets: true,
};

/// Ten times as many incidents, five times as many events.
pub(super) const LARGE: Size = Size {
    name: "1M/5M",
    incidents: 1_000_000,
    lines: 5,
    has_targets: false,
};

/// A store below `directory` with the machine's clock and randomness, durable before it answers.
pub(super) fn options(directory: &Path) -> JsonlOptions {
    JsonlOptions::new(directory, Arc::new(SystemClock), Arc::new(OsEntropy))
}

/// Fills a new store, without waiting for the disk, and closes it, so that it has a checkpoint.
pub(super) fn make(runtime: &Runtime, directory: &Path, size: Size) -> Result<(), AnyError> {
    let store = JsonlStore::open(options(directory).with_fsync(FsyncPolicy::Never))?;
    let mut tasks = JoinSet::new();
    for first in 0..CALLERS {
        tasks.spawn_on(fill(store.clone(), first, size), runtime.handle());
    }
    for result in runtime.block_on(tasks.join_all()) {
        result?;
    }
    Ok(store.close()?)
}

async fn fill(store: JsonlStore, first: u32, size: Size) -> Result<(), AnyError> {
    for number in (first..size.incidents).step_by(CALLERS as usize) {
        let applied = store
            .apply(commands::with_past(number, size.lines)?)
            .await?;
        if applied.events.len() != size.lines as usize {
            return Err("two generated incidents have the same id".into());
        }
    }
    Ok(())
}

/// The bytes of all segments of the journal below `directory`.
pub(super) fn journal_bytes(directory: &Path) -> io::Result<u64> {
    let folder = Layout::below(directory).incidents;
    let names = RealDisk.read_dir(&folder)?;
    let segments = names.iter().filter(|name| name.starts_with("events"));
    segments
        .map(|name| Ok(RealDisk.metadata(&folder.join(name))?.len))
        .sum()
}

/// Takes the checkpoint away, so that the next opening reads the whole journal.
pub(super) fn remove_checkpoint(directory: &Path) -> io::Result<()> {
    RealDisk.remove_file(&Layout::below(directory).private().join("index"))
}
