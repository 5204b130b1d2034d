//! The floor below every durable log: one `write` and one `fdatasync` per record, with nothing around them.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

/// A file to which whole records are appended.
#[derive(Debug)]
pub(super) struct BareLog {
    file: File,
    record: Vec<u8>,
}

impl BareLog {
    /// A new file for records of `bytes` bytes.
    pub(super) fn create(path: &Path, bytes: usize) -> io::Result<Self> {
        #[expect(
            clippy::disallowed_methods,
            reason = "the bare calls are what is measured"
        )]
        let file = File::create(path)?;
        let record = vec![b'x'; bytes];
        Ok(Self { file, record })
    }

    /// Appends one record, and comes back when it is on the disk.
    pub(super) fn append(&mut self) -> io::Result<()> {
        self.file.write_all(&self.record)?;
        self.file.sync_data()
    }
}
