//! Deciding: may this be, and what exactly will have been.
//!
//! One function for every backend and every front-end. What it needs to know it is given; what it
//! finds is a commit, frozen, or a refusal that names the way on.

mod claim;
mod create;
mod draft;
mod followup;
mod import;
mod lifecycle;
mod merge;
mod meta;
mod proposal;
mod timeline;
mod update;

use crate::command::{Command, Op};
use crate::commit::{Commit, KeyUse, Record};
use crate::digest::Digest;
use crate::event::Event;
use crate::id::{EventId, IncidentId};
use crate::refused::Refused;
use crate::stamp::Stamp;
use crate::state::IncidentState;
use crate::status::Status;

use draft::Draft;

/// What a decision may look at: the state of one moment, held still by the store's lock.
pub trait Facts {
    /// An incident whose creation was folded.
    fn incident(&self, id: IncidentId) -> Option<&IncidentState>;

    /// A line of its timeline. Only asked for by [`Op::Redact`].
    fn event(&self, incident: IncidentId, event: EventId) -> Option<&Event>;

    /// The earlier use of this command's key, if it is still remembered.
    fn prior(&self, command: &Command) -> Option<Prior>;

    /// Unfinished incidents that look like the same thing (same service, environment and signature),
    /// the newest first by creation and then by id, at most [`crate::limit::SIMILAR`]. Only asked for by [`Op::Create`].
    fn similar(&self, created: &Event) -> Vec<IncidentId>;
}

/// An earlier use of an idempotency key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prior {
    /// The digest of the body it was used with.
    pub body: Digest,
}

/// What was decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Store this. `changed` is false when the commit only remembers a key.
    Commit {
        /// What to store.
        commit: Commit,
        /// Whether an incident changes by it.
        changed: bool,
        /// Unfinished incidents that look like the one that is created.
        similar: Vec<IncidentId>,
    },
    /// It is already so; there is nothing to store.
    Unchanged,
    /// The same request was carried out before; its answer is to be given again.
    Replay,
}

/// Decides on `command` at `stamp`, whose time counts as the present.
///
/// # Errors
/// The reason for which nothing may change.
pub fn decide(facts: &dyn Facts, command: &Command, stamp: Stamp) -> Result<Decision, Refused> {
    if let Some(key) = command.key
        && let Some(prior) = facts.prior(command)
    {
        return if prior.body == key.body {
            Ok(Decision::Replay)
        } else {
            Err(Refused::KeyReused)
        };
    }
    let mut draft = Draft::new(command, stamp);
    match &command.op {
        Op::Create(new) => create::create(&mut draft, facts, new)?,
        Op::Import(imported) => import::import(&mut draft, facts, imported)?,
        _ => change(&mut draft, facts)?,
    }
    Ok(finish(draft, facts))
}

/// Everything that needs the incident to be there.
fn change(draft: &mut Draft<'_>, facts: &dyn Facts) -> Result<(), Refused> {
    let command = draft.command;
    let id = command.incident;
    let state = facts.incident(id).ok_or(Refused::NoIncident(id))?;
    check_version(command, state)?;
    draft.continue_after(id, state)?;
    match &command.op {
        Op::Create(_) | Op::Import(_) => Ok(()),
        Op::Update(patch) => update::update(draft, state, patch),
        Op::Move(lifecycle) => lifecycle::step(draft, state, lifecycle),
        Op::Merge { into, at, note } => {
            merge::merge(draft, facts, state, *into, (*at, note.as_ref()))
        }
        Op::Unmerge { at, note } => merge::unmerge(draft, facts, state, (*at, note.as_ref())),
        Op::Append {
            kind,
            message,
            meta,
            at,
        } => timeline::append(draft, state, *kind, message, meta, *at),
        Op::OpenFollowup(new) => followup::open(draft, state, new),
        Op::UpdateFollowup {
            followup,
            patch,
            note,
        } => followup::update(draft, state, *followup, patch, note.as_ref()),
        Op::Attach {
            name,
            sha256,
            bytes,
        } => timeline::attach(draft, state, name, *sha256, *bytes),
        Op::Claim { seconds } => claim::claim(draft, state, *seconds),
        Op::Release => claim::release(draft, state),
        Op::Propose(proposal) => proposal::propose(draft, facts, state, proposal),
        Op::Approve { proposal, note } => {
            proposal::approve(draft, facts, state, *proposal, note.as_ref())
        }
        Op::Reject { proposal, reason } => proposal::reject(draft, state, *proposal, reason),
        Op::Redact { event, reason } => timeline::redact(draft, facts, state, *event, reason),
    }
}

fn check_version(command: &Command, state: &IncidentState) -> Result<(), Refused> {
    match (command.if_match, state.etag()) {
        (Some(given), Some(current)) if given != current => Err(Refused::Stale {
            incident: command.incident,
            given,
            current,
        }),
        _ => Ok(()),
    }
}

/// Refuses `what` on an incident that was merged away or canceled.
fn check_live(
    id: IncidentId,
    state: &IncidentState,
    what: &'static str,
) -> Result<Status, Refused> {
    match state.status() {
        None => Err(Refused::NoIncident(id)),
        Some(status @ (Status::Merged | Status::Canceled)) => Err(Refused::Frozen {
            incident: id,
            status,
            what,
            into: state.merged_into.get().copied().flatten(),
        }),
        Some(status) => Ok(status),
    }
}

fn finish(draft: Draft<'_>, facts: &dyn Facts) -> Decision {
    let Draft {
        command,
        stamp,
        events,
        ..
    } = draft;
    let changed = !events.is_empty();
    if !changed && command.key.is_none() {
        return Decision::Unchanged;
    }
    let similar = match (&command.op, events.first()) {
        (Op::Create(_), Some(created)) => facts.similar(created),
        _ => Vec::new(),
    };
    let mut records: Vec<Record> = events.into_iter().map(Record::Event).collect();
    if let Some(key) = command.key {
        let used = KeyUse {
            change: command.change,
            body: key.body,
            incident: command.incident,
            similar: similar.clone(),
        };
        records.push(Record::Key(used));
    }
    let commit = Commit {
        change: command.change,
        stamp,
        by: command.by.clone(),
        records,
    };
    Decision::Commit {
        commit,
        changed,
        similar,
    }
}
