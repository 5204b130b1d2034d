//! Whole incidents, out of a journal and into one.

mod bytes;
mod export;
mod part;
mod plant;
