//! What the program does, apart from where it keeps it: whoever has a [store](watchbook_store::contract::Store), a clock
//! and randomness can run it, a test on a store in memory too.

mod failure;
mod watcher;

pub use failure::Failure;
pub use watcher::Watcher;
