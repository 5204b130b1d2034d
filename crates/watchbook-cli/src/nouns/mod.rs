//! Every action as a command: `watchbook <noun> <verb>`, made from the table of actions.
//!
//! What an action is called, takes and means comes from its `ActionSpec`. A new action is a new command without a
//! line here; this module only knows the few that read better under another name.

mod flags;
mod place;
mod shorthand;

use std::io::Read;

use clap::{ArgMatches, Command};
use serde_json::{Map, Value};
use watchbook_api::ActionKind;

use crate::failure::Failure;
use crate::reach::Call;

pub(crate) use place::{Place, place};

/// The heading of the options that every action takes.
pub(crate) const HOW: &str = "How to call";

/// What was asked for by noun and verb.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Asked {
    /// The call to make.
    pub call: Call,
    /// How its answer is shown.
    pub manner: Manner,
}

/// How an answer is shown to a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Manner {
    /// As the kind of answer suggests.
    Usual,
    /// An incident together with its timeline.
    Card,
    /// The bytes of a file, to standard output or into a new file.
    Bytes(Option<std::path::PathBuf>),
}

/// Adds a command for every action.
pub(crate) fn augment(root: Command) -> Command {
    let mut nouns: Vec<Command> = Vec::new();
    let mut root = root;
    for kind in ActionKind::ALL {
        let place = place(*kind);
        let verb = flags::command(*kind, &place);
        match place.noun {
            None => root = root.subcommand(verb),
            Some(noun) => add(&mut nouns, &noun, verb),
        }
    }
    for (noun, verb) in shorthand::commands() {
        add(&mut nouns, noun, verb);
    }
    root.subcommands(nouns)
}

fn add(nouns: &mut Vec<Command>, noun: &str, verb: Command) {
    let known = nouns.iter().position(|command| command.get_name() == noun);
    let command = match known {
        Some(index) => nouns.remove(index),
        None => Command::new(noun.to_owned())
            .about(place::about(noun))
            .subcommand_required(true)
            .arg_required_else_help(true),
    };
    nouns.insert(known.unwrap_or(nouns.len()), command.subcommand(verb));
}

/// What the matches of the whole command line ask for; `None` when they name no action.
///
/// # Errors
/// When a file or standard input that is named cannot be read.
pub(crate) fn asked(matches: &ArgMatches, stdin: &mut dyn Read) -> Result<Option<Asked>, Failure> {
    let Some((first, inner)) = matches.subcommand() else {
        return Ok(None);
    };
    if let Some((verb, inner)) = inner.subcommand()
        && let Some(call) = shorthand::call(first, verb, inner, stdin)?
    {
        let manner = Manner::Usual;
        return Ok(Some(Asked { call, manner }));
    }
    for kind in ActionKind::ALL {
        let place = place(*kind);
        let matched = match (&place.noun, inner.subcommand()) {
            (None, _) if place.verb == first => Some(inner),
            (Some(noun), Some((verb, inner))) if noun == first && place.verb == verb => Some(inner),
            _ => None,
        };
        if let Some(matches) = matched {
            return flags::asked(*kind, &place, matches, stdin).map(Some);
        }
    }
    Ok(None)
}

/// Puts a text that was given under its name.
fn put(params: &mut Map<String, Value>, name: &str, value: impl Into<Value>) {
    params.insert(name.to_owned(), value.into());
}

#[cfg(test)]
mod tests;
