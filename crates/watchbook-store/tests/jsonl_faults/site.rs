//! A store on a simulated disk, and a workload with every sort of write.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use watchbook_core::text::{Env, Message, Prose, ServiceName, Title};
use watchbook_core::{
    AgentId, AppendType, ArtifactName, By, ChangeId, Clock as _, Command, Digest, EventId,
    ImportedEvent, ImportedIncident, IncidentId, Kind, NewIncident, Op, Severity, Source, Via,
};
use watchbook_store::disk::{Disk, SimDisk};
use watchbook_store::jsonl::{JsonlOptions, JsonlStore};
use watchbook_store::system::{ManualClock, SeededEntropy};
use watchbook_store::{Artifacts as _, Incidents as _, StoreError};

use crate::promise::{Told, holding};

/// The events that an import of the workload makes: its creation and two lines of its past.
const IMPORTED: u32 = 3;
/// The events that a merge makes: one on each side.
const MERGED: u32 = 2;

pub(crate) struct Site {
    clock: ManualClock,
    entropy: Arc<SeededEntropy>,
}

impl Site {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            clock: ManualClock::default(),
            entropy: Arc::new(SeededEntropy::new(seed)),
        }
    }

    pub(crate) fn open(&self, disk: Arc<dyn Disk>) -> Result<JsonlStore, StoreError> {
        let entropy = Arc::clone(&self.entropy);
        let options = JsonlOptions::new(Path::new("/site"), Arc::new(self.clock.clone()), entropy);
        JsonlStore::open(JsonlOptions {
            disk,
            workers: 0,
            ..options
        })
    }

    /// Every sort of write once or more; stops at nothing. `disk` is what the store writes to in the end.
    pub(crate) async fn work(&self, store: &JsonlStore, disk: &SimDisk) -> Told {
        let mut told = Told::default();
        let [first, second] = [0, 1].map(|_| self.new_id());
        for id in [first, second] {
            let create = self.command(id, Op::Create(Box::new(new_incident())));
            told.note(&create, 1, store.apply(create.clone()).await);
        }
        // A text of its own in each run, so that one of them is not taken for another.
        let text = format!("the password is {:016x}", self.entropy.next_u64());
        let secret = self.note_on(first, &text);
        told.note(&secret, 1, store.apply(secret.clone()).await);
        let imported = self.command(self.new_id(), import(&self.clock));
        told.note(&imported, IMPORTED, store.apply(imported.clone()).await);
        self.attach(&mut told, store, first).await;
        self.redact(
            &mut told,
            store,
            disk,
            (secret.change.event(0), &text),
            first,
        )
        .await;
        let merge = self.command(second, merge_into(first));
        told.note(&merge, MERGED, store.apply(merge.clone()).await);
        told.merges(merge.change, second, first);
        let last = self.note_on(first, "the last");
        told.note(&last, 1, store.apply(last.clone()).await);
        told
    }

    async fn attach(&self, told: &mut Told, store: &JsonlStore, incident: IncidentId) {
        let content = b"what was done".to_vec();
        let op = Op::Attach {
            name: ArtifactName::new("notes.md").unwrap(),
            sha256: Digest::of(&content),
            bytes: content.len() as u64,
        };
        let attach = self.command(incident, op);
        told.note(&attach, 1, store.attach(attach.clone(), content).await);
    }

    async fn redact(
        &self,
        told: &mut Told,
        store: &JsonlStore,
        disk: &SimDisk,
        (event, text): (EventId, &str),
        incident: IncidentId,
    ) {
        let reason = Prose::new("a password").unwrap();
        let redact = self.command(incident, Op::Redact { event, reason });
        let answer = store.apply(redact.clone()).await;
        if answer.is_ok() {
            // A name that was changed in the moment of the cut may be the old one afterwards: the next writer's work.
            let gone = disk.has_power() && holding(disk, text).is_empty();
            told.blackened(text, gone);
        }
        told.note(&redact, 1, answer);
    }

    fn new_id(&self) -> IncidentId {
        IncidentId::generate(self.clock.now(), &*self.entropy)
    }

    fn note_on(&self, incident: IncidentId, text: &str) -> Command {
        let message = Message::new(text).unwrap();
        let op = Op::Append {
            kind: AppendType::Note,
            message,
            meta: serde_json::Map::new(),
            at: None,
        };
        self.command(incident, op)
    }

    fn command(&self, incident: IncidentId, op: Op) -> Command {
        let agent = AgentId::new("tester").unwrap();
        let by = By {
            agent,
            key: None,
            delegate: None,
            request: None,
            via: Via::Embedded,
            source: Source::Agent,
        };
        Command {
            change: ChangeId::generate(&*self.entropy),
            incident,
            by,
            key: None,
            if_match: None,
            fence: None,
            op,
        }
    }
}

fn merge_into(into: IncidentId) -> Op {
    Op::Merge {
        into,
        at: None,
        note: None,
    }
}

fn new_incident() -> NewIncident {
    NewIncident {
        service: ServiceName::new("gateway").unwrap(),
        affects: Vec::new(),
        env: Env::prod(),
        severity: Severity::P1,
        uncertain: false,
        title: Title::new("gateway returns 5xx").unwrap(),
        summary: None,
        kind: Kind::ErrorRate,
        signature: None,
        labels: BTreeMap::new(),
        drill: false,
        roles: BTreeMap::new(),
        started_at: None,
        detected_at: None,
        group_key: None,
    }
}

fn import(clock: &ManualClock) -> Op {
    let event = |text: &str| ImportedEvent {
        at: clock.now(),
        message: Message::new(text).unwrap(),
        stage: None,
        meta: serde_json::Map::new(),
    };
    let (incident, events) = (new_incident(), vec![event("one"), event("two")]);
    Op::Import(Box::new(ImportedIncident {
        incident,
        created_at: clock.now(),
        events,
    }))
}
