//! The table of actions. To add one: a params struct, a row here, a handler.

use std::fmt;

use serde_json::{Map, Value, json};

use super::spec::{ActionSpec, first_sentence};
use super::{
    Access, AuditSearch, IncidentAcknowledge, IncidentAppendEvent, IncidentApprove,
    IncidentAttachArtifact, IncidentCancel, IncidentClaim, IncidentClose, IncidentCreate,
    IncidentEvents, IncidentFollowupUpdate, IncidentFollowups, IncidentFollowupsSummary,
    IncidentGet, IncidentGetArtifact, IncidentImport, IncidentList, IncidentMerge,
    IncidentMitigate, IncidentPropose, IncidentRedact, IncidentReject, IncidentRelease,
    IncidentReopen, IncidentResolve, IncidentSearch, IncidentUnmerge, IncidentUpdate, Whoami,
};
use crate::fault::{At, Faults};
use crate::param::{FreeTexts, Params, sentences};
use crate::tool::Tool;
use crate::view::{
    ArtifactView, AuditView, EventView, FieldSpec, FollowupView, IdentityView, IncidentView,
    ProposalView, SummaryView, View,
};

/// Makes everything that is known of the actions out of rows
/// `Variant = "name", tool, access, "place of the answer": its view, example`.
macro_rules! actions {
    ($($variant:ident = $name:literal, $tool:ident, $access:ident, $result:literal: $view:ident, $example:tt;)+) => {
        /// An action without its parameters.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum ActionKind {
            $(
                #[doc = concat!("`", $name, "`.")]
                $variant,
            )+
        }

        /// An action with its parameters.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Action {
            $(
                #[doc = concat!("`", $name, "`.")]
                $variant($variant),
            )+
        }

        impl ActionKind {
            /// Every action, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// Its name on the wire.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }

            /// The tool it belongs to.
            pub const fn tool(self) -> Tool {
                match self {
                    $(Self::$variant => Tool::$tool,)+
                }
            }

            /// What it does to the log.
            pub const fn access(self) -> Access {
                match self {
                    $(Self::$variant => Access::$access,)+
                }
            }

            /// The fields of its answer, or of each item of it.
            pub(crate) const fn fields(self) -> &'static [FieldSpec] {
                match self {
                    $(Self::$variant => $view::FIELDS,)+
                }
            }

            /// Everything there is to say about it.
            pub fn spec(self) -> ActionSpec {
                let (doc, params, result, example) = match self {
                    $(Self::$variant => ($variant::DOC, $variant::specs(), $result, json!($example)),)+
                };
                let description = sentences(doc);
                ActionSpec {
                    kind: self,
                    tool: self.tool(),
                    name: self.name(),
                    writes: self.access().writes(),
                    summary: first_sentence(&description),
                    description,
                    params,
                    options: self.access().options(),
                    result,
                    fields: self.fields(),
                    example: example.as_object().cloned().unwrap_or_default(),
                }
            }

            /// Reads its parameters. `None` means that a fault was written down.
            pub(crate) fn read(
                self,
                params: &Map<String, Value>,
                at: &At<'_>,
                faults: &mut Faults,
            ) -> Option<Action> {
                let options = self.access().option_names();
                match self {
                    $(Self::$variant => $variant::read_all(params, options, at, faults).map(Action::$variant),)+
                }
            }
        }

        impl Action {
            /// Every action, in the order of the documentation.
            pub const ALL: &'static [ActionKind] = ActionKind::ALL;

            /// Which action it is.
            pub const fn kind(&self) -> ActionKind {
                match self {
                    $(Self::$variant(_) => ActionKind::$variant,)+
                }
            }

            /// Its parameters as they are written: decoding them gives the same action.
            pub fn params(&self) -> Map<String, Value> {
                match self {
                    $(Self::$variant(params) => params.members(),)+
                }
            }

            /// What an audit entry repeats of its parameters.
            pub fn audited(&self, texts: FreeTexts) -> Map<String, Value> {
                match self {
                    $(Self::$variant(params) => params.audited_members(texts),)+
                }
            }
        }

        $(impl From<$variant> for Action {
            fn from(params: $variant) -> Self {
                Self::$variant(params)
            }
        })+
    };
}

