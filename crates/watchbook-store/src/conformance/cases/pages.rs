//! Incidents 8, *stable pages*: reading page by page gives every item that was there all the time exactly once.

use std::collections::BTreeSet;

use watchbook_core::query::{
    FollowupQuery, FollowupSort, IncidentFilter, IncidentQuery, MAX_LIMIT, PageRequest, Place, Sort,
};
use watchbook_core::text::Message;
use watchbook_core::{
    EventId, ImportedEvent, ImportedIncident, IncidentId, NewIncident, Op, Severity, Step,
};

use crate::conformance::scene::{followup, note, open_followup, plain, step};
use crate::conformance::{Harness, Scene};
use crate::contract::{Incidents, Store};

/// Incidents of a case: several pages, the last one not full.
const INCIDENTS: usize = 23;
/// Page sizes that are tried: one by one, a divisor, one that leaves a rest.
const SIZES: [usize; 3] = [1, 7, 10];

async fn fill<S: Store>(scene: &Scene<S>) -> Vec<IncidentId> {
    let mut ids = Vec::new();
    for number in 0..INCIDENTS {
        let severity = Severity::ALL[number % Severity::ALL.len()];
        let new = NewIncident {
            severity,
            ..plain(&format!("outage {number}"))
        };
        ids.push(scene.create(new).await.id);
    }
    // Later changes, so that the order by change is another one than the order by creation.
    for id in ids.iter().step_by(3) {
        scene.run(*id, note("still failing")).await;
    }
    // And two of the same millisecond, which only their ids tell apart.
    for _ in 0..2 {
        let command = scene.creation(plain("at once"));
        ids.push(command.incident);
        scene
            .store
            .apply(command)
            .await
            .expect("a creation is legal");
    }
    ids
}

/// Every order, in pages of several sizes, gives each incident once, in the order of one long page.
pub async fn every_order_gives_each_incident_once<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    let ids: BTreeSet<IncidentId> = fill(&scene).await.into_iter().collect();
    for sort in Sort::ALL.iter().copied() {
        let whole = scene.found(IncidentFilter::default(), sort).await;
        assert_eq!(whole.iter().copied().collect::<BTreeSet<_>>(), ids);
        assert_eq!(whole.len(), ids.len(), "{sort}: an incident is doubled");
        for limit in SIZES {
            let mut reader = Reader {
                sort,
                limit,
                after: None,
                read: Vec::new(),
            };
            while reader.next(&scene.store).await {}
            assert_eq!(reader.read, whole, "{sort} in pages of {limit}");
        }
    }
}

/// Reads incidents page by page.
struct Reader {
    sort: Sort,
    limit: usize,
    after: Option<Place>,
    read: Vec<IncidentId>,
}

impl Reader {
    /// Reads one page; `false` after the last.
    async fn next<S: Incidents>(&mut self, store: &S) -> bool {
        let query = IncidentQuery {
            filter: IncidentFilter::default(),
            sort: self.sort,
            page: PageRequest {
                limit: self.limit,
                after: self.after,
            },
        };
        let page = store.list(query).await.expect("the list can be read");
        assert!(page.items.len() <= self.limit);
        assert!(
            page.next.is_none() || page.items.len() == self.limit,
            "a page in the middle is full"
        );
        self.read
            .extend(page.items.iter().map(|incident| incident.id));
        self.after = page.next;
        self.after.is_some()
    }
}

/// While somebody reads page by page, others create and change incidents: what was there and was left alone is read
/// exactly once, in every order.
pub async fn what_is_written_meanwhile_neither_repeats_nor_hides<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    for sort in Sort::ALL.iter().copied() {
        let mut ids: BTreeSet<IncidentId> = fill(&scene).await.into_iter().collect();
        let mut reader = Reader {
            sort,
            limit: 7,
            after: None,
            read: Vec::new(),
        };
        while reader.next(&scene.store).await {
            scene.create(plain("another one")).await;
            let touched = reader.read[reader.read.len() / 2];
            scene
                .run(touched, step_or_note(&scene, touched).await)
                .await;
            if let Some(unread) = ids.iter().copied().find(|id| !reader.read.contains(id)) {
                scene.run(unread, note("still failing")).await;
                ids.remove(&unread);
            }
            ids.remove(&touched);
        }
        for id in &ids {
            let times = reader.read.iter().filter(|read| *read == id).count();
            assert_eq!(times, 1, "{id} was read {times} times in the order {sort}");
        }
    }
}

