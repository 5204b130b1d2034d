//! The files of a directory beside the journal, and the directory as a whole: projections, the frozen form of everything,
//! backup and restore, damage and whom it touches.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests fail a test as its body would"
)]

mod damage;
mod projections;
mod site;
