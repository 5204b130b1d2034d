//! What may be shown of a key: everything but its hash.

use serde::Serialize;
use watchbook_core::text::{Name, Short};
use watchbook_core::{AgentId, KeyRecord, Timestamp};

/// What may be shown of a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeyInfo {
    /// Its public id.
    pub id: Name,
    /// Whether it is good, and if not, why.
    pub status: KeyStatus,
    /// Who shows it.
    pub agent: AgentId,
    /// What it is for, in words.
    pub label: Option<Short>,
    /// Whether its owner may act for others.
    pub delegate: bool,
    /// Whether it can send alerts and nothing else.
    pub ingest_only: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// Who made it.
    pub created_by: AgentId,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
    /// When it was taken back.
    pub revoked_at: Option<Timestamp>,
}

/// Whether a key is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyStatus {
    /// It is.
    Active,
    /// It ended by itself.
    Expired,
    /// It was taken back.
    Revoked,
}

impl KeyInfo {
    /// What may be shown of `record` at `now`.
    pub(crate) fn of(record: &KeyRecord, now: Timestamp) -> Self {
        let KeyRecord {
            id,
            hash: _,
            agent,
            label,
            delegate,
            ingest_only,
            created_at,
            created_by,
            expires_at,
            revoked_at,
        } = record.clone();
        let status = if revoked_at.is_some() {
            KeyStatus::Revoked
        } else if record.is_valid(now) {
            KeyStatus::Active
        } else {
            KeyStatus::Expired
        };
        Self {
            id,
            status,
            agent,
            label,
            delegate,
            ingest_only,
            created_at,
            created_by,
            expires_at,
            revoked_at,
        }
    }
}
