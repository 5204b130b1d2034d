//! The one door, from outside: calls as front-ends make them, over a store in memory.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail a test as its body would"
)]

mod actions;
mod approvals;
mod audit;
mod faulty;
mod filters;
mod keys;
mod policies;
mod power_cut;
mod roles;
mod summary;
mod world;
mod writes;
