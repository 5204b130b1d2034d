//! Absorb: what others wrote while they were apart.

use std::collections::BTreeMap;

use watchbook_core::{
    ArtifactName, Command, Digest, Event, EventType, Incident, IncidentPatch, NewIncident, Op,
    Severity, Status, Step,
};

use crate::conformance::scene::{note, plain, prose, short, step, title};
use crate::conformance::{Harness, Node, Scene};
use crate::contract::{
    Absorb, Absorbed, Apart, Artifacts, Incidents, Outcome, Run, StoreError, Unfit,
};

fn absorbing<'s, H: Harness>(harness: &H, scene: &'s Scene<H::Store>) -> &'s dyn Absorb {
    let absorbing = harness.absorbing(&scene.store);
    absorbing.expect("it is offered")
}

async fn back(node: &mut Node, to: &dyn Absorb) -> Absorbed {
    let absorbed = node.come_back(to).await;
    absorbed.expect("a run that begins where the last one ended")
}

fn severe(severity: Severity) -> Op {
    Op::Update(Box::new(IncidentPatch {
        severity: Some(severity),
        ..IncidentPatch::default()
    }))
}

/// Lines but for their numbers.
fn unnumbered(line: &Event) -> Event {
    Event {
        seq: 0,
        ..line.clone()
    }
}

/// A run is there once, numbered on from what is here, with its progress; the same run again is out of step.
pub async fn a_run_is_brought_in_once<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    let store = absorbing(harness, &scene);
    let id = scene.create(plain("gateway returns 5xx")).await.id;
    let mut node = Node::new(7);
    node.hear(&scene, id).await;
    scene.run(id, note("written here meanwhile")).await;
    let new = scene.creation(plain("disk is full"));
    let mut written: Vec<Event> = Vec::new();
    for command in [
        scene.command(id, note("first")),
        new.clone(),
        scene.command(id, step(Step::Acknowledge)),
        scene.command(new.incident, note("second")),
    ] {
        written.extend(node.tell(&scene, &command).into_events());
    }
    let run = node.pending();
    assert_eq!(store.absorbed(run.source).await.unwrap(), 0);
    let absorbed = store.absorb(run.clone()).await.expect("the first run");
    let expected = Absorbed {
        taken: 4,
        ..Absorbed::default()
    };
    assert_eq!(absorbed, expected);
    let lines = [scene.timeline(id).await, scene.timeline(new.incident).await];
    for again in [
        run.clone(),
        Run {
            after: 9,
            ..run.clone()
        },
    ] {
        let given = again.after;
        match store.absorb(again).await {
            Err(error @ StoreError::OutOfStep { here: 4, .. }) => {
                assert_eq!(error.outcome(), Outcome::NotApplied, "after {given}");
            }
            other => panic!("a run after {given} came to {other:?}"),
        }
    }
    assert_eq!(store.absorbed(run.source).await.unwrap(), 4);
    assert_eq!(
        lines,
        [scene.timeline(id).await, scene.timeline(new.incident).await]
    );
    for timeline in &lines {
        let numbers: Vec<u32> = timeline.iter().map(|line| line.seq).collect();
        assert_eq!(numbers, (1..).take(numbers.len()).collect::<Vec<_>>());
    }
    let lines: Vec<Event> = lines.concat().iter().map(unnumbered).collect();
    for line in &written {
        assert!(lines.contains(&unnumbered(line)), "{line:?} is there");
    }
    assert_eq!(lines.len(), written.len() + 2);
    assert_eq!(scene.get(id).await.status, Status::Acknowledged);
}

