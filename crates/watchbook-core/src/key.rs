//! Keys: what a caller shows to be somebody.

use serde::{Deserialize, Serialize};

use crate::actor::AgentId;
use crate::digest::Digest;
use crate::text::{Name, Short};
use crate::time::Timestamp;

/// What is kept of a key. The key itself is shown once, when it is made, and kept nowhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRecord {
    /// Its public id, for lists, logs and audit.
    pub id: Name,
    /// HMAC-SHA-256 of the key, under the store's pepper.
    pub hash: Digest,
    /// Who shows it.
    pub agent: AgentId,
    /// What it is for, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<Short>,
    /// Whether its owner may act for others by naming another `agent_id`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub delegate: bool,
    /// Whether it can send alerts and nothing else.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ingest_only: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// Who made it.
    pub created_by: AgentId,
    /// When it ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Timestamp>,
}

impl KeyRecord {
    /// Whether it is good at `now`.
    pub fn is_valid(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }
}
