//! Without keys: this machine only, no proxy in between, and no web page of another origin.

use std::net::SocketAddr;
use std::sync::Arc;

use serde_json::json;
use tokio::net::TcpListener;
use watchbook_server::{BindError, bind, serve};

use crate::stand::{Stand, options};
use crate::wire::Ask;

fn create() -> Ask {
    let body = json!({
        "action": "incident_create", "agent_id": "sofiia",
        "service": "gateway", "severity": "P1", "title": "From a browser",
    });
    Ask::post("/v1/tools/oncall_tool", body)
}

/// How many incidents there are.
async fn count(stand: &Stand) -> usize {
    let list = stand.done("incident_list", json!({"limit": 500})).await;
    list["items"].as_array().expect("a list").len()
}

#[tokio::test]
async fn a_page_of_another_origin_is_refused_and_changes_nothing() {
    let stand = Stand::open().await;
    let form = ("content-type", "application/x-www-form-urlencoded");
    let pages: [&[(&str, &str)]; 6] = [
        // What a form, a script and an image of a foreign page make a browser send.
        &[
            form,
            ("origin", "https://evil.example"),
            ("sec-fetch-site", "cross-site"),
        ],
        &[form, ("origin", "null")],
        &[
            form,
            ("origin", "http://localhost:3000"),
            ("sec-fetch-site", "same-site"),
        ],
        &[("origin", "https://evil.example")],
        &[
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-mode", "no-cors"),
        ],
        // A name that somebody pointed at 127.0.0.1.
        &[("host", "evil.example"), ("origin", "http://evil.example")],
    ];
    for headers in pages {
        let ask = headers
            .iter()
            .fold(create(), |ask, (name, value)| ask.header(name, value));
        let answer = stand.ask(ask).await;
        let expected = if headers.iter().any(|(name, _)| *name == "host") {
            (421, "misdirected")
        } else {
            (403, "forbidden")
        };
        assert_eq!(
            (answer.status, answer.code().as_str()),
            expected,
            "{headers:?}"
        );
        assert_eq!(answer.header("access-control-allow-origin"), "-");
    }
    assert_eq!(count(&stand).await, 0);
    let preflight =
        Ask::method("OPTIONS", "/v1/tools/oncall_tool").header("origin", "https://evil.example");
    assert_eq!(stand.ask(preflight).await.status, 403);
}

#[tokio::test]
async fn our_own_page_and_programs_are_served() {
    let stand = Stand::open().await;
    let own = format!("http://127.0.0.1:{}", stand.address.port());
    let host = own.trim_start_matches("http://").to_owned();
    let page = create()
        .header("host", &host)
        .header("origin", &own)
        .header("sec-fetch-site", "same-origin");
    assert_eq!(stand.ask(page).await.status, 200);
    assert_eq!(stand.ask(create()).await.status, 200);
    assert_eq!(count(&stand).await, 2);
}

#[tokio::test]
async fn a_forwarded_request_is_refused_everywhere() {
    let stand = Stand::open().await;
    for header in [
        "forwarded",
        "via",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-real-ip",
    ] {
        let answer = stand.ask(create().header(header, "127.0.0.1")).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (403, "forbidden"),
            "{header}"
        );
        assert!(
            answer.detail().contains("watchbook key create"),
            "{answer:?}"
        );
    }
    for path in ["/", "/healthz", "/readyz", "/v1/incidents"] {
        let answer = stand
            .ask(Ask::get(path).header("x-forwarded-for", "192.0.2.1"))
            .await;
        assert_eq!(answer.status, 403, "{path}");
    }
    assert_eq!(count(&stand).await, 0);
}

#[tokio::test]
async fn an_address_that_others_reach_is_not_listened_on() {
    let stand = Stand::open().await;
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
        let address: SocketAddr = address.parse().expect("an address");
        let refused = bind(&stand.app, address).await.expect_err("refused");
        assert!(matches!(refused, BindError::Keyless { .. }), "{refused}");
        assert!(
            refused.to_string().contains("watchbook key create"),
            "{refused}"
        );
    }
    let listener = TcpListener::bind("0.0.0.0:0").await.expect("a port");
    let served = serve(
        Arc::clone(&stand.app),
        listener,
        options(),
        std::future::pending(),
    )
    .await;
    assert!(matches!(served, Err(BindError::Keyless { .. })));
    let loopback = "127.0.0.1:0".parse().expect("an address");
    bind(&stand.app, loopback)
        .await
        .expect("loopback is served");
}

#[tokio::test]
async fn with_a_key_any_address_is_listened_on() {
    let stand = Stand::open().await;
    stand.key("sofiia", false).await;
    let everywhere = "0.0.0.0:0".parse().expect("an address");
    bind(&stand.app, everywhere).await.expect("with keys");
}
