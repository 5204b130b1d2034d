//! Where incidents are kept: the contract, and the backends that keep it.

#[cfg(feature = "testsuite")]
pub mod conformance;
pub mod contract;
pub mod disk;
pub mod journal;
pub mod jsonl;
pub mod ledger;
pub mod memory;
#[cfg(feature = "testsuite")]
pub mod model;
#[cfg(feature = "postgres")]
pub mod postgres;
pub mod system;

pub use contract::{
    Absorb, Absorbed, Apart, Applied, ArtifactContent, Artifacts, AuditLog, Capabilities, Changed,
    CorruptPlace, Feed, FeedPosition, Health, Incidents, KeptKey, KeptLine, Keys, LONGEST_LEASE,
    Lease, Leases, MAX_ABSORBED, MAX_LEASES, MAX_STRETCH, Outcome, Pepper, Planted, Run, Store,
    StoreError, Stretch, Taken, Transfer, Unfit, Whole,
};
#[cfg(feature = "postgres")]
pub use postgres::{
    ConnectError, MigrateError, PostgresOptions, PostgresStore, ddl as database_ddl,
    migrate as migrate_database,
};
