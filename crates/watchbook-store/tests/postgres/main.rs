//! The database keeps the contract: a real PostgreSQL, a schema of its own for each test.
#![cfg(feature = "postgres")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by a panic"
)]

mod conformance;
mod cut;
mod errors;
mod limits;
mod migrations;
mod pooler;
mod schema;
mod tls;
mod writers;