actions! {
    IncidentCreate = "incident_create", Oncall, Creates, "incident": IncidentView, {
        "service": "gateway",
        "severity": "P1",
        "title": "Gateway 5xx rate >5%",
        "env": "prod",
        "started_at": "2026-02-23T10:00:00Z"
    };
    IncidentGet = "incident_get", Oncall, Reads, "incident": IncidentView, {
        "incident_id": "inc_20260223_1000_a1b2c3"
    };
    IncidentList = "incident_list", Oncall, Reads, "items": IncidentView, {
        "status": "open",
        "limit": 20
    };
    IncidentSearch = "incident_search", Oncall, Reads, "items": IncidentView, {
        "q": "gateway timeout",
        "from": "2026-01-01",
        "severity": ["P0", "P1"]
    };
    IncidentUpdate = "incident_update", Oncall, Changes, "incident": IncidentView, {
        "incident_id": "inc_20260223_1000_a1b2c3",
        "summary": "A retry storm exhausts the connection pool of the gateway.",
        "labels": { "region": "eu", "candidate": null }
    };
    IncidentAcknowledge = "incident_acknowledge", Oncall, Changes, "incident": IncidentView, {
        "incident_id": "inc_20260223_1000_a1b2c3",
        "note": "on it"
    };
    IncidentMitigate = "incident_mitigate", Oncall, Changes, "incident": IncidentView, {
        "incident_id": "inc_20260223_1000_a1b2c3",
        "note": "traffic moved to the second region"
    };
    IncidentResolve = "incident_resolve", Oncall, Changes, "incident": IncidentView, {
        "incident_id": "inc_20260223_1000_a1b2c3",
        "resolution_summary": "Rolled back to 1.41.",
        "root_cause": "1.42 retried without a limit."
    };
    IncidentClose = "incident_close", Oncall, Changes, "incident": IncidentView, {
        "incident_id": "inc_20260223_1000_a1b2c3"
    };
    IncidentReopen = "incident_reopen", Oncall, Changes, "incident": IncidentView, {
        "incident_id": "inc_20260223_1000_a1b2c3",
        "note": "the errors are back"
    };
    IncidentMerge = "incident_merge", Oncall, Changes, "incident": IncidentView, {
        "incident_id": "inc_20260223_1004_d4e5f6",
        "into": "inc_20260223_1000_a1b2c3"
    };
    IncidentUnmerge = "incident_unmerge", Oncall, Changes, "incident": IncidentView, {
        "incident_id": "inc_20260223_1004_d4e5f6",
        "note": "it has a cause of its own"
    };
    IncidentCancel = "incident_cancel", Oncall, Changes, "incident": IncidentView, {
        "incident_id": "inc_20260223_1000_a1b2c3",
        "reason": "the probe was misconfigured"
    };
    IncidentRedact = "incident_redact", Oncall, Changes, "event": EventView, {
        "incident_id": "inc_20260223_1000_a1b2c3",
        "event_id": "evt_0123456789abcdef0123456789abcdef",
        "reason": "a password was pasted"
    };
    IncidentAppendEvent = "incident_append_event", Oncall, Changes, "event": EventView, {
        "incident_id": "inc_20260223_1000_a1b2c3",
        "type": "followup",
        "message": "Limit the retries of the gateway",
        "meta": { "owner": "helion", "priority": "P1", "due_date": "2026-03-01" }
    };
    IncidentEvents = "incident_events", Oncall, Reads, "items": EventView, {
        "incident_id": "inc_20260223_1000_a1b2c3",
        "limit": 50
    };
    IncidentAttachArtifact = "incident_attach_artifact", Oncall, Changes, "artifact": ArtifactView, {
        "incident_id": "inc_20260223_1000_a1b2c3",
        "name": "timeline.md",
        "content": "# Timeline\n\n10:00 errors begin\n"
    };
    IncidentGetArtifact = "incident_get_artifact", Oncall, Reads, "artifact": ArtifactView, {
        "incident_id": "inc_20260223_1000_a1b2c3",
        "name": "timeline.md"
    };
    IncidentFollowups = "incident_followups", Oncall, Reads, "items": FollowupView, {
        "status": "overdue",
        "service": "gateway"
    };
    IncidentFollowupUpdate = "incident_followup_update", Oncall, Changes, "followup": FollowupView, {
        "incident_id": "inc_20260223_1000_a1b2c3",
        "followup_id": "evt_0123456789abcdef0123456789abcdef",
        "status": "done",
        "note": "released with 1.43"
    };
    IncidentFollowupsSummary = "incident_followups_summary", Oncall, Reads, "summary": SummaryView, {
        "service": "gateway",
        "env": "prod",
        "window_days": 30
    };
    IncidentClaim = "incident_claim", Oncall, Changes, "incident": IncidentView, {
        "incident_id": "inc_20260223_1000_a1b2c3",
        "seconds": 1800
    };
    IncidentRelease = "incident_release", Oncall, Changes, "incident": IncidentView, {
        "incident_id": "inc_20260223_1000_a1b2c3"
    };
    IncidentPropose = "incident_propose", Oncall, Changes, "proposal": ProposalView, {
        "incident_id": "inc_20260223_1000_a1b2c3",
        "change": "close",
        "reason": "no errors for a day",
        "resolution_summary": "Rolled back to 1.41."
    };
    IncidentApprove = "incident_approve", Oncall, Changes, "incident": IncidentView, {
        "incident_id": "inc_20260223_1000_a1b2c3",
        "proposal_id": "evt_0123456789abcdef0123456789abcdef"
    };
    IncidentReject = "incident_reject", Oncall, Changes, "incident": IncidentView, {
        "incident_id": "inc_20260223_1000_a1b2c3",
        "proposal_id": "evt_0123456789abcdef0123456789abcdef",
        "reason": "the error rate is still above normal"
    };
    IncidentImport = "incident_import", Oncall, Creates, "incident": IncidentView, {
        "source": "statuspage",
        "source_id": "q5v9k2x7",
        "created_at": "2026-02-23T10:00:00Z",
        "incident": { "service": "gateway", "severity": "P2", "title": "Elevated error rates" },
        "events": [
            { "at": "2026-02-23T10:05:00Z", "message": "We are investigating." },
            { "at": "2026-02-23T11:00:00Z", "message": "It is over.", "status": "resolved" }
        ]
    };
    AuditSearch = "audit_search", Admin, Reads, "items": AuditView, {
        "agent": "sofiia",
        "outcome": "denied",
        "from": "2026-02-23"
    };
    Whoami = "whoami", Admin, Reads, "identity": IdentityView, {};
}

impl fmt::Display for ActionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
