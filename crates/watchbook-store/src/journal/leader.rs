//! Group commit: many callers, one write.
//!
//! Whoever brings a request while nobody leads becomes the leader: it takes what is waiting, up to a batch, hands it to
//! the handler, delivers the answers, and goes on until nothing waits. While the handler waits for the disk the next
//! batch gathers, so adding callers adds throughput.
//!
//! Every caller gets an answer. If the leader dies (its thread panics, or its [`Leadership`] is dropped), those it
//! leaves waiting get [`LeaderGone`].

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use parking_lot::{Condvar, Mutex};

use super::settings::MAX_BATCH_COMMITS;

/// The most requests that may wait.
pub const MAX_WAITING: usize = 10_000;

/// Too many requests wait already. Nothing was done; the caller may try again later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many writes are waiting; try again in a moment")]
pub struct Overloaded;

/// The leader died before it answered. It is not known what became of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the write was interrupted; it is not known whether it was done")]
pub struct LeaderGone;

/// A queue of requests `Q`, answered by `R` in batches. Clones share the queue.
pub struct GroupCommit<Q, R> {
    queue: Arc<Mutex<Queue<Q, R>>>,
    max_waiting: usize,
}

struct Queue<Q, R> {
    waiting: VecDeque<(Q, Answer<R>)>,
    led: bool,
}

/// The duty to answer what waits: whoever gets it must call [`lead`](Self::lead), in a thread that may block.
///
/// Dropping it instead fails everyone who waits.
#[must_use = "nobody is answered before somebody leads"]
pub struct Leadership<Q, R> {
    queue: Arc<Mutex<Queue<Q, R>>>,
    /// Whether the duty was done, or handed on.
    done: bool,
}

/// The answer to one request, once there is one: a future, or to be waited for.
#[derive(Debug)]
pub struct Waiter<R>(Arc<Slot<R>>);

/// The other end of a [`Waiter`]. Dropped without an answer, it says [`LeaderGone`].
struct Answer<R>(Arc<Slot<R>>);

struct Slot<R> {
    state: Mutex<SlotState<R>>,
    filled: Condvar,
}

enum SlotState<R> {
    Empty(Option<Waker>),
    Filled(Result<R, LeaderGone>),
    Taken,
}

impl<Q, R> GroupCommit<Q, R> {
    /// An empty queue in which [`MAX_WAITING`] requests may wait.
    pub fn new() -> Self {
        Self::with_capacity(MAX_WAITING)
    }

    /// An empty queue in which `max_waiting` requests may wait.
    pub fn with_capacity(max_waiting: usize) -> Self {
        Self {
            queue: Arc::new(Mutex::new(Queue {
                waiting: VecDeque::new(),
                led: false,
            })),
            max_waiting,
        }
    }

    /// Brings a request. When a [`Leadership`] comes back, this caller is the leader.
    ///
    /// # Errors
    /// [`Overloaded`] when too many wait.
    #[expect(
        clippy::type_complexity,
        reason = "two things of their own names, the second only for the first in a row"
    )]
    pub fn submit(&self, request: Q) -> Result<(Waiter<R>, Option<Leadership<Q, R>>), Overloaded> {
        let mut queue = self.queue.lock();
        if queue.waiting.len() >= self.max_waiting {
            return Err(Overloaded);
        }
        let slot = Arc::new(Slot {
            state: Mutex::new(SlotState::Empty(None)),
            filled: Condvar::new(),
        });
        queue
            .waiting
            .push_back((request, Answer(Arc::clone(&slot))));
        let leads = !std::mem::replace(&mut queue.led, true);
        let leadership = leads.then(|| Leadership {
            queue: Arc::clone(&self.queue),
            done: false,
        });
        Ok((Waiter(slot), leadership))
    }

    /// How many requests wait for a leader to take them.
    pub fn waiting(&self) -> usize {
        self.queue.lock().waiting.len()
    }
}

