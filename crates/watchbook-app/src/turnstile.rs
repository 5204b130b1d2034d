//! Calls that are turned away before anybody looks who makes them: a foreign web page, a wrong host, no place left.
//!
//! Each is a denial, so each is in the audit. It costs its sender nothing, so a flood of them must not cost us the disk:
//! the first of a minute have entries of their own, and the others are counted, in one entry each time the trail is synced.

use std::collections::BTreeMap;
use std::time::Duration;

use parking_lot::Mutex;
use serde_json::{Map, Value};
use watchbook_api::ErrorCode;
use watchbook_core::Timestamp;

/// How many of one minute have entries of their own.
pub(crate) const SINGLY: u32 = 30;
const MINUTE: Duration = Duration::from_mins(1);

/// How often each code was given to calls that have no entry of their own.
type Counts = BTreeMap<ErrorCode, u64>;

/// Decides which calls that are turned away have entries of their own, and counts the others.
#[derive(Debug)]
pub(crate) struct Turnstile {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    began: Timestamp,
    singly: u32,
    counts: Counts,
}

impl Turnstile {
    pub(crate) fn new(now: Timestamp) -> Self {
        let state = State {
            began: now,
            singly: 0,
            counts: Counts::new(),
        };
        Self {
            state: Mutex::new(state),
        }
    }

    /// Whether a call that is turned away now has an entry of its own. If not, it was counted.
    pub(crate) fn is_single(&self, code: ErrorCode, now: Timestamp) -> bool {
        let mut state = self.state.lock();
        // A clock that went back would otherwise keep this minute for as long as it went.
        if now < state.began || now.since(state.began) >= MINUTE {
            (state.began, state.singly) = (now, 0);
        }
        if state.singly < SINGLY {
            state.singly += 1;
            return true;
        }
        let count = state.counts.entry(code).or_default();
        *count = count.saturating_add(1);
        false
    }

    /// How often each code was given since this was last asked; `None` if never.
    pub(crate) fn take_counts(&self) -> Option<Map<String, Value>> {
        let counts = std::mem::take(&mut self.state.lock().counts);
        let counts = counts.into_iter();
        let counts: Map<_, _> = counts
            .map(|(code, count)| (code.to_string(), count.into()))
            .collect();
        (!counts.is_empty()).then_some(counts)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn after(start: Timestamp, seconds: u64) -> Timestamp {
        start.plus(Duration::from_secs(seconds))
    }

    #[test]
    fn the_first_of_a_minute_are_single_and_the_others_are_counted_once() {
        let start = after(Timestamp::EPOCH, 1_000_000);
        let turnstile = Turnstile::new(start);
        let mut singly = 0;
        for at in 0..1_000_u64 {
            let code = [ErrorCode::Forbidden, ErrorCode::Misdirected][usize::from(at % 4 == 0)];
            singly += u32::from(turnstile.is_single(code, after(start, at / 100)));
        }
        assert_eq!(singly, SINGLY);
        let counts = turnstile.take_counts().unwrap();
        assert_eq!(
            Value::Object(counts),
            json!({"forbidden": 728, "misdirected": 242})
        );
        assert_eq!(turnstile.take_counts(), None);
    }

    #[test]
    fn the_next_minute_begins_anew_and_so_does_a_clock_that_went_back() {
        let start = after(Timestamp::EPOCH, 1_000_000);
        let turnstile = Turnstile::new(start);
        let is_single = |seconds: u64| {
            turnstile.is_single(ErrorCode::Forbidden, after(Timestamp::EPOCH, seconds))
        };
        for _ in 0..SINGLY {
            assert!(is_single(1_000_000));
        }
        assert!(!is_single(1_000_059));
        assert!(is_single(1_000_060));
        assert!(is_single(996_000));
    }
}
