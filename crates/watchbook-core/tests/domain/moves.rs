//! Every operation in every status: which are legal, what they set, and what a refusal names.

use std::time::Duration;

use watchbook_core::{
    Decision, EventType, IncidentId, IncidentPatch, Lifecycle, Move, Op, Refused, Resolution,
    Severity, Status, Step,
};

use crate::world::{World, followup, lifecycle, note, prose, step};

/// An incident in each status, in a world of its own.
fn in_status(status: Status) -> (World, IncidentId) {
    let mut world = World::new();
    let mut new = crate::world::incident("gateway returns 5xx");
    new.uncertain = status == Status::Triage;
    let id = world.create_with(new);
    world.wait(60);
    let op = match status {
        Status::Triage | Status::Open => None,
        Status::Acknowledged => Some(step(Step::Acknowledge)),
        Status::Mitigated => Some(step(Step::Mitigate)),
        Status::Resolved => Some(step(Step::Resolve)),
        Status::Closed => Some(step(Step::Close)),
        Status::Canceled => Some(step(Step::Cancel)),
        Status::Merged => Some(Op::Merge {
            into: world.create(),
            at: None,
            note: None,
        }),
    };
    if let Some(op) = op {
        world.must(id, op);
    }
    assert_eq!(world.get(id).status, status);
    (world, id)
}

/// The table of the specification: what may be done in each status, and where it leads. Rows are moves, columns are
/// triage, open, acknowledged, mitigated, resolved, closed, merged, canceled. `!` is refused, `=` changes nothing.
const TABLE: &[(Move, &str)] = &[
    (Move::Acknowledge, "a a = ! ! ! ! !"),
    (Move::Mitigate, "m m m = ! ! ! !"),
    (Move::Resolve, "r r r r = ! ! !"),
    (Move::Close, "c c c c c = ! !"),
    (Move::Reopen, "! ! ! o o o ! !"),
    (Move::Merge, "x x x x ! ! ! !"),
    (Move::Unmerge, "! ! ! ! ! ! o !"),
    (Move::Cancel, "- - - - ! ! ! ="),
];

fn letter(status: Status) -> &'static str {
    match status {
        Status::Triage => "t",
        Status::Open => "o",
        Status::Acknowledged => "a",
        Status::Mitigated => "m",
        Status::Resolved => "r",
        Status::Closed => "c",
        Status::Merged => "x",
        Status::Canceled => "-",
    }
}

fn moving(world: &mut World, wanted: Move) -> Op {
    match wanted {
        Move::Acknowledge => step(Step::Acknowledge),
        Move::Mitigate => step(Step::Mitigate),
        Move::Resolve => step(Step::Resolve),
        Move::Close => step(Step::Close),
        Move::Reopen => step(Step::Reopen),
        Move::Cancel => step(Step::Cancel),
        Move::Merge => Op::Merge {
            into: world.create(),
            at: None,
            note: None,
        },
        Move::Unmerge => Op::Unmerge {
            at: None,
            note: None,
        },
    }
}

#[test]
fn every_move_in_every_status_is_as_the_table_says() {
    for (wanted, row) in TABLE {
        for (status, expected) in Status::ALL.iter().zip(row.split(' ')) {
            let (mut world, id) = in_status(*status);
            let op = moving(&mut world, *wanted);
            let answer = world.run(id, op);
            let got = match &answer {
                Ok(Decision::Commit { .. }) => letter(world.get(id).status),
                Ok(Decision::Unchanged) => "=",
                Ok(Decision::Replay) => "replay",
                Err(refused) => {
                    names_the_way_on(refused, *status, *wanted);
                    "!"
                }
            };
            assert_eq!(got, expected, "{wanted} from {status}: {answer:?}");
        }
    }
}

/// An illegal move names the legal ones, and each of those is legal.
fn names_the_way_on(refused: &Refused, status: Status, wanted: Move) {
    let Refused::IllegalMove {
        from,
        step,
        allowed,
    } = refused
    else {
        panic!("{wanted} from {status} was refused with {refused:?}");
    };
    assert_eq!((*from, *step), (status, wanted));
    assert_eq!(*allowed, status.allowed());
    for legal in *allowed {
        let (mut world, id) = in_status(status);
        let op = moving(&mut world, *legal);
        assert!(
            world.run(id, op).is_ok(),
            "{legal} is named as legal from {status}"
        );
    }
}

/// Makes an operation; the first argument makes an update.
type Make = fn(&dyn Fn() -> Op) -> Op;

