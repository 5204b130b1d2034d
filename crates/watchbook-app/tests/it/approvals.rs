//! Changes that want a second pair of eyes.

use serde_json::{Value, json};
use watchbook_api::{ErrorCode, Problem};
use watchbook_core::{ETag, Refused};

use crate::keys::issue;
use crate::world::{World, keyed, local};

const TWO_PAIRS: &str = "approvals:
  - changes: [close, severity]
    envs: [prod]
    severities: [P0, P1]
  - changes: [merge]
    except_roles: [operator]
";

async fn asks_for_a_proposal(world: &World, agent: &str, action: &str, params: Value) -> Problem {
    let refused = world.refused(agent, action, params).await;
    assert_eq!(refused.code, ErrorCode::Forbidden, "{refused}");
    assert!(refused.message.contains("incident_propose"), "{refused}");
    refused
}

#[tokio::test]
async fn a_close_that_needs_two_is_proposed_by_one_and_approved_by_another() {
    let world = World::with(&[("rbac_tools_matrix.yml", TWO_PAIRS)]);
    let incident = world.incident("P1").await;
    let close = json!({"incident_id": incident, "resolution_summary": "rolled back"});
    let refused = asks_for_a_proposal(&world, "helion", "incident_close", close.clone()).await;
    insta::assert_snapshot!(refused.message, @"this close needs a second pair of eyes (approvals[0] of rbac_tools_matrix.yml); propose it with incident_propose, and somebody else can agree with incident_approve");

    let mut propose = close;
    propose["change"] = "close".into();
    propose["reason"] = "quiet for an hour".into();
    let proposed = world.ok("helion", "incident_propose", propose).await;
    let proposal = proposed["result"]["incident"]["proposals"][0]["id"].clone();
    let agree = json!({"incident_id": incident, "proposal_id": proposal});
    let own = world
        .refused("helion", "incident_approve", agree.clone())
        .await;
    assert_eq!(own.code, ErrorCode::Forbidden, "nobody approves their own");
    let approved = world.ok("sofiia", "incident_approve", agree).await;
    assert_eq!(approved["result"]["incident"]["status"], "closed");
    assert_eq!(
        approved["result"]["incident"]["resolution_summary"],
        "rolled back"
    );
}

#[tokio::test]
async fn a_key_that_acts_for_others_is_one_pair_of_eyes() {
    let world = World::with(&[("rbac_tools_matrix.yml", TWO_PAIRS)]);
    let incident = world.incident("P1").await;
    let bridge = issue(&world, "bridge", |new| new.delegate = true).await;
    let own = issue(&world, "sofiia", |_| {}).await;
    let through = |agent| keyed(bridge.token.reveal(), Some(agent));
    let propose =
        json!({"incident_id": incident, "change": "close", "reason": "quiet for an hour"});
    let proposed = world
        .call_as(through("helion"), "incident_propose", propose)
        .await
        .unwrap();
    let proposal = &proposed["result"]["proposal"];
    assert_eq!(
        (&proposal["proposed_by"], &proposal["delegate"]),
        (&"helion".into(), &"bridge".into())
    );
    let agree = json!({"incident_id": incident, "proposal_id": proposal["id"]});
    let both = world
        .call_as(through("sofiia"), "incident_approve", agree.clone())
        .await
        .unwrap_err();
    assert_eq!(both.code, ErrorCode::Forbidden);
    insta::assert_snapshot!(both.message, @"bridge is behind this proposal and cannot be behind its approval; a second pair of eyes is needed");
    let approved = world
        .call_as(keyed(own.token.reveal(), None), "incident_approve", agree)
        .await
        .unwrap();
    assert_eq!(approved["result"]["incident"]["status"], "closed");
}

#[tokio::test]
async fn what_no_line_names_needs_nobody_else() {
    let world = World::with(&[("rbac_tools_matrix.yml", TWO_PAIRS)]);
    let mild = world.incident("P3").await;
    world
        .ok("helion", "incident_close", json!({"incident_id": mild}))
        .await;
    let staging =
        json!({"service": "gateway", "env": "staging", "severity": "P0", "title": "slow"});
    let made = world.ok("helion", "incident_create", staging).await;
    let close = json!({"incident_id": made["result"]["incident"]["id"]});
    world.ok("helion", "incident_close", close).await;
}

