//! Policies at the door: rollout, rates, caps, timeouts.

use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::{Value, json};
use watchbook_api::{ErrorCode, decode};
use watchbook_app::MAX_CALLS;
use watchbook_core::audit::{AuditEntry, AuditQuery};
use watchbook_core::query::PageRequest;
use watchbook_store::AuditLog;

use crate::world::{World, context, id, local, object};

const OFF: &str = "rules:
  - actions: [\"oncall_tool.incident_close\"]
    agents: [helion]
    stage: off
  - actions: [\"oncall_tool.incident_*\"]
    agents: [helion]
    stage: dry_run
";

fn new() -> Value {
    json!({"service": "gateway", "severity": "P2", "title": "slow"})
}

#[tokio::test]
async fn an_action_that_is_off_is_refused_for_whom_it_is_off() {
    let world = World::with(&[("tools_rollout.yml", OFF)]);
    let close = json!({"incident_id": world.incident("P2").await});
    let refused = world
        .refused("helion", "incident_close", close.clone())
        .await;
    assert_eq!(refused.code, ErrorCode::Forbidden);
    insta::assert_snapshot!(refused.message, @"oncall_tool.incident_close is switched off for helion; tools_rollout.yml says rules[0]: off");
    world.ok("sofiia", "incident_close", close).await;
}

#[tokio::test]
async fn a_rehearsed_action_writes_nothing_and_says_so() {
    let world = World::with(&[("tools_rollout.yml", OFF)]);
    world.incident("P2").await;
    let before = world.dump().await;
    let answer = world.ok("helion", "incident_create", new()).await;
    assert_eq!(answer["meta"]["dry_run"], true);
    assert_eq!(answer["result"]["incident"]["title"], "slow");
    let read = world.ok("helion", "incident_list", json!({})).await;
    assert_ne!(read["meta"]["dry_run"], true, "a read is carried out");
    assert_eq!(world.dump().await, before);
}

const TIGHT: &str = "rates:
  agent: { per_minute: 6000, burst: 2000 }
  tool: { per_minute: 6000, burst: 2000 }
  action: { per_minute: 60, burst: 4 }
daily_writes:
  default: 3
";

#[tokio::test]
async fn a_rate_is_held_and_the_answer_says_how_long_to_wait() {
    let world = World::with(&[("tool_limits.yml", TIGHT)]);
    for _ in 0..4 {
        world.ok("monitor", "incident_list", json!({})).await;
    }
    let refused = world.refused("monitor", "incident_list", json!({})).await;
    assert_eq!(refused.code, ErrorCode::RateLimited);
    assert_eq!(refused.retry_after, Some(Duration::from_secs(1)));
    world.ok("helion", "incident_list", json!({})).await;
    world.clock.advance(Duration::from_secs(1));
    world.ok("monitor", "incident_list", json!({})).await;
}

#[tokio::test]
async fn a_daily_cap_holds_until_midnight_and_rehearsals_do_not_count() {
    let world = World::with(&[("tool_limits.yml", TIGHT)]);
    let rehearsal = || {
        let mut params = new();
        params["dry_run"] = true.into();
        params
    };
    for _ in 0..3 {
        world.clock.advance(Duration::from_mins(1));
        world.ok("helion", "incident_create", rehearsal()).await;
        world.ok("helion", "incident_create", new()).await;
    }
    world.clock.advance(Duration::from_mins(1));
    let refused = world.refused("helion", "incident_create", new()).await;
    assert_eq!(refused.code, ErrorCode::RateLimited);
    let tomorrow = world.now().end_of_day().since(world.now());
    assert_eq!(
        refused.retry_after.unwrap().as_secs(),
        tomorrow.as_secs() + 1
    );
    world
        .clock
        .set(world.now().end_of_day().plus(Duration::from_secs(1)));
    world.ok("helion", "incident_create", new()).await;
}

#[tokio::test]
async fn people_at_the_keyboard_are_not_held() {
    let world = World::with(&[("tool_limits.yml", TIGHT)]);
    for _ in 0..10 {
        let answer = world
            .call_as(local("human:ada"), "incident_create", new())
            .await;
        answer.unwrap();
    }
}

#[tokio::test]
async fn too_many_calls_at_once_are_turned_away_and_none_is_lost() {
    let world = World::new();
    world.store.held.store(true, Ordering::SeqCst);
    let call = || {
        let app = world.app.clone();
        async move {
            let request = decode("oncall_tool", "incident_create", object(new())).unwrap();
            let operator = context(local("human:ada"));
            app.execute(&operator, request).await
        }
    };
    let calls: Vec<_> = (0..MAX_CALLS).map(|_| tokio::spawn(call())).collect();
    while world.store.waiting.load(Ordering::SeqCst) < MAX_CALLS {
        tokio::task::yield_now().await;
    }
    let crowded = call().await.unwrap_err();
    assert_eq!(crowded.code, ErrorCode::Unavailable);
    assert!(crowded.retry_after.is_some());
    let turned_away = |entry: &AuditEntry| {
        let closing = entry.closing.as_ref();
        let code = closing.and_then(|closing| closing.code.as_ref());
        code.is_some_and(|code| code.as_str() == "unavailable")
            && entry.opening.agent == id("unauthenticated")
    };
    let query = AuditQuery {
        agent: Some(id("unauthenticated")),
        ..AuditQuery::default()
    };
    let trail = world.store.search_audit(query, PageRequest::default());
    assert_eq!(
        trail
            .await
            .unwrap()
            .items
            .iter()
            .filter(|entry| turned_away(entry))
            .count(),
        1
    );
    world.store.held.store(false, Ordering::SeqCst);
    world.store.go_on.notify_waiters();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    call().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_call_that_takes_too_long_is_answered_and_goes_on() {
    let world = World::new();
    world.store.held.store(true, Ordering::SeqCst);
    let mut create = new();
    create["idempotency_key"] = "k1".into();
    let slow = world
        .refused("sofiia", "incident_create", create.clone())
        .await;
    assert_eq!(slow.code, ErrorCode::Unavailable);
    insta::assert_snapshot!(slow.message, @"the call took longer than 30 s; it goes on and may still succeed; repeat it with the same idempotency key to learn how it ended");

    world.store.held.store(false, Ordering::SeqCst);
    world.store.go_on.notify_one();
    world.store.applied.notified().await;
    let again = world.ok("sofiia", "incident_create", create).await;
    assert_eq!(
        again["meta"]["replayed"], true,
        "the first went on to its end"
    );
    let by = world.audit().await[0].opening.agent.clone();
    assert_eq!(by, id("sofiia"));
}