/// What else may be done in each status, in the same columns: `y` it may, `!` it may not.
#[test]
fn every_other_operation_in_every_status() {
    let update = || {
        let patch = IncidentPatch {
            severity: Some(Severity::P0),
            ..IncidentPatch::default()
        };
        Op::Update(Box::new(patch))
    };
    let rows: &[(&str, Make, &str)] = &[
        ("append", |_| note("x"), "y y y y y y ! y"),
        (
            "follow-up",
            |_| Op::OpenFollowup(Box::new(followup("x"))),
            "y y y y y y ! y",
        ),
        ("claim", |_| Op::Claim { seconds: 60 }, "y y y y y y ! !"),
        ("update", |update| update(), "y y y y y y ! !"),
        (
            "artifact",
            |_| crate::artifacts::attach("a.md", b"x"),
            "y y y y y y ! y",
        ),
        (
            "severity proposal",
            |_| crate::proposals::severity(),
            "y y y y y y ! !",
        ),
    ];
    for (name, make, row) in rows {
        for (status, expected) in Status::ALL.iter().zip(row.split(' ')) {
            let (mut world, id) = in_status(*status);
            let answer = world.run(id, make(&update));
            let got = match &answer {
                Ok(Decision::Commit { changed: true, .. }) => "y",
                Err(Refused::Frozen {
                    status: shown,
                    into,
                    ..
                }) => {
                    assert_eq!(shown, status);
                    assert_eq!(into.is_some(), *status == Status::Merged);
                    "!"
                }
                other => panic!("{name} in {status}: {other:?}"),
            };
            assert_eq!(got, expected, "{name} in {status}");
        }
    }
}

#[test]
fn an_operation_on_nothing_names_the_incident() {
    let mut world = World::new();
    let id = world.new_id();
    let event = watchbook_core::EventId::from_bits(1);
    for op in [
        note("x"),
        step(Step::Close),
        Op::Release,
        Op::Unmerge {
            at: None,
            note: None,
        },
        Op::Redact {
            event,
            reason: prose("x"),
        },
        Op::Update(Box::default()),
    ] {
        assert_eq!(world.refused(id, op), Refused::NoIncident(id));
    }
}

#[test]
fn each_step_sets_its_time_and_its_line_says_from_and_to() {
    let mut world = World::new();
    let id = world.create();
    let started = world.now;
    for (wanted, kind) in [
        (Step::Acknowledge, "open → acknowledged"),
        (Step::Mitigate, "acknowledged → mitigated"),
        (Step::Resolve, "mitigated → resolved"),
        (Step::Close, "resolved → closed"),
    ] {
        world.wait(60);
        let events = world.must(id, step(wanted));
        assert_eq!((events.len(), events[0].kind), (1, EventType::StatusChange));
        assert_eq!(events[0].message.as_str(), kind);
    }
    let minutes = |count: u64| Some(started.plus(Duration::from_mins(count)));
    let shown = world.get(id);
    assert_eq!(
        [
            shown.acknowledged_at,
            shown.mitigated_at,
            shown.resolved_at,
            shown.closed_at
        ],
        [minutes(1), minutes(2), minutes(3), minutes(4)]
    );
    assert_eq!((shown.revision, shown.events), (5, 5));
}

#[test]
fn closing_at_once_also_resolves_and_reopening_takes_the_end_back() {
    let mut world = World::new();
    let id = world.create();
    world.wait(60);
    world.must(id, step(Step::Acknowledge));
    let acknowledged = world.get(id).acknowledged_at;
    let resolution = Resolution {
        summary: Some(prose("pool raised")),
        root_cause: Some(prose("a leak")),
    };
    world.must(
        id,
        Op::Move(Box::new(Lifecycle {
            resolution,
            ..lifecycle(Step::Close)
        })),
    );
    let closed = world.get(id);
    assert_eq!(
        (closed.resolved_at, closed.closed_at),
        (Some(world.now), Some(world.now))
    );
    assert_eq!(closed.root_cause, Some(prose("a leak")));
    world.wait(60);
    world.must(id, step(Step::Reopen));
    let open = world.get(id);
    assert_eq!(
        (open.mitigated_at, open.resolved_at, open.closed_at),
        (None, None, None)
    );
    world.wait(60);
    world.must(id, step(Step::Acknowledge));
    assert_eq!(
        world.get(id).acknowledged_at,
        acknowledged,
        "the first one counts"
    );
}

#[test]
fn a_step_happened_between_the_start_and_five_minutes_from_now() {
    let mut world = World::new();
    let started = world.now;
    let id = world.create();
    world.wait(600);
    let at = |at| {
        Op::Move(Box::new(Lifecycle {
            at: Some(at),
            ..lifecycle(Step::Acknowledge)
        }))
    };
    let latest = world.now.plus(Duration::from_mins(5));
    for wrong in [
        started.minus(Duration::from_millis(1)),
        latest.plus(Duration::from_millis(1)),
    ] {
        let expected = Refused::OutOfRange {
            at: wrong,
            earliest: started,
            latest,
        };
        assert_eq!(world.refused(id, at(wrong)), expected);
    }
    for right in [started, latest] {
        let mut again = world.clone();
        again.must(id, at(right));
        assert_eq!(again.get(id).acknowledged_at, Some(right));
    }
}

