//! From stories to calls: what is asked of the log, by whom and when, in the order in which it happened.

use std::time::Duration;

use serde_json::{Map, Value, json};
use watchbook_core::Timestamp;

use super::stories::{
    Begins, Deed, Line, RECURRING, RECURRING_DAYS, STORM_SERVICES, STORM_SIGNS, Story, stories,
};

/// The label of everything that the demo makes up.
pub(super) const LABEL: (&str, &str) = ("simulated", "watchbook-demo");
const DAY: Duration = Duration::from_hours(24);

/// One call of the demo.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Call {
    /// When it is made.
    pub(super) at: Timestamp,
    /// As whom.
    pub(super) agent: &'static str,
    /// The story it belongs to.
    pub(super) story: String,
    /// What it does.
    pub(super) action: &'static str,
    /// Its parameters. What refers to something that is made on the way is in `refers`.
    pub(super) params: Map<String, Value>,
    /// What it refers to.
    pub(super) refers: Refers,
}

/// What a call refers to that has no id before it is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refers {
    /// Nothing: it creates the incident of its story.
    Nothing,
    /// The incident of its story.
    Own,
    /// The incident of its story, and of this one as `into`.
    Into(&'static str),
    /// The incident of its story, and its follow-up of this number, from 1.
    Followup(u32),
}

/// Every call of twelve weeks that end at `now`, in order of time. The same `now` gives the same calls.
pub(super) fn calls(now: Timestamp) -> Vec<Call> {
    let once = stories().map(|story| (story.name.to_owned(), *story));
    let again = RECURRING_DAYS.into_iter().map(|days| {
        let (Begins::Day(_, minute) | Begins::Ago(minute)) = RECURRING.begins;
        let begins = Begins::Day(days, minute);
        (
            format!("{}-{days}", RECURRING.name),
            Story {
                begins,
                ..RECURRING
            },
        )
    });
    let mut calls: Vec<Call> = once
        .chain(again)
        .flat_map(|(name, story)| told(&name, &story, now))
        .collect();
    calls.sort_by_key(|call| call.at);
    calls
}

/// The calls of one story. What would lie in the future has not happened.
fn told(name: &str, story: &Story, now: Timestamp) -> Vec<Call> {
    let begins = match story.begins {
        Begins::Day(days, minute) => midnight(now).minus(DAY * days).plus(minutes(minute)),
        Begins::Ago(ago) => now.minus(minutes(ago)),
    };
    let mut teller = Teller {
        name,
        now,
        calls: Vec::new(),
    };
    teller.tell(
        begins,
        story.by,
        "incident_create",
        creation(story),
        Refers::Nothing,
    );
    let mut at = begins;
    for line in story.lines {
        at = at.plus(minutes(line.after));
        teller.line(at, line);
    }
    teller.calls.retain(|call| call.at <= now);
    teller.calls
}

fn creation(story: &Story) -> Value {
    let (label, value) = LABEL;
    json!({
        "service": story.service,
        "affects": story.affects,
        "severity": story.severity,
        "kind": story.kind,
        "title": story.title,
        "drill": story.drill,
        "labels": { label: value },
    })
}

const fn minutes(count: u32) -> Duration {
    Duration::from_secs(count as u64 * 60)
}

fn midnight(now: Timestamp) -> Timestamp {
    now.minus(Duration::from_millis(
        now.millis().unsigned_abs() % DAY_MILLIS,
    ))
}

const DAY_MILLIS: u64 = 86_400_000;

struct Teller<'a> {
    name: &'a str,
    now: Timestamp,
    calls: Vec<Call>,
}

