//! Every question that a list answers: each order with each filter alone and with each other, from the beginning and
//! from the middle.

use watchbook_core::audit::{AuditOutcome, AuditQuery};
use watchbook_core::query::{
    FollowupFilter, FollowupQuery, FollowupSort, IncidentFilter, IncidentQuery, PageRequest, Place,
    Sort,
};
use watchbook_core::text::{Env, Name, ServiceName, Short};
use watchbook_core::{AgentId, Followup, IncidentId, Kind, Severity, Status, Timestamp};
use watchbook_store::postgres::Question;

use crate::million::MIDDLE;

type IncidentChange = fn(&mut IncidentFilter);
type FollowupChange = fn(&mut FollowupQuery);
type AuditChange = fn(&mut AuditQuery);

/// Filters with values that are common, rare, and not there at all.
const INCIDENTS: &[IncidentChange] = &[
    |_| {},
    |f| f.statuses = Some(IncidentFilter::unfinished()),
    |f| f.statuses = Some(vec![Status::Triage]),
    |f| f.statuses = Some(vec![Status::Closed]),
    |f| f.statuses = Some(vec![Status::Canceled, Status::Open]),
    |f| f.service = Some(service("service-199")),
    |f| f.service = Some(service("unheard-of")),
    |f| f.env = Some(Env::prod()),
    |f| f.env = Some(Env::new("dr-drill").unwrap()),
    |f| f.env = Some(Env::new("unheard-of").unwrap()),
    |f| f.severities = Some(vec![Severity::P0]),
    |f| f.severities = Some(vec![Severity::P2, Severity::P3]),
    |f| f.kind = Some(Kind::ErrorRate),
    |f| f.kind = Some(Kind::Security),
    |f| f.signature = Some("00000000000186a3".parse().unwrap()),
    |f| f.labels = vec![label("region", "eu-west-1")],
    |f| f.labels = vec![label("region", "eu-west-1"), label("team", "unheard-of")],
    |f| f.owner = Some(short("user-7")),
    |f| f.owner = Some(short("unheard-of")),
    |f| f.updated_since = Some(MIDDLE),
    |f| f.updated_since = Some("2025-11-24T00:00:00Z".parse().unwrap()),
    |f| f.from = Some("2025-11-24T00:00:00Z".parse().unwrap()),
    |f| f.to = Some("2024-01-02T00:00:00Z".parse().unwrap()),
    |f| f.drill = Some(true),
    |f| f.drill = Some(false),
    |f| f.words = words(&["checkout"]),
    |f| f.words = words(&["unheard-of"]),
    |f| f.words = words(&["pool", "service-042"]),
    |f| f.words = words(&["zq"]),
    |f| f.words = words(&["касса"]),
    |f| f.words = words(&["checkout", "zq"]),
    |f| f.unfinished_followups = true,
];

const FOLLOWUPS: &[FollowupChange] = &[
    |_| {},
    |q| q.incident = Some("inc_20240303_1733_090333".parse().unwrap()),
    |q| q.service = Some(service("service-042")),
    |q| q.env = Some(Env::prod()),
    |q| q.env = Some(Env::new("unheard-of").unwrap()),
    |q| q.severities = Some(vec![Severity::P0]),
    |q| q.kind = Some(Kind::ErrorRate),
    |q| q.kind = Some(Kind::Security),
    |q| q.labels = vec![label("region", "eu-west-1")],
    |q| q.drill = Some(true),
    |q| q.drill = Some(false),
    |q| q.owner = Some(short("user-7")),
    |q| q.state = FollowupFilter::Unfinished,
    |q| q.state = FollowupFilter::Finished,
    |q| q.state = FollowupFilter::OverdueAt(MIDDLE),
    |q| q.finished_since = Some(MIDDLE),
    |q| q.updated_since = Some("2025-11-24T00:00:00Z".parse().unwrap()),
    |q| q.from = Some("2025-11-24T00:00:00Z".parse().unwrap()),
    |q| q.to = Some("2024-01-02T00:00:00Z".parse().unwrap()),
    |q| q.words = words(&["pool"]),
    |q| q.words = words(&["unheard-of"]),
    |q| q.words = words(&["zq"]),
];