#[test]
fn if_match_is_the_version_of_the_state() {
    let mut world = World::new();
    let id = world.create();
    let first = world.get(id).etag;
    world.must(id, note("notes do not count"));
    assert_eq!(world.get(id).etag, first);
    world.if_match(first).must(id, step(Step::Acknowledge));
    let second = world.get(id).etag;
    let refused = world.if_match(first).refused(id, step(Step::Resolve));
    assert_eq!(
        refused,
        Refused::Stale {
            incident: id,
            given: first,
            current: second
        }
    );
    world.if_match(second).must(id, step(Step::Resolve));
    let text = second.to_string();
    assert_eq!(text.parse(), Ok(second));
    assert_eq!(format!("W/\"{text}\"").parse(), Ok(second));
}

#[test]
fn a_claim_keeps_others_out_until_it_ends() {
    let mut world = World::new();
    let id = world.create();
    world.must(id, Op::Claim { seconds: 600 });
    let until = world.now.plus(Duration::from_mins(10));
    let refused = world.by("helion").refused(id, Op::Claim { seconds: 60 });
    let holder = watchbook_core::AgentId::new("sofiia").unwrap();
    assert_eq!(
        refused,
        Refused::Claimed {
            incident: id,
            holder,
            until
        }
    );
    assert!(matches!(
        world.by("helion").refused(id, Op::Release),
        Refused::NotClaimed { .. }
    ));
    world.wait(60);
    world.must(id, Op::Claim { seconds: 600 });
    let renewed = world.get(id).claim.unwrap();
    assert_eq!(
        renewed.since.plus(Duration::from_mins(11)),
        renewed.until,
        "renewed from now, held since then"
    );
    world.wait(601);
    world.by("helion").must(id, Op::Claim { seconds: u32::MAX });
    let claim = world.get(id).claim.unwrap();
    assert_eq!(
        claim.until.since(claim.since),
        Duration::from_hours(24),
        "no longer than a day"
    );
    assert!(matches!(
        world.refused(id, Op::Release),
        Refused::NotClaimed { .. }
    ));
    world.by("helion").must(id, Op::Release);
    assert_eq!(world.get(id).claim, None);
}

fn saying(step: Step, note: Option<&str>, root_cause: Option<&str>) -> Op {
    Op::Move(Box::new(Lifecycle {
        step,
        at: None,
        note: note.map(crate::world::message),
        resolution: Resolution {
            summary: None,
            root_cause: root_cause.map(prose),
        },
    }))
}

#[test]
fn a_move_that_was_made_already_loses_nothing_of_what_it_says() {
    for (status, again) in [
        (Status::Resolved, Step::Resolve),
        (Status::Closed, Step::Close),
    ] {
        let (mut world, id) = in_status(status);
        let events = world.must(id, saying(again, Some("looked again"), Some("a full disk")));
        assert_eq!(events.len(), 1, "the note is the message of the change");
        assert_eq!(events[0].kind, EventType::FieldChange);
        assert_eq!(events[0].message.as_str(), "looked again");
        let shown = world.get(id);
        assert_eq!(
            (shown.status, shown.root_cause),
            (status, Some(prose("a full disk")))
        );
        let same = world.run(id, saying(again, None, Some("a full disk")));
        assert_eq!(same, Ok(Decision::Unchanged), "nothing of it is new");
        let before = world.get(id).etag;
        let events = world.must(id, saying(again, Some("once more"), Some("a full disk")));
        assert_eq!(events[0].kind, EventType::Note);
        assert_eq!(events[0].message.as_str(), "once more");
        assert_eq!(world.get(id).etag, before, "a note is no new version");
    }
}

#[test]
fn a_second_acknowledgement_or_cancellation_keeps_its_note() {
    for (status, again) in [
        (Status::Acknowledged, Step::Acknowledge),
        (Status::Mitigated, Step::Mitigate),
        (Status::Canceled, Step::Cancel),
    ] {
        let (mut world, id) = in_status(status);
        let events = world.must(id, saying(again, Some("me too"), None));
        assert_eq!(events[0].kind, EventType::Note, "{status}");
        assert_eq!(world.get(id).status, status);
        assert_eq!(world.run(id, step(again)), Ok(Decision::Unchanged));
    }
}
