//! From a tool, an action and JSON parameters to a typed request, or to everything that is wrong with them.

use serde_json::{Map, Value};

use crate::action::{Access, ActionKind};
use crate::code::ErrorCode;
use crate::fault::{At, Faults, shown};
use crate::nearest;
use crate::options::{CallOptions, Matching, Shaping, Writing};
use crate::param::{Int, Params, Several};
use crate::problem::Problem;
use crate::request::Request;
use crate::tool::Tool;

/// The most pairs of one query string.
const MAX_PAIRS: usize = 100;

/// Finds the tool with this name.
///
/// # Errors
/// [`ErrorCode::NotFound`] with the nearest name.
pub fn decode_tool(tool: &str) -> Result<Tool, Problem> {
    Tool::named(tool).ok_or_else(|| {
        let names: Vec<&str> = Tool::ALL.iter().map(|tool| tool.as_str()).collect();
        Problem::new(ErrorCode::NotFound, nearest::unknown("tool", tool, &names))
    })
}

/// Understands a call.
///
/// # Errors
/// [`ErrorCode::NotFound`] for an unknown tool, [`ErrorCode::InvalidParams`] for an unknown action or for parameters
/// that are missing, unknown or not valid (all of them at once), [`ErrorCode::TooLarge`] when being too large is all
/// that is wrong with them.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the caller has no further use for the parameters, and a later version may take them apart"
)]
pub fn decode(tool: &str, action: &str, params: Map<String, Value>) -> Result<Request, Problem> {
    let tool = decode_tool(tool)?;
    let kind = find_action(tool, action)?;
    let mut faults = Faults::default();
    let action = kind.read(&params, &At::ROOT, &mut faults);
    let options = read_options(kind, &params, &mut faults);
    match (action, options) {
        (Some(action), Some(options)) if faults.count() == 0 => Ok(Request { action, options }),
        _ => Err(faults.into()),
    }
}

fn find_action(tool: Tool, action: &str) -> Result<ActionKind, Problem> {
    let named = |name: &str| ActionKind::ALL.iter().find(|kind| kind.name() == name);
    match named(action) {
        Some(kind) if kind.tool() == tool => Ok(*kind),
        Some(kind) => Err(invalid_action(format!(
            "{kind} is an action of {}, not of {tool}; send it there",
            kind.tool()
        ))),
        None => Err(invalid_action(unknown_action(tool, action))),
    }
}

fn unknown_action(tool: Tool, action: &str) -> String {
    if action.is_empty() {
        return format!("name an action of {tool}, for example \"incident_list\"");
    }
    let names: Vec<&str> = ActionKind::ALL
        .iter()
        .filter(|kind| kind.tool() == tool)
        .map(|kind| kind.name())
        .collect();
    let whole = format!("incident_{}", shown(action));
    match names.iter().find(|name| **name == whole) {
        Some(name) => format!(
            "{tool} has no action {:?}; did you mean {name:?}?",
            shown(action)
        ),
        None => nearest::unknown(&format!("action of {tool} named"), action, &names),
    }
}

fn invalid_action(message: String) -> Problem {
    Problem::new(ErrorCode::InvalidParams, message)
}

/// Reads what every action takes, as far as this one takes it. What it does not take is already complained of.
fn read_options(
    kind: ActionKind,
    params: &Map<String, Value>,
    faults: &mut Faults,
) -> Option<CallOptions> {
    let (at, access) = (At::ROOT, kind.access());
    let shaping = Shaping::read_members(params, &at, faults);
    let writing = access
        .writes()
        .then(|| Writing::read_members(params, &at, faults));
    let matching = (access == Access::Changes).then(|| Matching::read_members(params, &at, faults));
    let Shaping { fields, max_bytes } = shaping?;
    let (idempotency_key, dry_run) = match writing {
        None => (None, false),
        Some(writing) => {
            let Writing {
                idempotency_key,
                dry_run,
            } = writing?;
            (idempotency_key, dry_run)
        }
    };
    let if_match = match matching {
        None => None,
        Some(matching) => matching?.if_match,
    };
    let fields = fields.map(|Several(fields)| fields);
    check_fields(kind, fields.as_deref().unwrap_or_default(), faults);
    Some(CallOptions {
        idempotency_key,
        if_match,
        dry_run,
        fields,
        max_bytes: max_bytes.map(Int::get),
    })
}

/// A selected field must be one that the answer can have.
fn check_fields(kind: ActionKind, fields: &[crate::selection::FieldPath], faults: &mut Faults) {
    let names: Vec<&str> = kind.fields().iter().map(|field| field.name).collect();
    let root = At::ROOT;
    let at = root.member("fields");
    for (index, field) in fields.iter().enumerate() {
        if !names.contains(&field.head()) {
            faults.add(
                &at.item(index),
                nearest::unknown("field", field.head(), &names),
            );
        }
    }
}

/// The pairs of a query string or form as parameters. A name that occurs again becomes a list.
///
/// # Errors
/// [`ErrorCode::Malformed`] for more than 100 pairs.
pub fn from_query(
    pairs: impl IntoIterator<Item = (String, String)>,
) -> Result<Map<String, Value>, Problem> {
    let mut params = Map::new();
    for (count, (name, value)) in pairs.into_iter().enumerate() {
        if count >= MAX_PAIRS {
            return Err(Problem::new(
                ErrorCode::Malformed,
                format!("the query has more than {MAX_PAIRS} parameters; send fewer"),
            ));
        }
        let value = Value::String(value);
        match params.get_mut(&name) {
            None => {
                params.insert(name, value);
            }
            Some(Value::Array(values)) => values.push(value),
            Some(first) => *first = Value::Array(vec![first.take(), value]),
        }
    }
    Ok(params)
}
