//! What the questions about follow-ups mean, and that follow-ups outlive their incident.

use std::time::Duration;

use watchbook_core::query::{FollowupFilter, FollowupQuery, FollowupSort};
use watchbook_core::text::{Env, Name, Short};
use watchbook_core::{
    EventId, FollowupPatch, FollowupStatus, IncidentId, Kind, NewIncident, Op, Refused, Severity,
    Step,
};

use crate::conformance::scene::{followup, note, open_followup, plain, step};
use crate::conformance::{Harness, Scene, prose, service, short, title};
use crate::contract::Store;

async fn open<S: Store>(
    scene: &Scene<S>,
    id: IncidentId,
    text: &str,
    due: Option<&str>,
) -> EventId {
    let mut new = followup(text);
    new.due = due.map(|due| due.parse().expect("a due date"));
    new.owner = (text != "alert").then(|| short("ada"));
    scene.run(id, open_followup(new)).await.events[0].id
}

async fn set<S: Store>(
    scene: &Scene<S>,
    id: IncidentId,
    followup: EventId,
    status: FollowupStatus,
) {
    let patch = FollowupPatch {
        status: Some(status),
        reason: (status == FollowupStatus::Canceled).then(|| prose("not needed")),
        ..FollowupPatch::default()
    };
    scene
        .run(
            id,
            Op::UpdateFollowup {
                followup,
                patch: Box::new(patch),
                note: None,
            },
        )
        .await;
}

fn label(key: &str, value: &str) -> (Name, Short) {
    (key.parse().unwrap(), short(value))
}

/// Two incidents with five follow-ups in every state; the clock stands at 10 in the morning of 2026-02-23.
async fn five<S: Store>(scene: &Scene<S>) -> IncidentId {
    let first = scene.create(plain("gateway returns 5xx")).await.id;
    let elsewhere = NewIncident {
        service: service("search"),
        affects: vec![service("checkout")],
        env: Env::new("staging").unwrap(),
        severity: Severity::P3,
        kind: Kind::Latency,
        labels: [label("region", "eu")].into(),
        drill: true,
        ..plain("search is slow")
    };
    let second = scene.create(elsewhere).await.id;
    open(scene, first, "alert", None).await;
    open(scene, first, "pool", Some("2026-02-24")).await;
    let done = open(scene, first, "docs", Some("2026-02-20")).await;
    let begun = open(scene, second, "cache", Some("2026-02-23T09:00:00Z")).await;
    let dropped = open(scene, second, "shard", Some("2026-02-21")).await;
    set(scene, first, done, FollowupStatus::Done).await;
    set(scene, second, begun, FollowupStatus::InProgress).await;
    set(scene, second, dropped, FollowupStatus::Canceled).await;
    first
}

/// A change of the question that means everything, and the titles of what is left.
type Row = (&'static [&'static str], fn(&mut FollowupQuery));

const QUESTIONS: &[Row] = &[
    (&["docs", "shard", "cache", "pool", "alert"], |_| {}),
    (&["cache", "pool", "alert"], |q| {
        q.state = FollowupFilter::Unfinished;
    }),
    (&["docs", "shard"], |q| q.state = FollowupFilter::Finished),
    (&["cache"], |q| q.state = overdue("2026-02-23T10:00:00Z")),
    (&["cache"], |q| {
        q.state = overdue("2026-02-24T23:59:59.999Z");
    }),
    (&["cache", "pool"], |q| {
        q.state = overdue("2026-02-25T00:00:00Z");
    }),
    (&["shard", "cache"], |q| q.service = Some(service("search"))),
    (&["shard", "cache"], |q| {
        q.service = Some(service("checkout"));
    }),
    (&["docs", "pool", "alert"], |q| q.env = Some(Env::prod())),
    (&["docs", "shard", "cache", "pool"], |q| {
        q.owner = Some(short("ada"));
    }),
    (&["docs", "pool", "alert"], |q| q.drill = Some(false)),
    (&["shard", "cache"], |q| q.drill = Some(true)),
    (&["shard", "cache"], |q| {
        q.severities = Some(vec![Severity::P0, Severity::P3]);
    }),
    (&[], |q| q.severities = Some(vec![Severity::P4])),
    (&["shard", "cache"], |q| q.kind = Some(Kind::Latency)),
    (&["shard", "cache"], |q| {
        q.labels = vec![label("region", "eu")];
    }),
    (&[], |q| q.labels = vec![label("region", "us")]),
    (&["cache"], |q| q.words = vec!["cac".to_owned()]),
    (&["pool", "docs", "cache", "shard"], |q| {
        q.words = vec!["ada".to_owned()];
        q.sort = FollowupSort::Opened;
    }),
    (&["shard"], |q| {
        q.words = vec!["needed".to_owned(), "ada".to_owned()];
    }),
    (&["alert", "pool", "docs", "cache", "shard"], |q| {
        q.sort = FollowupSort::Opened;
    }),
    (&["shard", "cache", "docs", "pool", "alert"], |q| {
        q.sort = FollowupSort::OpenedDesc;
    }),
];

