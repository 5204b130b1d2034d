//! Limits: rates hold over any course of time, caps hold for a day, and a clock that errs does no harm.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use watchbook_core::Timestamp;

use super::{Call, LimitRule, Limited, Limiter, MAX_BUCKETS, Scope};
use crate::cost::{CostWeights, MAX_WEIGHT};
use crate::glob::ByAction;
use crate::limits::{Rate, ToolLimits};
use crate::role::{RoleName, Subject};

const AMPLE: Rate = Rate {
    per_minute: 1_000_000,
    burst: 1_000_000,
};

/// 2026-02-23T10:00:00Z, far from midnight.
const START: i64 = 1_771_840_800_000;
const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

fn limits(per_agent: Rate, daily_writes: u32) -> ToolLimits {
    ToolLimits {
        exempt: BTreeSet::from([role("operator")]),
        per_agent,
        agents: BTreeMap::new(),
        per_tool: AMPLE,
        tools: BTreeMap::new(),
        per_action: AMPLE,
        actions: ByAction::default(),
        daily_writes,
        daily_writes_of: BTreeMap::new(),
        timeout: Duration::from_secs(30),
        timeouts: ByAction::default(),
    }
}

const fn rate(per_minute: u32, burst: u32) -> Rate {
    Rate { per_minute, burst }
}

fn role(name: &str) -> RoleName {
    name.parse().unwrap()
}

fn subject(id: &str) -> Subject {
    Subject::Agent(id.parse().unwrap())
}

/// A caller that can be asked again and again.
struct Caller {
    limiter: Limiter,
    role: RoleName,
}

impl Caller {
    fn new(limits: ToolLimits) -> Self {
        Self {
            limiter: Limiter::new(Arc::new(limits)),
            role: role("agent"),
        }
    }

    fn call(
        &mut self,
        id: &str,
        action: &str,
        writes: bool,
        weight: u32,
        at: i64,
    ) -> Result<(), Limited> {
        let subject = subject(id);
        let (tool, action) = action.split_once('.').unwrap();
        let call = Call {
            subject: &subject,
            role: &self.role,
            tool,
            action,
            writes,
            weight,
        };
        self.limiter.admit(&call, Timestamp::from_millis(at))
    }

    fn read(&mut self, at: i64) -> Result<(), Limited> {
        self.call("a", "t.x", false, 1, at)
    }

    fn write(&mut self, at: i64) -> Result<(), Limited> {
        self.call("a", "t.x", true, 1, at)
    }
}

#[test]
fn a_budget_is_used_up_and_fills_again() {
    let mut caller = Caller::new(limits(rate(60, 3), 1_000));
    for _ in 0..3 {
        caller.read(START).unwrap();
    }
    let refused = caller.read(START).unwrap_err();
    assert_eq!(refused.retry_after, Duration::from_secs(1));
    let everything = LimitRule::Rate {
        scope: Scope::Everything,
        rate: rate(60, 3),
    };
    assert_eq!(refused.rule, everything);
    caller.read(START + 999).unwrap_err();
    caller.read(START + 1_000).unwrap();
    caller.read(START + 1_000).unwrap_err();
    // However long it rests, it holds no more than its burst.
    let later = START + 100 * HOUR;
    assert_eq!((0..10).filter(|_| caller.read(later).is_ok()).count(), 3);
}

#[test]
fn a_call_is_paid_from_three_budgets_or_from_none() {
    let mut policy = limits(rate(60, 10), 1_000);
    policy.tools.insert("t".to_owned(), rate(60, 5));
    policy.actions = [("t.x".parse().unwrap(), rate(60, 2))]
        .into_iter()
        .collect();
    let mut caller = Caller::new(policy);
    let admitted = |caller: &mut Caller, action| {
        (0..20)
            .filter(|_| caller.call("a", action, false, 1, START).is_ok())
            .count()
    };
    assert_eq!(admitted(&mut caller, "t.x"), 2, "the action's budget");
    assert_eq!(
        admitted(&mut caller, "t.y"),
        3,
        "what is left of the tool's budget"
    );
    assert_eq!(
        admitted(&mut caller, "u.z"),
        5,
        "what is left of the caller's budget: refusals cost nothing"
    );
    assert_eq!(
        caller.call("b", "t.x", false, 1, START),
        Ok(()),
        "another caller has budgets of its own"
    );
}

