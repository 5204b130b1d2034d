//! What is taken and what is refused, with the words of each refusal.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{MAX_DEPTH, MAX_VALUES, parse};

fn refusal(bytes: &[u8]) -> String {
    parse(bytes).expect_err("refused").to_string()
}

#[test]
fn takes_what_json_is() {
    let text = r#" {"a": [1, -2, 3.5, "x", true, null, {"b": {}}], "c": 18446744073709551615} "#;
    let expected = json!({"a": [1, -2, 3.5, "x", true, null, {"b": {}}], "c": u64::MAX});
    assert_eq!(parse(text.as_bytes()).expect("taken"), expected);
}

#[test]
fn refusals_say_where_and_why() {
    let cases: &[&[u8]] = &[
        b"",
        b"{",
        b"{'a':1}",
        b"{\"a\":1} trailing",
        b"{\"a\":1,\"b\":{\"x\":1,\"x\":2}}",
        b"{\"a\":1,\"\\u0061\":2}",
        b"[1e999]",
        b"[\"\\ud800\"]",
        b"{\"a\":\"\xff\"}",
        b"action=incident_list&limit=3",
    ];
    let shown: Vec<String> = cases
        .iter()
        .map(|case| format!("{} -> {}", String::from_utf8_lossy(case), refusal(case)))
        .collect();
    insta::assert_snapshot!(shown.join("\n"), @r##"
         -> the body is not JSON that can be read: EOF while parsing a value at line 1 column 0
        { -> the body is not JSON that can be read: EOF while parsing an object at line 1 column 1
        {'a':1} -> the body is not JSON that can be read: key must be a string at line 1 column 2
        {"a":1} trailing -> the body is not JSON that can be read: trailing characters at line 1 column 9
        {"a":1,"b":{"x":1,"x":2}} -> the body is not JSON that can be read: the key "x" occurs twice in one object at line 1 column 21
        {"a":1,"\u0061":2} -> the body is not JSON that can be read: the key "a" occurs twice in one object at line 1 column 15
        [1e999] -> the body is not JSON that can be read: number out of range at line 1 column 6
        ["\ud800"] -> the body is not JSON that can be read: unexpected end of hex escape at line 1 column 9
        {"a":"�"} -> the body is not UTF-8 from byte 6 on; send JSON as UTF-8
        action=incident_list&limit=3 -> the body is not JSON that can be read: expected value at line 1 column 1
        "##);
}

fn nested(depth: usize) -> String {
    "[".repeat(depth) + &"]".repeat(depth)
}

#[test]
fn depth_is_bounded_exactly() {
    assert!(parse(nested(MAX_DEPTH).as_bytes()).is_ok());
    assert!(refusal(nested(MAX_DEPTH + 1).as_bytes()).contains("deeper than 64 levels"));
    assert!(refusal("{\"a\":".repeat(100_000).as_bytes()).contains("deeper than 64 levels"));
}

#[test]
fn the_number_of_values_is_bounded_exactly() {
    let array = |items: usize| format!("[{}]", vec!["0"; items].join(","));
    assert!(parse(array(MAX_VALUES - 1).as_bytes()).is_ok());
    assert!(refusal(array(MAX_VALUES).as_bytes()).contains("more than 100000 values"));
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..8)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn reads_what_serde_json_writes(value in any_json()) {
        prop_assert_eq!(parse(value.to_string().as_bytes()).expect("taken"), value);
    }

    #[test]
    fn never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let strict = parse(&bytes);
        let lax = serde_json::from_slice::<Value>(&bytes);
        // Whatever is taken here is JSON to everybody else too, and means the same.
        if let Ok(value) = strict {
            prop_assert_eq!(value, lax.expect("JSON"));
        }
    }
}
