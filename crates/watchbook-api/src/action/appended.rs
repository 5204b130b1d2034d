//! What an appended line means: a plain line, a new follow-up, or a change of one.

use std::str::FromStr;

use serde_json::{Value, json};
use watchbook_core::text::{Message, Prose, Short, Title};
use watchbook_core::{
    AppendType, Due, EventId, EventType, FollowupPatch, FollowupStatus, NewFollowup, Op, Timestamp,
};

use crate::fault::{At, Faults, shown};
use crate::json::Json;
use crate::nearest;
use crate::param::{Meta, Params, Patch, Priority, params, written_param};

/// The types that callers may append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineType {
    /// A line that changes nothing.
    Plain(AppendType),
    /// It opens a follow-up.
    Followup,
    /// It changes a follow-up.
    FollowupUpdate,
}

const WORDS: [&str; 6] = [
    "note",
    "decision",
    "action",
    "followup",
    "followup_update",
    "custom",
];

impl LineType {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Plain(kind) => kind.as_str(),
            Self::Followup => "followup",
            Self::FollowupUpdate => "followup_update",
        }
    }
}

impl FromStr for LineType {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "followup" => Ok(Self::Followup),
            "followup_update" => Ok(Self::FollowupUpdate),
            _ => text.parse().map(Self::Plain).map_err(|_| refusal(text)),
        }
    }
}

/// Why a type cannot be appended, and what to do instead.
fn refusal(text: &str) -> String {
    let Ok(kind) = text.parse::<EventType>() else {
        let hint = nearest::nearest(text, &WORDS)
            .map_or_else(String::new, |best| format!("; did you mean {best:?}?"));
        return format!(
            "{:?} is not an event type that can be appended; use one of {}{hint}",
            shown(text),
            WORDS.join(", ")
        );
    };
    match instead(kind) {
        Some(action) => format!("{kind} events cannot be appended; use {action}"),
        None => format!("{kind} events are written by watchbook alone; append a note instead"),
    }
}

/// The action that writes events of a type that nobody may append.
const fn instead(kind: EventType) -> Option<&'static str> {
    match kind {
        EventType::StatusChange => Some(
            "incident_acknowledge, incident_mitigate, incident_resolve, incident_close, incident_reopen or incident_cancel",
        ),
        EventType::SeverityChange | EventType::FieldChange => Some("incident_update"),
        EventType::Artifact => Some("incident_attach_artifact"),
        EventType::Merge => Some("incident_merge or incident_unmerge"),
        EventType::Redaction => Some("incident_redact"),
        EventType::Alert
        | EventType::Escalation
        | EventType::Correlation
        | EventType::Postmortem
        | EventType::Notification
        | EventType::Conflict
        | EventType::Note
        | EventType::Decision
        | EventType::Action
        | EventType::Followup
        | EventType::FollowupUpdate
        | EventType::Custom => None,
    }
}

impl Json for LineType {
    fn to_json(&self) -> Value {
        self.as_str().into()
    }
}

written_param! {
    LineType, Word, Fact => json!({ "type": "string", "enum": WORDS });
}

params! {
    /// What the meta of a new follow-up says.
    pub(super) FollowupMeta {
        /// What is to be done; the first line of the message if left out.
        title: Option<Title>,
        /// Who does it.
        owner: Option<Short>,
        /// How urgent it is.
        priority: Option<Priority>,
        /// When it is due.
        due_date: Option<Due>,
        /// How far it has come already.
        status: FollowupStatus = "open",
        /// Where it is tracked outside.
        external_ref: Option<Short>,
    }

    /// What the meta of a follow-up's change says.
    pub(super) FollowupUpdateMeta {
        /// The follow-up.
        followup_id: EventId,
        /// What is to be done.
        title: Option<Title>,
        /// Who does it.
        owner: Patch<Short>,
        /// How urgent it is.
        priority: Option<Priority>,
        /// When it is due.
        due_date: Patch<Due>,
        /// How far it has come.
        status: Option<FollowupStatus>,
        /// Where it is tracked outside.
        external_ref: Patch<Short>,
        /// Why it is canceled.
        reason: Option<Prose>,
    }
}

/// The operation that an appended line stands for. `None` means that a fault was written down.
pub(super) fn op(
    kind: LineType,
    message: &Message,
    meta: &Meta,
    moment: Option<Timestamp>,
    at: &At<'_>,
    faults: &mut Faults,
) -> Option<Op> {
    match kind {
        LineType::Plain(kind) => Some(Op::Append {
            kind,
            message: message.clone(),
            meta: meta.clone(),
            at: moment,
        }),
        LineType::Followup => open(message, meta, moment, at, faults),
        LineType::FollowupUpdate => update(message, meta, moment, at, faults),
    }
}

fn open(
    message: &Message,
    meta: &Meta,
    moment: Option<Timestamp>,
    at: &At<'_>,
    faults: &mut Faults,
) -> Option<Op> {
    let inside = at.member("meta");
    let FollowupMeta {
        title,
        owner,
        priority,
        due_date,
        status,
        external_ref,
    } = FollowupMeta::read_members(meta, &inside, faults)?;
    if status == FollowupStatus::Canceled {
        faults.add(
            &inside.member("status"),
            "a follow-up cannot begin as canceled; leave it out",
        );
        return None;
    }
    let mut facts: Meta = meta
        .iter()
        .filter(|(name, _)| !FollowupMeta::NAMES.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    // A follow-up begins when it is recorded; what the caller says about the time is kept as a fact.
    if let Some(moment) = moment {
        facts.insert("at".to_owned(), moment.to_json());
    }
    Some(Op::OpenFollowup(Box::new(NewFollowup {
        title: title.or_else(|| first_line(message, &inside, faults))?,
        message: Some(message.clone()),
        owner,
        priority: priority.unwrap_or(Priority::DEFAULT).0,
        due: due_date,
        status,
        external_ref,
        meta: facts,
    })))
}

/// The title of a follow-up that names none.
fn first_line(message: &Message, meta: &At<'_>, faults: &mut Faults) -> Option<Title> {
    let line = message.as_str().lines().next().unwrap_or_default();
    let cut = &line[..line.floor_char_boundary(Title::MAX_BYTES)];
    match Title::new(cut) {
        Ok(title) => Some(title),
        Err(error) => {
            faults.add(
                &meta.member("title"),
                format!(
                    "is required, as the first line of the message cannot be the title: {error}"
                ),
            );
            None
        }
    }
}

fn update(
    message: &Message,
    meta: &Meta,
    moment: Option<Timestamp>,
    at: &At<'_>,
    faults: &mut Faults,
) -> Option<Op> {
    let before = faults.count();
    if moment.is_some() {
        faults.add(
            &at.member("at"),
            "a follow-up changes when it is recorded; leave it out",
        );
    }
    let read = FollowupUpdateMeta::read_all(meta, &[], &at.member("meta"), faults)?;
    if faults.count() > before {
        return None;
    }
    let FollowupUpdateMeta {
        followup_id,
        title,
        owner,
        priority,
        due_date,
        status,
        external_ref,
        reason,
    } = read;
    Some(Op::UpdateFollowup {
        followup: followup_id,
        patch: Box::new(FollowupPatch {
            title,
            owner: owner.into_change(),
            priority: priority.map(|Priority(priority)| priority),
            due: due_date.into_change(),
            status,
            external_ref: external_ref.into_change(),
            reason,
        }),
        note: Some(message.clone()),
    })
}
