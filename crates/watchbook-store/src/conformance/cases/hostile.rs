//! Texts and clocks that mean harm: what the domain lets in comes back exactly as it went in.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value, json};
use watchbook_core::{AppendType, IncidentId, NewIncident, Op, limit};

use crate::conformance::scene::{followup, note, open_followup, plain};
use crate::conformance::story::name;
use crate::conformance::{Harness, Scene, Snapshot, message, prose, service, short, title};
use crate::contract::{Incidents, Store};

/// Short texts that have broken formats, tables, shells, queries and terminals before.
const ONE_LINE: &[&str] = &[
    "\"}],\"n\":9,\"h\":\"",
    "\\\" \\\\ \\u0000 \\n",
    "'; DROP TABLE incidents; --",
    "<script>alert(1)</script> &amp; ${jndi:ldap://x}",
    "$(rm -rf /) `id` | ; & > <",
    "{{7*7}} %s %n %00 ../../etc/passwd",
    "عطل في البوابة — 网关故障 — сбой — ゲートウェイ",
    "🔥🚒 e\u{301}\u{327} ﷽ 𝕳 \u{10FFFF}",
    "null",
    "0",
    "[redacted]",
];

/// Longer texts with everything that may stand in them.
fn many_lines() -> Vec<String> {
    let mut texts: Vec<String> = ONE_LINE.iter().map(|text| (*text).to_owned()).collect();
    texts.push("one\ntwo\r\nthree\tfour\n\n{\"v\":1}\n".trim().to_owned());
    texts.push("line\u{2028}and\u{2029}paragraph".to_owned());
    texts.push("x".repeat(16 * 1024));
    texts.push("界".repeat(16 * 1024 / 3));
    texts
}

fn meta(number: usize) -> Map<String, Value> {
    let mut deep = json!(1);
    for _ in 2..limit::META_DEPTH {
        deep = json!([deep]);
    }
    let values = [
        json!({"": null, "n": 9, "h": "x", "records": [{"event": {}}], "redacted": true}),
        json!([
            0.1,
            1e300,
            -1.5e-300,
            123_456_789.123_456_79,
            0.1 + 0.2,
            f64::MAX,
            f64::MIN_POSITIVE,
            0.0
        ]),
        json!([u64::MAX, i64::MIN, 0, -1, true, false, null]),
        json!({"line\nbreak": "\u{0000}\u{0007}\u{001b}[31m\u{007f}\u{202e}"}),
        deep,
    ];
    let value = values[number % values.len()].clone();
    Map::from_iter([("facts".to_owned(), value)])
}

async fn write<S: Store>(scene: &Scene<S>) -> Vec<IncidentId> {
    let mut ids = Vec::new();
    for text in ONE_LINE {
        let new = NewIncident {
            service: service(text),
            affects: vec![service(text)],
            labels: BTreeMap::from([(name("label"), short(text))]),
            roles: BTreeMap::from([(name("role"), short(text))]),
            ..plain(text)
        };
        ids.push(scene.create(new).await.id);
    }
    for (number, text) in many_lines().iter().enumerate() {
        let id = ids[number % ids.len()];
        let mut new = followup("x");
        new.message = Some(message(text));
        new.meta = meta(number);
        scene.run(id, open_followup(new)).await;
        scene.run(id, line(text, meta(number + 1))).await;
        let patch = watchbook_core::IncidentPatch {
            summary: Some(Some(prose(text))),
            ..watchbook_core::IncidentPatch::default()
        };
        scene.run(id, Op::Update(Box::new(patch))).await;
    }
    ids
}

fn line(text: &str, meta: Map<String, Value>) -> Op {
    Op::Append {
        kind: AppendType::Custom,
        message: message(text),
        meta,
        at: None,
    }
}

async fn is_as_written<S: Store>(scene: &Scene<S>, ids: &[IncidentId]) {
    let texts = ONE_LINE.iter();
    for (id, text) in ids.iter().zip(texts) {
        let incident = scene.get(*id).await;
        assert_eq!(
            (incident.title, incident.service),
            (title(text), service(text))
        );
        assert_eq!(incident.labels[&name("label")], short(text));
    }
    for (number, text) in many_lines().iter().enumerate() {
        let lines = scene.timeline(ids[number % ids.len()]).await;
        let written = lines.iter().filter(|line| line.message == message(text));
        let metas: Vec<_> = written
            .map(|line| line.meta.get("facts").cloned())
            .collect();
        for expected in [meta(number), meta(number + 1)] {
            let expected = expected.get("facts").cloned();
            assert!(
                metas.contains(&expected),
                "{expected:?} came back as {metas:?}"
            );
        }
    }
}

/// Quotes, escapes, markup, scripts of all directions, control characters in facts, extreme numbers, deep nesting and
/// the longest texts come back as they were.
pub async fn texts_come_back_as_they_were<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    let ids = write(&scene).await;
    is_as_written(&scene, &ids).await;
}

/// The same after a restart, when they are read from wherever they were kept.
pub async fn texts_come_back_after_a_restart<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    let ids = write(&scene).await;
    let before = Snapshot::of(&scene.store).await;
    let scene = scene.replace(|store| harness.reopen(store)).await;
    is_as_written(&scene, &ids).await;
    assert_eq!(Snapshot::of(&scene.store).await, before);
}

/// A clock that jumps back an hour, and a day, changes neither the order of the lines nor what is legal.
pub async fn a_clock_that_goes_back_disturbs_nothing<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    let id = scene.create(plain("gateway returns 5xx")).await.id;
    for hours in [1, 24, 0] {
        let back = scene.now().minus(Duration::from_hours(hours));
        scene.clock.set(back);
        let noted = scene
            .store
            .apply(scene.command(id, note("still failing")))
            .await;
        noted.expect("the clock decides nothing");
        let other = scene.create(plain("another one")).await;
        assert!(scene.store.get(other.id).await.is_ok());
    }
    let lines = scene.timeline(id).await;
    assert_eq!(lines.len(), 4);
    assert!(lines.is_sorted_by(|one, next| one.stamp < next.stamp && one.seq < next.seq));
}
