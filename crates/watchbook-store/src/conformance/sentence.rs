//! The sentences of the contract, by trait and number.

use std::fmt;

/// A sentence of the contract: the trait it is written on, and its number there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sentence {
    /// On [`Incidents`](crate::Incidents).
    Incidents(u8),
    /// On [`Artifacts`](crate::Artifacts).
    Artifacts(u8),
    /// On [`AuditLog`](crate::AuditLog).
    AuditLog(u8),
    /// On [`Keys`](crate::Keys).
    Keys(u8),
    /// On [`Leases`](crate::Leases).
    Leases(u8),
    /// On [`Feed`](crate::Feed).
    Feed(u8),
    /// On [`Transfer`](crate::Transfer).
    Transfer(u8),
    /// On [`Absorb`](crate::Absorb).
    Absorb(u8),
}

impl Sentence {
    /// Every sentence. A test compares this with the text of the contract.
    pub fn all() -> impl Iterator<Item = Self> {
        let incidents = (1..=12).map(Self::Incidents);
        let artifacts = (1..=3).map(Self::Artifacts);
        let audit = (1..=3).map(Self::AuditLog);
        incidents
            .chain(artifacts)
            .chain(audit)
            .chain((1..=5).map(Self::Keys))
            .chain((1..=5).map(Self::Leases))
            .chain((1..=4).map(Self::Feed))
            .chain((1..=4).map(Self::Transfer))
            .chain((1..=5).map(Self::Absorb))
    }
}

impl fmt::Display for Sentence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Incidents(number) => write!(f, "Incidents {number}"),
            Self::Artifacts(number) => write!(f, "Artifacts {number}"),
            Self::AuditLog(number) => write!(f, "AuditLog {number}"),
            Self::Keys(number) => write!(f, "Keys {number}"),
            Self::Leases(number) => write!(f, "Leases {number}"),
            Self::Feed(number) => write!(f, "Feed {number}"),
            Self::Transfer(number) => write!(f, "Transfer {number}"),
            Self::Absorb(number) => write!(f, "Absorb {number}"),
        }
    }
}