const AUDIT: &[AuditChange] = &[
    |_| {},
    |q| q.agent = Some(AgentId::new("agent-7").unwrap()),
    |q| q.tool = Some(short("incident_tool")),
    |q| q.tool = Some(short("agent_tool")),
    |q| q.action = Some(short("incident_list")),
    |q| q.action = Some(short("key_revoke")),
    |q| q.incident = Some("inc_20240101_0000_000042".parse().unwrap()),
    |q| q.outcome = Some(AuditOutcome::Ok),
    |q| q.outcome = Some(AuditOutcome::Denied),
    |q| q.outcome = Some(AuditOutcome::Failed),
    |q| q.from = Some("2025-11-24T00:00:00Z".parse().unwrap()),
    |q| q.to = Some("2024-01-02T00:00:00Z".parse().unwrap()),
];

fn service(name: &str) -> ServiceName {
    ServiceName::new(name).unwrap()
}

fn short(text: &str) -> Short {
    Short::new(text).unwrap()
}

fn label(key: &str, value: &str) -> (Name, Short) {
    (Name::new(key).unwrap(), short(value))
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(ToString::to_string).collect()
}

/// All of them.
pub(crate) fn all() -> Vec<Question> {
    let mut all = Vec::new();
    for (first, second) in pairs(INCIDENTS) {
        let mut filter = IncidentFilter::default();
        first(&mut filter);
        second(&mut filter);
        all.extend(incidents(&filter));
    }
    for (first, second) in pairs(FOLLOWUPS) {
        let mut query = FollowupQuery::default();
        first(&mut query);
        second(&mut query);
        all.extend(followups(&query));
    }
    for (first, second) in pairs(AUDIT) {
        let mut query = AuditQuery::default();
        first(&mut query);
        second(&mut query);
        let place = |after| PageRequest {
            after,
            ..PageRequest::default()
        };
        all.push(Question::Audit(query.clone(), place(None)));
        all.push(Question::Audit(query, place(Some(audit_place()))));
    }
    all
}

/// Each with itself and with each one after it.
fn pairs<T: Copy>(changes: &[T]) -> Vec<(T, T)> {
    let from = |first: usize| {
        changes[first..]
            .iter()
            .map(move |second| (changes[first], *second))
    };
    (0..changes.len()).flat_map(from).collect()
}

fn incidents(filter: &IncidentFilter) -> Vec<Question> {
    let middle = IncidentId::from_seed(MIDDLE, 500_000);
    let asked = |sort: Sort, after| {
        Question::Incidents(IncidentQuery {
            filter: filter.clone(),
            sort,
            page: PageRequest {
                after,
                ..PageRequest::default()
            },
        })
    };
    let both = |sort: &Sort| {
        let millis = MIDDLE.millis();
        let place = Place::of_parts(middle, millis, millis, Severity::P2, *sort);
        [asked(*sort, None), asked(*sort, Some(place))]
    };
    Sort::ALL.iter().flat_map(both).collect()
}

fn followups(query: &FollowupQuery) -> Vec<Question> {
    let asked = |sort: FollowupSort, after| {
        let mut query = query.clone();
        (query.sort, query.page.after) = (sort, after);
        Question::Followups(query)
    };
    let both = |sort: &FollowupSort| {
        let place = Place::of_followup(&followup(MIDDLE), *sort);
        [asked(*sort, None), asked(*sort, Some(place))]
    };
    FollowupSort::ALL.iter().flat_map(both).collect()
}

fn followup(at: Timestamp) -> Followup {
    serde_json::from_value(serde_json::json!({
        "id": "evt_0123456789abcdef0123456789abcdef", "title": "raise the pool size", "priority": "P2",
        "due": at.to_string(), "status": "open", "opened_at": at, "updated_at": at,
    }))
    .unwrap()
}

fn audit_place() -> Place {
    let opening = serde_json::json!({
        "id": "evt_0123456789abcdef0123456789abcdef", "at": MIDDLE, "agent": "sofiia", "via": "embedded",
        "request": "r1", "tool": "incident_tool", "action": "incident_get", "params": {},
    });
    Place::of_audit(&serde_json::from_value(opening).unwrap())
}
