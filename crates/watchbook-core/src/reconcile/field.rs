//! The fields that assignments go to: where two that did not know of each other may differ.

use std::fmt;

use serde_json::Value;

use crate::event::{FollowupField, Set};
use crate::id::EventId;
use crate::text::Name;

/// A field that has one value at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field<'a> {
    /// One of the incident itself.
    Own(&'static str),
    /// A label.
    Label(&'a Name),
    /// A role.
    Role(&'a Name),
    /// One of a follow-up.
    Followup(EventId, &'static str),
    /// What became of a proposal.
    Verdict(EventId),
}

impl fmt::Display for Field<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Own(name) => f.write_str(name),
            Self::Label(name) => write!(f, "label {name}"),
            Self::Role(name) => write!(f, "role {name}"),
            Self::Followup(id, name) => write!(f, "{name} of follow-up {id}"),
            Self::Verdict(id) => write!(f, "verdict on proposal {id}"),
        }
    }
}

/// The field that `set` assigns to. `None` for what only one line ever sets, for what only grows, and for claims, which
/// end by themselves.
pub(super) fn of(set: &Set) -> Option<Field<'_>> {
    Some(match set {
        Set::CreatedAt(_)
        | Set::CreatedBy(_)
        | Set::GroupKey(_)
        | Set::Artifact { .. }
        | Set::Claim(_)
        | Set::Proposal { .. }
        | Set::Redacted(_) => return None,
        Set::Service(_) => Field::Own("service"),
        Set::Affects(_) => Field::Own("affects"),
        Set::Env(_) => Field::Own("env"),
        Set::Severity(_) => Field::Own("severity"),
        Set::Stage(_) => Field::Own("status"),
        Set::Title(_) => Field::Own("title"),
        Set::Summary(_) => Field::Own("summary"),
        Set::Kind(_) => Field::Own("kind"),
        Set::Signature(_) => Field::Own("signature"),
        Set::Drill(_) => Field::Own("drill"),
        Set::StartedAt(_) => Field::Own("started_at"),
        Set::DetectedAt(_) => Field::Own("detected_at"),
        Set::AcknowledgedAt(_) => Field::Own("acknowledged_at"),
        Set::MitigatedAt(_) => Field::Own("mitigated_at"),
        Set::ResolvedAt(_) => Field::Own("resolved_at"),
        Set::ClosedAt(_) => Field::Own("closed_at"),
        Set::ResolutionSummary(_) => Field::Own("resolution_summary"),
        Set::RootCause(_) => Field::Own("root_cause"),
        Set::MergedInto(_) => Field::Own("merged_into"),
        Set::Canceled(_) => Field::Own("canceled"),
        Set::Label { key, .. } => Field::Label(key),
        Set::Role { name, .. } => Field::Role(name),
        Set::Followup { id, field } => Field::Followup(*id, followup_field(field)?),
        Set::Verdict { id, .. } => Field::Verdict(*id),
    })
}

const fn followup_field(field: &FollowupField) -> Option<&'static str> {
    Some(match field {
        FollowupField::OpenedAt(_) => return None,
        FollowupField::Title(_) => "title",
        FollowupField::Owner(_) => "owner",
        FollowupField::Priority(_) => "priority",
        FollowupField::Due(_) => "due",
        FollowupField::Status(_) => "status",
        FollowupField::ExternalRef(_) => "external_ref",
        FollowupField::Reason(_) => "reason",
    })
}

/// Whether two assignments to one field give it the same value. Free texts never count as the same: whether they are
/// depends on whether one of them was blacked out already, and that depends on the order of arrival.
pub(super) fn agree(one: &Set, other: &Set) -> bool {
    one == other && !is_text(one)
}

/// Whether the value is a free text, which a redaction may black out.
const fn is_text(set: &Set) -> bool {
    match set {
        Set::Title(_) => true,
        Set::Summary(text) | Set::ResolutionSummary(text) | Set::RootCause(text) => text.is_some(),
        Set::Label { value, .. } => value.is_some(),
        Set::Role { holder, .. } => holder.is_some(),
        Set::Followup { field, .. } => match field {
            FollowupField::Title(_) => true,
            FollowupField::Owner(text) | FollowupField::ExternalRef(text) => text.is_some(),
            FollowupField::Reason(text) => text.is_some(),
            FollowupField::OpenedAt(_)
            | FollowupField::Priority(_)
            | FollowupField::Due(_)
            | FollowupField::Status(_) => false,
        },
        _ => false,
    }
}

/// The value as JSON. `None` for a free text: it stands in the line that set it, and goes with it when that is blacked
/// out.
pub(super) fn shown(set: &Set) -> Option<Value> {
    if is_text(set) {
        return None;
    }
    let tagged = match set {
        Set::Label { .. } | Set::Role { .. } => return Some(Value::Null),
        Set::Verdict { verdict, .. } => return serde_json::to_value(verdict).ok(),
        Set::Followup { field, .. } => serde_json::to_value(field),
        _ => serde_json::to_value(set),
    };
    match tagged.ok()? {
        Value::Object(members) => members.into_iter().next().map(|(_, value)| value),
        _ => None,
    }
}
