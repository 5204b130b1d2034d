//! The cases, one module per sentence of the contract or per matter.

pub mod absorb;
pub mod artifacts;
pub mod atomic;
pub mod audit;
pub mod black;
pub mod decided;
pub mod declared;
pub mod dry;
pub mod durable;
pub mod feed;
pub mod filters;
pub mod folded;
pub mod followups;
pub mod honest;
pub mod hostile;
pub mod idempotent;
pub mod keys;
pub mod leases;
pub mod pages;
pub mod reading;
pub mod sequence;
pub mod transfer;
pub mod verifiable;
