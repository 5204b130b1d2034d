//! The scripts of pgbench: the store's own statements with values of the same sizes.
//!
//! They are committed beside this file, for everyone to run; a test holds them to the statements of this version.

/// Creates an incident: what the decision looks at in one way there and back, then the write.
pub(super) const CREATE: &str = include_str!("create.sql");
/// Appends a note to one of [`POOL`](super::POOL) incidents: the incident, then the write.
pub(super) const APPEND: &str = include_str!("append.sql");

#[cfg(test)]
mod tests;
