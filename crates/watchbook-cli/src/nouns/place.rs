//! Where an action stands among the commands.

use watchbook_api::{ActionKind, Tool};

/// Where an action stands among the commands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// The noun; `None` for a command of its own.
    pub noun: Option<String>,
    /// The verb.
    pub verb: String,
    /// Another verb that means the same.
    pub alias: Option<&'static str>,
    /// The parameters that are given by their place, without a flag.
    pub positionals: Vec<&'static str>,
}

/// A command under another name than the table of actions gives it.
struct Exception {
    kind: ActionKind,
    noun: Option<&'static str>,
    verb: &'static str,
    alias: Option<&'static str>,
    positionals: &'static [&'static str],
}

const fn under(
    kind: ActionKind,
    noun: &'static str,
    verb: &'static str,
    positionals: &'static [&'static str],
) -> Exception {
    Exception {
        kind,
        noun: Some(noun),
        verb,
        alias: None,
        positionals,
    }
}

const EXCEPTIONS: &[Exception] = &[
    Exception {
        alias: Some("get"),
        ..under(
            ActionKind::IncidentGet,
            "incident",
            "show",
            &["incident_id"],
        )
    },
    under(ActionKind::IncidentSearch, "incident", "search", &["q"]),
    Exception {
        alias: Some("ack"),
        ..under(
            ActionKind::IncidentAcknowledge,
            "incident",
            "acknowledge",
            &["incident_id"],
        )
    },
    under(
        ActionKind::IncidentMerge,
        "incident",
        "merge",
        &["incident_id", "into"],
    ),
    under(
        ActionKind::IncidentRedact,
        "incident",
        "redact",
        &["incident_id", "event_id"],
    ),
    under(
        ActionKind::IncidentAppendEvent,
        "incident",
        "append-event",
        &["incident_id", "type", "message"],
    ),
    under(
        ActionKind::IncidentAttachArtifact,
        "incident",
        "attach",
        &["incident_id"],
    ),
    under(
        ActionKind::IncidentGetArtifact,
        "incident",
        "get-artifact",
        &["incident_id", "name"],
    ),
    under(
        ActionKind::IncidentPropose,
        "incident",
        "propose",
        &["incident_id", "change"],
    ),
    under(
        ActionKind::IncidentApprove,
        "incident",
        "approve",
        &["incident_id", "proposal_id"],
    ),
    under(
        ActionKind::IncidentReject,
        "incident",
        "reject",
        &["incident_id", "proposal_id"],
    ),
    under(ActionKind::IncidentFollowups, "followup", "list", &[]),
    under(
        ActionKind::IncidentFollowupUpdate,
        "followup",
        "update",
        &["incident_id", "followup_id"],
    ),
    under(
        ActionKind::IncidentFollowupsSummary,
        "followup",
        "summary",
        &[],
    ),
    under(ActionKind::AuditSearch, "audit", "search", &[]),
    Exception {
        kind: ActionKind::Whoami,
        noun: None,
        verb: "whoami",
        alias: None,
        positionals: &[],
    },
];

/// Where an action stands: by the table above, else by its own name.
pub(crate) fn place(kind: ActionKind) -> Place {
    match EXCEPTIONS.iter().find(|exception| exception.kind == kind) {
        Some(exception) => Place {
            noun: exception.noun.map(str::to_owned),
            verb: exception.verb.to_owned(),
            alias: exception.alias,
            positionals: exception.positionals.to_vec(),
        },
        None => by_name(kind),
    }
}

/// `incident_acknowledge` is `incident acknowledge`; an action that names no noun goes under its tool.
fn by_name(kind: ActionKind) -> Place {
    let (noun, verb) = match kind.name().split_once('_') {
        Some(("incident", verb)) => ("incident".to_owned(), verb),
        _ => (noun_of(kind.tool()), kind.name()),
    };
    let incident = kind
        .spec()
        .params
        .iter()
        .any(|param| param.name == "incident_id" && param.required);
    Place {
        noun: Some(noun),
        verb: verb.replace('_', "-"),
        alias: None,
        positionals: if incident {
            vec!["incident_id"]
        } else {
            Vec::new()
        },
    }
}

/// The noun of a tool: its name without `_tool`.
fn noun_of(tool: Tool) -> String {
    let name = tool.as_str();
    name.strip_suffix("_tool").unwrap_or(name).replace('_', "-")
}

/// What the commands of a noun are about.
pub(super) fn about(noun: &str) -> String {
    match noun {
        "incident" => "Opens incidents, shows them, and moves them on".to_owned(),
        "followup" => "Keeps what is left to do after incidents".to_owned(),
        "audit" => "Says who did what".to_owned(),
        other => format!("Actions of {other}"),
    }
}
