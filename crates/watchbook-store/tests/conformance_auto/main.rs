//! Every case of the suite on the backend `auto`: over two stores in memory, and over one that fails all the time.

#![expect(clippy::expect_used, clippy::panic, reason = "these are tests")]

mod bad_days;
mod flaky;
mod full_disk;
mod insistent;
mod interleavings;
mod keys;
mod outage;
mod over_memory;
mod under_faults;
mod waits;
