//! What counts, what is late, what is stale.

use watchbook_core::query::FollowupItem;
use watchbook_core::text::{Env, ServiceName, Title};
use watchbook_core::{
    AgentId, ChangeId, ETag, Followup, FollowupStatus, Incident, IncidentId, Kind, Severity,
    Signature, Status, Timestamp,
};

use watchbook_api::{FollowupCounts, SummaryView, summary_limit};

use super::{Tally, Window, is_stale};

const NOW: &str = "2026-02-23T10:00:00Z";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// An incident that began, and was last written on, at `since`.
fn incident(seed: u64, severity: Severity, status: Status, since: &str) -> Incident {
    let since = at(since);
    let title = Title::new("slow").unwrap();
    let service = ServiceName::new("gateway").unwrap();
    Incident {
        id: IncidentId::from_seed(since, seed),
        signature: Signature::derive(&service, Kind::Latency, &title),
        service,
        affects: Vec::new(),
        env: Env::prod(),
        severity,
        status,
        title,
        summary: None,
        kind: Kind::Latency,
        labels: [].into(),
        drill: false,
        roles: [].into(),
        started_at: since,
        detected_at: None,
        group_key: None,
        created_at: since,
        acknowledged_at: None,
        mitigated_at: None,
        resolved_at: None,
        closed_at: None,
        updated_at: since,
        last_activity_at: since,
        created_by: AgentId::new("sofiia").unwrap(),
        revision: 1,
        merged_into: None,
        resolution_summary: None,
        root_cause: None,
        events: 1,
        followups: Vec::new(),
        artifacts: Vec::new(),
        claim: None,
        proposals: Vec::new(),
        etag: ETag {
            revision: 1,
            event: ChangeId::from_bits(1).event(0),
        },
    }
}

fn followup(status: FollowupStatus, due: Option<&str>) -> FollowupItem {
    let opened_at = at("2026-01-01T00:00:00Z");
    FollowupItem {
        incident_id: IncidentId::from_seed(opened_at, 1),
        service: ServiceName::new("gateway").unwrap(),
        env: Env::prod(),
        severity: Severity::P2,
        followup: Followup {
            id: ChangeId::from_bits(2).event(0),
            title: Title::new("add a test").unwrap(),
            owner: None,
            priority: Severity::P2,
            due: due.map(|due| due.parse().unwrap()),
            status,
            external_ref: None,
            reason: None,
            opened_at,
            updated_at: opened_at,
        },
    }
}

#[test]
fn silence_is_stale_after_a_day_for_the_worst_and_three_for_the_rest() {
    let stale = |severity, status, since| is_stale(&incident(1, severity, status, since), at(NOW));
    for severity in [Severity::P0, Severity::P1] {
        assert!(stale(severity, Status::Open, "2026-02-22T09:59:59.999Z"));
        assert!(!stale(severity, Status::Open, "2026-02-22T10:00:00Z"));
    }
    for severity in [Severity::P2, Severity::P3, Severity::P4] {
        assert!(stale(
            severity,
            Status::Mitigated,
            "2026-02-20T09:59:59.999Z"
        ));
        assert!(!stale(severity, Status::Mitigated, "2026-02-20T10:00:00Z"));
    }
    assert!(!stale(
        Severity::P0,
        Status::Resolved,
        "2020-01-01T00:00:00Z"
    ));
}

fn view(tally: Tally) -> SummaryView {
    tally.into_view(Window {
        service: None,
        env: None,
        days: 30,
        from: at("2026-01-24T10:00:00Z"),
    })
}

#[test]
fn follow_ups_are_counted_by_what_is_left_of_them() {
    let mut tally = Tally::new(at(NOW));
    for (status, due) in [
        (FollowupStatus::Open, Some("2026-02-01")),
        (FollowupStatus::InProgress, Some("2026-02-22")),
        (FollowupStatus::Open, Some("2026-02-23")),
        (FollowupStatus::Open, None),
        (FollowupStatus::Done, Some("2026-02-01")),
        (FollowupStatus::Canceled, Some("2026-02-01")),
    ] {
        tally.add_followup(followup(status, due));
    }
    let view = view(tally);
    let FollowupCounts {
        open,
        overdue,
        done,
        canceled,
    } = view.followups;
    assert_eq!((open, overdue, done, canceled), (4, 2, 1, 1));
    let days: Vec<u64> = view.overdue.iter().map(|item| item.days_over).collect();
    assert_eq!(days, [21, 0], "due until the end of the day");
}

#[test]
fn lists_end_and_counts_go_on() {
    let mut tally = Tally::new(at(NOW));
    let total = summary_limit::STALE + 5;
    for seed in 0..total {
        let minute = format!("2026-01-01T{:02}:{:02}:00Z", seed / 60, seed % 60);
        let seed = (total - seed) as u64;
        tally.add_incident(incident(seed, Severity::P3, Status::Open, &minute));
        tally.add_followup(followup(FollowupStatus::Open, Some("2026-01-05")));
    }
    assert!(tally.is_cut());
    let view = view(tally);
    assert_eq!(view.stale_total, total as u64);
    let of_severity = &view.open_incidents.by_severity[&Severity::P3];
    assert_eq!(
        (of_severity.count, of_severity.ids.len()),
        (total as u64, summary_limit::IDS)
    );
    assert_eq!(view.open_incidents.total, total as u64);
    assert_eq!(view.open_incidents.by_severity[&Severity::P0].count, 0);
    assert_eq!(view.stale_incidents.len(), summary_limit::STALE);
    let silent = |at: usize| view.stale_incidents[at].last_activity_at;
    assert!((1..summary_limit::STALE).all(|at| silent(at - 1) <= silent(at)));
    let oldest = view.oldest.as_ref().map(|oldest| oldest.id);
    assert_eq!(oldest, Some(view.stale_incidents[0].id));
    assert_eq!(view.followups.overdue, total as u64);
    assert_eq!(view.overdue.len(), summary_limit::OVERDUE);
}

#[test]
fn each_list_that_ends_early_is_a_cut_and_a_full_one_is_not() {
    let fresh = || incident(1, Severity::P3, Status::Open, "2026-02-23T09:00:00Z");
    let silent = |severity| incident(1, severity, Status::Open, "2026-01-01T00:00:00Z");
    let overdue = || followup(FollowupStatus::Open, Some("2026-01-05"));
    let is_cut = |fill: &dyn Fn(&mut Tally)| {
        let mut tally = Tally::new(at(NOW));
        fill(&mut tally);
        tally.is_cut()
    };
    let ids = |count: usize| is_cut(&|tally| (0..count).for_each(|_| tally.add_incident(fresh())));
    assert_eq!([ids(0), ids(100), ids(101)], [false, false, true]);
    // Spread over severities, so that their ids are all named.
    let stale = |count: usize| {
        is_cut(&|tally| {
            let severities = Severity::ALL.iter().cycle().take(count);
            severities.for_each(|severity| tally.add_incident(silent(*severity)));
        })
    };
    assert_eq!([stale(200), stale(201)], [false, true]);
    let late =
        |count: usize| is_cut(&|tally| (0..count).for_each(|_| tally.add_followup(overdue())));
    assert_eq!([late(200), late(201)], [false, true]);
}