impl Teller<'_> {
    fn tell(
        &mut self,
        at: Timestamp,
        agent: &'static str,
        action: &'static str,
        params: Value,
        refers: Refers,
    ) {
        let params = match params {
            Value::Object(params) => params,
            _ => Map::new(),
        };
        self.calls.push(Call {
            at,
            agent,
            story: self.name.to_owned(),
            action,
            params,
            refers,
        });
    }

    fn line(&mut self, at: Timestamp, line: &Line) {
        if let Deed::Storm(alerts) = line.deed {
            return self.storm(at, line.by, alerts);
        }
        let (action, params, refers) = self.deed(&line.deed);
        self.tell(at, line.by, action, params, refers);
    }

    fn deed(&self, deed: &Deed) -> (&'static str, Value, Refers) {
        let own = |action, params| (action, params, Refers::Own);
        match *deed {
            Deed::Acknowledge(note) => own("incident_acknowledge", json!({ "note": note })),
            Deed::Note(text) => own("incident_append_event", written("note", text)),
            Deed::Decide(text) => own("incident_append_event", written("decision", text)),
            Deed::Act(text) => own("incident_append_event", written("action", text)),
            Deed::Mitigate(note) => own("incident_mitigate", json!({ "note": note })),
            Deed::Resolve(summary, cause) => own(
                "incident_resolve",
                json!({ "resolution_summary": summary, "root_cause": cause }),
            ),
            Deed::Close => own("incident_close", json!({})),
            Deed::Cancel(reason) => own("incident_cancel", json!({ "reason": reason })),
            Deed::Merge(into) => ("incident_merge", json!({}), Refers::Into(into)),
            Deed::Reopen(note) => own("incident_reopen", json!({ "note": note })),
            Deed::Raise(severity, note) => own(
                "incident_update",
                json!({ "severity": severity, "note": note }),
            ),
            Deed::Followup(title, owner, priority, due) => own(
                "incident_append_event",
                self.followup(title, owner, priority, due),
            ),
            Deed::FollowupDone(number, note) => (
                "incident_followup_update",
                json!({ "status": "done", "note": note }),
                Refers::Followup(number),
            ),
            Deed::Attach(name, content) => own(
                "incident_attach_artifact",
                json!({ "name": name, "content": content }),
            ),
            Deed::Storm(_) => own("incident_append_event", written("note", "a storm")),
        }
    }

    fn followup(&self, title: &str, owner: &str, priority: &str, due: i32) -> Value {
        let days = DAY * due.unsigned_abs();
        let due = if due < 0 {
            self.now.minus(days)
        } else {
            self.now.plus(days)
        };
        let (year, month, day) = due.date();
        json!({
            "type": "followup",
            "message": title,
            "meta": {
                "title": title,
                "owner": owner,
                "priority": priority,
                "due_date": format!("{year:04}-{month:02}-{day:02}"),
            },
        })
    }

    /// Alerts that come in faster than anybody can read.
    fn storm(&mut self, at: Timestamp, agent: &'static str, alerts: u32) {
        let services = STORM_SERVICES.iter().cycle();
        let signs = STORM_SIGNS.iter().cycle();
        for (number, (service, sign)) in (0..alerts).zip(services.zip(signs)) {
            let at = at.plus(Duration::from_secs(u64::from(number) * 5));
            let text = format!("alert: {service}: {sign}");
            self.tell(
                at,
                agent,
                "incident_append_event",
                written("note", &text),
                Refers::Own,
            );
        }
    }
}

fn written(kind: &str, text: &str) -> Value {
    json!({ "type": kind, "message": text })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn the_same_now_gives_the_same_calls() {
        let now = at("2026-03-04T12:34:56Z");
        assert_eq!(calls(now), calls(now));
    }

    #[test]
    fn calls_are_in_order_and_within_twelve_weeks() {
        for now in [
            "2026-03-04T12:34:56Z",
            "2026-03-05T00:00:00Z",
            "2026-12-31T23:59:59.999Z",
        ] {
            let now = at(now);
            let calls = calls(now);
            assert!(calls.is_sorted_by_key(|call| call.at));
            let first = calls.first().unwrap().at;
            assert!(now.since(first) <= DAY * 84, "{first}");
            assert!(calls.last().unwrap().at <= now);
            assert_eq!(calls.len(), 195, "the hour of the day leaves nothing out");
        }
    }

    #[test]
    fn every_story_begins_with_its_creation() {
        let calls = calls(at("2026-03-04T12:34:56Z"));
        let mut known = std::collections::BTreeSet::new();
        for call in &calls {
            let is_new = known.insert(call.story.clone());
            assert_eq!(is_new, call.action == "incident_create", "{}", call.story);
            if let Refers::Into(other) = call.refers {
                assert!(known.contains(other), "{other}");
            }
        }
        insta::assert_debug_snapshot!((known.len(), calls.len()));
    }

    #[test]
    fn every_call_is_understood() {
        for call in calls(at("2026-03-04T12:34:56Z")) {
            let mut params = call.params.clone();
            let incident = "inc_20260223_1000_a1b2c3";
            let followup = "evt_0123456789abcdef0123456789abcdef";
            match call.refers {
                Refers::Nothing => {}
                Refers::Own => drop(params.insert("incident_id".to_owned(), incident.into())),
                Refers::Into(_) => {
                    params.insert("incident_id".to_owned(), incident.into());
                    params.insert("into".to_owned(), "inc_20260223_1001_a1b2c3".into());
                }
                Refers::Followup(_) => {
                    params.insert("incident_id".to_owned(), incident.into());
                    params.insert("followup_id".to_owned(), followup.into());
                }
            }
            watchbook_api::decode("oncall_tool", call.action, params).unwrap();
        }
    }
}
