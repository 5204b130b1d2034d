//! The lock that makes one process at a time the writer of a directory.
//!
//! Two files: whoever wants `lock` first takes `turn` and keeps it until it has `lock`. A writer that releases the
//! lock and wants it back at once has to queue behind the one who already waits, so nobody starves. Both are locks of
//! the kernel (`flock`), which go with their process; what stands in the files is only for the error message.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use watchbook_core::Clock;

use super::error::JournalError;
use crate::disk::{Disk, DiskFile, Open};

/// The first pause between two tries; doubled up to [`LONGEST_PAUSE`].
const SHORTEST_PAUSE: Duration = Duration::from_micros(50);
/// The longest pause between two tries. A commit takes about as long.
const LONGEST_PAUSE: Duration = Duration::from_millis(1);
/// The bytes of the holder's text, padded with spaces, so that a shorter text covers a longer one.
const HOLDER_BYTES: usize = 64;

/// The lock files of one directory.
#[derive(Debug)]
pub(super) struct LockFiles {
    lock: Arc<dyn DiskFile>,
    turn: Arc<dyn DiskFile>,
    lock_path: PathBuf,
    holder: [u8; HOLDER_BYTES],
}

impl LockFiles {
    pub(super) fn open(
        disk: &dyn Disk,
        lock: &Path,
        turn: &Path,
        clock: &dyn Clock,
    ) -> Result<Self, JournalError> {
        let open = |path: &Path| {
            disk.open(path, Open::Create)
                .map_err(JournalError::io("open", path))
        };
        Ok(Self {
            lock: open(lock)?,
            turn: open(turn)?,
            lock_path: lock.to_owned(),
            holder: padded(&format!(
                "pid {} (since {})",
                std::process::id(),
                clock.now()
            )),
        })
    }

    /// Takes the lock, waiting at most `wait`.
    pub(super) fn acquire(&self, wait: Duration) -> Result<(), JournalError> {
        let mut patience = Patience::new(wait);
        self.take(&self.turn, &mut patience, wait)?;
        let taken = self.take(&self.lock, &mut patience, wait);
        if let Err(error) = self.turn.unlock() {
            if taken.is_ok() {
                self.release()
                    .map_err(JournalError::io("unlock", &self.lock_path))?;
            }
            return Err(JournalError::io("unlock", &self.lock_path)(error));
        }
        taken
    }

    pub(super) fn release(&self) -> io::Result<()> {
        self.lock.unlock()
    }

    /// Whether the lock file is still the one that others find under its name.
    pub(super) fn is_current(&self, disk: &dyn Disk) -> Result<bool, JournalError> {
        let ours = self
            .lock
            .identity()
            .map_err(JournalError::io("examine", &self.lock_path))?;
        match disk.metadata(&self.lock_path) {
            Ok(named) => Ok(named.identity == ours),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(JournalError::io("examine", &self.lock_path)(error)),
        }
    }

    fn take(
        &self,
        file: &Arc<dyn DiskFile>,
        patience: &mut Patience,
        wait: Duration,
    ) -> Result<(), JournalError> {
        loop {
            if file
                .try_lock()
                .map_err(JournalError::io("lock", &self.lock_path))?
            {
                self.sign(file);
                return Ok(());
            }
            if !patience.pause() {
                return Err(JournalError::LockTimeout {
                    waited: wait,
                    holder: read_holder(&**file),
                });
            }
        }
    }

    /// Writes who we are into the file, if it says otherwise. It only serves a message, so a failure does not matter.
    fn sign(&self, file: &Arc<dyn DiskFile>) {
        let mut there = [0; HOLDER_BYTES];
        let read = file.read_at(&mut there, 0);
        if !read.is_ok_and(|read| read == HOLDER_BYTES) || there != self.holder {
            drop(file.write_all_at(&self.holder, 0));
        }
    }
}

/// How long is still to be waited for another process.
#[derive(Debug)]
pub(super) struct Patience {
    left: Duration,
    pause: Duration,
}

impl Patience {
    pub(super) fn new(wait: Duration) -> Self {
        Self {
            left: wait,
            pause: SHORTEST_PAUSE,
        }
    }

    /// Waits a little; false when the time is up. Counts only the pauses, so the whole takes a little longer.
    pub(super) fn pause(&mut self) -> bool {
        if self.left.is_zero() {
            return false;
        }
        let pause = self.pause.min(self.left);
        // The kernel has no `flock` with a deadline and another process cannot notify us, so we look again. Nobody
        // notifies this condition; waiting on it is a pause.
        let nobody = Mutex::new(());
        Condvar::new().wait_for(&mut nobody.lock(), pause);
        self.left -= pause;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        true
    }
}

fn padded(text: &str) -> [u8; HOLDER_BYTES] {
    let mut padded = [b' '; HOLDER_BYTES];
    let len = text.len().min(HOLDER_BYTES - 1);
    padded[..len].copy_from_slice(&text.as_bytes()[..len]);
    padded[HOLDER_BYTES - 1] = b'\n';
    padded
}

/// Who holds a lock, as they wrote into it: printable ASCII only.
fn read_holder(file: &dyn DiskFile) -> String {
    let mut bytes = [0; HOLDER_BYTES];
    let read = file.read_at(&mut bytes, 0).unwrap_or(0);
    let text: String = bytes[..read]
        .iter()
        .map(|byte| char::from(*byte))
        .filter(|c| c.is_ascii_graphic() || *c == ' ')
        .collect();
    match text.trim() {
        "" => "a process that did not say who it is".to_owned(),
        text => text.to_owned(),
    }
}

#[cfg(test)]
mod tests;
