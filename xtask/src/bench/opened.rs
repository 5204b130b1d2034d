//! What a fresh process meets that opens a directory. Measured in a child, so that nothing is warm but the page cache.

use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::runtime::Runtime;
use watchbook_core::query::{DEFAULT_LIMIT, IncidentFilter, IncidentQuery, PageRequest, Sort};
use watchbook_store::Incidents;
use watchbook_store::jsonl::JsonlStore;

use crate::bench::samples::Samples;
use crate::bench::{AnyError, generated, memory};
use crate::failure::Failure;
use crate::process::Program;

/// How often the first page is read.
const PAGES: usize = 5_000;
/// Pages that are not timed: the first ones load code.
const WARM_UP: usize = 100;
/// Processes that open the directory, one after the other; the middle time counts.
const PROCESSES: usize = 5;

/// What one process met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Opened {
    /// How long opening took.
    pub(super) open: Duration,
    /// Bytes in memory right after it.
    pub(super) resident_bytes: u64,
    /// What half of the first pages of open incidents did not exceed.
    pub(super) page_median: Duration,
    /// What 99 of 100 of them did not exceed.
    pub(super) page_p99: Duration,
}

/// Opens `directory` in fresh processes, and gives the one whose opening took the middle time.
pub(super) fn median(directory: &Path) -> Result<Opened, AnyError> {
    let mut all = (0..PROCESSES)
        .map(|_| in_child(directory))
        .collect::<Result<Vec<_>, _>>()?;
    all.sort_by_key(|opened| opened.open);
    Ok(all[PROCESSES / 2])
}

fn in_child(directory: &Path) -> Result<Opened, AnyError> {
    let directory = directory.to_str().ok_or("the folder's name is not UTF-8")?;
    let itself = Program::new("/proc/self/exe", ["bench", "opened", directory]);
    Ok(serde_json::from_slice(&itself.capture()?)?)
}

/// The child's part: measures once and prints that as JSON.
pub(super) fn print(directory: &Path) -> Result<(), Failure> {
    let printed = measure(directory).and_then(|opened| Ok(serde_json::to_string(&opened)?));
    let printed = printed.map_err(|source| Failure::Measure {
        what: "a fresh process",
        source,
    })?;
    println!("{printed}");
    Ok(())
}

fn measure(directory: &Path) -> Result<Opened, AnyError> {
    let mut opening = Samples::default();
    let store = opening.time(|| JsonlStore::open(generated::options(directory)))?;
    let resident_bytes = memory::resident_bytes()?;
    let pages = first_page(&store)?;
    Ok(Opened {
        open: opening.median(),
        resident_bytes,
        page_median: pages.median(),
        page_p99: pages.quantile(99),
    })
}

fn first_page(store: &JsonlStore) -> Result<Samples, AnyError> {
    let filter = IncidentFilter {
        statuses: Some(IncidentFilter::unfinished()),
        ..IncidentFilter::default()
    };
    let query = IncidentQuery {
        filter,
        sort: Sort::CreatedDesc,
        page: PageRequest {
            limit: DEFAULT_LIMIT,
            after: None,
        },
    };
    let runtime = Runtime::new()?;
    let mut samples = Samples::default();
    for number in 0..WARM_UP + PAGES {
        let query = query.clone();
        let mut ignored = Samples::default();
        let counted = if number < WARM_UP {
            &mut ignored
        } else {
            &mut samples
        };
        let page = counted.time(|| runtime.block_on(store.list(query)))?;
        if page.next.is_none() {
            return Err("the store holds no whole page of open incidents".into());
        }
    }
    Ok(samples)
}
