//! Durable creates: by one caller beside the bare disk, and by many at once.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use watchbook_core::{Command, Refused};
use watchbook_store::jsonl::JsonlStore;
use watchbook_store::{Applied, Incidents, StoreError};

use crate::bench::disk::BareLog;
use crate::bench::samples::Samples;
use crate::bench::{AnyError, commands, generated};
use crate::surroundings;

/// Creates that are not timed: they make the files, and tell how large a record is.
const WARM_UP: u32 = 200;
/// Ours and the bare disk take turns this often, so that both meet the same good and bad moments of the machine.
const TURNS: u32 = 40;
/// Creates, and bare appends, of one turn.
const EACH_TURN: u32 = 50;

/// One caller beside the bare disk.
#[derive(Debug)]
pub(super) struct OneCaller {
    /// Durable creates.
    pub(super) ours: Samples,
    /// A `write` and an `fdatasync` of as many bytes.
    pub(super) bare: Samples,
    /// How many bytes of the journal one create takes.
    pub(super) bytes: usize,
}

/// Creates one incident after the other, each on disk before the next begins.
pub(super) fn by_one_caller(runtime: &Runtime, folder: &Path) -> Result<OneCaller, AnyError> {
    let directory = folder.join("one-caller");
    let store = JsonlStore::open(generated::options(&directory))?;
    for number in 0..WARM_UP {
        runtime.block_on(create(&store, commands::creation(number)?))?;
    }
    let bytes = usize::try_from(generated::journal_bytes(&directory)? / u64::from(WARM_UP))?;
    let mut log = BareLog::create(&folder.join("bare"), bytes)?;
    let (mut ours, mut bare) = (Samples::default(), Samples::default());
    for turn in 1..=TURNS {
        for number in 0..EACH_TURN {
            let command = commands::creation(turn * EACH_TURN + number)?;
            ours.time(|| runtime.block_on(create(&store, command)))?;
        }
        for _ in 0..EACH_TURN {
            bare.time(|| log.append())?;
        }
    }
    Ok(OneCaller { ours, bare, bytes })
}

/// Durable creates per second of so many callers, each waiting for its answer before it creates again.
pub(super) fn per_second(
    runtime: &Runtime,
    folder: &Path,
    callers: usize,
    lasts: Duration,
) -> Result<f64, AnyError> {
    let store = JsonlStore::open(generated::options(&folder.join("many-callers")))?;
    let created = Arc::new(AtomicU32::new(0));
    let start = surroundings::now();
    let mut tasks = JoinSet::new();
    for _ in 0..callers {
        let call = keep_creating(store.clone(), Arc::clone(&created), start, lasts);
        tasks.spawn_on(call, runtime.handle());
    }
    for result in runtime.block_on(tasks.join_all()) {
        result?;
    }
    Ok(f64::from(created.load(Ordering::Relaxed)) / start.elapsed().as_secs_f64())
}

async fn keep_creating(
    store: JsonlStore,
    created: Arc<AtomicU32>,
    start: Instant,
    lasts: Duration,
) -> Result<(), AnyError> {
    while start.elapsed() < lasts {
        let number = created.fetch_add(1, Ordering::Relaxed);
        create_under_free_id(&store, number).await?;
    }
    Ok(())
}

/// So many creates in one minute draw an id twice now and then; like the application, the caller then draws again.
async fn create_under_free_id(store: &JsonlStore, number: u32) -> Result<(), AnyError> {
    loop {
        match store.apply(commands::creation(number)?).await {
            Err(StoreError::Refused(Refused::Exists(_))) => {}
            result => return is_durable(&result?),
        }
    }
}

async fn create(store: &JsonlStore, command: Command) -> Result<(), AnyError> {
    is_durable(&store.apply(command).await?)
}

/// A create that is not durable, or changes nothing, is none.
fn is_durable(applied: &Applied) -> Result<(), AnyError> {
    if applied.durable && applied.changed {
        Ok(())
    } else {
        Err("a create was answered before it was durable".into())
    }
}
