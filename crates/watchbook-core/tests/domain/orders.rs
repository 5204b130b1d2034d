//! Properties of deciding and folding, over random lives on two nodes.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use proptest::prelude::*;
use watchbook_core::{
    Commit, Decision, Event, EventType, FollowupField, Footprint, Incident, IncidentId,
    IncidentState, ProposalStatus, Record, Set, Source, Status, Verdict, fold,
};

use crate::random::{Life, Turned};
use crate::world::World;

type States = BTreeMap<IncidentId, IncidentState>;

fn folded<'a>(events: impl IntoIterator<Item = &'a Event>) -> States {
    let mut states = States::new();
    for event in events {
        fold::apply(states.entry(event.incident_id).or_default(), event);
    }
    states
}

/// The items in an order that the seed picks.
fn shuffled<T: Clone>(items: &[T], seed: u64) -> Vec<T> {
    let mut order: Vec<(u64, usize)> = (0..items.len()).map(|at| (mix(seed, at), at)).collect();
    order.sort_unstable();
    order.into_iter().map(|(_, at)| items[at].clone()).collect()
}

fn mix(seed: u64, at: usize) -> u64 {
    let id = watchbook_core::ChangeId::from_key(&seed.to_string(), &at.to_string());
    u64::try_from(id.to_bits() >> 64).unwrap()
}

fn lives() -> impl Strategy<Value = Vec<u64>> {
    prop::collection::vec(any::<u64>(), 1..120)
}

