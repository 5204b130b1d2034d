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
#[cfg(feature = "testsuite")]
pub mod proxy;
pub mod system;

pub use contract::{
    Absorb, Absorbed, Apart, Applied, ArtifactContent, Artifacts, AuditLog, Capabilities, Changed,
    CorruptPlace, Feed, FeedPosition, Health, Incidents, KeptKey, KeptLine, Keys, Loss, Lost,
    MAX_ABSORBED, Outcome, Pepper, Planted, Run, Store, StoreError, Stretch, Transfer, Unfit,
    Whole,
};
#[cfg(feature = "postgres")]
pub use postgres::{
    ConnectError, ExecMode, Expected, MigrateError, PostgresOptions, PostgresStore,
    ddl as database_ddl, migrate as migrate_database,
};
