//! The machine's clock and randomness: the one home of both, and their doubles for tests.
//!
//! Everything else takes a [`Clock`] and an [`Entropy`]; a program makes these two once, in `main`.

use std::time::{SystemTime, UNIX_EPOCH};

use watchbook_core::{Clock, Entropy, Timestamp};

#[cfg(feature = "testsuite")]
mod doubles;

#[cfg(feature = "testsuite")]
pub use doubles::{ManualClock, SeededEntropy};

/// The machine's clock. It may jump, also back: order comes from stamps, not from it.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where the machine's clock is read"
    )]
    fn now(&self) -> Timestamp {
        let since_1970 = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Timestamp::from_millis(i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX))
    }
}

/// The operating system's randomness.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsEntropy;

impl Entropy for OsEntropy {
    #[expect(
        clippy::disallowed_methods,
        clippy::expect_used,
        reason = "the one place where randomness is drawn; without it every id and key would be guessable, so nothing may go on"
    )]
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the operating system gives random bytes");
    }
}

#[cfg(test)]
mod tests;
