//! The files of a directory beside the journal, and the directory as a whole: projections, the frozen form of everything,
//! backup and restore, damage and whom it touches.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "helpers of tests fail a test as its body would, and are told by the environment what may be skipped"
)]

mod backup;
mod damage;
mod feed;
mod golden;
mod health;
mod projections;
mod site;
