//! Watching a call while it is on its way.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

/// The most polls a call may take before a case gives up on it.
const MAX_POLLS: u32 = 2_000_000;

/// A call that is polled by hand, so that a case can look at the store between two polls.
pub(super) struct Watched<'a, T> {
    call: Pin<Box<dyn Future<Output = T> + Send + 'a>>,
    polls: u32,
}

impl<'a, T> Watched<'a, T> {
    pub(super) fn new(call: impl Future<Output = T> + Send + 'a) -> Self {
        Self {
            call: Box::pin(call),
            polls: 0,
        }
    }

    /// Polls once, and lets everything else on the runtime run. `Some` when the call has ended.
    pub(super) async fn step(&mut self) -> Option<T> {
        self.polls += 1;
        assert!(self.polls < MAX_POLLS, "the call never ends");
        let ended = poll_fn(|context| {
            Poll::Ready(match self.call.as_mut().poll(context) {
                Poll::Ready(answer) => Some(answer),
                Poll::Pending => None,
            })
        })
        .await;
        tokio::task::yield_now().await;
        ended
    }
}