fn config() -> ProptestConfig {
    ProptestConfig {
        cases: 128,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_order_of_arrival_folds_to_one_state(draws in lives(), seed in any::<u64>()) {
        let mut life = Life::of(&draws);
        let commits = life.commits();
        life.exchange();
        let expected = &life.nodes[0].states;
        prop_assert_eq!(expected, &life.nodes[1].states, "the nodes agree");
        let by_commit = shuffled(&commits, seed);
        prop_assert_eq!(&folded(by_commit.iter().flat_map(Commit::events)), expected);
        let events: Vec<Event> = commits.iter().flat_map(Commit::events).cloned().collect();
        prop_assert_eq!(&folded(&shuffled(&events, seed)), expected);
    }

    #[test]
    fn the_fold_of_what_is_stored_is_the_fold_of_what_was_decided(draws in lives()) {
        let life = Life::of(&draws);
        let commits = life.commits();
        let records: Vec<Record> = commits.iter().flat_map(|commit| commit.records.clone()).collect();
        let stored = records.iter().map(|record| serde_json::to_string(record).unwrap());
        let read: Vec<Record> = stored.map(|line| serde_json::from_str(&line).unwrap()).collect();
        prop_assert_eq!(&read, &records);
        let events = read.iter().filter_map(|record| match record {
            Record::Event(event) => Some(event),
            Record::Key(_) => None,
        });
        prop_assert_eq!(folded(events), folded(commits.iter().flat_map(Commit::events)));
    }

    #[test]
    fn the_fold_of_footprints_is_the_fold_of_events(draws in lives()) {
        let commits = Life::of(&draws).commits();
        let mut states = States::new();
        for event in commits.iter().flat_map(Commit::events) {
            let stored = serde_json::to_string(event).unwrap();
            let footprint: Footprint = serde_json::from_str(&stored).unwrap();
            fold::follow(states.entry(footprint.incident_id).or_default(), footprint);
        }
        prop_assert_eq!(states, folded(commits.iter().flat_map(Commit::events)));
    }

    #[test]
    fn a_packed_state_is_the_state(draws in lives()) {
        let life = Life::of(&draws);
        for state in life.nodes.iter().flat_map(|node| node.states.values()) {
            let packed = postcard::to_allocvec(state).unwrap();
            let unpacked: IncidentState = postcard::from_bytes(&packed).unwrap();
            prop_assert_eq!(&unpacked, state);
        }
    }

    #[test]
    fn nothing_is_decided_that_a_fold_would_not_show(draws in lives()) {
        let mut life = Life::new();
        for draw in draws {
            if let Turned::Decided(before, Ok(Decision::Commit { commit, changed, .. })) = life.turn(draw) {
                prop_assert_eq!(changed, commit.events().next().is_some());
                shows(&before, &commit);
            }
        }
    }

    #[test]
    fn a_refusal_changes_nothing_and_names_what_is_legal(draws in lives()) {
        let mut life = Life::new();
        for draw in draws {
            if let Turned::Decided(before, Err(refused)) = life.turn(draw) {
                let after = life.nodes.iter().any(|node| node.states == before.states);
                prop_assert!(after, "{}", refused);
                if let watchbook_core::Refused::IllegalMove { from, step, allowed } = refused {
                    prop_assert!(!from.allows(step) && allowed == from.allowed());
                }
            }
        }
    }

    #[test]
    fn times_stand_in_their_order(draws in lives()) {
        let mut life = Life::new();
        let mut imported = BTreeSet::new();
        for draw in draws {
            // One node alone: two that write apart may well disagree about times.
            let Turned::Decided(_, Ok(Decision::Commit { commit, .. })) = life.turn(draw & !1) else { continue };
            let first = commit.events().next();
            imported.extend(first.filter(|event| event.at < event.recorded_at() && event.seq == 1).map(|e| e.incident_id));
            life.exchange();
        }
        for id in life.nodes[0].states.keys().filter(|id| !imported.contains(id)) {
            let shown = life.nodes[0].get(*id);
            let later = [shown.detected_at, shown.acknowledged_at, shown.mitigated_at, shown.resolved_at, shown.closed_at];
            prop_assert!(later.into_iter().flatten().all(|at| at >= shown.started_at), "{shown:?}");
            prop_assert!(shown.created_at <= shown.updated_at);
            prop_assert!(shown.last_activity_at <= shown.updated_at);
        }
    }
}

/// Every event of a commit is seen right after it is folded: its number, its count, and all that it sets.
fn shows(before: &World, commit: &Commit) {
    let mut states = before.states.clone();
    for event in commit.events() {
        let state = states.entry(event.incident_id).or_default();
        let (seq, was) = (state.last_seq(), state.incident(event.incident_id));
        let black = state.is_redacted(event.id);
        fold::apply(state, event);
        assert_eq!((event.seq, state.last_seq()), (seq + 1, seq + 1));
        let is = state
            .incident(event.incident_id)
            .expect("only what is created is written on");
        let counted = |incident: &Incident| (incident.events, incident.revision);
        let (events, revision) = was.as_ref().map_or((0, 0), counted);
        assert_eq!(
            counted(&is),
            (events + 1, revision + u32::from(event.changes_state()))
        );
        assert_eq!(is.updated_at, event.recorded_at(), "{event:?}");
        if event.changes_state() {
            assert_eq!(is.etag.event, event.id);
        }
        assert!(!black, "a line is not redacted before it is written");
        for set in &event.set {
            assert!(is_shown(state, &is, set), "{set:?} does not show in {is:?}");
        }
        if matches!(event.source, Source::Human | Source::Agent) {
            assert!(is.last_activity_at >= event.at.min(event.recorded_at()));
        }
    }
}

/// Whether an assignment stands, as readers see it.
fn is_shown(state: &IncidentState, is: &Incident, set: &Set) -> bool {
    let hidden = matches!(is.status, Status::Merged | Status::Canceled);
    match set {
        Set::CreatedAt(at) => is.created_at == *at,
        Set::CreatedBy(agent) => is.created_by == *agent,
        Set::Service(service) => is.service == *service,
        Set::Affects(affects) => is.affects == *affects,
        Set::Env(env) => is.env == *env,
        Set::Severity(severity) => is.severity == *severity,
        Set::Stage(reached) => hidden || is.status == Status::from(*reached),
        Set::Title(title) => is.title == *title,
        Set::Summary(text) => is.summary == *text,
        Set::Kind(kind) => is.kind == *kind,
        Set::Signature(signature) => is.signature == *signature,
        Set::Label { key, value } => is.labels.get(key) == value.as_ref(),
        Set::Role { name, holder } => is.roles.get(name) == holder.as_ref(),
        Set::GroupKey(key) => is.group_key.as_ref() == Some(key),
        Set::Drill(drill) => is.drill == *drill,
        Set::StartedAt(at) => is.started_at == *at,
        Set::DetectedAt(at) => is.detected_at == *at,
        Set::AcknowledgedAt(at) => is.acknowledged_at == *at,
        Set::MitigatedAt(at) => is.mitigated_at == *at,
        Set::ResolvedAt(at) => is.resolved_at == *at,
        Set::ClosedAt(at) => is.closed_at == *at,
        Set::ResolutionSummary(text) => is.resolution_summary == *text,
        Set::RootCause(text) => is.root_cause == *text,
        Set::MergedInto(into) => {
            is.merged_into == *into && into.is_some() == (is.status == Status::Merged)
        }
        Set::Canceled(canceled) => *canceled == (is.status == Status::Canceled),
        Set::Followup { id, field } => is_followup_shown(state, is, *id, field),
        Set::Artifact { name, version } => {
            let known = is.artifacts.iter().find(|known| known.name == *name);
            known.is_some_and(|known| known.versions.last() == Some(version))
        }
        Set::Claim(claim) => is.claim == *claim,
        Set::Proposal {
            id,
            change,
            expires_at,
            delegate,
        } => {
            let known = is.proposals.iter().find(|known| known.id == *id);
            let known = known.map(|known| (&known.change, &known.expires_at, &known.delegate));
            known == Some((change, expires_at, delegate))
        }
        Set::Verdict { id, verdict } => {
            let status = match verdict {
                Verdict::Approved => ProposalStatus::Approved,
                Verdict::Rejected => ProposalStatus::Rejected,
            };
            is.proposals
                .iter()
                .any(|known| known.id == *id && known.status == status)
        }
        Set::Redacted(id) => state.is_redacted(*id),
    }
}

/// A field of a follow-up stands, once all fields that open it are folded.
fn is_followup_shown(
    state: &IncidentState,
    is: &Incident,
    id: watchbook_core::EventId,
    field: &FollowupField,
) -> bool {
    let Some(shown) = state.followup(id) else {
        return false;
    };
    assert!(is.followups.contains(&shown));
    match field {
        FollowupField::OpenedAt(at) => shown.opened_at == *at,
        FollowupField::Title(title) => shown.title == *title,
        FollowupField::Owner(owner) => shown.owner == *owner,
        FollowupField::Priority(priority) => shown.priority == *priority,
        FollowupField::Due(due) => shown.due == *due,
        FollowupField::Status(status) => shown.status == *status,
        FollowupField::ExternalRef(outside) => shown.external_ref == *outside,
        FollowupField::Reason(reason) => shown.reason == *reason,
    }
}

#[test]
fn a_life_is_not_made_of_refusals() {
    let draws: Vec<u64> = (0..3_000).map(|at| mix(1, at)).collect();
    let (mut life, mut decided, mut refused) = (Life::new(), 0, HashMap::new());
    for draw in draws {
        match life.turn(draw) {
            Turned::Decided(_, Ok(_)) => decided += 1,
            Turned::Decided(_, Err(why)) => {
                *refused.entry(std::mem::discriminant(&why)).or_insert(0) += 1;
            }
            Turned::Nothing => {}
        }
    }
    assert!(decided > 500, "{decided}");
    assert!(refused.len() > 8, "{refused:?}");
}

#[test]
fn a_life_changes_every_field() {
    let draws: Vec<u64> = (0..3_000).map(|at| mix(1, at)).collect();
    let commits = Life::of(&draws).commits();
    let fields = commits
        .iter()
        .flat_map(Commit::events)
        .filter(|event| event.kind == EventType::FieldChange)
        .filter_map(|event| event.meta.get("fields")?.as_object());
    let changed: BTreeSet<&str> = fields
        .flat_map(|fields| fields.keys().map(String::as_str))
        .collect();
    let every = [
        "affects",
        "detected_at",
        "drill",
        "env",
        "kind",
        "labels.region",
        "resolution_summary",
        "roles.commander",
        "root_cause",
        "service",
        "signature",
        "started_at",
        "summary",
        "title",
    ];
    assert_eq!(changed, BTreeSet::from(every));
}