fn overdue(at: &str) -> FollowupFilter {
    FollowupFilter::OverdueAt(at.parse().unwrap())
}

/// Each question gives the follow-ups it speaks of, the earliest deadline first, those without one last.
pub async fn each_question_about_follow_ups_means_what_it_says<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    scene.clock.set("2026-02-23T10:00:00Z".parse().unwrap());
    let begun = scene.now();
    let first = five(&scene).await;
    for (expected, change) in QUESTIONS {
        let mut query = FollowupQuery::default();
        change(&mut query);
        assert_eq!(scene.followups(query.clone()).await, *expected, "{query:?}");
    }
    let later = begun.plus(Duration::from_hours(24));
    for (incident, finished_since, expected) in [
        (Some(first), None, vec!["docs", "pool", "alert"]),
        (
            None,
            Some(begun),
            vec!["docs", "shard", "cache", "pool", "alert"],
        ),
        (None, Some(later), vec!["cache", "pool", "alert"]),
    ] {
        let query = FollowupQuery {
            incident,
            finished_since,
            ..FollowupQuery::default()
        };
        assert_eq!(scene.followups(query.clone()).await, expected, "{query:?}");
    }
}

/// Times of opening and of the last change are asked for with a first moment that counts and a last one that does not.
pub async fn each_time_of_a_follow_up_can_be_asked_for<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    let id = scene.create(plain("gateway returns 5xx")).await.id;
    let mut moments = Vec::new();
    let mut first = None;
    for name in ["one", "two", "three"] {
        let opened = open(&scene, id, name, None).await;
        moments.push(scene.now());
        first.get_or_insert(opened);
    }
    set(
        &scene,
        id,
        first.expect("three were opened"),
        FollowupStatus::Done,
    )
    .await;
    let changed = scene.now();
    let asked = async |change: &dyn Fn(&mut FollowupQuery)| {
        let mut query = FollowupQuery {
            sort: FollowupSort::Opened,
            ..FollowupQuery::default()
        };
        change(&mut query);
        scene.followups(query).await
    };
    let from = asked(&|query| query.from = Some(moments[1])).await;
    assert_eq!(from, ["two", "three"]);
    let to = asked(&|query| query.to = Some(moments[1])).await;
    assert_eq!(to, ["one"]);
    let updated = asked(&|query| query.updated_since = Some(moments[2])).await;
    assert_eq!(updated, ["one", "three"]);
    let last = asked(&|query| query.updated_since = Some(changed)).await;
    assert_eq!(last, ["one"]);
}

/// Closing an incident ends none of its follow-ups, and they can be worked on afterwards.
pub async fn they_outlive_their_incident<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    let id = scene.create(plain("gateway returns 5xx")).await.id;
    let pool = open(&scene, id, "pool", Some("2026-02-24")).await;
    scene.run(id, step(Step::Close)).await;
    let unfinished = FollowupQuery {
        state: FollowupFilter::Unfinished,
        ..FollowupQuery::default()
    };
    assert_eq!(scene.followups(unfinished.clone()).await, ["pool"]);
    open(&scene, id, "docs", None).await;
    set(&scene, id, pool, FollowupStatus::Done).await;
    scene.run(id, note("all quiet")).await;
    assert_eq!(scene.followups(unfinished).await, ["docs"]);
    refused(&scene, id, pool).await;
    let incident = scene.get(id).await;
    assert_eq!(incident.followups[0].title, title("pool"));
    assert_eq!(incident.followups[0].status, FollowupStatus::Done);
}

/// A cancellation needs a reason, and a follow-up belongs to its incident.
async fn refused<S: Store>(scene: &Scene<S>, id: IncidentId, followup: EventId) {
    let patch = FollowupPatch {
        status: Some(FollowupStatus::Canceled),
        ..FollowupPatch::default()
    };
    let cancel = |followup| Op::UpdateFollowup {
        followup,
        patch: Box::new(patch.clone()),
        note: None,
    };
    assert_eq!(
        scene.refused(scene.command(id, cancel(followup))).await,
        Refused::ReasonNeeded
    );
    let nothing = EventId::from_bits(1);
    let unknown = scene.refused(scene.command(id, cancel(nothing))).await;
    assert_eq!(
        unknown,
        Refused::NoFollowup {
            incident: id,
            followup: nothing
        }
    );
}
