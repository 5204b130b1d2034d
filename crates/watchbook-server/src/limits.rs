//! What the server holds its callers to: every limit that HTTP itself needs, with its default.

use std::time::Duration;

/// The largest request body: an artifact of 2 MiB in base64 needs 2.7 MiB.
pub const BODY_BYTES: usize = 4 * 1024 * 1024;
/// The memory for all bodies that are being read at once.
pub const BODY_MEMORY: usize = 64 * 1024 * 1024;
/// How long a caller may take to send a body.
pub const BODY_TIME: Duration = Duration::from_secs(20);
/// The largest request line with headers.
pub const HEAD_BYTES: usize = 32 * 1024;
/// How long a caller may take to send the head of a request, and how long an idle connection is kept.
pub const HEAD_TIME: Duration = Duration::from_secs(15);
/// How long a whole request may take, its body included. Calls have limits of their own as well (`tool_limits.yml`).
pub const REQUEST_TIME: Duration = Duration::from_secs(30);
/// How long a caller may take to accept the next bytes of an answer.
pub const WRITE_TIME: Duration = Duration::from_secs(20);
/// Requests that are being worked on at once; more are turned away with 503.
pub const REQUESTS: usize = 512;
/// Connections that are open at once; more wait in the system's queue.
pub const CONNECTIONS: usize = 1_024;
/// How long requests that are under way may go on after the server was asked to stop.
pub const DRAIN_TIME: Duration = Duration::from_secs(10);

/// What a caller is told to wait before it asks again, when nothing better is known.
pub(crate) const RETRY_AFTER: Duration = Duration::from_secs(1);

/// What the server holds its callers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// See [`BODY_BYTES`].
    pub body_bytes: usize,
    /// See [`BODY_MEMORY`]. At least `body_bytes`, or no body of unknown length can be read.
    pub body_memory: usize,
    /// See [`BODY_TIME`].
    pub body_time: Duration,
    /// See [`HEAD_BYTES`]. At least 8 KiB.
    pub head_bytes: usize,
    /// See [`HEAD_TIME`].
    pub head_time: Duration,
    /// See [`REQUEST_TIME`].
    pub request_time: Duration,
    /// See [`WRITE_TIME`].
    pub write_time: Duration,
    /// See [`REQUESTS`].
    pub requests: usize,
    /// See [`CONNECTIONS`].
    pub connections: usize,
    /// See [`DRAIN_TIME`].
    pub drain_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: BODY_BYTES,
            body_memory: BODY_MEMORY,
            body_time: BODY_TIME,
            head_bytes: HEAD_BYTES,
            head_time: HEAD_TIME,
            request_time: REQUEST_TIME,
            write_time: WRITE_TIME,
            requests: REQUESTS,
            connections: CONNECTIONS,
            drain_time: DRAIN_TIME,
        }
    }
}
