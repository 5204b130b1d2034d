//! Files under real processes: killed, many at once, stopped, and on bad days.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "test code, also outside of `#[test]`: it fails by a panic, does to files what strangers would, and tells a worker its role by its environment"
)]

mod bad_days;
mod damage;
mod kill;
mod process;
mod shared;
