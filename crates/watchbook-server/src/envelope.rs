//! What a body of a tool call says: which tool and action, with which parameters, as whom.

use serde_json::{Map, Value};
use watchbook_api::{ErrorCode, Problem};

/// The member names that are not parameters.
const TOOL: &str = "tool";
const ACTION: &str = "action";
const PARAMS: &str = "params";
const AGENT_ID: &str = "agent_id";
/// How many stray members an error names.
const SHOWN_MEMBERS: usize = 5;
/// The characters of a caller's own word that an error repeats.
const SHOWN_CHARS: usize = 60;

/// A tool call as it was sent. `tool` and `action` are what the caller wrote, known or not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Envelope {
    pub(crate) tool: String,
    pub(crate) action: String,
    pub(crate) params: Map<String, Value>,
    pub(crate) agent_id: Option<String>,
}

/// A body that is no tool call, with what of it could be understood, for the audit.
#[derive(Debug)]
pub(crate) struct Unreadable {
    /// The call as far as it was read.
    pub(crate) read: Envelope,
    /// What is wrong.
    pub(crate) problem: Problem,
}

/// Reads a body. `path_tool` is the tool that the path names, if it names one.
///
/// # Errors
/// `malformed` when a member is missing, has the wrong type, or when parameters stand in both places.
pub(crate) fn read(
    path_tool: Option<&str>,
    mut body: Map<String, Value>,
) -> Result<Envelope, Box<Unreadable>> {
    let mut read = Envelope {
        tool: path_tool.unwrap_or_default().to_owned(),
        ..Envelope::default()
    };
    match fill(&mut read, path_tool, &mut body) {
        Ok(()) => Ok(read),
        Err(problem) => Err(Box::new(Unreadable { read, problem })),
    }
}

fn fill(
    read: &mut Envelope,
    path_tool: Option<&str>,
    body: &mut Map<String, Value>,
) -> Result<(), Problem> {
    let agent_id = optional_text(body, AGENT_ID);
    let action = optional_text(body, ACTION);
    let tool = optional_text(body, TOOL);
    if let Ok(Some(action)) = &action {
        read.action.clone_from(action);
    }
    read.agent_id = agent_id?;
    read.tool = settle_tool(path_tool, tool?)?;
    action?.ok_or_else(|| {
        malformed("\"action\" is missing; name what to do, for example \"incident_list\"")
    })?;
    read.params = params(body)?;
    Ok(())
}

fn settle_tool(path: Option<&str>, named: Option<String>) -> Result<String, Problem> {
    match (path, named) {
        (Some(path), Some(named)) if path != named => Err(malformed(format!(
            "the path names the tool {:?} and the body {:?}; leave \"tool\" out of the body (a parameter of that name goes into \"params\")",
            shown(path),
            shown(&named),
        ))),
        (Some(path), _) => Ok(path.to_owned()),
        (None, Some(named)) => Ok(named),
        (None, None) => Err(malformed(
            "\"tool\" is missing; name it, for example \"oncall_tool\", or post to /v1/tools/oncall_tool",
        )),
    }
}

/// The parameters: all of them under `params`, or all of them beside `action`.
fn params(body: &mut Map<String, Value>) -> Result<Map<String, Value>, Problem> {
    match body.remove(PARAMS) {
        None => Ok(std::mem::take(body)),
        Some(Value::Null) => nothing_beside(body).map(|()| Map::new()),
        Some(Value::Object(params)) => nothing_beside(body).map(|()| params),
        Some(_) => Err(malformed("\"params\" is not an object")),
    }
}

fn nothing_beside(body: &Map<String, Value>) -> Result<(), Problem> {
    if body.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = body
        .keys()
        .take(SHOWN_MEMBERS)
        .map(|name| shown(name))
        .collect();
    Err(malformed(format!(
        "parameters stand in \"params\" and beside it ({}); put all of them in one place",
        names.join(", "),
    )))
}

fn optional_text(body: &mut Map<String, Value>, name: &str) -> Result<Option<String>, Problem> {
    match body.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(malformed(format!("\"{name}\" is not a text"))),
    }
}

fn shown(text: &str) -> &str {
    &text[..text.floor_char_boundary(SHOWN_CHARS)]
}

fn malformed(message: impl Into<String>) -> Problem {
    Problem::new(ErrorCode::Malformed, message)
}

#[cfg(test)]
mod tests;
