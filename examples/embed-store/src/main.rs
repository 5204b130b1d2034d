//! A program that keeps incidents in a directory of its own, without a server: `cargo run -p embed-store`.
//!
//! It tells one incident from its beginning to its end, and what is left to do after it. The directory is an ordinary
//! one: `watchbook --dir DIR incident list`, `jq` and a server read what it wrote, also while it writes.

use std::io::{self, Write as _};
use std::sync::Arc;

use embed_store::{Failure, Watcher};
use watchbook_store::jsonl::{JsonlOptions, JsonlStore};
use watchbook_store::system::{OsEntropy, SystemClock};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let dir = tempfile::tempdir()?;
    let options = JsonlOptions::new(dir.path(), Arc::new(SystemClock), Arc::new(OsEntropy));
    let store = JsonlStore::open(options)?;
    let watcher = Watcher::new(&store, &SystemClock, &OsEntropy)?;
    let told = watcher.tell().await?;
    let mut out = io::stdout().lock();
    writeln!(out, "{told}")?;
    store.close()?;
    Ok(())
}
