//! Waiting for a lock of another process.
//!
//! The kernel has no `flock` with a deadline, and another process cannot notify us, so we look again.

use std::future::pending;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

/// The pause between two looks.
pub(super) const PAUSE: Duration = Duration::from_millis(1);

/// How many more looks are worth it. Counts only the pauses, so the whole takes a little longer.
#[derive(Debug)]
pub(super) struct Patience(u128);

impl Patience {
    pub(super) const fn new(wait: Duration) -> Self {
        Self(wait.as_nanos() / PAUSE.as_nanos())
    }

    fn is_left(&mut self) -> bool {
        let left = self.0 > 0;
        self.0 = self.0.saturating_sub(1);
        left
    }

    /// Waits a little; false when the time is up. Blocks.
    pub(super) fn pause_blocking(&mut self) -> bool {
        // Nobody notifies this condition; waiting on it is a pause.
        let nobody = Mutex::new(());
        self.is_left() && {
            Condvar::new().wait_for(&mut nobody.lock(), PAUSE);
            true
        }
    }

    /// Waits a little; false when the time is up.
    pub(super) async fn pause(&mut self) -> bool {
        self.is_left() && {
            // Nothing ends this but the time.
            drop(tokio::time::timeout(PAUSE, pending::<()>()).await);
            true
        }
    }
}
