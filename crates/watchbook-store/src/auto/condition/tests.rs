//! When a node goes from one side to the other, step by step.

use std::time::Duration;

use watchbook_core::{StoreId, Timestamp};

use super::{Condition, Phase, Signal};
use crate::contract::Loss;

const RETRY: Duration = Duration::from_mins(5);

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(seconds * 1_000)
}

fn lost(loss: Loss) -> Signal {
    Signal::Lost {
        why: "connection refused".to_owned(),
        loss,
    }
}

fn store(bits: u128) -> StoreId {
    StoreId::from_bits(bits)
}

fn degraded() -> Condition {
    Condition::first()
        .after(lost(Loss::Gone), 1, at(100), RETRY)
        .expect("it falls back")
}

fn replaying() -> Condition {
    degraded()
        .after(Signal::Reached { store: store(7) }, 2, at(400), RETRY)
        .expect("it replays")
}

#[test]
fn a_loss_leads_to_the_files_and_a_try_later() {
    let degraded = degraded();
    assert_eq!(degraded.phase, Phase::Degraded);
    assert_eq!((degraded.epoch, degraded.generation), (2, 1));
    assert_eq!(degraded.since, Some(at(100)));
    assert_eq!(degraded.next_try, Some(at(400)));
    assert!(!degraded.needs_hands);
    for (now, due) in [
        (100, false),
        (399, false),
        (400, true),
        (500, true),
        // The clock has gone back.
        (99, true),
    ] {
        assert_eq!(degraded.is_due(at(now), RETRY), due, "at {now}");
    }
}

#[test]
fn what_somebody_must_correct_is_said_loudly() {
    let misconfigured = Condition::first()
        .after(lost(Loss::Misconfigured), 1, at(0), RETRY)
        .expect("it falls back");
    assert_eq!(misconfigured.phase, Phase::Degraded);
    assert!(misconfigured.needs_hands);
}

#[test]
fn news_of_an_earlier_epoch_change_nothing() {
    for condition in [degraded(), replaying()] {
        assert_eq!(condition.after(lost(Loss::Gone), 1, at(900), RETRY), None);
    }
    let caught_up = Signal::CaughtUp { generation: 2 };
    assert_eq!(replaying().after(caught_up, 2, at(900), RETRY), None);
}

#[test]
fn the_way_back_leads_through_a_replay() {
    let replaying = replaying();
    assert_eq!(replaying.phase, Phase::Replaying);
    assert!(
        replaying.is_due(at(0), RETRY),
        "an interrupted replay is gone on with"
    );
    let back = replaying
        .after(Signal::CaughtUp { generation: 2 }, 3, at(401), RETRY)
        .expect("it is back");
    let expected = Condition {
        epoch: 4,
        generation: 2,
        store: Some(store(7)),
        ..Condition::first()
    };
    assert_eq!(back, expected);
    let caught_up = Signal::CaughtUp { generation: 2 };
    assert_eq!(degraded().after(caught_up, 2, at(401), RETRY), None);
}

#[test]
fn a_replay_that_fails_waits_again_and_keeps_the_beginning() {
    let again = replaying()
        .after(lost(Loss::Gone), 3, at(450), RETRY)
        .expect("it is lost again");
    assert_eq!(again.phase, Phase::Degraded);
    assert_eq!(again.since, Some(at(100)));
    assert_eq!(again.next_try, Some(at(750)));
    assert_eq!(again.epoch, 4);
}

#[test]
fn a_try_in_vain_is_a_loss_of_its_own() {
    let later = degraded()
        .after(lost(Loss::Gone), 2, at(400), RETRY)
        .expect("it waits on");
    assert_eq!(
        (later.since, later.next_try),
        (Some(at(100)), Some(at(700)))
    );
}

#[test]
fn somebody_may_ask_for_a_try_whatever_the_epoch() {
    let hurried = degraded()
        .after(Signal::RetryNow, 0, at(150), RETRY)
        .expect("it hurries");
    assert!(hurried.is_due(at(150), RETRY));
    assert_eq!(hurried.epoch, 2);
    for condition in [Condition::first(), replaying(), hurried] {
        assert_eq!(condition.after(Signal::RetryNow, 0, at(160), RETRY), None);
    }
}

#[test]
fn a_node_remembers_the_store_it_first_met() {
    let met = Condition::first()
        .after(Signal::Reached { store: store(7) }, 1, at(0), RETRY)
        .expect("it has met it");
    assert_eq!((met.store, met.epoch), (Some(store(7)), 1));
    let other = Signal::Reached { store: store(8) };
    assert_eq!(met.after(other, 1, at(0), RETRY), None);
}

#[test]
fn a_fresh_mirror_beside_a_healthy_database_is_no_change_of_phase() {
    let renewed = Condition::first()
        .after(Signal::Renewed { generation: 2 }, 1, at(0), RETRY)
        .expect("it goes on");
    assert_eq!((renewed.generation, renewed.epoch), (2, 1));
    let signal = Signal::Renewed { generation: 3 };
    assert_eq!(degraded().after(signal, 2, at(0), RETRY), None);
}

#[test]
fn a_condition_is_read_back_as_it_was_written() {
    for condition in [Condition::first(), degraded(), replaying()] {
        let json = serde_json::to_string(&condition).expect("written");
        let back: Condition = serde_json::from_str(&json).expect("read");
        assert_eq!(back, condition);
    }
}

#[test]
fn a_reason_without_end_is_cut() {
    let endless = Signal::Lost {
        why: "ä".repeat(5_000),
        loss: Loss::Gone,
    };
    let cut = Condition::first()
        .after(endless, 1, at(0), RETRY)
        .and_then(|condition| condition.why)
        .expect("a reason");
    assert!(cut.len() <= super::MAX_WHY && cut.starts_with('ä'));
}
