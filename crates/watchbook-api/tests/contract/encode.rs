//! Encoding: the envelope, the views, the budget, and which text came from outside.

use std::collections::BTreeMap;

use crate::shapes::{self, MARK, OUTSIDE, at, incident, now};
use proptest::prelude::*;
use serde_json::{Value, json};
use watchbook_api::{
    ArtifactView, AuditView, CallOptions, EventView, FieldPath, FollowupCounts, FollowupView,
    IdentityView, IncidentView, List, MIN_BYTES, Meta, OldestView, OpenIncidents, OverdueView,
    ProposalView, Reply, SeverityCount, StaleView, SummaryView, encode,
};
use watchbook_core::query::{Cursor, FollowupSort, ListKind, Page, Place, Sort};
use watchbook_core::text::Name;
use watchbook_core::{Digest, ProposalStatus, ProposedChange, Severity, Via};

fn meta() -> Meta {
    Meta::new(Name::new("req_1").unwrap(), "jsonl")
}

fn whole(reply: &Reply) -> Value {
    encode(reply, &meta(), &CallOptions::default())
}

fn incident_view() -> IncidentView {
    IncidentView::of(incident(1), now())
}

fn event_view() -> EventView {
    shapes::event(1, "note").into()
}

fn followup_view() -> FollowupView {
    FollowupView::of(shapes::followup_item(), now())
}

fn artifact_view() -> ArtifactView {
    let view = ArtifactView::of(
        shapes::incident_id(1),
        shapes::artifact(),
        shapes::artifact_version(),
    );
    view.with_content(OUTSIDE.to_owned())
}

fn events(count: u32, more: bool, message: &str) -> List<EventView> {
    let items: Vec<_> = (1..=count).map(|seq| shapes::event(seq, message)).collect();
    let next = more.then(|| Place::of_seq(count));
    let page = Page { items, next };
    List::of(
        page,
        ListKind::Events,
        |event| Place::of_seq(event.seq),
        EventView::from,
    )
}

fn incidents() -> List<IncidentView> {
    let page = Page {
        items: vec![incident(1), incident(2)],
        next: None,
    };
    let sort = Sort::CreatedDesc;
    List::of(
        page,
        ListKind::Incidents(sort),
        |item| Place::of(item, sort),
        |item| IncidentView::of(item, now()),
    )
}

fn summary_view() -> SummaryView {
    let incident = incident(1);
    let p0 = SeverityCount {
        count: 1,
        ids: vec![incident.id],
    };
    SummaryView {
        generated_at: now(),
        service: Some(shapes::service()),
        env: Some(incident.env.clone()),
        window_days: 30,
        window_from: at("2026-02-08T12:00:00Z"),
        open_incidents: OpenIncidents {
            total: 1,
            by_severity: BTreeMap::from([(Severity::P0, p0)]),
        },
        followups: FollowupCounts {
            open: 1,
            overdue: 1,
            done: 2,
            canceled: 0,
        },
        overdue: vec![OverdueView::of(shapes::followup_item(), now())],
        stale_total: 1,
        stale_incidents: vec![StaleView::of(&incident, now())],
        oldest: Some(OldestView::of(&incident, now())),
    }
}

fn identity_view() -> IdentityView {
    IdentityView {
        agent_id: shapes::agent("helion"),
        role: "agent_oncall".to_owned(),
        via: Via::Key,
        key: Some(Name::new("k1").unwrap()),
        delegate: Some(shapes::agent("bridge")),
        may: vec!["oncall_tool.incident_get".to_owned()],
    }
}

/// A list of one.
fn one<T>(item: T) -> Page<T> {
    Page {
        items: vec![item],
        next: None,
    }
}

/// One answer of every shape, with every field filled.
fn replies() -> Vec<(&'static str, Reply)> {
    let proposal = |change| Box::new(ProposalView::of(shapes::proposal(change), now()));
    vec![
        ("incident", Reply::Incident(Box::new(incident_view()))),
        (
            "created",
            Reply::Created {
                incident: Box::new(incident_view()),
                possible_duplicates: vec![shapes::incident_id(2)],
            },
        ),
        ("event", Reply::Event(Box::new(event_view()))),
        (
            "followup",
            Reply::Followup {
                followup: Box::new(followup_view()),
                event: Some(Box::new(event_view())),
            },
        ),
        ("artifact", Reply::Artifact(Box::new(artifact_view()))),
        (
            "proposal",
            Reply::Proposal {
                proposal: proposal(ProposedChange::Env(shapes::env())),
                incident: Box::new(incident_view()),
            },
        ),
        ("incidents", Reply::Incidents(incidents())),
        ("events", Reply::Events(events(2, true, "note"))),
        (
            "followups",
            Reply::Followups(List::of(
                one(shapes::followup_item()),
                ListKind::Followups(FollowupSort::Due),
                |item| Place::of_followup(&item.followup, FollowupSort::Due),
                |item| FollowupView::of(item, now()),
            )),
        ),
        (
            "audit",
            Reply::Audit(List::of(
                one(shapes::audit_entry()),
                ListKind::Audit,
                |entry| Place::of_audit(&entry.opening),
                AuditView::from,
            )),
        ),
        ("summary", Reply::Summary(Box::new(summary_view()))),
        ("identity", Reply::Identity(Box::new(identity_view()))),
    ]
}

