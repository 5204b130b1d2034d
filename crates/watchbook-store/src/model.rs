//! The model test: one random life, lived by two stores, must look the same from outside.
//!
//! [`compare`] carries the same commands out on a reference (usually [`MemoryStore`](crate::memory::MemoryStore)) and
//! on another store, and compares every answer, refusal and read. A life is a list of numbers, so that whatever draws
//! numbers can draw, shrink and repeat one.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "this is test code that is exported: it fails by a panic that says where the stores differ"
)]

mod apart;
mod life;
mod look;
mod nouns;

use std::ops::Deref;

use watchbook_core::{Command, IncidentId};

use crate::contract::{Applied, Outcome, Store, StoreError};
use crate::system::ManualClock;

pub use apart::compare_absorbing;
use life::{Life, Turn};
use look::same_sight;

/// Lives the life that `draws` stands for on both stores, which must be empty and read `clock`, and compares them after
/// each step and in the end.
pub async fn compare<A: Store, B: Store>(
    reference: &A,
    other: &B,
    clock: &ManualClock,
    draws: &[u64],
) {
    compare_through(reference, |_| other, clock, draws).await;
}

/// The same with a handle on the other store for each turn: `handle` is given the turn's number, and may close handles
/// and open them anew, or take turns between several. What one wrote the next one must show.
pub async fn compare_through<A: Store, B: Store, H: Deref<Target = B>>(
    reference: &A,
    mut handle: impl FnMut(u64) -> H,
    clock: &ManualClock,
    draws: &[u64],
) {
    let mut life = Life::new(clock);
    for draw in draws {
        let other = handle(*draw);
        turn(&mut life, reference, &*other, *draw).await;
    }
    look_alike(reference, &*handle(0)).await;
}

async fn turn<A: Store, B: Store>(life: &mut Life, reference: &A, other: &B, draw: u64) {
    match life.turn(draw) {
        Turn::Wait => {}
        Turn::Try(command) => {
            let expected = reference.preview(command.clone()).await;
            let previewed = other.preview(command.clone()).await;
            same_answer(&command, &expected, &previewed);
        }
        Turn::Do(command) => {
            let expected = reference.apply(command.clone()).await;
            let applied = other.apply(command.clone()).await;
            same_answer(&command, &expected, &applied);
            life.learn(&expected);
        }
        Turn::Attach(command, content) => {
            let expected = reference.attach(command.clone(), content.clone()).await;
            let attached = other.attach(command.clone(), content).await;
            same_answer(&command, &expected, &attached);
            life.learn(&expected);
            look::same_artifacts(reference, other, command.incident).await;
        }
        Turn::Look(query) => same_sight(reference, other, query).await,
    }
}

/// Compares everything that two stores show.
pub async fn look_alike<A: Store, B: Store>(reference: &A, other: &B) {
    for id in look::same_lists(reference, other).await {
        same_incident(reference, other, id).await;
    }
}

/// Answers are the same but for what says which store it was.
fn same_answer(
    command: &Command,
    expected: &Result<Applied, StoreError>,
    given: &Result<Applied, StoreError>,
) {
    match (expected, given) {
        (Ok(expected), Ok(given)) => assert_eq!(plain(given), plain(expected), "{command:?}"),
        (Err(expected), Err(given)) => {
            assert_eq!(given.to_string(), expected.to_string(), "{command:?}");
            assert_eq!(given.outcome(), Outcome::NotApplied);
        }
        (expected, given) => panic!("{command:?} was answered {given:?}, not {expected:?}"),
    }
}

/// An answer without the durability, which is the store's own, and the node in its stamps.
fn plain(applied: &Applied) -> Applied {
    let Applied {
        incident,
        events,
        similar,
        changed,
        replayed,
        durable: _,
    } = applied.clone();
    Applied {
        incident,
        events: events.into_iter().map(look::plain).collect(),
        similar,
        changed,
        replayed,
        durable: false,
    }
}

async fn same_incident<A: Store, B: Store>(reference: &A, other: &B, id: IncidentId) {
    let expected = reference.get(id).await.map_err(|error| error.to_string());
    let given = other.get(id).await.map_err(|error| error.to_string());
    assert_eq!(given, expected);
    look::same_timeline(reference, other, id).await;
    look::same_artifacts(reference, other, id).await;
}
