//! The id of each request: the caller's own when it is well formed, else one made here.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::http::{HeaderMap, HeaderName, HeaderValue};

/// The header by which ids come in and go out.
pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The longest id, in bytes: what the audit and a commit can hold.
const MAX_BYTES: usize = 64;

/// The id of one request: 1 to 64 of `A-Z a-z 0-9 _ . / : -`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RequestId(String);

/// Makes the ids of one run of the server.
#[derive(Debug)]
pub(crate) struct RequestIds {
    run: u64,
    made: AtomicU64,
}

impl RequestIds {
    /// Ids that begin with `run`, a number that no other run has.
    pub(crate) const fn new(run: u64) -> Self {
        Self {
            run,
            made: AtomicU64::new(0),
        }
    }

    /// The id of a request with these headers.
    pub(crate) fn of(&self, headers: &HeaderMap) -> RequestId {
        let given = headers
            .get(X_REQUEST_ID)
            .and_then(|value| value.to_str().ok());
        match given {
            Some(id) if is_well_formed(id) => RequestId(id.to_owned()),
            _ => self.next(),
        }
    }

    fn next(&self) -> RequestId {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        let mut id = String::with_capacity(MAX_BYTES);
        // Writing to a string cannot fail.
        let _ = write!(id, "req_{:016x}_{number}", self.run);
        RequestId(id)
    }
}

impl RequestId {
    /// The id as text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The id as a header's value.
    pub(crate) fn to_header(&self) -> Option<HeaderValue> {
        HeaderValue::from_str(&self.0).ok()
    }
}

fn is_well_formed(id: &str) -> bool {
    let known =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'/' | b':' | b'-');
    (1..=MAX_BYTES).contains(&id.len()) && id.bytes().all(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id_for(given: &str) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(X_REQUEST_ID, HeaderValue::from_str(given).expect("a value"));
        let ids = RequestIds::new(0xabc);
        let _ = ids.next();
        ids.of(&headers).as_str().to_owned()
    }

    #[test]
    fn keeps_what_is_well_formed_and_replaces_the_rest() {
        let longest = "a".repeat(MAX_BYTES);
        for given in ["7", "trace/1:a-b_c.d", longest.as_str()] {
            assert_eq!(id_for(given), given);
        }
        let too_long = "a".repeat(MAX_BYTES + 1);
        for given in ["", "a b", "<script>", "ä", too_long.as_str()] {
            assert_eq!(id_for(given), "req_0000000000000abc_1", "{given:?}");
        }
    }
}