#[test]
fn every_answer_has_its_shape() {
    for (name, reply) in replies() {
        insta::assert_json_snapshot!(format!("reply_{name}"), whole(&reply));
    }
}

#[test]
fn a_list_knows_where_it_goes_on() {
    let result = |list| whole(&Reply::Events(list))["result"].take();
    let middle = result(events(2, true, "note"));
    let cursor: Cursor = middle["next_cursor"].as_str().unwrap().parse().unwrap();
    assert_eq!(
        (cursor.list, cursor.after),
        (ListKind::Events, Place::of_seq(2))
    );
    assert_eq!(result(events(2, false, "note"))["next_cursor"], Value::Null);
    assert_eq!(
        result(events(0, false, "note")),
        json!({ "items": [], "next_cursor": null })
    );
}

#[test]
fn what_depends_on_the_moment() {
    let expired = IncidentView::of(incident(1), at("2026-03-12T00:00:00Z"));
    assert_eq!(expired.claim, None);
    assert_eq!(expired.proposals[0].status, "expired");
    let current = IncidentView::of(incident(1), now());
    assert!(current.claim.is_some());
    assert_eq!(current.proposals[0].status, "pending");
    assert_eq!(
        (current.followups[0].overdue, current.followups[0].days_over),
        (true, 8)
    );
    let before = IncidentView::of(incident(1), at("2026-03-01T23:59:59.999Z"));
    assert_eq!(
        (before.followups[0].overdue, before.followups[0].days_over),
        (false, 0)
    );
    let mut settled = shapes::proposal(ProposedChange::Severity(Severity::P1));
    settled.status = ProposalStatus::Rejected;
    assert_eq!(
        ProposalView::of(settled, at("2026-04-01T00:00:00Z")).status,
        "rejected"
    );
}

// ---- fields ----

fn with_fields(reply: &Reply, fields: &[&str]) -> Value {
    let fields: Vec<FieldPath> = fields.iter().map(|field| field.parse().unwrap()).collect();
    let options = CallOptions {
        fields: Some(fields),
        ..CallOptions::default()
    };
    encode(reply, &meta(), &options)["result"].take()
}

#[test]
fn fields_select_parts_of_the_noun_or_of_each_item() {
    let reply = Reply::Created {
        incident: Box::new(incident_view()),
        possible_duplicates: Vec::new(),
    };
    let result = with_fields(
        &reply,
        &["id", "claim.holder", "followups.owner", "followups.id"],
    );
    insta::assert_json_snapshot!("selected_noun", result);
    let result = with_fields(
        &Reply::Incidents(incidents()),
        &["severity", "nothing.such"],
    );
    assert_eq!(
        result["items"],
        json!([{ "severity": "P0" }, { "severity": "P0" }])
    );
}

// ---- untrusted ----

/// Every text in `value` with the marker, by its pointer; and every name with it, by the pointer of its object.
fn marked(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::String(text) if text.contains(MARK) => found.push(at.to_owned()),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                marked(item, &format!("{at}/{index}"), found);
            }
        }
        Value::Object(members) => {
            for (name, item) in members {
                if name.contains(MARK) {
                    found.push(at.to_owned());
                }
                marked(item, &format!("{at}/{name}"), found);
            }
        }
        _ => {}
    }
}

