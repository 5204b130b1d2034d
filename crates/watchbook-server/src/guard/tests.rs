//! Who may come in without keys, and with them.

use axum::http::Request;
use watchbook_api::ErrorCode;

use super::{Sites, check};
use crate::fixture;

const NEAR: &[&str] = &[
    "127.0.0.1:4000",
    "127.8.8.8:4000",
    "[::1]:4000",
    "[::ffff:127.0.0.1]:4000",
];
const FAR: &[&str] = &[
    "192.0.2.7:4000",
    "10.0.0.1:4000",
    "[2001:db8::1]:4000",
    "[::ffff:192.0.2.7]:4000",
];

/// What becomes of a plain request from `peer`, perhaps through a proxy.
async fn outcome(app: &watchbook_app::App, peer: &str, is_forwarded: bool) -> Option<ErrorCode> {
    let mut request = Request::builder()
        .uri("/v1/incidents")
        .header("host", "localhost");
    if is_forwarded {
        request = request.header("x-forwarded-for", "127.0.0.1");
    }
    let parts = request.body(()).expect("a request").into_parts().0;
    let checked = check(&parts, fixture::from(peer), &Sites::default(), app).await;
    checked.err().map(|problem| problem.code)
}

#[tokio::test]
async fn without_keys_this_machine_only_and_no_proxy() {
    let server = fixture::server();
    for peer in NEAR {
        assert_eq!(outcome(&server.app, peer, false).await, None, "{peer}");
    }
    for peer in NEAR.iter().chain(FAR) {
        let refused = outcome(&server.app, peer, true).await;
        assert_eq!(
            refused,
            Some(ErrorCode::Forbidden),
            "{peer} through a proxy"
        );
    }
    for peer in FAR {
        let refused = outcome(&server.app, peer, false).await;
        assert_eq!(refused, Some(ErrorCode::Forbidden), "{peer}");
    }
}

#[tokio::test]
async fn with_keys_everybody_may_knock() {
    let server = fixture::server();
    fixture::make_key(&server.app).await;
    for peer in NEAR.iter().chain(FAR) {
        for is_forwarded in [false, true] {
            assert_eq!(
                outcome(&server.app, peer, is_forwarded).await,
                None,
                "{peer}"
            );
        }
    }
}
