//! Versions, tags and keys in HTTP's own headers.

use serde_json::{Value, json};

use crate::stand::Stand;
use crate::wire::Ask;

fn acknowledge(id: &str) -> Ask {
    let body = json!({"action": "incident_acknowledge", "incident_id": id, "agent_id": "sofiia"});
    Ask::post("/v1/tools/oncall_tool", body)
}

async fn tag(stand: &Stand, id: &str) -> String {
    let answer = stand.get(&format!("/v1/incidents/{id}")).await;
    answer.header("etag").to_owned()
}

#[tokio::test]
async fn an_unchanged_incident_is_not_sent_again() {
    let stand = Stand::open().await;
    let id = stand.incident().await;
    let target = format!("/v1/incidents/{id}");
    let first = stand.get(&target).await;
    let known = first.header("etag").to_owned();
    assert_eq!(first.header("cache-control"), "private, no-cache");
    let again = |tag: String| stand.ask(Ask::get(&target).header("if-none-match", &tag));
    let unchanged = again(known.clone()).await;
    assert_eq!((unchanged.status, unchanged.body.as_str()), (304, ""));
    assert_eq!(unchanged.header("etag"), known);
    assert_eq!(again("\"other\"".to_owned()).await.status, 200);
    // A note does not change the version of the state, but it does change what is shown.
    let version = first.json()["result"]["incident"]["etag"].clone();
    let note = json!({"incident_id": id, "type": "note", "message": "looking"});
    stand.done("incident_append_event", note).await;
    let noted = again(known.clone()).await;
    assert_eq!(noted.status, 200);
    assert_eq!(noted.json()["result"]["incident"]["etag"], version);
    let other_fields = Ask::get(&format!("{target}?fields=id")).header("if-none-match", &known);
    assert_eq!(stand.ask(other_fields).await.status, 200);
}

#[tokio::test]
async fn a_write_on_another_version_is_refused() {
    let stand = Stand::open().await;
    let id = stand.incident().await;
    let old = tag(&stand, &id).await;
    let update = json!({"incident_id": id, "title": "Another title"});
    stand.done("incident_update", update).await;
    let stale = stand.ask(acknowledge(&id).header("if-match", &old)).await;
    assert_eq!(
        (stale.status, stale.code().as_str()),
        (412, "precondition_failed")
    );
    let current = stale.json()["current_version"]
        .as_str()
        .expect("a version")
        .to_owned();
    let new = tag(&stand, &id).await;
    assert!(new.contains(&current), "{new} {current}");
    let fresh = stand.ask(acknowledge(&id).header("if-match", &new)).await;
    assert_eq!(fresh.status, 200, "{fresh:?}");
    let any = stand.ask(acknowledge(&id).header("if-match", "*")).await;
    assert_eq!(any.json()["meta"]["changed"], false);
}

#[tokio::test]
async fn an_idempotency_key_in_a_header() {
    let stand = Stand::open().await;
    let create = |title: &str, param: Option<&str>| {
        let mut body = json!({
            "action": "incident_create", "agent_id": "sofiia",
            "service": "gateway", "severity": "P2", "title": title,
        });
        if let Some(key) = param {
            body["idempotency_key"] = key.into();
        }
        Ask::post("/v1/tools/oncall_tool", body)
    };
    let first = stand
        .ask(create("a", None).header("idempotency-key", "k-1"))
        .await
        .json();
    assert_eq!(first["meta"]["replayed"], false);
    let again = stand
        .ask(create("a", None).header("idempotency-key", "k-1"))
        .await
        .json();
    assert_eq!(again["meta"]["replayed"], true);
    assert_eq!(again["result"], first["result"]);
    let param = stand.ask(create("a", Some("k-1"))).await.json();
    assert_eq!(param["result"], first["result"]);
    let other = stand
        .ask(create("b", None).header("idempotency-key", "k-1"))
        .await;
    assert_eq!((other.status, other.code().as_str()), (409, "conflict"));
    let both = stand
        .ask(create("a", Some("k-2")).header("idempotency-key", "k-1"))
        .await;
    assert_eq!((both.status, both.code().as_str()), (400, "malformed"));
    let bad = stand
        .ask(create("a", None).header("idempotency-key", "a b"))
        .await;
    assert_eq!((bad.status, bad.code().as_str()), (422, "invalid_params"));
}

#[tokio::test]
async fn a_read_takes_no_notice_of_an_idempotency_key() {
    let stand = Stand::open().await;
    let body: Value = json!({"action": "incident_list"});
    let ask = Ask::post("/v1/tools/oncall_tool", body).header("idempotency-key", "k-1");
    assert_eq!(stand.ask(ask).await.status, 200);
}
