//! Opening and changing follow-ups.

use serde_json::{Map, Value};

use crate::command::{FollowupPatch, NewFollowup};
use crate::event::{EventType, FollowupField, Set};
use crate::followup::{Followup, FollowupStatus};
use crate::id::EventId;
use crate::refused::{Countable, Refused};
use crate::state::IncidentState;
use crate::text::Message;

use super::draft::{Draft, Line, text};
use super::meta::check_meta;
use super::timeline::check_open_timeline;
use crate::limit;

pub(super) fn open(
    draft: &mut Draft<'_>,
    state: &IncidentState,
    new: &NewFollowup,
) -> Result<(), Refused> {
    check_open_timeline(draft, state, "follow-ups")?;
    if state.followups.len() >= limit::FOLLOWUPS {
        return Err(Refused::TooMany {
            what: Countable::Followups,
            limit: limit::FOLLOWUPS,
        });
    }
    if new.status == FollowupStatus::Canceled {
        return Err(Refused::ReasonNeeded);
    }
    check_meta(&new.meta)?;
    let NewFollowup {
        title,
        message,
        owner,
        priority,
        due,
        status,
        external_ref,
        meta,
    } = new.clone();
    let id = draft.next_id();
    if state.followups.contains_key(&id) {
        // The key was used long ago and is forgotten. Its follow-up is there still, and must not become another.
        return Err(Refused::KeyReused);
    }
    let mut fields = vec![
        FollowupField::OpenedAt(draft.now()),
        FollowupField::Title(title.clone()),
        FollowupField::Priority(priority),
        FollowupField::Status(status),
    ];
    fields.extend(owner.map(|owner| FollowupField::Owner(Some(owner))));
    fields.extend(due.map(|due| FollowupField::Due(Some(due))));
    fields.extend(external_ref.map(|outside| FollowupField::ExternalRef(Some(outside))));
    let at = draft.now();
    draft.push(Line {
        kind: EventType::Followup,
        message: message.unwrap_or_else(|| Message::written(title.as_str().to_owned())),
        meta: described(meta, &fields),
        at,
        set: fields
            .into_iter()
            .map(|field| Set::Followup { id, field })
            .collect(),
    });
    Ok(())
}

pub(super) fn update(
    draft: &mut Draft<'_>,
    state: &IncidentState,
    id: EventId,
    patch: &FollowupPatch,
    note: Option<&Message>,
) -> Result<(), Refused> {
    check_open_timeline(draft, state, "follow-up updates")?;
    let incident = draft.command.incident;
    let current = state.followup(id).ok_or(Refused::NoFollowup {
        incident,
        followup: id,
    })?;
    if patch.status == Some(FollowupStatus::Canceled)
        && patch.reason.is_none()
        && current.reason.is_none()
    {
        return Err(Refused::ReasonNeeded);
    }
    let fields = changes(&current, patch);
    if fields.is_empty() && note.is_none() {
        return Ok(());
    }
    let mut meta = Map::new();
    meta.insert("followup_id".to_owned(), text(&id));
    let meta = described(meta, &fields);
    let default = || Message::written(format!("follow-up changed: {}", current.title));
    let at = draft.now();
    draft.push(Line {
        kind: EventType::FollowupUpdate,
        message: note.cloned().unwrap_or_else(default),
        meta,
        at,
        set: fields
            .into_iter()
            .map(|field| Set::Followup { id, field })
            .collect(),
    });
    Ok(())
}

/// The fields of the patch that say something new.
fn changes(current: &Followup, patch: &FollowupPatch) -> Vec<FollowupField> {
    let FollowupPatch {
        title,
        owner,
        priority,
        due,
        status,
        external_ref,
        reason,
    } = patch.clone();
    let mut fields = Vec::new();
    fields.extend(
        title
            .filter(|new| *new != current.title)
            .map(FollowupField::Title),
    );
    fields.extend(
        owner
            .filter(|new| *new != current.owner)
            .map(FollowupField::Owner),
    );
    fields.extend(
        priority
            .filter(|new| *new != current.priority)
            .map(FollowupField::Priority),
    );
    fields.extend(
        due.filter(|new| *new != current.due)
            .map(FollowupField::Due),
    );
    fields.extend(
        status
            .filter(|new| *new != current.status)
            .map(FollowupField::Status),
    );
    fields.extend(
        external_ref
            .filter(|new| *new != current.external_ref)
            .map(FollowupField::ExternalRef),
    );
    fields.extend(
        reason
            .filter(|new| Some(new) != current.reason.as_ref())
            .map(|new| FollowupField::Reason(Some(new))),
    );
    fields
}

/// The public face of a follow-up event: its fields by name, beside what the caller gave.
fn described(mut meta: Map<String, Value>, fields: &[FollowupField]) -> Map<String, Value> {
    for field in fields {
        let (name, value) = match field {
            FollowupField::OpenedAt(_) => continue,
            FollowupField::Title(title) => ("title", Some(text(title))),
            FollowupField::Owner(owner) => ("owner", owner.as_ref().map(text)),
            FollowupField::Priority(priority) => ("priority", Some(text(priority))),
            FollowupField::Due(due) => ("due_date", due.as_ref().map(text)),
            FollowupField::Status(status) => ("status", Some(text(status))),
            FollowupField::ExternalRef(outside) => ("external_ref", outside.as_ref().map(text)),
            FollowupField::Reason(reason) => ("reason", reason.as_ref().map(text)),
        };
        meta.insert(name.to_owned(), value.unwrap_or(Value::Null));
    }
    meta
}
