//! Incidents 7, *honest about the unknown*: an error says whether the change may have happened.

use watchbook_core::query::{IncidentFilter, Sort};
use watchbook_core::{Command, IncidentId, Op, Step};

use crate::conformance::scene::{note, plain, step};
use crate::conformance::{Harness, Scene};
use crate::contract::{Incidents, Outcome, Store};

/// A refusal says that nothing happened, and the same thing can be tried again under another id.
pub async fn a_refusal_certainly_did_not_happen<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    let id = scene.create(plain("gateway returns 5xx")).await.id;
    for op in [step(Step::Reopen), Op::Release] {
        let error = scene.store.apply(scene.command(id, op)).await.unwrap_err();
        assert_eq!(error.outcome(), Outcome::NotApplied, "{error}");
    }
    scene.run(id, step(Step::Resolve)).await;
    assert!(scene.run(id, step(Step::Reopen)).await.changed);
}

/// Steps after which a case no longer looks for faults: no write takes so many.
const MAX_STEPS: u32 = 200;

/// A fault at each step of a write, one after the other: what was answered as done is there once, what was answered as
/// not done is not there and can be tried again, what is unknown is settled by the same command.
pub async fn an_error_says_whether_it_happened<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    let mut scene = warmed_up(scene).await;
    for fault in 0..MAX_STEPS {
        assert!(harness.fail_at(fault), "the harness offers faults");
        let id = scene.id();
        let command = creation(&scene, id, fault, "first");
        let answer = scene.store.apply(command.clone()).await;
        harness.calm();
        let struck = answer.is_err();
        match answer {
            Ok(_) => {}
            Err(error) => match error.outcome() {
                Outcome::NotApplied => {
                    assert!(
                        !is_there(&scene, id).await,
                        "step {fault}: {error}, but it is there"
                    );
                    // Under another id, as only what certainly did not happen may be.
                    let again = creation(&scene, id, fault, "second");
                    let applied = scene.store.apply(again).await.expect("the fault is over");
                    assert!(applied.changed && !applied.replayed);
                }
                Outcome::Unknown(change) => {
                    assert_eq!(change, command.change);
                    scene = reopened(harness, scene).await;
                    settle(&scene, command).await;
                }
            },
        }
        assert!(is_there(&scene, id).await, "step {fault}");
        scene = reopened(harness, scene).await;
        assert!(is_there(&scene, id).await, "step {fault}, after a restart");
        if !struck {
            assert!(fault > 0, "no fault struck at all");
            return;
        }
    }
    panic!("a write takes more than {MAX_STEPS} steps");
}

async fn warmed_up<S: Store>(scene: Scene<S>) -> Scene<S> {
    let id = scene.create(plain("gateway returns 5xx")).await.id;
    scene.run(id, note("5xx at 12 %")).await;
    scene
}

async fn reopened<H: Harness>(harness: &H, scene: Scene<H::Store>) -> Scene<H::Store> {
    if !scene.store.capabilities().persistent {
        return scene;
    }
    scene.replace(|store| harness.reopen(store)).await
}

async fn is_there<S: Store>(scene: &Scene<S>, id: IncidentId) -> bool {
    let listed = scene.found(IncidentFilter::default(), Sort::Created).await;
    let listed = listed.iter().filter(|known| **known == id).count();
    assert!(listed <= 1, "it is there twice");
    assert_eq!(
        scene.store.get(id).await.is_ok(),
        listed == 1,
        "`get` and `list` differ"
    );
    listed == 1
}

/// The same command settles it: it is carried out now, or it was before and the answer is given again.
async fn settle<S: Store>(scene: &Scene<S>, command: Command) {
    let was_there = is_there(scene, command.incident).await;
    let applied = scene.store.apply(command).await.expect("the fault is over");
    assert_eq!(applied.replayed, was_there);
}

fn creation<S: Store>(scene: &Scene<S>, id: IncidentId, fault: u32, attempt: &str) -> Command {
    let op = Op::Create(Box::new(plain(&format!("outage {fault}"))));
    scene.keyed(id, op, &format!("{attempt} {fault}"), "body")
}
