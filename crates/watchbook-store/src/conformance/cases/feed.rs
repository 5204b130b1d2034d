//! Feed 1–4: gap-free, ordered, once, honest after a restoration.

use std::collections::BTreeMap;

use watchbook_core::{IncidentId, Op};

use crate::conformance::scene::{note, plain, timeline};
use crate::conformance::story::tell;
use crate::conformance::{Harness, Scene, Snapshot};
use crate::contract::{Changed, Feed, FeedPosition, Store, StoreError};

/// How often a reader asks before a case gives up: others may be writing beside the store, and hold the feed up.
const MAX_POLLS: u32 = 20_000;
/// Changes per stretch: few, so that there are many borders.
const STRETCH: usize = 3;

/// Somebody who reads the feed.
struct Reader {
    at: FeedPosition,
    told: Vec<Changed>,
}

impl Reader {
    /// Begins where the feed ends now.
    async fn begin<S: Feed>(store: &S) -> Self {
        let at = store.feed_end().await.expect("the feed has an end");
        Self {
            at,
            told: Vec::new(),
        }
    }

    /// Reads a stretch.
    async fn step<S: Feed>(&mut self, store: &S, limit: usize) {
        let stretch = store.feed(self.at, limit).await;
        let stretch = stretch.expect("the feed can be read");
        self.told.extend(stretch.changes);
        self.at = stretch.next;
    }

    /// Reads until it has been told of all these lines, or has asked too often.
    async fn until<S: Feed>(&mut self, store: &S, lines: &BTreeMap<IncidentId, u32>) {
        for _ in 0..MAX_POLLS {
            if self.known() == *lines {
                return;
            }
            self.step(store, STRETCH).await;
            tokio::task::yield_now().await;
        }
    }

    /// The last line of each incident that it was told of.
    fn known(&self) -> BTreeMap<IncidentId, u32> {
        let told = self.told.iter();
        told.map(|change| (change.incident, change.last_seq))
            .collect()
    }

    /// What it was told of one incident.
    fn of(&self, incident: IncidentId) -> Vec<u32> {
        let told = self.told.iter();
        told.filter(|change| change.incident == incident)
            .map(|change| change.last_seq)
            .collect()
    }
}

/// The last line of every incident.
async fn lines<S: Store>(store: &S) -> BTreeMap<IncidentId, u32> {
    let all = Snapshot::of(store).await.incidents.into_iter();
    all.filter_map(|(incident, events)| Some((incident.id, events.last()?.seq)))
        .collect()
}

/// Every kind of commit is told, of every incident that it touches, whatever borders stretches have.
pub async fn every_line_is_told<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    let mut reader = Reader::begin(&scene.store).await;
    tell(&scene).await;
    let id = scene.create(plain("search is slow")).await.id;
    let into = scene.create(plain("search returns 5xx")).await.id;
    let merge = Op::Merge {
        into,
        at: None,
        note: None,
    };
    scene.run(id, merge).await;
    let all = lines(&scene.store).await;
    reader.until(&scene.store, &all).await;
    assert_eq!(reader.known(), all);
}

/// What is written on another handle is told here, and where to go on is known there.
pub async fn every_handle_tells<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    let there = harness.second(&scene.store).await.expect("a shared store");
    let mut reader = Reader::begin(&scene.store).await;
    let there = Scene::with(there, harness.clock());
    let id = there.create(plain("gateway returns 5xx")).await.id;
    reader.until(&scene.store, &[(id, 1)].into()).await;
    assert_eq!(reader.of(id), [1]);
    scene.run(id, note("looking")).await;
    reader.until(&there.store, &[(id, 2)].into()).await;
    assert_eq!(reader.of(id), [1, 2]);
}

/// A reader, or the store, may stop in between: nothing is missed and nothing comes again.
pub async fn a_reader_goes_on_after_a_crash<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    let mut reader = Reader::begin(&scene.store).await;
    let id = scene.create(plain("gateway returns 5xx")).await.id;
    reader.until(&scene.store, &[(id, 1)].into()).await;
    scene.run(id, note("looking")).await;
    let scene = scene.replace(|store| harness.crash(store)).await;
    scene.run(id, note("found")).await;
    reader.until(&scene.store, &[(id, 3)].into()).await;
    assert_eq!(reader.of(id), [1, 2, 3]);
}

/// Lines of an incident that several write are told in their order, each once, with a reader that is never done.
pub async fn lines_are_told_in_their_order<H: Harness>(harness: &H) {
    let (reader, incidents) = writers_and_a_reader(harness).await;
    for (incident, last) in incidents {
        let told = reader.of(incident);
        let grows = told.is_sorted_by(|one, next| one < next);
        assert!(grows && told.last() == Some(&last), "{incident}: {told:?}");
    }
}

/// Nothing is told twice, at no border.
pub async fn lines_are_told_once<H: Harness>(harness: &H) {
    let (reader, incidents) = writers_and_a_reader(harness).await;
    for incident in incidents.into_keys() {
        let mut told = reader.of(incident);
        let all = told.len();
        told.sort_unstable();
        told.dedup();
        assert_eq!(told.len(), all, "{incident}: {:?}", reader.of(incident));
    }
}

/// Three incidents that are written to in turn and at once, while somebody reads.
async fn writers_and_a_reader<H: Harness>(harness: &H) -> (Reader, BTreeMap<IncidentId, u32>) {
    let scene = Scene::open(harness).await;
    let mut reader = Reader::begin(&scene.store).await;
    let mut ids = Vec::new();
    for title in ["gateway returns 5xx", "search is slow", "checkout hangs"] {
        ids.push(scene.create(plain(title)).await.id);
    }
    for round in 0..4 {
        let text = format!("round {round}");
        let [one, two, three] = [ids[0], ids[1], ids[2]];
        tokio::join!(
            scene.run(one, note(&text)),
            scene.run(two, note(&text)),
            scene.run(one, note(&text)),
            scene.run(three, note(&text)),
            reader.step(&scene.store, STRETCH),
        );
    }
    let mut last = BTreeMap::new();
    for id in ids {
        let events = timeline(&scene.store, id).await;
        last.insert(id, events.last().expect("it was created").seq);
    }
    reader.until(&scene.store, &last).await;
    (reader, last)
}

/// What was read is not all there any more: the reader is told so, now and when as much was written again. Who asks for
/// the end then can go on.
pub async fn a_position_of_a_lost_past_is_refused<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    let mut reader = Reader::begin(&scene.store).await;
    let id = scene.create(plain("gateway returns 5xx")).await.id;
    harness.keep_copy(&scene.store).await;
    scene.run(id, note("looking")).await;
    reader.until(&scene.store, &[(id, 2)].into()).await;
    let restored = scene.replace(|store| async {
        let restored = harness.restore_copy(store).await;
        restored.expect("it is offered")
    });
    let scene = restored.await;
    assert_eq!(timeline(&scene.store, id).await.len(), 1, "it is restored");
    for text in ["looking again", "found"] {
        let refused = scene.store.feed(reader.at, STRETCH).await;
        assert!(
            matches!(refused, Err(StoreError::FeedRestarted)),
            "{refused:?}"
        );
        scene.run(id, note(text)).await;
    }
    let mut anew = Reader::begin(&scene.store).await;
    scene.run(id, note("written up")).await;
    anew.until(&scene.store, &[(id, 4)].into()).await;
    assert_eq!(anew.known(), [(id, 4)].into());
}
