//! Whatever JSON comes in, decoding answers; and what it accepts it can write back.

use proptest::prelude::*;
use serde_json::{Map, Value};
use watchbook_api::{ActionKind, ErrorCode, body_digest, decode, from_query};

/// Words that parameters know, so that some of them are hit.
fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("inc_20260223_1000_a1b2c3".to_owned()),
        Just("evt_0123456789abcdef0123456789abcdef".to_owned()),
        Just("2026-02-23T10:00:00Z".to_owned()),
        Just("P1".to_owned()),
        Just("open".to_owned()),
        Just("exact:open,closed".to_owned()),
        Just("followup".to_owned()),
        Just("timeline.md".to_owned()),
        Just("a=b".to_owned()),
        Just("{\"a\":1}".to_owned()),
        Just("20".to_owned()),
        Just(String::new()),
        "\\PC{0,20}",
        any::<String>(),
    ]
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (0_u32..600).prop_map(Value::from),
        word().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::btree_map(word(), inner, 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// An action with values for some of its own parameters, and for some that it does not have.
fn call() -> impl Strategy<Value = (ActionKind, Map<String, Value>)> {
    (
        0..ActionKind::ALL.len(),
        proptest::collection::vec((any::<prop::sample::Index>(), json()), 0..8),
        proptest::collection::btree_map(word(), json(), 0..2),
        any::<bool>(),
    )
        .prop_map(|(index, values, strangers, from_example)| {
            let kind = ActionKind::ALL[index];
            let spec = kind.spec();
            let names: Vec<&str> = spec
                .params
                .iter()
                .chain(&spec.options)
                .map(|param| param.name)
                .collect();
            let mut params = if from_example {
                spec.example.clone()
            } else {
                Map::new()
            };
            for (at, value) in values {
                params.insert(names[at.index(names.len())].to_owned(), value);
            }
            params.extend(strangers);
            (kind, params)
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn decoding_answers_whatever_comes_in((kind, params) in call()) {
        match decode(kind.tool().as_str(), kind.name(), params) {
            Ok(request) => {
                let again = decode(kind.tool().as_str(), kind.name(), request.action.params());
                let again = again.expect("what was accepted is accepted again");
                prop_assert_eq!(&again.action, &request.action);
                let mut matched = again;
                matched.options.if_match = request.options.if_match;
                prop_assert_eq!(body_digest(&matched), body_digest(&request));
            }
            Err(problem) => {
                prop_assert!(matches!(problem.code, ErrorCode::InvalidParams | ErrorCode::TooLarge));
                prop_assert!(!problem.errors.is_empty());
                prop_assert!(problem.errors.iter().all(|error| error.message.len() < 2_000));
            }
        }
    }

    #[test]
    fn any_tool_and_action_is_answered(tool in word(), action in word()) {
        prop_assert!(decode(&tool, &action, Map::new()).is_err());
    }

    #[test]
    fn any_query_is_answered(pairs in proptest::collection::vec((word(), word()), 0..6)) {
        let params = from_query(pairs).unwrap();
        let _ = decode("oncall_tool", "incident_list", params);
    }
}