/// What two nodes leave of one incident and of one request, in one order of coming back.
async fn left<H: Harness>(
    harness: &H,
    scene: &Scene<H::Store>,
    (numbers, first): (u32, usize),
) -> (Severity, Vec<String>, Vec<(Status, usize)>) {
    let store = absorbing(harness, scene);
    let id = scene.create(plain("gateway returns 5xx")).await.id;
    let mut nodes = [Node::new(numbers), Node::new(numbers + 1)];
    let mut twins = Vec::new();
    for (node, severity) in nodes.iter_mut().zip([Severity::P0, Severity::P3]) {
        node.hear(scene, id).await;
        node.run(scene, id, severe(severity));
        let op = Op::Create(Box::new(plain("disk is full")));
        let twin = scene.keyed(scene.id(), op, &format!("key {numbers}"), "body");
        node.tell(scene, &twin);
        twins.push(twin.incident);
    }
    for turn in [first, 1 - first] {
        back(&mut nodes[turn], store).await;
    }
    let told = scene.timeline(id).await;
    let told = told.iter().filter(|line| line.kind == EventType::Conflict);
    let conflicts = told.map(|line| format!("{:?}", line.meta.get("overridden")));
    let conflicts = conflicts.collect();
    let mut left = Vec::new();
    for twin in twins {
        let lines = scene.timeline(twin).await.len();
        left.push((scene.get(twin).await.status, lines));
    }
    (scene.get(id).await.severity, conflicts, left)
}

/// What comes of two logs is the same, whichever of them comes back first.
pub async fn the_order_of_coming_back_makes_no_difference<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    let one = left(harness, &scene, (10, 0)).await;
    let other = left(harness, &scene, (20, 1)).await;
    assert_eq!(one, other);
    assert_eq!(
        (one.0, one.1.len()),
        (Severity::P3, 1),
        "the later write counts"
    );
}

/// A change whose answer was lost was made again apart: it is there once.
pub async fn a_line_that_is_here_is_not_written_again<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    let store = absorbing(harness, &scene);
    let id = scene.create(plain("gateway returns 5xx")).await.id;
    let mut node = Node::new(7);
    node.hear(&scene, id).await;
    let key = "an answer that was lost";
    let update = scene.keyed(id, severe(Severity::P0), key, key);
    let creation = scene.creation(plain("disk is full"));
    for command in [&update, &creation] {
        scene.apply(command.clone()).await;
        node.tell(&scene, command);
    }
    node.run(&scene, id, severe(Severity::P1));
    let before = scene.timeline(id).await;
    let absorbed = back(&mut node, store).await;
    let expected = Absorbed {
        taken: 1,
        known: 2,
        ..Absorbed::default()
    };
    assert_eq!(absorbed, expected, "nothing of it was a conflict either");
    let after = scene.timeline(id).await;
    assert_eq!(after[..before.len()], before);
    assert_eq!(after.len(), before.len() + 1);
    assert_eq!(scene.timeline(creation.incident).await.len(), 1);
    assert!(scene.apply(update).await.replayed);
    // What it wrote after that it knew of it, also in a later run.
    node.run(&scene, id, severe(Severity::P2));
    assert_eq!(back(&mut node, store).await.conflicts, 0);
}

/// The value that does not count stays readable, whoever of the two comes later.
pub async fn an_overridden_value_leaves_a_line<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    let store = absorbing(harness, &scene);
    let id = scene.create(plain("gateway returns 5xx")).await.id;
    let mut node = Node::new(7);
    node.hear(&scene, id).await;
    let early = node.run(&scene, id, severe(Severity::P0));
    let here = scene.run(id, severe(Severity::P3)).await;
    let late = Op::Update(Box::new(IncidentPatch {
        severity: Some(Severity::P4),
        title: Some(title("another title")),
        ..IncidentPatch::default()
    }));
    node.run(&scene, id, late);
    assert_eq!(back(&mut node, store).await.conflicts, 2);
    let shown = scene.get(id).await;
    assert_eq!(shown.severity, Severity::P4);
    assert_eq!(shown.title, title("another title"));
    let told = conflicts(&scene.timeline(id).await);
    let lost = |line: &Event, severity: &str| (line.id.to_string(), format!("severity {severity}"));
    let early = early.events().next().expect("a line").clone();
    let expected = [lost(&early, "P0"), lost(&here.events[0], "P3")];
    assert_eq!(told, BTreeMap::from(expected));
}

