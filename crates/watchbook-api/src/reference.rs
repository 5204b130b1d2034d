//! The reference of the wire contract, written from the table and a page of prose.

use std::fmt::{self, Write as _};

use serde_json::{Value, json};

use crate::action::{ActionKind, ActionSpec};
use crate::code::ErrorCode;
use crate::param::{ParamSpec, sentences};
use crate::view::{
    ArtifactVersionView, ArtifactView, AuditView, ClaimView, EventView, FieldSpec, FollowupCounts,
    FollowupView, IdentityView, IncidentView, OldestView, OpenIncidents, OverdueView, ProposalView,
    SeverityCount, StaleView, SummaryView, View,
};

/// What no table says: how a call and an answer look, and how to use them well.
const PROSE: &str = include_str!("reference/prose.md");

/// What somebody wants to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Task {
    Incidents,
    Life,
    Timeline,
    Followups,
    Files,
    Together,
    Oversight,
}

impl Task {
    /// The tasks, in the order of the reference.
    const ALL: [Self; 7] = [
        Self::Incidents,
        Self::Life,
        Self::Timeline,
        Self::Followups,
        Self::Files,
        Self::Together,
        Self::Oversight,
    ];

    const fn heading(self) -> &'static str {
        match self {
            Self::Incidents => "Open, find and change incidents",
            Self::Life => "Move an incident through its life",
            Self::Timeline => "Write and read the timeline",
            Self::Followups => "Chase follow-ups",
            Self::Files => "Keep files with an incident",
            Self::Together => "Work with others",
            Self::Oversight => "See who did what",
        }
    }

    /// The task that an action belongs to. A new action does not build until it has one.
    const fn of(kind: ActionKind) -> Self {
        use ActionKind as Kind;
        match kind {
            Kind::IncidentCreate
            | Kind::IncidentGet
            | Kind::IncidentList
            | Kind::IncidentSearch
            | Kind::IncidentUpdate
            | Kind::IncidentImport => Self::Incidents,
            Kind::IncidentAcknowledge
            | Kind::IncidentMitigate
            | Kind::IncidentResolve
            | Kind::IncidentClose
            | Kind::IncidentReopen
            | Kind::IncidentMerge
            | Kind::IncidentUnmerge
            | Kind::IncidentCancel => Self::Life,
            Kind::IncidentAppendEvent | Kind::IncidentEvents | Kind::IncidentRedact => {
                Self::Timeline
            }
            Kind::IncidentFollowups
            | Kind::IncidentFollowupUpdate
            | Kind::IncidentFollowupsSummary => Self::Followups,
            Kind::IncidentAttachArtifact | Kind::IncidentGetArtifact => Self::Files,
            Kind::IncidentClaim
            | Kind::IncidentRelease
            | Kind::IncidentPropose
            | Kind::IncidentApprove
            | Kind::IncidentReject => Self::Together,
            Kind::AuditSearch | Kind::Whoami => Self::Oversight,
        }
    }
}

/// The reference as Markdown: `docs/api.md`.
pub fn reference_markdown() -> String {
    let mut page = String::new();
    // A String takes all that is written to it.
    match write_page(&mut page) {
        Ok(()) | Err(fmt::Error) => page,
    }
}

fn write_page(page: &mut String) -> fmt::Result {
    let (before, after) = PROSE.split_once("<!-- errors -->\n").unwrap_or((PROSE, ""));
    page.write_str(before)?;
    write_errors(page)?;
    page.write_str(after)?;
    for task in Task::ALL {
        writeln!(page, "\n## {}", task.heading())?;
        for kind in ActionKind::ALL
            .iter()
            .filter(|kind| Task::of(**kind) == task)
        {
            write_action(page, &kind.spec())?;
        }
    }
    write_nouns(page)
}

fn write_errors(page: &mut String) -> fmt::Result {
    writeln!(page, "| code | what it means, and what to do |\n|---|---|")?;
    for code in ErrorCode::ALL {
        writeln!(page, "| `{code}` | {} |", code.meaning())?;
    }
    Ok(())
}

fn write_action(page: &mut String, spec: &ActionSpec) -> fmt::Result {
    let access = if spec.writes { "writes" } else { "reads" };
    let (name, tool, result) = (spec.name, spec.tool, spec.result);
    writeln!(page, "\n### `{name}`\n\n{}\n", spec.description)?;
    writeln!(
        page,
        "`{tool}`, {access}; the answer is `result.{result}`.\n"
    )?;
    write_params(page, &spec.params)?;
    let mut call = json!({ "action": name });
    if !spec.example.is_empty() {
        call["params"] = Value::Object(spec.example.clone());
    }
    if spec.writes {
        call["agent_id"] = "sofiia".into();
    }
    writeln!(
        page,
        "```sh\ncurl http://127.0.0.1:8000/v1/tools/{tool} -d '{call:#}'\n```"
    )
}

fn write_params(page: &mut String, params: &[ParamSpec]) -> fmt::Result {
    if params.is_empty() {
        return Ok(());
    }
    writeln!(page, "| parameter | | meaning |\n|---|---|---|")?;
    for param in params {
        let need = match (&param.default, param.required) {
            (_, true) => "required".to_owned(),
            (Some(Value::Array(_) | Value::Object(_)) | None, false) => String::new(),
            (Some(Value::String(word)), false) => format!("default `{word}`"),
            (Some(default), false) => format!("default `{default}`"),
        };
        let meaning = cell(&format!("{}{}", param.description, words_of(&param.schema)));
        writeln!(page, "| `{}` | {need} | {meaning} |", param.name)?;
    }
    writeln!(page)
}

/// The words that a parameter knows.
fn words_of(schema: &Value) -> String {
    let words = schema.get("enum").and_then(Value::as_array);
    let words: Vec<String> = words
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(|word| format!("`{word}`"))
        .collect();
    if words.is_empty() {
        return String::new();
    }
    format!(" One of {}.", words.join(", "))
}

fn write_nouns(page: &mut String) -> fmt::Result {
    writeln!(
        page,
        "\n## The nouns\n\nEach looks the same in every answer."
    )?;
    for (name, fields) in [
        ("incident", IncidentView::FIELDS),
        ("incident.claim", ClaimView::FIELDS),
        ("event", EventView::FIELDS),
        ("followup", FollowupView::FIELDS),
        ("artifact", ArtifactView::FIELDS),
        ("artifact.versions", ArtifactVersionView::FIELDS),
        ("proposal", ProposalView::FIELDS),
        ("summary", SummaryView::FIELDS),
        ("summary.open_incidents", OpenIncidents::FIELDS),
        ("summary.open_incidents.by_severity", SeverityCount::FIELDS),
        ("summary.followups", FollowupCounts::FIELDS),
        ("summary.overdue", OverdueView::FIELDS),
        ("summary.stale_incidents", StaleView::FIELDS),
        ("summary.oldest", OldestView::FIELDS),
        ("audit entry", AuditView::FIELDS),
        ("identity", IdentityView::FIELDS),
    ] {
        write_fields(page, name, fields)?;
    }
    Ok(())
}

fn write_fields(page: &mut String, noun: &str, fields: &[FieldSpec]) -> fmt::Result {
    writeln!(page, "\n### {noun}\n\n| field | meaning |\n|---|---|")?;
    for FieldSpec { name, doc } in fields {
        writeln!(page, "| `{name}` | {} |", cell(&sentences(doc)))?;
    }
    Ok(())
}

/// A text as a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
