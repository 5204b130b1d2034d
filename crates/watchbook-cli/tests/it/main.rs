//! The binary as people and scripts run it: real processes on real directories.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests fail a test as its body would"
)]

mod actions;
mod auto;
mod bad_disk;
mod bring_in;
mod care;
mod copy;
mod database;
mod demo;
mod doctor;
mod exit_codes;
mod help;
mod over_http;
mod reference;
mod retries;
mod whole_page;
mod world;