#[tokio::test]
async fn a_severity_is_asked_for_as_it_is_and_as_it_would_become() {
    let world = World::with(&[("rbac_tools_matrix.yml", TWO_PAIRS)]);
    let (mild, grave) = (world.incident("P3").await, world.incident("P1").await);
    let to = |id: &str, severity: &str| json!({"incident_id": id, "severity": severity});
    asks_for_a_proposal(&world, "helion", "incident_update", to(&mild, "P0")).await;
    asks_for_a_proposal(&world, "helion", "incident_update", to(&grave, "P4")).await;
    world.ok("helion", "incident_update", to(&mild, "P2")).await;
    let title = json!({"incident_id": grave, "title": "worse"});
    world.ok("helion", "incident_update", title).await;
    world
        .ok("helion", "incident_update", to(&grave, "P1"))
        .await;
}

#[tokio::test]
async fn an_environment_is_left_by_two() {
    let world = World::with(&[("rbac_tools_matrix.yml", TWO_PAIRS)]);
    let grave = world.incident("P1").await;
    let to = |id: &str, env: &str| json!({"incident_id": id, "env": env});
    let leave = to(&grave, "staging");
    let refused = asks_for_a_proposal(&world, "helion", "incident_update", leave).await;
    insta::assert_snapshot!(refused.message, @"this change of env needs a second pair of eyes (approvals[0] of rbac_tools_matrix.yml); propose it with incident_propose, and somebody else can agree with incident_approve");
    world
        .ok("helion", "incident_update", to(&grave, "prod"))
        .await;

    let propose =
        json!({"incident_id": grave, "change": "env", "env": "staging", "reason": "a load test"});
    let proposed = world.ok("helion", "incident_propose", propose).await;
    let proposal = &proposed["result"]["proposal"];
    assert_eq!(
        (&proposal["change"], &proposal["env"]),
        (&"env".into(), &"staging".into())
    );
    let agree = json!({"incident_id": grave, "proposal_id": proposal["id"]});
    let approved = world.ok("sofiia", "incident_approve", agree).await;
    assert_eq!(approved["result"]["incident"]["env"], "staging");
}

#[tokio::test]
async fn a_severity_is_not_changed_by_way_of_another_environment() {
    let world = World::with(&[("rbac_tools_matrix.yml", TWO_PAIRS)]);
    let mild = world.incident("P3").await;
    let update = |params: Value| {
        let mut params = params;
        params["incident_id"] = mild.clone().into();
        params
    };
    let at_once = update(json!({"env": "staging", "severity": "P0"}));
    asks_for_a_proposal(&world, "helion", "incident_update", at_once).await;
    for step in [json!({"env": "staging"}), json!({"severity": "P0"})] {
        world.ok("helion", "incident_update", update(step)).await;
    }
    let back = update(json!({"env": "prod"}));
    asks_for_a_proposal(&world, "helion", "incident_update", back).await;
    let milder = update(json!({"env": "prod", "severity": "P2"}));
    world.ok("helion", "incident_update", milder).await;
}

#[tokio::test]
async fn a_role_may_be_excepted() {
    let world = World::with(&[("rbac_tools_matrix.yml", TWO_PAIRS)]);
    let (one, two) = (world.incident("P3").await, world.incident("P3").await);
    let merge = json!({"incident_id": one, "into": two});
    asks_for_a_proposal(&world, "helion", "incident_merge", merge.clone()).await;
    let merged = world
        .call_as(local("human:ada"), "incident_merge", merge)
        .await;
    assert_eq!(merged.unwrap()["result"]["incident"]["status"], "merged");
}

#[tokio::test]
async fn what_the_policy_saw_is_what_is_changed() {
    let world = World::with(&[("rbac_tools_matrix.yml", TWO_PAIRS)]);
    let incident = world.incident("P3").await;
    let read = world
        .ok("sofiia", "incident_get", json!({"incident_id": incident}))
        .await;
    let version: ETag = read["result"]["incident"]["etag"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let stale = || Refused::Stale {
        incident: incident.parse().unwrap(),
        given: version,
        current: version,
    };
    // Somebody else was faster once: it is looked at anew, and then closed.
    *world.store.next_apply.lock() = Some(stale().into());
    let close = json!({"incident_id": incident, "if_match": null});
    world.ok("helion", "incident_close", close).await;
    // Who insists on a version is told at once.
    *world.store.next_apply.lock() = Some(stale().into());
    let insists = json!({"incident_id": incident, "title": "x", "severity": "P4", "if_match": version.to_string()});
    let refused = world.refused("helion", "incident_update", insists).await;
    assert_eq!(refused.code, ErrorCode::PreconditionFailed);
}