/// Which value of which line was overridden, as the conflict lines say.
fn conflicts(lines: &[Event]) -> BTreeMap<String, String> {
    let told = lines.iter().filter(|line| line.kind == EventType::Conflict);
    let said = |line: &Event, name: &str| {
        let value = line.meta.get(name).and_then(|value| value.as_str());
        value.unwrap_or_default().to_owned()
    };
    told.map(|line| {
        assert!(line.set.is_empty(), "{line:?}");
        let what = format!("{} {}", said(line, "field"), said(line, "overridden"));
        (said(line, "event"), what)
    })
    .collect()
}

/// Lets the store and two nodes carry these out, each another, apart from each other; the nodes come back, the one
/// with the earlier creation last. Gives the incidents in the order of their creations.
async fn opened_apart<H: Harness>(
    harness: &H,
    scene: &Scene<H::Store>,
    [first, second, third]: [Command; 3],
) -> [Incident; 3] {
    let store = absorbing(harness, scene);
    let mut nodes = [Node::new(7), Node::new(8)];
    nodes[0].tell(scene, &first);
    let on_second = note("written on the second");
    scene.apply(second.clone()).await;
    nodes[1].tell(scene, &third);
    nodes[1].run(scene, third.incident, on_second);
    let [earlier, later] = &mut nodes;
    back(later, store).await;
    back(earlier, store).await;
    let mut left = Vec::new();
    for command in [first, second, third] {
        left.push(scene.get(command.incident).await);
    }
    left.try_into().expect("three")
}

fn check_merged([first, second, third]: &[Incident; 3]) {
    assert_eq!(first.status, Status::Open, "the earliest survives");
    for later in [second, third] {
        let merged = (later.status, later.merged_into);
        assert_eq!(merged, (Status::Merged, Some(first.id)));
    }
    assert_eq!(third.events, 4, "its own lines and two merges");
}

/// One request that three nodes answered leaves one incident; its key answers with the earliest, and all ids answer.
pub async fn what_one_key_opened_twice_becomes_one<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    let op = || Op::Create(Box::new(plain("gateway returns 5xx")));
    let commands = [(); 3].map(|()| scene.keyed(scene.id(), op(), "one key", "one body"));
    let opened = opened_apart(harness, &scene, commands.clone()).await;
    check_merged(&opened);
    let again = scene.apply(commands[2].clone()).await;
    assert!(again.replayed);
    assert_eq!(again.incident.id, opened[0].id);
    assert_eq!((again.incident.events, again.events.len()), (1, 1));
    // What somebody does about it afterwards counts.
    let apart = Op::Unmerge {
        at: None,
        note: None,
    };
    let parted = scene.run(opened[2].id, apart).await;
    assert_eq!(parted.incident.status, Status::Open);
}

/// One alert group that three nodes opened an incident for has one; groups of another name have their own.
pub async fn what_one_alert_group_opened_twice_becomes_one<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    let new = |group: &str| {
        scene.creation(NewIncident {
            group_key: Some(short(group)),
            ..plain(group)
        })
    };
    let mut other = Node::new(9);
    let another = other.tell(&scene, &new("another group"));
    back(&mut other, absorbing(harness, &scene)).await;
    let opened = opened_apart(harness, &scene, [(); 3].map(|()| new("one group"))).await;
    check_merged(&opened);
    let line = another.events().next().expect("a line");
    assert_eq!(scene.get(line.incident_id).await.status, Status::Open);
}

