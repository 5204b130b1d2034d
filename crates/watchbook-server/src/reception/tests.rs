//! A handler that panics costs its caller an answer, and nobody else anything.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use tower::ServiceExt;

use super::receive;
use crate::fixture;

async fn dies() -> &'static str {
    panic!("secret of the inside")
}

#[tokio::test]
async fn a_panic_becomes_a_fault_that_tells_nothing() {
    let server = fixture::server();
    let around = from_fn_with_state(Arc::clone(&server), receive);
    let router = Router::new()
        .route("/dies", get(dies))
        .route("/lives", get(|| async { "yes" }))
        .layer(around);
    for (path, expected) in [
        ("/dies", StatusCode::INTERNAL_SERVER_ERROR),
        ("/lives", StatusCode::OK),
    ] {
        let request = Request::builder().uri(path).header("host", "localhost");
        let mut request = request.body(Body::empty()).expect("a request");
        request
            .extensions_mut()
            .insert(fixture::from("127.0.0.1:1"));
        let response = router.clone().oneshot(request).await.expect("an answer");
        assert_eq!(response.status(), expected);
        let body = to_bytes(response.into_body(), 10_000)
            .await
            .expect("a body");
        assert!(!String::from_utf8_lossy(&body).contains("secret"));
    }
}
