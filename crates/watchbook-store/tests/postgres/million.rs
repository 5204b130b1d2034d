//! A million incidents, made inside the database.

use watchbook_core::Timestamp;
use watchbook_store::Incidents;
use watchbook_store::postgres::{ExecMode, MILLION};

use crate::commands::creation;
use crate::schema::Schema;

/// The tables that no list may read from end to end.
pub(crate) const BIG: &[&str] = &[
    "incidents",
    "incident_events",
    "incident_artifacts",
    "audit_log",
    "followups",
];

/// The moment in the middle of it: 2024-12-13T05:20:00Z, half a million minutes after its beginning.
pub(crate) const MIDDLE: Timestamp = Timestamp::from_millis(1_704_067_200_000 + 500_000 * 60_000);

/// A schema with a million incidents, as many lines and audit entries, and 30,000 follow-ups. Takes most of a minute.
pub(crate) async fn million() -> Schema {
    let schema = Schema::migrated().await;
    // One written by the store lends its packed state to the others.
    let store = schema.store(ExecMode::Prepared);
    store.apply(creation()).await.unwrap();
    for statements in MILLION {
        schema.batch(statements).await;
    }
    schema
}
