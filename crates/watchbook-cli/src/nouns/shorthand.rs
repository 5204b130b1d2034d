//! Commands for what is done most often: a note, a new follow-up.

use std::io::Read;

use clap::{Arg, ArgAction, ArgMatches, Command};
use serde_json::{Map, Value};
use watchbook_api::ActionKind;

use super::flags::text;
use super::{HOW, put};
use crate::failure::Failure;
use crate::reach::Call;

/// The shorthands, each with its noun.
pub(super) fn commands() -> Vec<(&'static str, Command)> {
    vec![("incident", note()), ("followup", add())]
}

fn incident() -> Arg {
    Arg::new("incident_id")
        .value_name("INCIDENT_ID")
        .help("The incident")
        .required(true)
}

fn words(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name)
        .value_name(name.to_uppercase())
        .help(help)
        .required(true)
        .num_args(1..)
        .action(ArgAction::Append)
}

fn option(name: &'static str, value: &'static str, help: &'static str) -> Arg {
    Arg::new(name)
        .long(name.replace('_', "-"))
        .value_name(value)
        .help(help)
}

fn note() -> Command {
    Command::new("note")
        .about("Adds an observation to the timeline")
        .arg(incident())
        .arg(words("message", "What it says; - reads standard input"))
        .args(how())
}

fn add() -> Command {
    Command::new("add")
        .about("Opens a follow-up")
        .arg(incident())
        .arg(words("title", "What is to be done"))
        .arg(option("owner", "TEXT", "Who does it"))
        .arg(option(
            "priority",
            "WORD",
            "How urgent it is: P0 to P4, or high, medium or low",
        ))
        .arg(
            option(
                "due_date",
                "DATE",
                "When it is due: a date (its end, UTC) or a time",
            )
            .visible_alias("due"),
        )
        .arg(option(
            "external_ref",
            "TEXT",
            "Where it is tracked outside",
        ))
        .arg(option(
            "message",
            "TEXT",
            "What the timeline says; the title if left out",
        ))
        .args(how())
}

/// What every write takes.
fn how() -> [Arg; 2] {
    let dry = Arg::new("dry_run")
        .long("dry-run")
        .help("Say what would change, and change nothing")
        .action(ArgAction::SetTrue);
    let key = option(
        "idempotency_key",
        "TEXT",
        "A word by which a repetition of this write is recognised",
    );
    [dry, key].map(|arg| arg.help_heading(HOW))
}

/// The call that a shorthand stands for; `None` when this is none.
pub(super) fn call(
    noun: &str,
    verb: &str,
    matches: &ArgMatches,
    stdin: &mut dyn Read,
) -> Result<Option<Call>, Failure> {
    let mut params = Map::new();
    match (noun, verb) {
        ("incident", "note") => {
            put(&mut params, "type", "note");
            put(
                &mut params,
                "message",
                text(&joined(matches, "message"), stdin)?,
            );
        }
        ("followup", "add") => {
            let title = joined(matches, "title");
            let message = one(matches, "message").unwrap_or_else(|| title.clone());
            put(&mut params, "type", "followup");
            put(&mut params, "message", text(&message, stdin)?);
            let mut meta = Map::new();
            put(&mut meta, "title", title);
            for name in ["owner", "priority", "due_date", "external_ref"] {
                if let Some(value) = one(matches, name) {
                    put(&mut meta, name, value);
                }
            }
            put(&mut params, "meta", Value::Object(meta));
        }
        _ => return Ok(None),
    }
    for name in ["incident_id", "idempotency_key"] {
        if let Some(value) = one(matches, name) {
            put(&mut params, name, value);
        }
    }
    if matches.get_flag("dry_run") {
        put(&mut params, "dry_run", true);
    }
    Ok(Some(Call::new(ActionKind::IncidentAppendEvent, params)))
}

fn one(matches: &ArgMatches, name: &str) -> Option<String> {
    matches.get_one::<String>(name).cloned()
}

fn joined(matches: &ArgMatches, name: &str) -> String {
    let words = matches.get_many::<String>(name).into_iter().flatten();
    words.map(String::as_str).collect::<Vec<_>>().join(" ")
}
