//! The database keeps the contract: a real PostgreSQL, a schema of its own for each test.
#![cfg(feature = "postgres")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by a panic"
)]

mod absorb;
mod auto;
mod commands;
mod conformance;
mod conformance_auto;
mod cut;
mod errors;
mod feed;
mod files;
mod followups;
mod leases;
mod limits;
mod migrations;
mod million;
mod pg_dump;
mod plans;
mod pooler;
mod questions;
mod schema;
mod tls;
mod transfer;
mod two_servers;
mod writers;
