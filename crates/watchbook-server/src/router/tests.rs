//! Whatever is sent, there is an answer, and it is never a fault of ours.

use axum::body::{Body, to_bytes};
use axum::http::{Request, Response};
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::build;
use crate::fixture;

/// Words that lead further in than chance would.
fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "oncall_tool",
            "admin_tool",
            "incident_list",
            "incident_create",
            "incident_get",
            "incident_append_event",
            "incident_attach_artifact",
            "sofiia",
            "P1",
            "gateway",
            "inc_20260223_1000_a1b2c3",
            "2026-02-23T10:00:00Z",
            "open",
            "note",
            "x.md",
        ])
        .prop_map(str::to_owned),
        any::<String>(),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        word().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        prop::collection::vec(word(), 0..3).prop_map(Value::from),
        Just(Value::Null),
        Just(json!({"a": {"b": [1]}})),
    ]
}

fn member() -> impl Strategy<Value = String> {
    let known = vec![
        "tool",
        "action",
        "params",
        "agent_id",
        "incident_id",
        "service",
        "severity",
        "title",
        "status",
        "limit",
        "cursor",
        "fields",
        "max_bytes",
        "type",
        "message",
        "meta",
        "name",
        "content",
        "if_match",
        "idempotency_key",
        "dry_run",
        "labels",
        "at",
    ];
    prop_oneof![
        9 => prop::sample::select(known).prop_map(str::to_owned),
        1 => any::<String>(),
    ]
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    let object = prop::collection::btree_map(member(), value(), 0..8)
        .prop_map(|members| json!(members).to_string().into_bytes());
    prop_oneof![4 => object, 1 => prop::collection::vec(any::<u8>(), 0..64)]
}

fn path() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("/v1/tools".to_owned()),
        Just("/v1/tools/oncall_tool".to_owned()),
        Just("/v1/tools/admin_tool".to_owned()),
        "/v1/(incidents|followups)(/[a-z0-9_%.]{0,12}){0,4}(\\?[a-z_=&%0-9]{0,30})?",
        "/[!-~&&[^\\\\\"<>^`{|}]]{0,30}",
    ]
}

fn check(response: &Response<Body>) -> Result<(), TestCaseError> {
    let status = response.status().as_u16();
    let known = [
        200, 304, 400, 401, 403, 404, 405, 409, 412, 413, 415, 422, 429,
    ];
    prop_assert!(known.contains(&status), "{status}");
    prop_assert!(response.headers().contains_key("x-request-id"));
    prop_assert!(response.headers().contains_key("content-security-policy"));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn everything_is_answered(method in "GET|POST|PUT|HEAD|DELETE|OPTIONS", path in path(), body in body()) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .expect("a runtime");
        let request = Request::builder().method(method.as_str()).uri(&path).header("host", "localhost");
        let Ok(mut request) = request.body(Body::from(body)) else {
            return Ok(());
        };
        request.extensions_mut().insert(fixture::from("127.0.0.1:1"));
        let (response, is_json) = runtime.block_on(async {
            let response = build(fixture::server()).oneshot(request).await.expect("an answer");
            let (parts, body) = response.into_parts();
            let bytes = to_bytes(body, 1 << 20).await.expect("a body");
            let is_json = serde_json::from_slice::<Value>(&bytes).is_ok();
            let is_page = bytes.is_empty() || bytes.starts_with(b"<!doctype html>");
            (Response::from_parts(parts, Body::empty()), is_json || is_page)
        });
        check(&response)?;
        prop_assert!(is_json, "{method} {path}");
    }
}
