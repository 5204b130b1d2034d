//! Problems as callers see them, and the page that explains everything.

use std::time::Duration;

use watchbook_api::{ErrorCode, Problem, reference_markdown};
use watchbook_core::{ETag, EventId, Move};

#[test]
fn the_members_of_a_problem() {
    let problem = Problem::invalid("/at", "the time is out of range")
        .with_allowed(&[Move::Close, Move::Reopen])
        .with_current(ETag {
            revision: 4,
            event: EventId::from_bits(7),
        })
        .with_retry_after(Duration::from_millis(1_001));
    insta::assert_json_snapshot!("problem_full", problem.to_json(422, "req_1"));
    let bare = Problem::new(ErrorCode::Internal, "a fault of watchbook");
    insta::assert_json_snapshot!("problem_bare", bare.to_json(500, "req_1"));
}

#[test]
fn codes_are_what_the_specification_lists() {
    let codes: Vec<&str> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(
        codes.join(" "),
        "malformed unauthenticated forbidden not_found conflict precondition_failed too_large \
         unsupported_media_type invalid_params rate_limited unavailable internal misdirected"
    );
    for code in ErrorCode::ALL {
        assert_eq!(code.as_str().parse(), Ok(*code));
        assert!(
            code.meaning().ends_with('.') && !code.title().ends_with('.'),
            "{code}"
        );
    }
    assert!("teapot".parse::<ErrorCode>().is_err());
}

#[test]
fn a_name_that_hides_text_is_shown_escaped() {
    let params = serde_json::json!({ "x\u{202e}y": 1 });
    let params = params.as_object().cloned().unwrap();
    let problem = watchbook_api::decode("admin_tool", "whoami", params).unwrap_err();
    assert!(problem.message.is_ascii(), "{}", problem.message);
    assert_eq!(problem.errors[0].pointer, "/x\u{202e}y");
}

#[test]
fn the_committed_reference_is_the_current_one() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/api.md");
    let committed = std::fs::read_to_string(path).unwrap();
    assert!(
        committed == reference_markdown(),
        "docs/api.md is out of date; run: cargo run -p watchbook-api --example reference > docs/api.md"
    );
}

#[test]
fn the_examples_of_the_reference_can_be_pasted_into_a_shell() {
    let page = reference_markdown();
    let calls: Vec<&str> = page
        .split("```sh\n")
        .skip(1)
        .filter_map(|rest| rest.split("\n```").next())
        .collect();
    assert_eq!(calls.len(), watchbook_api::ActionKind::ALL.len());
    for call in calls {
        let body = call
            .split_once(" -d '")
            .unwrap()
            .1
            .strip_suffix('\'')
            .unwrap();
        assert!(!body.contains('\''), "{call}");
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        let params = body["params"].as_object().cloned().unwrap_or_default();
        let action = body["action"].as_str().unwrap();
        let tool = call
            .split("/v1/tools/")
            .nth(1)
            .unwrap()
            .split(' ')
            .next()
            .unwrap();
        watchbook_api::decode(tool, action, params).unwrap();
    }
}
