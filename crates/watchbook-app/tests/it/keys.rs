//! Keys: who they let in, as whom, and how fast they stop doing so.

use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::json;
use watchbook_api::ErrorCode;
use watchbook_app::{IssuedKey, KeyStatus, NewKey};
use watchbook_core::audit::AuditOutcome;

use crate::world::{World, context, id, keyed, keyless, local};

/// A key for `agent`, as an operator makes it.
pub(crate) async fn issue(
    world: &World,
    agent: &str,
    change: impl FnOnce(&mut NewKey),
) -> IssuedKey {
    let mut new = NewKey {
        agent: id(agent),
        label: None,
        delegate: false,
        ingest_only: false,
        expires_at: None,
    };
    change(&mut new);
    let operator = context(local("human:ada"));
    world.app.keys().create(&operator, new).await.unwrap()
}

async fn enters(world: &World, secret: &str, claims: Option<&str>) -> Result<String, ErrorCode> {
    let answer = world
        .call_as(keyed(secret, claims), "whoami", json!({}))
        .await;
    let answer = answer.map_err(|problem| problem.code)?;
    let agent = &answer["result"]["identity"]["agent_id"];
    Ok(agent.as_str().unwrap().to_owned())
}

#[tokio::test]
async fn without_any_key_an_agent_id_is_believed_and_an_empty_key_is_none() {
    let world = World::new();
    assert!(world.app.is_keyless().await.unwrap());
    assert_eq!(enters(&world, "", Some("sofiia")).await.unwrap(), "sofiia");
    assert_eq!(enters(&world, "  ", None).await.unwrap(), "agent_default");
    let unknown = format!("wb_0123456789_{}", "0".repeat(64));
    for key in ["nonsense", unknown.as_str()] {
        let answer = enters(&world, key, Some("sofiia")).await;
        assert_eq!(answer, Err(ErrorCode::Unauthenticated), "{key}");
    }
}

#[tokio::test]
async fn the_first_key_shuts_the_keyless_door_for_good() {
    let world = World::new();
    let key = issue(&world, "helion", |_| {}).await;
    assert!(!world.app.is_keyless().await.unwrap());
    let whoami = world.call_as(keyless("sofiia"), "whoami", json!({})).await;
    assert_eq!(whoami.unwrap_err().code, ErrorCode::Unauthenticated);

    let operator = context(local("human:ada"));
    let revoked = world.app.keys().revoke(&operator, &key.info.id).await;
    assert_eq!(revoked.unwrap().status, KeyStatus::Revoked);
    let whoami = world.call_as(keyless("sofiia"), "whoami", json!({})).await;
    assert_eq!(
        whoami.unwrap_err().code,
        ErrorCode::Unauthenticated,
        "taking back the last key must not open the door"
    );
}

#[tokio::test]
async fn a_key_is_an_identity_and_a_forged_one_is_refused_and_audited() {
    let world = World::new();
    let key = issue(&world, "monitor", |_| {}).await;
    let secret = key.token.reveal();
    assert_eq!(enters(&world, secret, None).await.unwrap(), "monitor");
    assert_eq!(
        enters(&world, secret, Some("monitor")).await.unwrap(),
        "monitor"
    );

    let forged = enters(&world, secret, Some("sofiia")).await;
    assert_eq!(forged, Err(ErrorCode::Forbidden));
    let entry = &world.audit().await[0];
    assert_eq!(entry.opening.agent, id("sofiia"), "whom it claimed to be");
    assert_eq!(entry.opening.delegate, Some(id("monitor")), "who it is");
    assert_eq!(entry.opening.key.as_ref(), Some(&key.info.id));
    let closing = entry.closing.as_ref().unwrap();
    assert_eq!(closing.outcome, AuditOutcome::Denied);
}

#[tokio::test]
async fn a_delegate_acts_for_others_and_both_are_audited() {
    let world = World::new();
    let key = issue(&world, "bridge", |new| new.delegate = true).await;
    let secret = key.token.reveal();
    let create = json!({"service": "gateway", "severity": "P2", "title": "slow"});
    let caller = || keyed(secret, Some("sofiia"));
    let made = world
        .call_as(caller(), "incident_create", create)
        .await
        .unwrap();
    assert_eq!(made["result"]["incident"]["created_by"], "sofiia");
    let entry = &world.audit().await[0];
    let both = (&entry.opening.agent, entry.opening.delegate.as_ref());
    assert_eq!(both, (&id("sofiia"), Some(&id("bridge"))));
}

#[tokio::test]
async fn another_process_takes_a_new_key_and_refuses_a_revoked_one_within_a_second() {
    let here = World::new();
    let there = here.other_process();
    assert_eq!(enters(&there, "", Some("sofiia")).await.unwrap(), "sofiia");

    let key = issue(&here, "helion", |_| {}).await;
    let secret = key.token.reveal();
    assert_eq!(enters(&here, secret, None).await.unwrap(), "helion");
    here.clock.advance(Duration::from_secs(1));
    assert_eq!(enters(&there, secret, None).await.unwrap(), "helion");

    let operator = context(local("human:ada"));
    here.app
        .keys()
        .revoke(&operator, &key.info.id)
        .await
        .unwrap();
    let refused = Err(ErrorCode::Unauthenticated);
    assert_eq!(enters(&here, secret, None).await, refused, "at once here");
    here.clock.advance(Duration::from_secs(1));
    assert_eq!(
        enters(&there, secret, None).await,
        refused,
        "a second later there"
    );
}

