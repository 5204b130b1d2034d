//! Creating, importing, reading and changing incidents.

use watchbook_core::limit;
use watchbook_core::text::{Env, Message, Prose, ServiceName, Short, Title};
use watchbook_core::{
    ImportedEvent, ImportedIncident, IncidentId, IncidentPatch, Kind, NewIncident, Op, Severity,
    Signature, Stage, Timestamp,
};

use crate::fault::{At, Faults};
use crate::param::{LabelPatch, Labels, Many, Meta, Patch, params};

/// Further services of one call.
type Services = Many<ServiceName, { limit::AFFECTS }>;

params! {
    /// Opens a new incident. Name what is wrong in `title` so that somebody woken by it knows what to look at.
    /// The answer lists `possible_duplicates`: unfinished incidents of the same service, environment and signature.
    pub IncidentCreate {
        /// The service it is about.
        service: ServiceName,
        /// How bad it is: P0 (the worst) to P4, or sev1 to sev5.
        severity: Severity,
        /// What is wrong, in one line.
        title: Title,
        /// The environment.
        env: Env = "prod",
        /// When the impact began; now if left out. Not later than five minutes from now.
        started_at: Option<Timestamp>,
        /// When it was noticed.
        detected_at: Option<Timestamp>,
        /// A longer description.
        summary: Option<Prose>,
        /// What sort of trouble it is.
        kind: Kind = "custom",
        /// What makes it "the same thing again". Left out, it is derived from service, kind and the words of the title.
        signature: Option<Signature>,
        /// Further services it touches.
        affects: Services = [],
        /// Free labels.
        labels: Labels = {},
        /// Whether it is an exercise, left out of every metric.
        drill: bool = false,
        /// Who has which role, such as `commander` or `scribe`.
        roles: Labels = {},
    }

    /// Brings in one incident of another program with its past, as one change. The incident's id follows from
    /// `created_at`, `source` and `source_id`, so a second import of the same changes nothing.
    pub IncidentImport {
        /// The program or page it comes from.
        source: Short,
        /// Its id there.
        source_id: Short,
        /// When it was created there.
        created_at: Timestamp,
        /// The incident as it began, with the parameters of `incident_create`.
        incident: IncidentCreate,
        /// Its past, in any order.
        events: Many<PastEvent, { limit::IMPORTED_EVENTS }> = [],
    }

    /// One line of an imported past.
    pub PastEvent {
        /// When it happened.
        at: Timestamp,
        /// What it says.
        message: Message,
        /// How far the work had come from then on, if that changed.
        status: Option<Stage>,
        /// Further facts.
        meta: Meta = {},
    }

    /// Shows one incident with its follow-ups, files, claim and proposals. Its timeline is `incident_events`.
    pub IncidentGet {
        /// The incident.
        incident_id: IncidentId,
    }

    /// Changes fields of an incident. What is left out stays as it is. Status changes are actions of their own.
    pub IncidentUpdate {
        /// The incident.
        incident_id: IncidentId,
        /// The service it is about.
        service: Option<ServiceName>,
        /// Further services it touches: the new list as a whole.
        affects: Option<Services>,
        /// The environment. The policy may want a second pair of eyes: then use `incident_propose`.
        env: Option<Env>,
        /// How bad it is. The policy may want a second pair of eyes: then use `incident_propose`.
        severity: Option<Severity>,
        /// What is wrong, in one line.
        title: Option<Title>,
        /// A longer description; null takes it away.
        summary: Patch<Prose>,
        /// What sort of trouble it is.
        kind: Option<Kind>,
        /// What makes it "the same thing again".
        signature: Option<Signature>,
        /// Labels to set; null takes one away. Others stay.
        labels: LabelPatch = {},
        /// Whether it is an exercise.
        drill: Option<bool>,
        /// Roles to give; null takes one away. Others stay.
        roles: LabelPatch = {},
        /// When the impact began.
        started_at: Option<Timestamp>,
        /// When it was noticed; null takes it away.
        detected_at: Patch<Timestamp>,
        /// What ended it; null takes it away.
        resolution_summary: Patch<Prose>,
        /// What caused it; null takes it away.
        root_cause: Patch<Prose>,
        /// What to say about the change on the timeline.
        note: Option<Message>,
    }
    check changes_something;
}

fn changes_something(update: &IncidentUpdate, at: &At<'_>, faults: &mut Faults) {
    let patch = IncidentPatch::from(update.clone());
    let note_only = IncidentPatch {
        note: patch.note.clone(),
        ..IncidentPatch::default()
    };
    if patch == note_only {
        faults.add(
            at,
            "name at least one field to change; to add a line to the timeline use incident_append_event",
        );
    }
}

impl From<IncidentCreate> for NewIncident {
    fn from(params: IncidentCreate) -> Self {
        let IncidentCreate {
            service,
            severity,
            title,
            env,
            started_at,
            detected_at,
            summary,
            kind,
            signature,
            affects: Many(affects),
            labels: Labels(labels),
            drill,
            roles: Labels(roles),
        } = params;
        Self {
            service,
            affects,
            env,
            severity,
            uncertain: false,
            title,
            summary,
            kind,
            signature,
            labels,
            drill,
            roles,
            started_at,
            detected_at,
            group_key: None,
        }
    }
}

impl IncidentCreate {
    /// The operation that does it.
    pub fn into_op(self) -> Op {
        Op::Create(Box::new(self.into()))
    }
}

impl IncidentImport {
    /// The id that this incident has on every import.
    pub fn incident_id(&self) -> IncidentId {
        IncidentId::imported(
            self.created_at,
            self.source.as_str(),
            self.source_id.as_str(),
        )
    }

    /// The operation that does it.
    pub fn into_op(self) -> Op {
        Op::Import(Box::new(self.into()))
    }
}

impl From<IncidentImport> for ImportedIncident {
    fn from(params: IncidentImport) -> Self {
        let IncidentImport {
            source: _,
            source_id: _,
            created_at,
            incident,
            events: Many(events),
        } = params;
        Self {
            incident: incident.into(),
            created_at,
            events: events.into_iter().map(ImportedEvent::from).collect(),
        }
    }
}

impl From<PastEvent> for ImportedEvent {
    fn from(event: PastEvent) -> Self {
        let PastEvent {
            at,
            message,
            status,
            meta,
        } = event;
        Self {
            at,
            message,
            stage: status,
            meta,
        }
    }
}

impl IncidentUpdate {
    /// The operation that does it.
    pub fn into_op(self) -> Op {
        Op::Update(Box::new(self.into()))
    }
}

impl From<IncidentUpdate> for IncidentPatch {
    fn from(params: IncidentUpdate) -> Self {
        let IncidentUpdate {
            incident_id: _,
            service,
            affects,
            env,
            severity,
            title,
            summary,
            kind,
            signature,
            labels: LabelPatch(labels),
            drill,
            roles: LabelPatch(roles),
            started_at,
            detected_at,
            resolution_summary,
            root_cause,
            note,
        } = params;
        Self {
            service,
            affects: affects.map(|Many(services)| services),
            env,
            severity,
            title,
            summary: summary.into_change(),
            kind,
            signature,
            labels,
            drill,
            roles,
            started_at,
            detected_at: detected_at.into_change(),
            resolution_summary: resolution_summary.into_change(),
            root_cause: root_cause.into_change(),
            note,
        }
    }
}
