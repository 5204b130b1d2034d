//! The floor below every durable log: one `write` and one `fdatasync` per record, with nothing around them.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use crate::bench::samples::Samples;

/// Appends records of `bytes` bytes to a new file, `count` times, each on disk before the next begins.
#[expect(
    clippy::disallowed_methods,
    reason = "the bare calls are what is measured"
)]
pub(super) fn durable_appends(file: &Path, bytes: usize, count: usize) -> io::Result<Samples> {
    let record = vec![b'x'; bytes];
    let mut file = File::create(file)?;
    let mut samples = Samples::default();
    for _ in 0..count {
        samples.time(|| file.write_all(&record).and_then(|()| file.sync_data()))?;
    }
    Ok(samples)
}