#[test]
fn refusals_say_which_limit_and_how_long_to_wait() {
    let mut policy = limits(rate(30, 1), 1);
    policy.tools.insert("slow".to_owned(), rate(1, 1));
    let mut caller = Caller::new(policy);
    let mut lines = Vec::new();
    caller.call("a", "t.x", true, 1, START).unwrap();
    lines.push(caller.call("a", "t.x", false, 1, START).unwrap_err());
    lines.push(caller.call("a", "t.x", true, 1, START).unwrap_err());
    caller.call("b", "slow.x", false, 1, START).unwrap();
    lines.push(caller.call("b", "slow.x", false, 1, START).unwrap_err());
    let texts: Vec<String> = lines.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(texts.join("\n"));
}

#[test]
fn heavy_calls_use_a_budget_faster_and_are_never_unaffordable() {
    let mut caller = Caller::new(limits(rate(60, 10), 1_000));
    let admitted = (0..10)
        .filter(|_| caller.call("a", "t.x", false, 4, START).is_ok())
        .count();
    assert_eq!(admitted, 2);
    let costly = caller
        .call("a", "t.x", false, MAX_WEIGHT, START)
        .unwrap_err();
    let later = START + i64::try_from(costly.retry_after.as_millis()).unwrap();
    assert_eq!(caller.call("a", "t.x", false, MAX_WEIGHT, later), Ok(()));
}

#[test]
fn exempt_roles_are_not_counted() {
    let mut caller = Caller::new(limits(rate(1, 1), 0));
    caller.role = role("operator");
    assert!((0..100).all(|_| caller.write(START).is_ok()));
    caller.role = role("agent");
    assert!(caller.write(START).is_err());
}

#[test]
fn writes_are_capped_by_the_day() {
    let mut policy = limits(AMPLE, 2);
    policy.daily_writes_of.insert("b".parse().unwrap(), 1);
    let mut caller = Caller::new(policy);
    caller.write(START).unwrap();
    caller.write(START).unwrap();
    let refused = caller.write(START).unwrap_err();
    assert_eq!(refused.rule, LimitRule::DailyWrites { cap: 2 });
    assert_eq!(
        refused.retry_after,
        Duration::from_hours(14),
        "until midnight"
    );
    caller.read(START).expect("reads are not capped");
    caller.write(START + DAY).expect("a new day");
    caller.call("b", "t.x", true, 1, START).unwrap();
    caller.call("b", "t.x", true, 1, START).unwrap_err();
}

#[test]
fn a_clock_that_falls_back_over_midnight_gives_no_second_day() {
    let mut caller = Caller::new(limits(AMPLE, 2));
    let midnight = START + 14 * HOUR;
    caller.write(midnight).unwrap();
    caller.write(midnight - HOUR).unwrap();
    caller.write(midnight - HOUR).unwrap_err();
    caller.write(midnight).unwrap_err();
}

#[test]
fn a_clock_that_was_a_year_ahead_blocks_nobody_until_then() {
    let mut caller = Caller::new(limits(AMPLE, 1));
    caller.write(START + 365 * DAY).unwrap();
    caller
        .write(START)
        .expect("the count of a day that has not come is dropped");
    caller.write(START).unwrap_err();
}

#[test]
fn a_clock_that_goes_back_an_hour_neither_fills_nor_starves() {
    let mut caller = Caller::new(limits(rate(60, 5), 1_000));
    (0..5).for_each(|_| caller.read(START).unwrap());
    let back = START - HOUR;
    caller.read(back).expect_err("going back brings nothing in");
    caller
        .read(back + 1_000)
        .expect("and one second later it fills as ever");
    caller.read(back + 1_000).unwrap_err();
}

