//! Working on one incident with others: claims, proposals, second opinions.

use std::str::FromStr;

use serde_json::{Value, json};
use watchbook_core::text::{Env, Message, Prose};
use watchbook_core::{EventId, IncidentId, Op, Proposal, ProposedChange, Resolution, Severity};

use crate::fault::{At, Faults, shown};
use crate::json::Json;
use crate::param::{Seconds, params, written_param};
use crate::problem::Problem;

params! {
    /// Takes an incident for a while, so that no other agent works on it at the same time. Claim again to go on.
    pub IncidentClaim {
        /// The incident.
        incident_id: IncidentId,
        /// For how long: one minute to one day.
        seconds: Seconds<60, 86_400> = 1_800,
    }

    /// Gives a claimed incident back.
    pub IncidentRelease {
        /// The incident.
        incident_id: IncidentId,
    }

    /// Asks for a second pair of eyes on a change: `close`, `merge` (with `into`), `severity` (with `severity`) or
    /// `env` (with `env`). Somebody else carries it out with `incident_approve`, or turns it down with `incident_reject`.
    pub IncidentPropose {
        /// The incident.
        incident_id: IncidentId,
        /// The change.
        change: ProposedKind,
        /// Why it should be made.
        reason: Message,
        /// For `merge`: the other incident.
        into: Option<IncidentId>,
        /// For `severity`: the severity it should get.
        severity: Option<Severity>,
        /// For `env`: the environment it should get.
        env: Option<Env>,
        /// For `close`: what ended it.
        resolution_summary: Option<Prose>,
        /// For `close`: what caused it.
        root_cause: Option<Prose>,
        /// For how long it can be approved: one minute to one week.
        seconds: Seconds<60, 604_800> = 86_400,
    }
    check IncidentPropose::check;

    /// Agrees to somebody else's proposal and carries it out. Whoever is behind the proposal, as its agent or as the
    /// key that acted for it, cannot.
    pub IncidentApprove {
        /// The incident.
        incident_id: IncidentId,
        /// The proposal, as `incident_get` lists them.
        proposal_id: EventId,
        /// What to say about it on the timeline.
        note: Option<Message>,
    }

    /// Turns a proposal down.
    pub IncidentReject {
        /// The incident.
        incident_id: IncidentId,
        /// The proposal, as `incident_get` lists them.
        proposal_id: EventId,
        /// Why.
        reason: Message,
    }
}

/// The changes that can be proposed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProposedKind {
    /// Close the incident.
    Close,
    /// Make it part of another.
    Merge,
    /// Give it another severity.
    Severity,
    /// Move it to another environment.
    Env,
}

impl ProposedKind {
    const ALL: [Self; 4] = [Self::Close, Self::Merge, Self::Severity, Self::Env];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Close => "close",
            Self::Merge => "merge",
            Self::Severity => "severity",
            Self::Env => "env",
        }
    }
}

impl FromStr for ProposedKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|kind| kind.as_str() == text);
        found.ok_or_else(|| {
            format!(
                "{:?} cannot be proposed; use close, merge, severity or env",
                shown(text)
            )
        })
    }
}

impl Json for ProposedKind {
    fn to_json(&self) -> Value {
        self.as_str().into()
    }
}

written_param! {
    ProposedKind, Word, Fact => json!({ "type": "string", "enum": ProposedKind::ALL.map(ProposedKind::as_str) });
}

impl IncidentClaim {
    /// The operation that does it.
    pub fn into_op(self) -> Op {
        let Self {
            incident_id: _,
            seconds,
        } = self;
        Op::Claim {
            seconds: seconds.get(),
        }
    }
}

impl IncidentRelease {
    /// The operation that does it.
    pub fn into_op(self) -> Op {
        let Self { incident_id: _ } = self;
        Op::Release
    }
}

impl IncidentPropose {
    fn check(&self, at: &At<'_>, faults: &mut Faults) {
        let kind = self.change;
        let mut only_for = |owner: ProposedKind, name: &str, given: bool| {
            if given && kind != owner {
                let (owner, kind) = (owner.as_str(), kind.as_str());
                faults.add(
                    &at.member(name),
                    format!("belongs to {owner}, not to {kind}"),
                );
            }
        };
        only_for(ProposedKind::Merge, "into", self.into.is_some());
        only_for(ProposedKind::Severity, "severity", self.severity.is_some());
        only_for(ProposedKind::Env, "env", self.env.is_some());
        let summary = self.resolution_summary.is_some();
        only_for(ProposedKind::Close, "resolution_summary", summary);
        only_for(ProposedKind::Close, "root_cause", self.root_cause.is_some());
        self.change(at, faults);
    }

    /// The change, if everything is there that it needs.
    fn change(&self, at: &At<'_>, faults: &mut Faults) -> Option<ProposedChange> {
        let mut needed = |name: &str| faults.add(&at.member(name), "is required for this change");
        match self.change {
            ProposedKind::Close => Some(ProposedChange::Close(Resolution {
                summary: self.resolution_summary.clone(),
                root_cause: self.root_cause.clone(),
            })),
            ProposedKind::Merge => {
                if self.into.is_none() {
                    needed("into");
                }
                self.into.map(ProposedChange::Merge)
            }
            ProposedKind::Severity => {
                if self.severity.is_none() {
                    needed("severity");
                }
                self.severity.map(ProposedChange::Severity)
            }
            ProposedKind::Env => {
                if self.env.is_none() {
                    needed("env");
                }
                self.env.clone().map(ProposedChange::Env)
            }
        }
    }

    /// The operation that does it.
    ///
    /// # Errors
    /// When something is missing that the change needs. What [`decode()`](crate::decode()) let through has it.
    pub fn into_op(self) -> Result<Op, Problem> {
        let mut faults = Faults::default();
        let change = self.change(&At::ROOT, &mut faults);
        let change = change.ok_or_else(|| Problem::from(faults))?;
        Ok(Op::Propose(Box::new(Proposal {
            change,
            reason: self.reason,
            seconds: self.seconds.get(),
        })))
    }
}

impl IncidentApprove {
    /// The operation that does it.
    pub fn into_op(self) -> Op {
        let Self {
            incident_id: _,
            proposal_id: proposal,
            note,
        } = self;
        Op::Approve { proposal, note }
    }
}

impl IncidentReject {
    /// The operation that does it.
    pub fn into_op(self) -> Op {
        let Self {
            incident_id: _,
            proposal_id: proposal,
            reason,
        } = self;
        Op::Reject { proposal, reason }
    }
}
