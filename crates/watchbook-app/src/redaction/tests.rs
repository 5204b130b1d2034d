//! What the audit trail repeats is small, whatever was sent, and never a secret.

use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use watchbook_config::{AuditedTexts, Environment, Flags, Governance, load};

use super::{ENTRY_BYTES, for_audit, known_of};

static GOVERNANCE: LazyLock<Governance> = LazyLock::new(|| {
    let nowhere = std::path::Path::new("/nonexistent");
    let config = load(nowhere, None, &Environment::default(), &Flags::default());
    config.unwrap().policies.governance
});

fn check(params: Value, expected: &Value) {
    let Value::Object(params) = params else {
        panic!("not an object")
    };
    assert_eq!(for_audit(&params, &GOVERNANCE), *expected);
}

#[test]
fn what_is_kept() {
    let plain = json!({"service": "gateway", "limit": 20, "drill": false, "note": null});
    check(plain.clone(), &plain);
    check(
        json!({"message": "é".repeat(1_000)}),
        &json!({"message": format!("{}…", "é".repeat(256))}),
    );
    let mut cut = vec![json!(1); 32];
    cut.push(json!("(8 more)"));
    check(
        json!({"list": vec![1; 40], "deep": [[[[[[["x"]]]]]]]}),
        &json!({
            "list": cut,
            "deep": [[[[[["(nested)"]]]]]],
        }),
    );
    check(
        json!({"meta": {"password": "hunter2hunter2"}, "title": "ask ada@example.com"}),
        &json!({
            "meta": {"password": "[redacted: secret]"},
            "title": "ask [redacted: e-mail address]",
        }),
    );
}

#[test]
fn a_secret_across_a_cut_does_not_show_its_first_half() {
    for length in 440..520 {
        let secret = format!("password={}", "s3cr3t".repeat(20));
        let params = json!({"message": format!("{} {secret}", "x".repeat(length))});
        let kept = for_audit(params.as_object().unwrap(), &GOVERNANCE);
        assert!(!kept.to_string().contains("s3cr3t"), "{length}: {kept}");
    }
}

#[test]
fn a_call_made_to_fill_the_disk_leaves_a_number() {
    let numbers: Map<String, Value> = (0..200)
        .map(|at| (format!("name{at}"), json!(vec![u64::MAX; 50])))
        .collect();
    let kept = for_audit(&numbers, &GOVERNANCE);
    let omitted = kept["omitted"].as_str().unwrap();
    assert!(omitted.ends_with("bytes of parameters"), "{omitted}");
}

#[test]
fn beyond_a_bound_texts_are_not_searched_and_so_not_kept() {
    let texts: Map<String, Value> = (10..30)
        .map(|at| (format!("name{at}"), json!("words ".repeat(500))))
        .collect();
    let kept = for_audit(&texts, &GOVERNANCE);
    assert!(kept["name19"].as_str().unwrap().starts_with("words"));
    assert_eq!(kept["name20"], "(3000 bytes)");
}

/// Free texts of every kind, each with the same word in it.
fn texts() -> Value {
    json!({
        "source": "statuspage-hunter2",
        "source_id": "hunter2",
        "created_at": "2026-02-23T10:00:00Z",
        "incident": {
            "service": "gateway", "severity": "P2", "title": "hunter2", "summary": "hunter2",
            "labels": {"region": "hunter2"}, "roles": {"commander": "hunter2"},
        },
        "events": [
            {"at": "2026-02-23T10:05:00Z", "message": "hunter2", "meta": {"a": ["hunter2"], "hunter2": 1}},
        ],
    })
}

#[test]
fn free_texts_are_left_out_by_kind_unless_the_policy_keeps_them() {
    let request = watchbook_api::decode(
        "oncall_tool",
        "incident_import",
        texts().as_object().unwrap().clone(),
    );
    let action = request.unwrap().action;
    let kept = Value::Object(known_of(&action, &GOVERNANCE));
    assert!(!kept.to_string().contains("hunter2"), "{kept}");
    assert_eq!(
        kept,
        json!({
            "source": {"left_out": "18 bytes"},
            "source_id": {"left_out": "7 bytes"},
            "created_at": "2026-02-23T10:00:00.000Z",
            "incident": {
                "service": "gateway", "severity": "P2", "env": "prod", "kind": "custom",
                "affects": [], "drill": false,
                "title": {"left_out": "7 bytes"},
                "summary": {"left_out": "7 bytes"},
                "labels": {"region": {"left_out": "7 bytes"}},
                "roles": {"commander": {"left_out": "7 bytes"}},
            },
            "events": [{
                "at": "2026-02-23T10:05:00.000Z",
                "message": {"left_out": "7 bytes"},
                "meta": {"left_out": "29 bytes"},
            }],
        })
    );
    let mut keeps = GOVERNANCE.clone();
    keeps.audited_texts = AuditedTexts::Kept;
    assert_eq!(known_of(&action, &keeps), action.params());
}

#[test]
fn files_are_left_out_whatever_the_policy_says() {
    let mut keeps = GOVERNANCE.clone();
    keeps.audited_texts = AuditedTexts::Kept;
    for (name, content) in [
        ("content", "x".repeat(3_000)),
        ("content_base64", "eHg=".to_owned()),
    ] {
        let mut params = json!({"incident_id": "inc_20260223_1000_a1b2c3", "name": "a.txt"});
        params[name] = content.as_str().into();
        let params = params.as_object().unwrap().clone();
        let request = watchbook_api::decode("oncall_tool", "incident_attach_artifact", params);
        let known = known_of(&request.unwrap().action, &keeps);
        assert_eq!(known["name"], "a.txt");
        let left_out = format!("{} bytes", content.len());
        assert_eq!(known[name], json!({"left_out": left_out}));
    }
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,700}".prop_map(Value::from),
    ];
    leaf.prop_recursive(8, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..50).prop_map(Value::from),
            prop::collection::btree_map("[a-z]{1,8}", inner, 0..8)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn an_entry_is_bounded(value in values()) {
        let params = Map::from_iter([("meta".to_owned(), value)]);
        let kept = for_audit(&params, &GOVERNANCE);
        prop_assert!(kept.to_string().len() <= ENTRY_BYTES);
    }
}
