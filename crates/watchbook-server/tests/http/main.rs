//! The server over real sockets: a raw client and `curl` against a store in memory or in files, on 127.0.0.1, port 0.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "the helpers of a test fail it, as the test itself would"
)]

mod agents;
mod conditions;
mod harmless;
mod keyed;
mod keyless;
mod lifecycle;
mod limits;
mod moody;
mod reads;
mod redacted;
mod retries;
mod runbook;
mod stand;
mod statuses;
mod turned_away;
mod wire;
