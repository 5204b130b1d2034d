//! With keys: a key is an identity, and without one nobody comes in.

use serde_json::{Value, json};

use crate::stand::{Stand, local};
use crate::wire::{Answer, Ask};

fn whoami(agent_id: Option<&str>) -> Ask {
    let body = json!({"action": "whoami", "params": {}, "agent_id": agent_id});
    Ask::post("/v1/tools/admin_tool", body)
}

fn summary(answer: &Answer) -> (u16, Value) {
    let json = answer.json();
    let who = &json["result"]["identity"]["agent_id"];
    let said = if who.is_null() { &json["code"] } else { who };
    (answer.status, said.clone())
}

#[tokio::test]
async fn who_comes_in() {
    let stand = Stand::open().await;
    let sofiia = stand.key("sofiia", false).await;
    let boss = stand.key("human:ada", true).await;
    let bearer = format!("Bearer {sofiia}");
    let wrong = format!("{sofiia}0");
    let table: Vec<(&str, Ask, (u16, Value))> = vec![
        (
            "no key",
            whoami(Some("sofiia")),
            (401, json!("unauthenticated")),
        ),
        (
            "an empty key",
            whoami(None).header("x-api-key", ""),
            (401, json!("unauthenticated")),
        ),
        (
            "an unknown key",
            whoami(None).header("x-api-key", &wrong),
            (401, json!("unauthenticated")),
        ),
        (
            "another scheme",
            whoami(None).header("authorization", "Basic dTpw"),
            (401, json!("unauthenticated")),
        ),
        (
            "a key",
            whoami(None).header("x-api-key", &sofiia),
            (200, json!("sofiia")),
        ),
        (
            "a bearer",
            whoami(None).header("authorization", &bearer),
            (200, json!("sofiia")),
        ),
        (
            "its own name",
            whoami(Some("sofiia")).header("x-api-key", &sofiia),
            (200, json!("sofiia")),
        ),
        (
            "another's name",
            whoami(Some("helion")).header("x-api-key", &sofiia),
            (403, json!("forbidden")),
        ),
        (
            "a delegate",
            whoami(Some("helion")).header("x-api-key", &boss),
            (200, json!("helion")),
        ),
        (
            "two keys",
            whoami(None)
                .header("x-api-key", &boss)
                .header("authorization", &bearer),
            (400, json!("malformed")),
        ),
        (
            "through a proxy",
            whoami(None)
                .header("x-api-key", &sofiia)
                .header("x-forwarded-for", "192.0.2.1"),
            (200, json!("sofiia")),
        ),
        (
            "a page of another origin",
            whoami(None)
                .header("x-api-key", &sofiia)
                .header("origin", "https://evil.example"),
            (403, json!("forbidden")),
        ),
    ];
    for (what, ask, expected) in table {
        let answer = stand.ask(ask).await;
        assert_eq!(summary(&answer), expected, "{what}");
        let challenge = answer.header("www-authenticate");
        assert_eq!(
            challenge != "-",
            answer.status == 401,
            "{what}: {challenge}"
        );
        let repeats = [&sofiia, &boss]
            .iter()
            .any(|key| answer.body.contains(*key));
        assert!(!repeats, "{what} repeats a key");
    }
}

#[tokio::test]
async fn reads_need_a_key_and_health_does_not() {
    let stand = Stand::open().await;
    stand.key("sofiia", false).await;
    for (path, expected) in [
        ("/v1/incidents", 401),
        ("/v1/followups", 401),
        ("/v1/followups/summary", 401),
        ("/v1/incidents/inc_20260223_1000_aaaaaa", 401),
        ("/healthz", 200),
        ("/readyz", 200),
        ("/", 200),
    ] {
        assert_eq!(stand.get(path).await.status, expected, "{path}");
    }
}

#[tokio::test]
async fn what_cannot_be_understood_tells_a_stranger_nothing() {
    let stand = Stand::open().await;
    stand.key("sofiia", false).await;
    for body in [
        "{",
        "{}",
        r#"{"action":"nothing"}"#,
        r#"{"action":"incident_list","x":1}"#,
    ] {
        let answer = stand.ask(Ask::post("/v1/tools/oncall_tool", body)).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (401, "unauthenticated"),
            "{body}"
        );
    }
}

#[tokio::test]
async fn a_revoked_key_is_refused_and_the_door_stays_shut() {
    let stand = Stand::open().await;
    let issued = stand.issue("sofiia", false).await;
    let token = issued.token.reveal().to_owned();
    stand
        .app
        .keys()
        .revoke(&local(), &issued.info.id)
        .await
        .expect("revoked");
    let answer = stand.ask(whoami(None).header("x-api-key", &token)).await;
    assert_eq!(summary(&answer), (401, json!("unauthenticated")));
    let answer = stand.ask(whoami(Some("sofiia"))).await;
    assert_eq!(summary(&answer), (401, json!("unauthenticated")));
}
