//! What is said about an answer besides the answer.

use serde_json::{Map, Value};
use watchbook_core::Timestamp;
use watchbook_core::text::Name;

use crate::json::Json;

/// What is said about an answer besides the answer. `truncated` and `untrusted` are found out when it is encoded.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own that callers read by its name"
)]
pub struct Meta {
    /// The request id, to find the call in logs, audit and commit.
    pub request_id: Name,
    /// The backend that answered: `memory`, `jsonl`, `postgres`, `auto`.
    pub backend: &'static str,
    /// Whether the backend runs on its second choice.
    pub degraded: bool,
    /// Since when what is shown may be stale; `None` if it is not.
    pub stale_since: Option<Timestamp>,
    /// Whether the numbers of timeline lines may still change, because nodes that are apart count on their own.
    pub provisional: bool,
    /// Whether anything changed, or would have.
    pub changed: bool,
    /// Whether this is the answer of the first time, given again for the same idempotency key.
    pub replayed: bool,
    /// Whether something was left out to stay within a limit. Encoding sets it as well.
    pub truncated: bool,
    /// How long the call took, in milliseconds.
    pub took_ms: u64,
    /// Whether what was written would survive a power loss at this moment.
    pub durable: bool,
    /// Whether nothing was written because the caller only asked what would change.
    pub dry_run: bool,
}

impl Meta {
    /// Of a read, with nothing out of the ordinary.
    pub const fn new(request_id: Name, backend: &'static str) -> Self {
        Self {
            request_id,
            backend,
            degraded: false,
            stale_since: None,
            provisional: false,
            changed: false,
            replayed: false,
            truncated: false,
            took_ms: 0,
            durable: true,
            dry_run: false,
        }
    }

    /// The members, with the pointers to text that came from outside.
    pub(crate) fn to_json(&self, truncated: bool, untrusted: &[String]) -> Value {
        let Self {
            request_id,
            backend,
            degraded,
            stale_since,
            provisional,
            changed,
            replayed,
            truncated: truncated_before,
            took_ms,
            durable,
            dry_run,
        } = self;
        let mut members = Map::new();
        let mut put = |name: &str, value: Value| members.insert(name.to_owned(), value);
        put("request_id", request_id.to_json());
        put("backend", (*backend).into());
        put("degraded", (*degraded).into());
        if let Some(since) = stale_since {
            put("stale_since", since.to_json());
        }
        if *provisional {
            put("provisional", true.into());
        }
        put("changed", (*changed).into());
        put("replayed", (*replayed).into());
        put("truncated", (*truncated_before || truncated).into());
        put("took_ms", (*took_ms).into());
        put("durable", (*durable).into());
        put("dry_run", (*dry_run).into());
        put("untrusted", untrusted.iter().map(String::as_str).collect());
        Value::Object(members)
    }
}
