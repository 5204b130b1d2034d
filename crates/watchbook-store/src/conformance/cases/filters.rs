//! What the filters and orders of the list mean: the documentation of `IncidentFilter` and `Sort`, as examples.

use std::collections::BTreeMap;
use std::time::Duration;

use watchbook_core::query::{IncidentFilter, Sort};
use watchbook_core::text::{Env, Name, Short};
use watchbook_core::{IncidentId, Kind, NewIncident, Severity, Signature, Status, Step};

use crate::conformance::scene::{followup, note, open_followup, plain, step};
use crate::conformance::story::name;
use crate::conformance::{Harness, Scene, prose, service, short};
use crate::contract::Store;

/// Four incidents that differ in everything a filter can ask for, a minute apart: `a`, `b`, `c` and `d` by name.
struct Four {
    ids: [IncidentId; 4],
}

async fn four<S: Store>(scene: &Scene<S>) -> Four {
    let mut ids = Vec::new();
    for new in news() {
        scene.clock.advance(Duration::from_mins(1));
        ids.push(scene.create(new).await.id);
    }
    scene.run(ids[1], step(Step::Acknowledge)).await;
    scene.run(ids[2], step(Step::Resolve)).await;
    let mut owned = followup("raise the pool size");
    owned.owner = Some(short("grace"));
    scene.run(ids[2], open_followup(owned)).await;
    scene.clock.advance(Duration::from_mins(1));
    scene.run(ids[0], note("still failing")).await;
    Four {
        ids: [ids[0], ids[1], ids[2], ids[3]],
    }
}

fn news() -> [NewIncident; 4] {
    let labelled = |key: &str, value: &str| BTreeMap::from([(name(key), short(value))]);
    [
        NewIncident {
            severity: Severity::P3,
            summary: Some(prose("Requests fail with ÄRGER.")),
            labels: labelled("region", "eu-west-1"),
            ..plain("gateway returns 5xx")
        },
        NewIncident {
            service: service("search"),
            affects: vec![service("gateway")],
            severity: Severity::P0,
            kind: Kind::Latency,
            roles: labelled("commander", "ada"),
            ..plain("search is slow")
        },
        NewIncident {
            service: service("checkout"),
            env: Env::new("staging").unwrap(),
            severity: Severity::P1,
            labels: labelled("region", "us-east-1"),
            ..plain("payments fail")
        },
        NewIncident {
            service: service("mail"),
            drill: true,
            severity: Severity::P0,
            uncertain: true,
            ..plain("a game day")
        },
    ]
}

impl Four {
    async fn check<S: Store>(&self, scene: &Scene<S>, filter: IncidentFilter, expected: &str) {
        let found = scene.found(filter.clone(), Sort::Created).await;
        assert_eq!(self.letters(&found), expected, "{filter:?}");
    }

    fn letters(&self, found: &[IncidentId]) -> String {
        let letter = |id: &IncidentId| {
            let place = self.ids.iter().position(|known| known == id);
            char::from(b'a' + u8::try_from(place.expect("one of the four")).unwrap())
        };
        found.iter().map(letter).collect()
    }
}

/// A change of the filter that means everything, and the letters of what is left.
type Row = (&'static str, fn(&mut IncidentFilter));

/// What the incidents are.
const BY_WHAT: &[Row] = &[
    ("abcd", |_| {}),
    ("ab", |f| f.service = Some(service("gateway"))),
    ("", |f| f.service = Some(service("nowhere"))),
    ("c", |f| f.env = Some(slug("staging"))),
    ("b", |f| f.kind = Some(Kind::Latency)),
    ("c", |f| {
        f.signature = Some(signature("checkout", "payments fail"));
    }),
    ("a", |f| f.labels = vec![label("region", "eu-west-1")]),
    ("", |f| {
        f.labels = vec![label("region", "eu-west-1"), label("cell", "1")];
    }),
    ("d", |f| f.drill = Some(true)),
    ("abc", |f| f.drill = Some(false)),
];

/// How they stand, and with whom.
const BY_STATE: &[Row] = &[
    ("abd", |f| f.statuses = Some(IncidentFilter::unfinished())),
    ("cd", |f| {
        f.statuses = Some(vec![Status::Triage, Status::Resolved]);
    }),
    ("", |f| f.statuses = Some(Vec::new())),
    ("bd", |f| f.severities = Some(vec![Severity::P0])),
    ("ac", |f| {
        f.severities = Some(vec![Severity::P3, Severity::P1]);
    }),
    ("b", |f| f.owner = Some(short("ada"))),
    ("c", |f| f.owner = Some(short("grace"))),
    ("c", |f| f.unfinished_followups = true),
];

/// What they say.
const BY_WORDS: &[Row] = &[
    ("ac", |f| f.words = words("FAIL")),
    ("a", |f| f.words = words("fail requests")),
    ("a", |f| f.words = words("ärger")),
    ("c", |f| f.words = words("region=us")),
    ("d", |f| f.words = words("mail")),
    ("", |f| f.words = words("absent")),
    ("b", |f| {
        f.words = words("slow");
        f.service = Some(service("gateway"));
    }),
];

fn words(text: &str) -> Vec<String> {
    IncidentFilter::split_words(text)
}

fn slug(text: &str) -> Env {
    Env::new(text).unwrap()
}

fn label(key: &str, value: &str) -> (Name, Short) {
    (name(key), short(value))
}

fn signature(of: &str, text: &str) -> Signature {
    Signature::derive(&service(of), Kind::ErrorRate, &plain(text).title)
}

/// One filter at a time, and some together, give exactly the incidents they speak of.
pub async fn each_filter_means_what_it_says<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    let begun = scene.now();
    let four = four(&scene).await;
    for (expected, change) in [BY_WHAT, BY_STATE, BY_WORDS].concat() {
        let mut filter = IncidentFilter::default();
        change(&mut filter);
        four.check(&scene, filter, expected).await;
    }
    let second = begun.plus(Duration::from_mins(2));
    for (updated_since, from, to, expected) in [
        (None, Some(second), None, "bcd"),
        (None, None, Some(second), "a"),
        (
            None,
            Some(second),
            Some(second.plus(Duration::from_mins(1))),
            "b",
        ),
        (Some(scene.now()), None, None, "a"),
    ] {
        let filter = IncidentFilter {
            updated_since,
            from,
            to,
            ..IncidentFilter::default()
        };
        four.check(&scene, filter, expected).await;
    }
}

/// Each order gives the incidents in the order it is called after.
pub async fn each_order_is_what_it_says<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    let four = four(&scene).await;
    for (sort, expected) in [
        (Sort::Created, "abcd"),
        (Sort::CreatedDesc, "dcba"),
        (Sort::Updated, "dbca"),
        (Sort::UpdatedDesc, "acbd"),
        (Sort::Severity, "dbca"),
    ] {
        let found = scene.found(IncidentFilter::default(), sort).await;
        assert_eq!(four.letters(&found), expected, "{sort}");
    }
}