#[tokio::test]
async fn a_clock_that_jumps_back_does_not_keep_a_revoked_key_alive() {
    let here = World::new();
    let there = here.other_process();
    let key = issue(&here, "helion", |_| {}).await;
    assert!(enters(&there, key.token.reveal(), None).await.is_ok());
    let operator = context(local("human:ada"));
    here.app
        .keys()
        .revoke(&operator, &key.info.id)
        .await
        .unwrap();
    let an_hour_ago = here.now().minus(Duration::from_hours(1));
    here.clock.set(an_hour_ago);
    assert!(enters(&there, key.token.reveal(), None).await.is_err());
}

#[tokio::test]
async fn a_key_ends_by_itself() {
    let world = World::new();
    let end = world.now().plus(Duration::from_hours(1));
    let key = issue(&world, "helion", |new| new.expires_at = Some(end)).await;
    assert!(enters(&world, key.token.reveal(), None).await.is_ok());
    world.clock.set(end);
    let late = enters(&world, key.token.reveal(), None).await;
    assert_eq!(late, Err(ErrorCode::Unauthenticated));
    let listed = world.app.keys().list(&context(local("human:ada"))).await;
    assert_eq!(listed.unwrap()[0].status, KeyStatus::Expired);
}

#[tokio::test]
async fn an_ingest_key_only_ingests() {
    let world = World::new();
    let key = issue(&world, "sofiia", |new| new.ingest_only = true).await;
    let answer = enters(&world, key.token.reveal(), None).await;
    assert_eq!(answer, Err(ErrorCode::Forbidden));
}

#[tokio::test]
async fn a_rotated_key_has_a_successor_like_it() {
    let world = World::new();
    let operator = context(local("human:ada"));
    let old = issue(&world, "bridge", |new| new.delegate = true).await;
    let new = world
        .app
        .keys()
        .rotate(&operator, &old.info.id)
        .await
        .unwrap();
    let answer = enters(&world, old.token.reveal(), None).await;
    assert_eq!(answer, Err(ErrorCode::Unauthenticated));
    let answer = enters(&world, new.token.reveal(), Some("helion")).await;
    assert_eq!(answer.unwrap(), "helion", "it may still act for others");

    let again = world.app.keys().rotate(&operator, &old.info.id).await;
    assert_eq!(again.unwrap_err().code, ErrorCode::Conflict);
    let nobody = "0000000000".parse().unwrap();
    let missing = world.app.keys().revoke(&operator, &nobody).await;
    assert_eq!(missing.unwrap_err().code, ErrorCode::NotFound);
}

#[tokio::test]
async fn who_may_not_make_keys_is_refused_and_audited() {
    let world = World::new();
    let monitor = context(local("monitor"));
    let listed = world.app.keys().list(&monitor).await;
    assert_eq!(listed.unwrap_err().code, ErrorCode::Forbidden);
    let entry = &world.audit().await[0];
    assert_eq!(entry.opening.action.as_str(), "key_list");
    let closing = entry.closing.as_ref().unwrap();
    assert_eq!(closing.outcome, AuditOutcome::Denied);
}

#[tokio::test]
async fn a_key_must_end_after_it_begins() {
    let world = World::new();
    let new = NewKey {
        agent: id("helion"),
        label: None,
        delegate: false,
        ingest_only: false,
        expires_at: Some(world.now()),
    };
    let operator = context(local("human:ada"));
    let refused = world.app.keys().create(&operator, new).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::InvalidParams);
    assert!(world.app.is_keyless().await.unwrap(), "nothing was made");
}

#[tokio::test]
async fn when_keys_cannot_be_read_nobody_is_let_in_but_the_command_line() {
    let world = World::new();
    world.store.no_keys.store(true, Ordering::SeqCst);
    let keyed = enters(&world, &format!("wb_0123456789_{}", "0".repeat(64)), None).await;
    assert_eq!(keyed, Err(ErrorCode::Unavailable));
    let keyless = world.call_as(keyless("sofiia"), "whoami", json!({})).await;
    assert_eq!(keyless.unwrap_err().code, ErrorCode::Unavailable);
    let local = world.call_as(local("sofiia"), "whoami", json!({})).await;
    assert!(local.is_ok(), "whoever may write the files is believed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_of_callers_reads_the_keys_once() {
    let world = World::new();
    let key = issue(&world, "helion", |_| {}).await;
    let before = world.store.key_reads.load(Ordering::SeqCst);
    let calls = (0..50).map(|_| world.app.clone()).map(|app| {
        let secret = key.token.reveal().to_owned();
        tokio::spawn(async move {
            let request = watchbook_api::decode("admin_tool", "whoami", serde_json::Map::new());
            let context = context(keyed(&secret, None));
            app.execute(&context, request.unwrap()).await.is_ok()
        })
    });
    for call in calls.collect::<Vec<_>>() {
        assert!(call.await.unwrap());
    }
    let reads = world.store.key_reads.load(Ordering::SeqCst) - before;
    assert_eq!(reads, 1);
}

#[tokio::test]
async fn no_entry_of_the_audit_holds_a_key() {
    let world = World::new();
    let operator = context(local("human:ada"));
    let key = issue(&world, "helion", |_| {}).await;
    let rotated = world
        .app
        .keys()
        .rotate(&operator, &key.info.id)
        .await
        .unwrap();
    let pasted = json!({
        "service": "gateway",
        "severity": "P2",
        "title": format!("leaked {}", rotated.token.reveal()),
    });
    let caller = keyed(rotated.token.reveal(), None);
    world
        .call_as(caller, "incident_create", pasted)
        .await
        .unwrap();
    let trail = format!("{:?}", world.audit().await);
    for token in [&key.token, &rotated.token] {
        let secret = token.reveal().rsplit('_').next().unwrap();
        assert!(!trail.contains(secret));
    }
    assert!(
        trail.contains(rotated.info.id.as_str()),
        "its public id is there"
    );
}
