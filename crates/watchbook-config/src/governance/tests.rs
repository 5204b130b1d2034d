//! Redaction: what is blacked out, what stays, and that nothing slips through by its shape or size.

use std::path::Path;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Governance, MAX_REDACTED_BYTES};
use crate::{Environment, Flags, load};

fn shipped() -> Governance {
    let config = load(
        Path::new("nowhere"),
        None,
        &Environment::default(),
        &Flags::default(),
    );
    config.unwrap().policies.governance
}

/// Parts are joined here, so that no scanner takes this file for a leak.
fn secrets() -> Vec<(&'static str, String)> {
    vec![
        (
            "watchbook key",
            ["wb_", "a1b2c3_", "0123456789abcdef"].concat(),
        ),
        ("authorization", ["Bearer ", "abcdef0123456789"].concat()),
        ("authorization", ["basic ", "dXNlcjpwYXNz"].concat()),
        (
            "web token",
            ["eyJhbGciOiJI", ".eyJzdWIiOiIx", ".c2lnbmF0dXJl"].concat(),
        ),
        (
            "password in an address",
            ["postgres://u:", "p4ss", "@"].concat(),
        ),
        ("assigned secret", ["db_password=", "hunter2"].concat()),
        ("assigned secret", ["API_KEY: ", "hunter2"].concat()),
        ("cloud access key", ["AKIA", "ABCDEFGHIJKLMNOP"].concat()),
        ("service token", ["ghp_", "abcdefghijklmnopqrst"].concat()),
        ("service token", ["xoxb-", "1234567890-abc"].concat()),
        ("e-mail address", ["ada", "@", "example.com"].concat()),
        ("phone number", "+49 30 1234567".to_owned()),
        ("card number", "4111 1111 1111 1111".to_owned()),
        ("bank account", "DE89 3704 0044 0532 0130 00".to_owned()),
        (
            "private key",
            [
                "-----BEGIN RSA PRIVATE ",
                "KEY-----\nMIIB\n-----END RSA PRIVATE ",
                "KEY-----",
            ]
            .concat(),
        ),
        (
            "private key",
            ["-----BEGIN PRIVATE ", "KEY-----\nMIIB and cut off here"].concat(),
        ),
    ]
}

#[test]
fn each_pattern_finds_its_secret_in_the_middle_of_a_text() {
    let governance = shipped();
    for (name, secret) in secrets() {
        let redacted = governance
            .redact_text(&format!("see {secret}"))
            .into_owned();
        assert_eq!(redacted, format!("see [redacted: {name}]"), "{secret}");
    }
}

#[test]
fn ordinary_text_stays() {
    let governance = shipped();
    for text in [
        "Gateway 5xx rate >5% since 2026-02-23T10:00:00Z",
        "inc_20260223_1000_abc123 on gateway-7f9c.prod:8443",
        "revision 4f2a9c01d3e5b7a6c8d0e1f2a3b4c5d6e7f80910",
        "https://example.com/runbooks/gateway?step=3#top",
        "10.0.0.1 -> 10.0.0.2:5432, latency +35ms, p99 1200",
        "the password was rotated; the token bucket is full",
        "rollback of release 2026.11.23-2 by @ada",
    ] {
        assert_eq!(governance.redact_text(text), text);
    }
}

#[test]
fn fields_are_blacked_out_by_the_end_of_their_names() {
    let mut value = json!({
        "X-API-Key": "abc", "apiKey": "abc", "GATEWAY_API_KEY": 5, "db": {"Password": {"deep": ["abc"]}},
        "authorization": "abc", "tokens_used": 5, "keyboard": "abc", "secret": null,
        "idempotency_key": "k-1", "title": "abc",
        "who is ada@example.com": true,
    });
    shipped().redact(&mut value);
    let secret = "[redacted: secret]";
    assert_eq!(
        value,
        json!({
            "X-API-Key": secret, "apiKey": secret, "GATEWAY_API_KEY": secret, "db": {"Password": secret},
            "authorization": secret, "tokens_used": 5, "keyboard": "abc", "secret": null,
            "idempotency_key": "k-1", "title": "abc",
            "who is [redacted: e-mail address]": true,
        })
    );
}

#[test]
fn long_texts_are_cut_before_they_are_searched() {
    let text = format!(
        "{}é{}",
        "a ".repeat(MAX_REDACTED_BYTES / 2),
        "b@example.com"
    );
    let redacted = shipped().redact_text(&text).into_owned();
    assert!(redacted.len() < MAX_REDACTED_BYTES + 40);
    assert!(redacted.ends_with(&format!("… ({} bytes)", text.len())));
    assert!(!redacted.contains("example.com"));
}

#[test]
fn what_is_nested_too_deep_is_blacked_out() {
    let mut value = json!("wrapped");
    for _ in 0..100 {
        value = json!([value]);
    }
    shipped().redact(&mut value);
    let text = value.to_string();
    assert!(
        text.contains("[redacted: nested too deep]") && !text.contains("wrapped"),
        "{text}"
    );
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,20}".prop_map(Value::from),
        prop::sample::select(secrets()).prop_map(|(_, secret)| Value::from(secret)),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map("[a-zA-Z_]{1,12}", inner, 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_planted_secret_survives_anywhere(mut value in any_json()) {
        shipped().redact(&mut value);
        let text = value.to_string();
        for (_, secret) in secrets() {
            let written = Value::from(secret).to_string();
            prop_assert!(!text.contains(written.trim_matches('"')), "{}", text);
        }
    }

    #[test]
    fn redacting_twice_is_redacting_once(mut value in any_json()) {
        let governance = shipped();
        governance.redact(&mut value);
        let once = value.clone();
        governance.redact(&mut value);
        prop_assert_eq!(value, once);
    }
}
