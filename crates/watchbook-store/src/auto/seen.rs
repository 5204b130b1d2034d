//! The condition as this process saw it last.

use std::io;
use std::path::Path;
use std::sync::Arc;

use parking_lot::RwLock;

use super::condition::Condition;
use crate::disk::{Disk, DiskFile, Open};
use crate::jsonl::whole_file;

/// The file of the condition is replaced and never written into, so as long as its name leads to the file that was read,
/// it says the same. That file is kept open: nothing else can become the file that it is.
#[derive(Debug, Default)]
pub(super) struct Seen(RwLock<Option<(Arc<dyn DiskFile>, Condition)>>);

impl Seen {
    /// The condition that is written down at `path`; `None` if there is none.
    ///
    /// # Errors
    /// `FileTooLarge` beyond `limit`, `InvalidData`, and whatever the system says.
    pub(super) fn look(
        &self,
        disk: &dyn Disk,
        path: &Path,
        limit: u64,
    ) -> io::Result<Option<Condition>> {
        match self.known(disk, path) {
            Ok(Some(known)) => return Ok(Some(known)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Ok(None) => {}
            Err(error) => return Err(error),
        }
        let file = disk.open(path, Open::Read)?;
        let bytes = whole_file::read_open(&*file, path, limit)?;
        let condition: Condition = serde_json::from_slice(&bytes)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        *self.0.write() = Some((file, condition.clone()));
        Ok(Some(condition))
    }

    fn known(&self, disk: &dyn Disk, path: &Path) -> io::Result<Option<Condition>> {
        let named = disk.metadata(path)?.identity;
        let seen = self.0.read();
        let Some((file, condition)) = &*seen else {
            return Ok(None);
        };
        Ok((file.identity()? == named).then(|| condition.clone()))
    }
}
