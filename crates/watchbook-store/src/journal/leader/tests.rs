//! Everyone is answered, in batches, whatever becomes of the leader.

use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::task::{Context, Poll, Wake, Waker};

use super::{GroupCommit, LeaderGone, Leadership, Overloaded, Waiter};
use crate::journal::settings::MAX_BATCH_COMMITS;

type Doubler = GroupCommit<u64, u64>;

fn double(batch: Vec<u64>) -> Vec<u64> {
    batch.into_iter().map(|n| n * 2).collect()
}

fn submit(group: &Doubler, n: u64) -> (Waiter<u64>, Option<Leadership<u64, u64>>) {
    group.submit(n).expect("there is room")
}

#[test]
fn the_first_leads_and_the_others_wait() {
    let group = Doubler::new();
    let (first, lead) = submit(&group, 1);
    let (second, none) = submit(&group, 2);
    assert!(none.is_none());
    let mut batches = Vec::new();
    lead.expect("the first leads").lead(|batch| {
        batches.push(batch.len());
        double(batch)
    });
    assert_eq!(batches, [2]);
    assert_eq!(
        (first.wait_blocking(), second.wait_blocking()),
        (Ok(2), Ok(4))
    );
    assert!(submit(&group, 3).1.is_some(), "the next one leads again");
}

#[test]
fn what_comes_while_the_leader_works_is_the_next_batch() {
    let group = Doubler::new();
    let (_first, lead) = submit(&group, 1);
    let mut late = Vec::new();
    let mut batches = Vec::new();
    lead.expect("the first leads").lead(|batch| {
        if batches.is_empty() {
            late.extend((10..13).map(|n| submit(&group, n)));
        }
        batches.push(batch.clone());
        double(batch)
    });
    assert_eq!(batches, [vec![1], vec![10, 11, 12]]);
    for ((waiter, lead), expected) in late.into_iter().zip([20, 22, 24]) {
        assert!(lead.is_none());
        assert_eq!(waiter.wait_blocking(), Ok(expected));
    }
}

#[test]
fn a_batch_has_a_limit_and_so_has_the_queue() {
    let group = Doubler::with_capacity(600);
    let mut waiters: Vec<_> = (0..600).map(|n| submit(&group, n)).collect();
    assert_eq!(group.submit(0).map(drop), Err(Overloaded));
    assert_eq!(group.waiting(), 600);
    let mut batches = Vec::new();
    let lead = waiters[0].1.take().expect("the first leads");
    lead.lead(|batch| {
        batches.push(batch.len());
        double(batch)
    });
    assert_eq!(
        batches,
        [
            MAX_BATCH_COMMITS,
            MAX_BATCH_COMMITS,
            600 - 2 * MAX_BATCH_COMMITS
        ]
    );
    for (n, (waiter, _)) in waiters.into_iter().enumerate() {
        assert_eq!(waiter.wait_blocking(), Ok(n as u64 * 2));
    }
}

#[test]
fn a_leader_that_does_not_lead_fails_those_who_wait() {
    let group = Doubler::new();
    let (first, lead) = submit(&group, 1);
    let (second, _) = submit(&group, 2);
    drop(lead);
    assert_eq!(
        (first.wait_blocking(), second.wait_blocking()),
        (Err(LeaderGone), Err(LeaderGone))
    );
    let (third, lead) = submit(&group, 3);
    lead.expect("somebody else leads").lead(double);
    assert_eq!(third.wait_blocking(), Ok(6));
}

#[test]
fn a_leader_that_panics_fails_those_who_wait_and_nobody_else() {
    let group = Doubler::new();
    let (taken, lead) = submit(&group, 1);
    let mut queued = Vec::new();
    let lead = lead.expect("the first leads");
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        lead.lead(|_| {
            queued.push(submit(&group, 2).0);
            panic!("the handler is broken");
        });
    }));
    assert!(result.is_err());
    assert_eq!(taken.wait_blocking(), Err(LeaderGone), "in the batch");
    assert_eq!(
        queued.remove(0).wait_blocking(),
        Err(LeaderGone),
        "in the queue"
    );
    let (next, lead) = submit(&group, 3);
    lead.expect("somebody else leads").lead(double);
    assert_eq!(next.wait_blocking(), Ok(6));
}

#[test]
fn a_handler_that_answers_too_few_leaves_no_one_hanging() {
    let group = Doubler::new();
    let (first, lead) = submit(&group, 1);
    let (second, _) = submit(&group, 2);
    lead.expect("the first leads")
        .lead(|batch| double(batch[..1].to_vec()));
    assert_eq!(
        (first.wait_blocking(), second.wait_blocking()),
        (Ok(2), Err(LeaderGone))
    );
}

#[test]
fn a_caller_that_went_away_does_not_matter() {
    let group = Doubler::new();
    let (gone, lead) = submit(&group, 1);
    let (second, _) = submit(&group, 2);
    drop(gone);
    lead.expect("the first leads").lead(double);
    assert_eq!(second.wait_blocking(), Ok(4));
}

#[derive(Default)]
struct Counter(AtomicUsize);

impl Wake for Counter {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn a_waiter_is_a_future_that_wakes_its_task() {
    let group = Doubler::new();
    let (waiter, lead) = submit(&group, 1);
    let wakes = Arc::new(Counter::default());
    let waker = Waker::from(Arc::clone(&wakes));
    let mut context = Context::from_waker(&waker);
    let mut waiter = pin!(waiter);
    assert_eq!(waiter.as_mut().poll(&mut context), Poll::Pending);
    assert_eq!(waiter.as_mut().poll(&mut context), Poll::Pending);
    lead.expect("the first leads").lead(double);
    assert_eq!(wakes.0.load(Ordering::Relaxed), 1);
    assert_eq!(waiter.as_mut().poll(&mut context), Poll::Ready(Ok(2)));
    assert_eq!(
        waiter.as_mut().poll(&mut context),
        Poll::Ready(Err(LeaderGone)),
        "taken already"
    );
}

#[test]
fn many_threads_are_all_answered_once() {
    let group = Doubler::new();
    let handled = AtomicUsize::new(0);
    let (threads, each) = (8, 500);
    let start = Barrier::new(threads);
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let (group, handled, start) = (&group, &handled, &start);
            scope.spawn(move || {
                start.wait();
                for n in 0..each {
                    let n = (thread * each + n) as u64;
                    let (waiter, lead) = submit(group, n);
                    if let Some(lead) = lead {
                        lead.lead(|batch| {
                            handled.fetch_add(batch.len(), Ordering::Relaxed);
                            double(batch)
                        });
                    }
                    assert_eq!(waiter.wait_blocking(), Ok(n * 2));
                }
            });
        }
    });
    assert_eq!(handled.load(Ordering::Relaxed), threads * each);
    assert_eq!(group.waiting(), 0);
}
