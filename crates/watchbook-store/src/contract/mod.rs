//! The contract that every backend keeps, written on the traits and tested by one suite (`conformance`).
//!
//! A backend decides nothing itself: it takes a [`Command`](watchbook_core::Command), and under its lock, with
//! everything earlier folded, asks [`watchbook_core::decide()`]. What it promises is order, durability and visibility.

mod absorb;
mod artifacts;
mod audit;
mod capabilities;
mod error;
mod feed;
mod incidents;
mod keys;
mod leases;
mod loss;
mod standing;
mod transfer;

pub use absorb::{Absorb, Absorbed, Apart, MAX_ABSORBED, Run, Unfit};
pub use artifacts::{ArtifactContent, Artifacts};
pub use audit::AuditLog;
pub use capabilities::{Capabilities, Health};
pub use error::{CorruptPlace, Outcome, StoreError};
pub use feed::{Changed, Feed, FeedPosition, MAX_STRETCH, Stretch};
pub use incidents::{Applied, Incidents};
pub use keys::{Keys, Pepper};
pub use leases::{LONGEST_LEASE, Lease, Leases, MAX_LEASES, Taken};
pub use loss::{Loss, Lost};
pub use standing::Standing;
pub use transfer::{
    Extent, KeptKey, KeptLine, Movable, Planted, TrailLine, TrailPosition, TrailStretch, Transfer,
    Whole,
};

/// Everything a backend offers.
pub trait Store: Incidents + Artifacts + AuditLog + Keys + Leases + Feed {}

impl<T: Incidents + Artifacts + AuditLog + Keys + Leases + Feed> Store for T {}