async fn step_or_note<S: Store>(scene: &Scene<S>, id: IncidentId) -> Op {
    if scene.get(id).await.status.is_unfinished() {
        step(Step::Resolve)
    } else {
        note("done")
    }
}

/// A timeline that grows while it is read is read line by line, each once.
pub async fn a_growing_timeline_is_read_once<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    let id = scene.create(plain("gateway returns 5xx")).await.id;
    for _ in 0..10 {
        scene.run(id, note("still failing")).await;
    }
    let (mut after, mut read) = (None, Vec::new());
    loop {
        let page = scene
            .store
            .events(id, PageRequest { limit: 3, after })
            .await;
        let page = page.expect("the timeline can be read");
        read.extend(page.items.iter().map(|event| event.seq));
        after = page.next;
        if after.is_none() {
            break;
        }
        if read.len() < 9 {
            scene.run(id, note("and still")).await;
        }
    }
    assert_eq!(read, (1..=13).collect::<Vec<u32>>());
}

/// Follow-ups of several incidents, many with the same deadline, are read once each.
pub async fn follow_ups_are_read_once<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    let mut ids: BTreeSet<EventId> = BTreeSet::new();
    for incident in 0..4 {
        let id = scene.create(plain(&format!("outage {incident}"))).await.id;
        for number in 0..5 {
            let mut new = followup(&format!("do {number}"));
            new.due = (number > 0).then(|| format!("2026-03-0{number}").parse().unwrap());
            ids.insert(scene.run(id, open_followup(new)).await.events[0].id);
        }
    }
    for sort in FollowupSort::ALL {
        for limit in SIZES {
            let read = read_followups(&scene, *sort, limit).await;
            assert_eq!(read.len(), ids.len(), "by {sort} in pages of {limit}");
            assert_eq!(read.into_iter().collect::<BTreeSet<_>>(), ids);
        }
    }
}

/// Every follow-up, page by page.
async fn read_followups<S: Incidents>(
    scene: &Scene<S>,
    sort: FollowupSort,
    limit: usize,
) -> Vec<EventId> {
    let (mut after, mut read) = (None, Vec::new());
    loop {
        let query = FollowupQuery {
            sort,
            page: PageRequest { limit, after },
            ..FollowupQuery::default()
        };
        let page = scene.store.followups(query).await.unwrap();
        read.extend(page.items.iter().map(|item| item.followup.id));
        after = page.next;
        if after.is_none() {
            return read;
        }
    }
}

/// No page is larger than the limit of the contract, whatever is asked for, and none is empty while there is more.
pub async fn a_page_is_bounded<H: Harness>(harness: &H) {
    let scene = Scene::open(harness).await;
    let line = |number: usize| ImportedEvent {
        at: scene.now(),
        message: Message::new(format!("line {number}")).unwrap(),
        stage: None,
        meta: serde_json::Map::new(),
    };
    let past = ImportedIncident {
        incident: plain("a long one"),
        created_at: scene.now(),
        events: (0..MAX_LIMIT + 100).map(line).collect(),
    };
    let id = scene.id();
    scene.run(id, Op::Import(Box::new(past))).await;
    let page = |limit| scene.store.events(id, PageRequest { limit, after: None });
    let most = page(usize::MAX).await.unwrap();
    assert_eq!((most.items.len(), most.next.is_some()), (MAX_LIMIT, true));
    let least = page(0).await.unwrap();
    assert_eq!((least.items.len(), least.next.is_some()), (1, true));
}
