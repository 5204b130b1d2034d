//! Headers against parameters, and tags against tags.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Map, Value, json};
use watchbook_api::ErrorCode;

use super::{apply, entity_tag, is_known};

fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in pairs {
        map.append(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
    map
}

fn applied(pairs: &[(&'static str, &'static str)], params: Value) -> Result<Value, ErrorCode> {
    let mut params: Map<String, Value> = serde_json::from_value(params).expect("an object");
    match apply(&headers(pairs), &mut params) {
        Ok(()) => Ok(Value::Object(params)),
        Err(problem) => Err(problem.code),
    }
}

#[test]
fn headers_become_parameters() {
    let key = ("idempotency-key", "k1");
    let table = [
        (vec![], json!({}), Ok(json!({}))),
        (vec![key], json!({}), Ok(json!({"idempotency_key": "k1"}))),
        (
            vec![key],
            json!({"idempotency_key": null}),
            Ok(json!({"idempotency_key": "k1"})),
        ),
        (
            vec![key],
            json!({"idempotency_key": "k1"}),
            Ok(json!({"idempotency_key": "k1"})),
        ),
        (
            vec![key],
            json!({"idempotency_key": "k2"}),
            Err(ErrorCode::Malformed),
        ),
        // A key is a word: what would be one version of an incident is two keys.
        (
            vec![("idempotency-key", "deploy-1")],
            json!({"idempotency_key": "deploy-1.41"}),
            Err(ErrorCode::Malformed),
        ),
        (
            vec![("idempotency-key", "deploy-1.41")],
            json!({"idempotency_key": "deploy-1"}),
            Err(ErrorCode::Malformed),
        ),
        (
            vec![key],
            json!({"idempotency_key": "\"k1\""}),
            Err(ErrorCode::Malformed),
        ),
        (
            vec![key],
            json!({"idempotency_key": "W/k1"}),
            Err(ErrorCode::Malformed),
        ),
        (
            vec![key],
            json!({"idempotency_key": 7}),
            Err(ErrorCode::Malformed),
        ),
        (
            vec![key, ("idempotency-key", "k2")],
            json!({}),
            Err(ErrorCode::Malformed),
        ),
        (vec![("idempotency-key", " ")], json!({}), Ok(json!({}))),
        (
            vec![("if-match", "\"r3-ab\"")],
            json!({}),
            Ok(json!({"if_match": "r3-ab"})),
        ),
        (
            vec![("if-match", "\"r3-ab.0123\"")],
            json!({}),
            Ok(json!({"if_match": "r3-ab"})),
        ),
        (
            vec![("if-match", "W/\"r3-ab\"")],
            json!({}),
            Ok(json!({"if_match": "r3-ab"})),
        ),
        (
            vec![("if-match", "r3-ab")],
            json!({"if_match": "r3-ab"}),
            Ok(json!({"if_match": "r3-ab"})),
        ),
        (
            vec![("if-match", "r3-ab")],
            json!({"if_match": "r4-cd"}),
            Err(ErrorCode::Malformed),
        ),
        (
            vec![("if-match", "\"r3-ab.0123\"")],
            json!({"if_match": "\"r3-ab.4567\""}),
            Ok(json!({"if_match": "r3-ab"})),
        ),
        (
            vec![("if-match", "r3-ab")],
            json!({"if_match": "r3-ab.0123"}),
            Ok(json!({"if_match": "r3-ab"})),
        ),
        (vec![("if-match", "*")], json!({}), Ok(json!({}))),
        (
            vec![("if-match", "\"a\", \"b\"")],
            json!({}),
            Err(ErrorCode::Malformed),
        ),
    ];
    for (pairs, params, expected) in table {
        assert_eq!(
            applied(&pairs, params.clone()),
            expected,
            "{pairs:?} {params}"
        );
    }
}

#[test]
fn tags() {
    let tag = entity_tag("r3-ab", &json!({"title": "x"})).expect("a tag");
    let other = entity_tag("r3-ab", &json!({"title": "y"})).expect("a tag");
    assert_ne!(tag, other);
    let own = tag.to_str().expect("text").to_owned();
    assert!(own.starts_with("\"r3-ab.") && own.ends_with('"'), "{own}");
    let known = |list: &str| {
        let mut map = HeaderMap::new();
        map.insert(
            "if-none-match",
            HeaderValue::from_str(list).expect("a value"),
        );
        is_known(&map, &tag)
    };
    assert!(known(&own));
    assert!(known(&format!("W/{own}")));
    assert!(known(&format!("\"a\", {own}")));
    assert!(known("*"));
    assert!(!known("\"a\""));
    assert!(!known("\"r3-ab\""));
    assert!(!is_known(&HeaderMap::new(), &tag));
}
