//! A store whose time and randomness a test gives, on a disk of the test's choice.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use watchbook_core::audit::AuditQuery;
use watchbook_core::query::{IncidentFilter, IncidentQuery, PageRequest, Sort};
use watchbook_core::text::{Env, Message, Prose, ServiceName, Title};
use watchbook_core::{
    AgentId, AppendType, ArtifactName, By, ChangeId, Clock as _, Command, Digest, EventId,
    Incident, IncidentId, Kind, NewIncident, Op, Severity, Source, Via,
};
use watchbook_store::disk::{Disk, RealDisk, SimDisk};
use watchbook_store::journal::{FsyncPolicy, SEGMENT_BYTES, Settings};
use watchbook_store::jsonl::{JsonlOptions, JsonlStore};
use watchbook_store::system::{ManualClock, SeededEntropy};
use watchbook_store::{
    Applied, Artifacts as _, AuditLog as _, Incidents as _, Keys as _, StoreError,
};

/// Where a store and its time and randomness are.
pub(crate) struct Site {
    pub(crate) dir: PathBuf,
    pub(crate) clock: ManualClock,
    pub(crate) entropy: Arc<SeededEntropy>,
    pub(crate) fsync: FsyncPolicy,
    pub(crate) segment_bytes: u64,
    /// Where artifacts lie, if not with the incidents.
    pub(crate) artifacts: Option<PathBuf>,
}

impl Site {
    pub(crate) fn new(dir: &Path, seed: u64) -> Self {
        Self {
            dir: dir.to_owned(),
            clock: ManualClock::default(),
            entropy: Arc::new(SeededEntropy::new(seed)),
            fsync: FsyncPolicy::Always,
            segment_bytes: SEGMENT_BYTES,
            artifacts: None,
        }
    }

    pub(crate) fn options(&self, disk: Arc<dyn Disk>) -> JsonlOptions {
        let entropy = Arc::clone(&self.entropy);
        let options = JsonlOptions::new(&self.dir, Arc::new(self.clock.clone()), entropy);
        let layout = options.layout.clone();
        JsonlOptions {
            layout: match &self.artifacts {
                Some(artifacts) => layout.with_artifacts(artifacts.clone()),
                None => layout,
            },
            disk,
            workers: 0,
            journal: Settings {
                fsync: self.fsync,
                segment_bytes: self.segment_bytes,
            },
            ..options
        }
    }

    /// As another process would open it.
    pub(crate) fn open(&self, disk: &SimDisk) -> JsonlStore {
        self.try_open(Arc::new(disk.clone())).unwrap()
    }

    pub(crate) fn open_real(&self) -> JsonlStore {
        self.try_open(Arc::new(RealDisk)).unwrap()
    }

    pub(crate) fn try_open(&self, disk: Arc<dyn Disk>) -> Result<JsonlStore, StoreError> {
        JsonlStore::open(self.options(disk))
    }

    pub(crate) fn new_id(&self) -> IncidentId {
        IncidentId::generate(self.clock.now(), &*self.entropy)
    }

    pub(crate) fn command(&self, incident: IncidentId, op: Op) -> Command {
        Command {
            change: ChangeId::generate(&*self.entropy),
            incident,
            by: By {
                agent: AgentId::new("sofiia").unwrap(),
                key: None,
                delegate: None,
                request: None,
                via: Via::Embedded,
                source: Source::Agent,
            },
            key: None,
            if_match: None,
            fence: None,
            op,
        }
    }

    pub(crate) async fn create(&self, store: &JsonlStore) -> IncidentId {
        let id = self.new_id();
        let create = self.command(id, Op::Create(Box::new(new_incident())));
        store.apply(create).await.unwrap();
        id
    }

    pub(crate) async fn note(
        &self,
        store: &JsonlStore,
        id: IncidentId,
        text: &str,
    ) -> Result<EventId, StoreError> {
        self.clock.advance(Duration::from_millis(1));
        let op = Op::Append {
            kind: AppendType::Note,
            message: Message::new(text).unwrap(),
            meta: serde_json::Map::new(),
            at: None,
        };
        let applied = store.apply(self.command(id, op)).await?;
        Ok(applied.events[0].id)
    }

    pub(crate) async fn attach(
        &self,
        store: &JsonlStore,
        id: IncidentId,
        (name, content): (&str, &str),
    ) -> Result<Applied, StoreError> {
        self.clock.advance(Duration::from_millis(1));
        let op = Op::Attach {
            name: ArtifactName::new(name).unwrap(),
            sha256: Digest::of(content.as_bytes()),
            bytes: content.len() as u64,
        };
        store
            .attach(self.command(id, op), content.as_bytes().to_vec())
            .await
    }

    pub(crate) async fn redact(
        &self,
        store: &JsonlStore,
        id: IncidentId,
        event: EventId,
    ) -> Result<Applied, StoreError> {
        let reason = Prose::new("a password").unwrap();
        store
            .apply(self.command(id, Op::Redact { event, reason }))
            .await
    }
}

pub(crate) fn new_incident() -> NewIncident {
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

pub(crate) fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(work)
}

/// Every incident, the newest last.
pub(crate) async fn all(store: &JsonlStore) -> Vec<Incident> {
    let query = IncidentQuery {
        filter: IncidentFilter::default(),
        sort: Sort::Created,
        page: PageRequest {
            limit: 500,
            after: None,
        },
    };
    store.list(query).await.unwrap().items
}

/// The lines of a file, each of which must be whole JSON.
pub(crate) fn lines(bytes: &[u8]) -> Vec<Value> {
    assert!(
        bytes.is_empty() || bytes.ends_with(b"\n"),
        "the last line is torn"
    );
    let text = std::str::from_utf8(bytes).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

/// Everything that can be read of a store.
pub(crate) async fn contents(store: &JsonlStore) -> Value {
    let page = PageRequest {
        limit: 500,
        after: None,
    };
    let (mut incidents, mut artifacts) = (Vec::new(), Vec::new());
    for incident in all(store).await {
        for artifact in &incident.artifacts {
            for version in &artifact.versions {
                let content = store
                    .artifact(incident.id, &artifact.name, Some(version.sha256))
                    .await
                    .unwrap();
                artifacts.push(json!({
                    "incident": incident.id,
                    "name": artifact.name,
                    "text": String::from_utf8(content.bytes).unwrap(),
                }));
            }
        }
        let events = store.events(incident.id, page).await.unwrap().items;
        incidents.push(json!({"incident": incident, "events": events}));
    }
    let audit = store
        .search_audit(AuditQuery::default(), page)
        .await
        .unwrap();
    let audit = audit.items.iter();
    json!({
        "incidents": incidents,
        "artifacts": artifacts,
        "keys": store.keys().await.unwrap(),
        "audit": audit
            .map(|entry| json!({"opening": entry.opening, "closing": entry.closing}))
            .collect::<Vec<_>>(),
        "head": store.health().await.head,
    })
}