impl<Q, R> Leadership<Q, R> {
    /// Answers everything that waits, and everything that comes meanwhile, in batches of at most
    /// [`MAX_BATCH_COMMITS`]. The handler gives one answer per request, in order; who gets none is told [`LeaderGone`].
    pub fn lead(mut self, mut handler: impl FnMut(Vec<Q>) -> Vec<R>) {
        while let Some(batch) = self.take_batch() {
            let (requests, answers): (Vec<_>, Vec<_>) = batch.into_iter().unzip();
            let results = handler(requests);
            for (answer, result) in answers.into_iter().zip(results) {
                answer.give(result);
            }
        }
    }

    /// The next batch; `None`, and the duty is done, when nothing waits.
    fn take_batch(&mut self) -> Option<Vec<(Q, Answer<R>)>> {
        let mut queue = self.queue.lock();
        let count = queue.waiting.len().min(MAX_BATCH_COMMITS);
        if count == 0 {
            queue.led = false;
            self.done = true;
            return None;
        }
        Some(queue.waiting.drain(..count).collect())
    }
}

impl<Q, R> Drop for Leadership<Q, R> {
    fn drop(&mut self) {
        if self.done {
            return;
        }
        let mut queue = self.queue.lock();
        queue.led = false;
        let abandoned = std::mem::take(&mut queue.waiting);
        // Waking a waiter runs foreign code, which may want this queue.
        drop(queue);
        drop(abandoned);
    }
}

impl<R> Waiter<R> {
    /// Blocks until there is an answer.
    ///
    /// # Errors
    /// [`LeaderGone`].
    pub fn wait_blocking(self) -> Result<R, LeaderGone> {
        let mut state = self.0.state.lock();
        loop {
            match std::mem::replace(&mut *state, SlotState::Taken) {
                SlotState::Filled(answer) => return answer,
                SlotState::Taken => return Err(LeaderGone),
                SlotState::Empty(waker) => *state = SlotState::Empty(waker),
            }
            self.0.filled.wait(&mut state);
        }
    }
}

impl<R> Future for Waiter<R> {
    type Output = Result<R, LeaderGone>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut state = self.0.state.lock();
        match std::mem::replace(&mut *state, SlotState::Taken) {
            SlotState::Filled(answer) => Poll::Ready(answer),
            SlotState::Taken => Poll::Ready(Err(LeaderGone)),
            SlotState::Empty(_) => {
                *state = SlotState::Empty(Some(context.waker().clone()));
                Poll::Pending
            }
        }
    }
}

impl<R> Answer<R> {
    fn give(self, answer: R) {
        self.0.fill(Ok(answer));
    }
}

impl<R> Drop for Answer<R> {
    fn drop(&mut self) {
        self.0.fill(Err(LeaderGone));
    }
}

impl<R> Slot<R> {
    /// Fills the slot if it is empty, and wakes who waits.
    fn fill(&self, answer: Result<R, LeaderGone>) {
        let waker = {
            let mut state = self.state.lock();
            let SlotState::Empty(waker) = &mut *state else {
                return;
            };
            let waker = waker.take();
            *state = SlotState::Filled(answer);
            waker
        };
        self.filled.notify_all();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl<Q, R> Clone for GroupCommit<Q, R> {
    fn clone(&self) -> Self {
        Self {
            queue: Arc::clone(&self.queue),
            max_waiting: self.max_waiting,
        }
    }
}

impl<Q, R> Default for GroupCommit<Q, R> {
    fn default() -> Self {
        Self::new()
    }
}

impl<Q, R> fmt::Debug for GroupCommit<Q, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let queue = self.queue.lock();
        f.debug_struct("GroupCommit")
            .field("waiting", &queue.waiting.len())
            .field("led", &queue.led)
            .finish_non_exhaustive()
    }
}

impl<Q, R> fmt::Debug for Leadership<Q, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Leadership")
            .field("done", &self.done)
            .finish_non_exhaustive()
    }
}

impl<R> fmt::Debug for Slot<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slot").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
