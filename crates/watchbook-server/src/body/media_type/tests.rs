//! The table of content types.

use axum::http::{HeaderMap, HeaderName, HeaderValue};

use super::check;

fn taken(name: &'static str, value: &str) -> bool {
    let mut headers = HeaderMap::new();
    let value = HeaderValue::from_str(value).expect("a header value");
    headers.insert(HeaderName::from_static(name), value);
    check(&headers).is_ok()
}

#[test]
fn no_type_is_json() {
    assert!(check(&HeaderMap::new()).is_ok());
}

#[test]
fn types() {
    let table = [
        ("application/json", true),
        ("Application/JSON; charset=UTF-8", true),
        ("application/json;charset=\"utf-8\"", true),
        ("application/json; charset=latin1", false),
        ("application/cloudevents+json", true),
        ("application/vnd.a.b+json; version=1", true),
        ("application/x-www-form-urlencoded", true),
        ("", true),
        ("+json", false),
        ("application/+json", false),
        ("text/plain", false),
        ("multipart/form-data; boundary=x", false),
        ("application/xml", false),
        ("application/jsonx", false),
    ];
    for (value, expected) in table {
        assert_eq!(taken("content-type", value), expected, "{value:?}");
    }
}

#[test]
fn codings() {
    assert!(taken("content-encoding", "identity"));
    assert!(!taken("content-encoding", "gzip"));
    assert!(!taken("content-encoding", "br"));
}