#[test]
fn the_number_of_budgets_is_bounded() {
    let mut caller = Caller::new(limits(rate(1, 2), 1_000));
    let callers = MAX_BUCKETS / 3;
    for index in 0..callers {
        caller
            .call(&format!("agent{index}"), "t.x", false, 1, START)
            .unwrap();
    }
    let refused = caller.call("one_more", "t.x", false, 1, START).unwrap_err();
    assert_eq!(refused.rule, LimitRule::Callers);
    caller
        .call("agent7", "t.x", false, 1, START)
        .expect("who is known goes on");
    caller
        .call("agent7", "t.x", false, 1, START)
        .expect_err("and keeps their count");
    caller
        .call("one_more", "t.x", false, 1, START + HOUR)
        .expect("full budgets make room");
    assert!(caller.limiter.buckets.len() <= MAX_BUCKETS);
}

#[test]
fn timeouts_and_weights_come_from_the_narrowest_line() {
    let mut policy = limits(AMPLE, 1);
    policy.timeouts = [
        ("t.*".parse().unwrap(), Duration::from_secs(5)),
        ("t.slow".parse().unwrap(), Duration::from_mins(1)),
    ]
    .into_iter()
    .collect();
    let seconds = |tool, action| policy.timeout(tool, action).as_secs();
    assert_eq!(
        (seconds("t", "slow"), seconds("t", "x"), seconds("u", "x")),
        (60, 5, 30)
    );
    let costs = CostWeights {
        read: 1,
        write: 2,
        actions: [
            ("t.heavy".parse().unwrap(), 50),
            ("t.broken".parse().unwrap(), u32::MAX),
        ]
        .into_iter()
        .collect(),
    };
    assert_eq!(costs.weight("t", "x", false), 1);
    assert_eq!(costs.weight("t", "x", true), 2);
    assert_eq!(costs.weight("t", "heavy", true), 50);
    assert_eq!(costs.weight("t", "broken", true), MAX_WEIGHT);
}

proptest! {
    /// Whatever the clock does, what is admitted never exceeds the burst and what flowed in while it went forward.
    #[test]
    fn no_course_of_time_exceeds_the_rate(
        per_minute in 1_u32..600,
        burst in 1_u32..50,
        steps in prop::collection::vec((-HOUR..HOUR / 10, 1_u32..8), 1..200),
    ) {
        let mut caller = Caller::new(limits(rate(per_minute, burst), u32::MAX));
        let (mut now, mut forward, mut used) = (START, 0_i64, 0_u64);
        for (step, weight) in steps {
            now = Timestamp::from_millis(now + step).millis();
            forward += step.max(0);
            let price = u64::from(weight.min(burst));
            if caller.call("a", "t.x", false, weight, now).is_ok() {
                used += price;
            }
            let bound = u64::from(burst) * 60_000 + u64::from(per_minute) * forward.unsigned_abs();
            prop_assert!(used * 60_000 <= bound, "{} used of {}", used * 60_000, bound);
        }
    }

    /// Whoever waits as long as they are told gets through, also when the clock goes back before that.
    #[test]
    fn waiting_as_told_suffices(per_minute in 1_u32..600, burst in 1_u32..50, weight in 1_u32..60, back in 0_i64..2 * HOUR) {
        let mut caller = Caller::new(limits(rate(per_minute, burst), u32::MAX));
        while caller.call("a", "t.x", false, weight, START).is_ok() {}
        let set_back = START - back;
        let refused = caller.call("a", "t.x", false, weight, set_back).unwrap_err();
        let wait = i64::try_from(refused.retry_after.as_millis()).unwrap();
        prop_assert_eq!(caller.call("a", "t.x", false, weight, set_back + wait), Ok(()));
    }
}
