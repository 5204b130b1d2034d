//! Where incidents are kept: the contract, and the backends that keep it.

pub mod auto;
#[cfg(feature = "testsuite")]
pub mod conformance;
pub mod contract;
pub mod copy;
pub mod disk;
pub mod journal;
pub mod jsonl;
pub mod ledger;
pub mod memory;
#[cfg(feature = "testsuite")]
pub mod model;
mod planting;
#[cfg(feature = "postgres")]
pub mod postgres;
#[cfg(feature = "testsuite")]
pub mod proxy;
pub mod system;

pub use contract::{
    Absorb, Absorbed, Apart, Applied, ArtifactContent, Artifacts, AuditLog, Capabilities, Changed,
    CorruptPlace, Extent, Feed, FeedPosition, Health, Incidents, KeptKey, KeptLine, Keys,
    LONGEST_LEASE, Lease, Leases, Loss, Lost, MAX_ABSORBED, MAX_LEASES, MAX_STRETCH, Movable,
    Outcome, Pepper, Planted, Run, Standing, Store, StoreError, Stretch, Taken, TrailLine,
    TrailPosition, TrailStretch, Transfer, Unfit, Whole,
};
#[cfg(feature = "postgres")]
pub use postgres::{
    ConnectError, ExecMode, Expected, MigrateError, PostgresOptions, PostgresStore,
    ddl as database_ddl, migrate as migrate_database,
};
