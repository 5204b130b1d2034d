//! Changing fields of an incident.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::command::IncidentPatch;
use crate::event::{EventType, Set};
use crate::incident::Incident;
use crate::refused::{Countable, Refused};
use crate::severity::Severity;
use crate::state::IncidentState;
use crate::text::{Message, Name, Short};
use crate::time::Timestamp;

use super::check_live;
use super::draft::{Draft, Line, facts, text};
use crate::limit;

/// Writes one `severity_change` and one `field_change`, as far as anything is new.
pub(super) fn update(
    draft: &mut Draft<'_>,
    state: &IncidentState,
    patch: &IncidentPatch,
) -> Result<(), Refused> {
    let id = draft.command.incident;
    check_live(id, state, "changes")?;
    let current = state.incident(id).ok_or(Refused::NoIncident(id))?;
    check_times(draft, &current, patch)?;
    let changes = Changes::between(&current, patch);
    check_sizes(&current, patch)?;
    if let Some(severity) = patch.severity.filter(|new| *new != current.severity) {
        change_severity(draft, current.severity, severity, patch.note.as_ref());
    }
    if !changes.set.is_empty() {
        let at = draft.now();
        let Changes { set, meta } = changes;
        let names = meta.keys().cloned().collect::<Vec<_>>().join(", ");
        draft.push(Line {
            kind: EventType::FieldChange,
            message: patch
                .note
                .clone()
                .unwrap_or_else(|| Message::written(format!("changed {names}"))),
            meta: facts([("fields", Value::Object(meta))]),
            at,
            set,
        });
    }
    Ok(())
}

fn change_severity(draft: &mut Draft<'_>, from: Severity, to: Severity, note: Option<&Message>) {
    let at = draft.now();
    draft.push(Line {
        kind: EventType::SeverityChange,
        message: note
            .cloned()
            .unwrap_or_else(|| Message::written(format!("severity {from} → {to}"))),
        meta: facts([("from", text(&from)), ("to", text(&to))]),
        at,
        set: vec![Set::Severity(to)],
    });
}

fn check_times(
    draft: &Draft<'_>,
    current: &Incident,
    patch: &IncidentPatch,
) -> Result<(), Refused> {
    if let Some(at) = patch.started_at {
        let detected_at = patch.detected_at.unwrap_or(current.detected_at);
        let later = [
            detected_at,
            current.acknowledged_at,
            current.mitigated_at,
            current.resolved_at,
            current.closed_at,
        ];
        let ahead = draft.now().plus(limit::AHEAD);
        let latest = later.into_iter().flatten().fold(ahead, Timestamp::min);
        if at > latest {
            return Err(Refused::OutOfRange {
                at,
                earliest: Timestamp::EPOCH,
                latest,
            });
        }
    }
    let started = patch.started_at.unwrap_or(current.started_at);
    draft.time(patch.detected_at.flatten(), started).map(drop)
}

fn check_sizes(current: &Incident, patch: &IncidentPatch) -> Result<(), Refused> {
    let added = |there: usize, new: usize| there + new;
    let labels = patch
        .labels
        .iter()
        .filter(|(key, value)| value.is_some() && !current.labels.contains_key(*key))
        .count();
    let roles = patch
        .roles
        .iter()
        .filter(|(name, value)| value.is_some() && !current.roles.contains_key(*name))
        .count();
    for (what, count, limit) in [
        (
            Countable::Labels,
            added(current.labels.len(), labels),
            limit::LABELS,
        ),
        (
            Countable::Roles,
            added(current.roles.len(), roles),
            limit::ROLES,
        ),
        (
            Countable::Affects,
            patch.affects.as_ref().map_or(0, Vec::len),
            limit::AFFECTS,
        ),
    ] {
        if count > limit {
            return Err(Refused::TooMany { what, limit });
        }
    }
    Ok(())
}

/// What a patch changes, as assignments and as the public `{field: {from, to}}`.
#[derive(Default)]
struct Changes {
    set: Vec<Set>,
    meta: Map<String, Value>,
}

impl Changes {
    fn between(current: &Incident, patch: &IncidentPatch) -> Self {
        let IncidentPatch {
            service,
            affects,
            env,
            severity: _,
            title,
            summary,
            kind,
            signature,
            labels,
            drill,
            roles,
            started_at,
            detected_at,
            resolution_summary,
            root_cause,
            note: _,
        } = patch;
        let mut changes = Self::default();
        changes.take("service", &current.service, service.as_ref(), Set::Service);
        changes.take("affects", &current.affects, affects.as_ref(), Set::Affects);
        changes.take("env", &current.env, env.as_ref(), Set::Env);
        changes.take("title", &current.title, title.as_ref(), Set::Title);
        changes.take("summary", &current.summary, summary.as_ref(), Set::Summary);
        changes.take("kind", &current.kind, kind.as_ref(), Set::Kind);
        changes.take(
            "signature",
            &current.signature,
            signature.as_ref(),
            Set::Signature,
        );
        changes.take("drill", &current.drill, drill.as_ref(), Set::Drill);
        changes.take(
            "started_at",
            &current.started_at,
            started_at.as_ref(),
            Set::StartedAt,
        );
        changes.take(
            "detected_at",
            &current.detected_at,
            detected_at.as_ref(),
            Set::DetectedAt,
        );
        changes.take(
            "resolution_summary",
            &current.resolution_summary,
            resolution_summary.as_ref(),
            Set::ResolutionSummary,
        );
        changes.take(
            "root_cause",
            &current.root_cause,
            root_cause.as_ref(),
            Set::RootCause,
        );
        changes.take_labels(current, labels);
        changes.take_roles(current, roles);
        changes
    }

    fn take_labels(&mut self, current: &Incident, labels: &BTreeMap<Name, Option<Short>>) {
        for (key, value) in labels {
            let make = |value| Set::Label {
                key: key.clone(),
                value,
            };
            self.take(
                &format!("labels.{key}"),
                &current.labels.get(key).cloned(),
                Some(value),
                make,
            );
        }
    }

    fn take_roles(&mut self, current: &Incident, roles: &BTreeMap<Name, Option<Short>>) {
        for (name, holder) in roles {
            let make = |holder| Set::Role {
                name: name.clone(),
                holder,
            };
            self.take(
                &format!("roles.{name}"),
                &current.roles.get(name).cloned(),
                Some(holder),
                make,
            );
        }
    }

    fn take<T>(&mut self, name: &str, current: &T, new: Option<&T>, make: impl FnOnce(T) -> Set)
    where
        T: Clone + PartialEq + serde::Serialize,
    {
        let Some(new) = new.filter(|new| *new != current) else {
            return;
        };
        self.set.push(make(new.clone()));
        self.meta
            .insert(name.to_owned(), json!({ "from": current, "to": new }));
    }
}
