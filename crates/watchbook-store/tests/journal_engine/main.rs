//! The journal engine as its users see it: on a real disk, on the simulator, and against other processes' doings.

#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    reason = "test code, also outside of `#[test]`: it fails by a panic, and does to files what strangers would"
)]

mod basics;
mod chain_damage;
mod crash;
mod faults;
mod fixture;
mod formats;
mod real_files;
mod recovery;
mod repairs;
mod rolling;
mod tombstones;
mod two_writers;
mod workload;