/// An artifact that was attached apart is there with its bytes; without them its commit does not fit.
pub async fn bytes_come_with_their_commit<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    let store = absorbing(harness, &scene);
    let id = scene.create(plain("gateway returns 5xx")).await.id;
    let mut node = Node::new(7);
    node.hear(&scene, id).await;
    let name = ArtifactName::new("notes.md").unwrap();
    let attach = |content: &[u8]| Op::Attach {
        name: name.clone(),
        sha256: Digest::of(content),
        bytes: content.len() as u64,
    };
    node.run(&scene, id, attach(b"what was done"));
    node.bring(id, b"what was done");
    node.run(&scene, id, attach(b"lost"));
    let absorbed = back(&mut node, store).await;
    let left_out: Vec<u64> = absorbed.unfit.iter().map(|unfit| unfit.n).collect();
    assert_eq!((absorbed.taken, left_out), (1, vec![2]));
    let content = scene.store.artifact(id, &name, None).await;
    let content = content.map(|content| content.bytes);
    assert_eq!(content.ok().as_deref(), Some(b"what was done".as_slice()));
}

/// A text that its writer blacked out while apart is nowhere, whether it came from here or from there.
pub async fn what_was_blacked_out_apart_is_black_here<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    let store = absorbing(harness, &scene);
    let id = scene.create(plain("gateway returns 5xx")).await.id;
    let here = scene.run(id, note("secret of here")).await.events[0].id;
    let mut node = Node::new(7);
    node.hear(&scene, id).await;
    let there = node.run(&scene, id, note("secret of there"));
    let there = there.events().next().expect("a line").id;
    for event in [here, there] {
        let reason = prose("it names a customer");
        node.run(&scene, id, Op::Redact { event, reason });
    }
    assert_eq!(back(&mut node, store).await.taken, 3);
    let lines = scene.timeline(id).await;
    assert!(!format!("{lines:?}").contains("secret of"), "{lines:?}");
    let black: Vec<_> = lines.iter().filter(|line| line.redacted).collect();
    assert_eq!(black.len(), 2);
}

/// A commit on an incident that is not here is reported; what stands before and after it is brought in.
pub async fn what_does_not_fit_holds_up_nothing<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    let store = absorbing(harness, &scene);
    let id = scene.create(plain("gateway returns 5xx")).await.id;
    let mut node = Node::new(7);
    node.hear(&scene, id).await;
    let lost = scene.creation(plain("known only there"));
    let mut elsewhere = Node::new(8);
    elsewhere.tell(&scene, &lost);
    node.run(&scene, id, note("before"));
    let mut run = node.pending();
    let stray = elsewhere.run(&scene, lost.incident, note("stray"));
    let stray = Apart {
        n: 2,
        commit: stray,
        seen: Vec::new(),
        bytes: Vec::new(),
    };
    run.commits.push(stray);
    node.run(&scene, id, note("after"));
    let after = node.pending().commits.pop().expect("a commit");
    run.commits.push(Apart { n: 3, ..after });
    run.upto = 3;
    let source = run.source;
    let absorbed = store.absorb(run).await.expect("what fits is brought in");
    let Absorbed { taken, unfit, .. } = absorbed;
    let why = |unfit: &Unfit| unfit.why.contains(&lost.incident.to_string());
    assert_eq!((taken, unfit.len()), (2, 1), "{unfit:?}");
    assert!(unfit[0].n == 2 && why(&unfit[0]), "{unfit:?}");
    assert_eq!(store.absorbed(source).await.unwrap(), 3);
    assert_eq!(scene.timeline(id).await.len(), 3);
    let stray = scene.store.get(lost.incident).await;
    assert!(matches!(stray, Err(StoreError::NotFound { .. })));
}

/// The id is the same at every question, and after a restart.
pub async fn a_store_keeps_its_id<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    let first = absorbing(harness, &scene).store_id().await.unwrap();
    let again = absorbing(harness, &scene).store_id().await.unwrap();
    assert_eq!(first, again);
    if scene.store.capabilities().persistent {
        let scene = scene.replace(|store| harness.reopen(store)).await;
        let later = absorbing(harness, &scene).store_id().await.unwrap();
        assert_eq!(first, later);
    }
}
