//! Nodes that were apart: what comes of their logs does not depend on the order in which they come back.

mod log;
mod orders;
mod rules;
