//! The domain from outside: what may be decided, what is refused and in which words, and what a fold shows.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "everything here is test code, also outside of `#[test]`"
)]

mod apart;
mod artifacts;
mod creation;
mod followups;
mod golden;
mod keys;
mod limits;
mod merging;
mod messages;
mod moves;
mod orders;
mod proposals;
mod random;
mod redaction;
mod updates;
mod world;
