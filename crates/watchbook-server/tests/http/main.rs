//! The server over real sockets: a raw client and `curl` against a store in memory or in files, on 127.0.0.1, port 0.

mod agents;
mod conditions;
mod keyed;
mod keyless;
mod lifecycle;
mod limits;
mod moody;
mod reads;
mod retries;
mod runbook;
mod stand;
mod statuses;
mod wire;
