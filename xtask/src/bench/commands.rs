//! What is written: incidents of an ordinary size, each with its own texts.

use std::collections::BTreeMap;

use watchbook_core::text::{Env, Message, Name, Prose, ServiceName, Short, Title};
use watchbook_core::{
    AgentId, AppendType, By, ChangeId, Clock, Command, ImportedEvent, ImportedIncident, IncidentId,
    Kind, NewIncident, Op, Severity, Source, Stage, Timestamp, Via,
};
use watchbook_store::system::{OsEntropy, SystemClock};

use crate::bench::AnyError;

/// The services that the incidents are spread over.
const SERVICES: u32 = 40;
/// One generated incident in so many is still open; the others are resolved.
const OPEN_ONE_IN: u32 = 20;
/// When the generated past begins: 2024-01-01T00:00:00Z.
const PAST_BEGINS: Timestamp = Timestamp::from_millis(1_704_067_200_000);
/// A minute, so that no two generated incidents share the readable part of their ids.
const MINUTE: i64 = 60_000;
/// Milliseconds between two lines of a generated timeline.
const BETWEEN_LINES: i64 = 4_000;

/// The creation of an incident, as an agent sends it.
pub(super) fn creation(number: u32) -> Result<Command, AnyError> {
    let id = IncidentId::generate(SystemClock.now(), &OsEntropy);
    creation_of(id, number)
}

/// The same under this id.
pub(super) fn creation_of(id: IncidentId, number: u32) -> Result<Command, AnyError> {
    command(id, Op::Create(Box::new(incident(number)?)))
}

/// A note on an incident, as an agent sends it.
pub(super) fn note(incident: IncidentId) -> Result<Command, AnyError> {
    let text = "Error rate of the edge pool is falling, rollback at 30 percent, watching the queue";
    let note = Op::Append {
        kind: AppendType::Note,
        message: Message::new(text)?,
        meta: serde_json::Map::new(),
        at: None,
    };
    command(incident, note)
}

/// An incident with its past: `lines` lines, the creation among them.
pub(super) fn with_past(number: u32, lines: u32) -> Result<Command, AnyError> {
    let created_at = after(PAST_BEGINS, i64::from(number) * MINUTE);
    let events = (1..lines)
        .map(|line| past(number, line, line + 1 == lines, created_at))
        .collect::<Result<_, _>>()?;
    let imported = ImportedIncident {
        incident: incident(number)?,
        created_at,
        events,
    };
    let id = IncidentId::from_seed(created_at, u64::from(number));
    command(id, Op::Import(Box::new(imported)))
}

fn past(
    number: u32,
    line: u32,
    is_last: bool,
    created_at: Timestamp,
) -> Result<ImportedEvent, AnyError> {
    let text = format!(
        "Step {line} of incident {number}: error rate of the edge pool is falling, rollback at {}0 percent, watching the queue",
        line % 10
    );
    let is_resolved = is_last && !number.is_multiple_of(OPEN_ONE_IN);
    Ok(ImportedEvent {
        at: after(created_at, i64::from(line) * BETWEEN_LINES),
        message: Message::new(text)?,
        stage: is_resolved.then_some(Stage::Resolved),
        meta: serde_json::Map::new(),
    })
}

fn incident(number: u32) -> Result<NewIncident, AnyError> {
    let service = number % SERVICES;
    let title = format!("Checkout answers 502 for one call in {number} behind edge pool {service}");
    let summary = "Error rate rose right after the last rollout; customers see failed payments.";
    let labels = [("region", "eu-west-1"), ("team", "payments")];
    let labels = labels
        .into_iter()
        .map(|(name, value)| Ok((Name::new(name)?, Short::new(value)?)))
        .collect::<Result<BTreeMap<_, _>, AnyError>>()?;
    Ok(NewIncident {
        service: ServiceName::new(format!("service-{service:02}"))?,
        affects: Vec::new(),
        env: Env::prod(),
        severity: Severity::P2,
        uncertain: false,
        title: Title::new(title)?,
        summary: Some(Prose::new(summary)?),
        kind: Kind::ErrorRate,
        signature: None,
        labels,
        drill: false,
        roles: BTreeMap::new(),
        started_at: None,
        detected_at: None,
        group_key: None,
    })
}

fn command(incident: IncidentId, op: Op) -> Result<Command, AnyError> {
    let by = By {
        agent: AgentId::new("bench")?,
        key: None,
        delegate: None,
        request: None,
        via: Via::Embedded,
        source: Source::Agent,
    };
    Ok(Command {
        change: ChangeId::generate(&OsEntropy),
        incident,
        by,
        key: None,
        if_match: None,
        fence: None,
        op,
    })
}

const fn after(time: Timestamp, millis: i64) -> Timestamp {
    Timestamp::from_millis(time.millis() + millis)
}
