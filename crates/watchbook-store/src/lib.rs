//! Where incidents are kept: the contract, and the backends that keep it.

#[cfg(feature = "testsuite")]
pub mod conformance;
pub mod contract;
pub mod disk;
pub mod journal;
pub mod jsonl;
pub mod memory;
#[cfg(feature = "testsuite")]
pub mod model;
#[cfg(feature = "postgres")]
pub mod postgres;
pub mod system;

pub use contract::{
    Applied, ArtifactContent, Artifacts, AuditLog, Capabilities, CorruptPlace, Health, Incidents,
    Keys, Outcome, Pepper, Store, StoreError,
};
#[cfg(feature = "postgres")]
pub use postgres::{
    ConnectError, MigrateError, PostgresOptions, PostgresStore, ddl as database_ddl,
    migrate as migrate_database,
};