fn pointers(answer: &Value) -> Vec<&str> {
    answer["meta"]["untrusted"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect()
}

#[test]
fn every_text_from_outside_is_pointed_at() {
    for (name, reply) in replies() {
        let answer = whole(&reply);
        let mut found = Vec::new();
        marked(&answer["result"], "/result", &mut found);
        let pointers = pointers(&answer);
        for place in &found {
            let covered = pointers
                .iter()
                .any(|pointer| place == pointer || place.starts_with(&format!("{pointer}/")));
            assert!(covered, "{name}: {place} is not pointed at");
        }
        for pointer in pointers {
            assert!(
                answer.pointer(pointer).is_some(),
                "{name}: {pointer} points nowhere"
            );
            assert!(
                found.iter().any(|place| place.starts_with(pointer)),
                "{name}: nothing at {pointer} comes from outside"
            );
        }
    }
}

// ---- budget ----

fn cut(reply: &Reply, max_bytes: u32) -> Value {
    let options = CallOptions {
        max_bytes: Some(max_bytes),
        ..CallOptions::default()
    };
    encode(reply, &meta(), &options)
}

fn bytes(value: &Value) -> u32 {
    u32::try_from(value.to_string().len()).unwrap()
}

/// Checks what holds for every answer that was held to a budget.
fn check_budget(reply: &Reply, max_bytes: u32) -> Value {
    let (full, answer) = (whole(reply), cut(reply, max_bytes));
    assert!(
        bytes(&answer) <= max_bytes,
        "{} > {max_bytes}",
        bytes(&answer)
    );
    assert_eq!(answer["meta"]["truncated"], json!(bytes(&full) > max_bytes));
    assert_eq!(answer["ok"], json!(true));
    for pointer in pointers(&answer) {
        assert!(answer.pointer(pointer).is_some(), "{pointer}");
    }
    answer
}

#[test]
fn every_answer_fits_the_smallest_budget_and_keeps_its_id() {
    for (name, reply) in replies() {
        let answer = check_budget(&reply, MIN_BYTES);
        let result = answer["result"].as_object().unwrap();
        match result.get("items") {
            Some(items) => assert!(items[0]["id"].is_string(), "{name}"),
            None => assert!(!result.is_empty(), "{name}"),
        }
        if let Some(incident) = result.get("incident") {
            assert!(incident["id"].is_string(), "{name}");
        }
    }
}

#[test]
fn a_list_is_cut_from_its_end_and_goes_on_there() {
    let reply = Reply::Events(events(100, false, "note"));
    let answer = check_budget(&reply, 8 * 1024);
    let items = answer["result"]["items"].as_array().unwrap();
    let (kept, full) = (items.len(), whole(&reply));
    assert!((2..100).contains(&kept), "{kept}");
    assert_eq!(
        items[..],
        full["result"]["items"].as_array().unwrap()[..kept]
    );
    let cursor: Cursor = answer["result"]["next_cursor"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    assert_eq!(cursor.after.seq(), u32::try_from(kept).ok());
}

#[test]
fn one_item_that_is_too_large_alone_loses_the_end_of_its_texts() {
    let reply = Reply::Events(events(3, false, &"ü".repeat(30_000)));
    let answer = check_budget(&reply, 16 * 1024);
    let items = answer["result"]["items"].as_array().unwrap();
    assert_eq!(items.len(), 1);
    let message = items[0]["message"].as_str().unwrap();
    assert!(
        message.ends_with("ü…") && message.len() > 4_000,
        "{}",
        message.len()
    );
    let cursor: Cursor = answer["result"]["next_cursor"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    assert_eq!(cursor.after.seq(), Some(1));
}

#[test]
fn an_artifact_of_2_mib_fits_however_its_characters_are_escaped() {
    let content = "\u{1}".repeat(2 * 1024 * 1024);
    let view = ArtifactView::of(
        shapes::incident_id(1),
        shapes::artifact(),
        shapes::artifact_version(),
    );
    let reply = Reply::Artifact(Box::new(view.with_content(content.clone())));
    let answer = whole(&reply);
    assert_eq!(answer["meta"]["truncated"], json!(false));
    let shown = answer["result"]["artifact"]["content"].as_str().unwrap();
    assert_eq!(Digest::of(shown.as_bytes()), Digest::of(content.as_bytes()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_answer_exceeds_its_budget(
        lengths in proptest::collection::vec(0_usize..20_000, 1..12),
        more: bool,
        extra in 0_u32..60_000,
        filler in prop_oneof![Just("x"), Just("ü"), Just("\n"), Just("\""), Just("🚒")],
    ) {
        let items: Vec<_> = lengths
            .iter()
            .zip(1..)
            .map(|(length, seq)| shapes::event(seq, &format!("x{}", filler.repeat(length / filler.len()))))
            .collect();
        let count = u32::try_from(items.len()).unwrap();
        let page = Page { items, next: more.then(|| Place::of_seq(count)) };
        let list = List::of(page, ListKind::Events, |event| Place::of_seq(event.seq), EventView::from);
        let answer = check_budget(&Reply::Events(list), MIN_BYTES + extra);
        let items = answer["result"]["items"].as_array().unwrap();
        let last = items.last().map(|item| u32::try_from(item["seq"].as_u64().unwrap()).unwrap());
        let kept = u32::try_from(items.len()).unwrap();
        prop_assert!(kept >= 1);
        prop_assert_eq!(last, Some(kept));
        match answer["result"]["next_cursor"].as_str() {
            Some(cursor) => {
                let cursor: Cursor = cursor.parse().unwrap();
                prop_assert_eq!(cursor.after.seq(), last);
                prop_assert!(more || kept < count);
            }
            None => prop_assert!(!more && kept == count),
        }
        let parsed: Value = serde_json::from_str(&answer.to_string()).unwrap();
        prop_assert_eq!(parsed, answer);
    }
}
