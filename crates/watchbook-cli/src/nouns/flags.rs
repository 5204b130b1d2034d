//! From the parameters of an action to flags, and from what was given for them back to parameters.

use std::ffi::OsStr;
use std::io::Read;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use serde_json::{Map, Value};
use watchbook_api::{ActionKind, ParamSpec, Shape};
use watchbook_core::artifact;

use super::{Asked, HOW, Manner, Place, put};
use crate::failure::Failure;
use crate::files;
use crate::reach::Call;

/// The most bytes that `-` reads from standard input for a text. The longest text of the log has 64 KiB.
const MAX_TEXT: u64 = 1 << 20;
/// The argument of `attach` that names the file.
const FILE: &str = "FILE";
/// The argument of `get-artifact` that names the file to write.
const OUTPUT: &str = "output";
/// Parameters whose flags would be those of the command itself.
const RENAMED: &[(&str, &str)] = &[
    ("agent", "by"),
    ("json", "as-json"),
    ("config", "with-config"),
];

/// The id of a parameter's argument: apart from those of the options of every command, such as `agent`.
pub(super) fn id(param: &str) -> String {
    format!("param.{param}")
}

/// The command of an action.
pub(super) fn command(kind: ActionKind, place: &Place) -> Command {
    let spec = kind.spec();
    let mut command = Command::new(place.verb.clone())
        .about(spec.summary.trim_end_matches('.').to_owned())
        .long_about(spec.description);
    if let Some(alias) = place.alias {
        command = command.visible_alias(alias);
    }
    for name in &place.positionals {
        if let Some(param) = spec.params.iter().find(|param| param.name == *name) {
            command = command.arg(positional(param));
        }
    }
    command = special(kind, command);
    let is_flag =
        |param: &&ParamSpec| !place.positionals.contains(&param.name) && !hidden(kind, param.name);
    for param in spec.params.iter().filter(is_flag) {
        command = command.arg(flag(kind, param));
    }
    for param in &spec.options {
        command = command.arg(flag(kind, param).help_heading(HOW));
    }
    command
}

/// Arguments that stand for parameters in a way that suits a command line.
fn special(kind: ActionKind, command: Command) -> Command {
    match kind {
        ActionKind::IncidentAttachArtifact => command.arg(
            Arg::new(FILE)
                .help("The file to attach; - reads standard input and needs --name")
                .required(true)
                .value_parser(value_parser!(PathBuf)),
        ),
        ActionKind::IncidentGetArtifact => command.arg(
            Arg::new(OUTPUT)
                .short('o')
                .long(OUTPUT)
                .value_name("FILE")
                .help("Write into this new file instead of standard output")
                .value_parser(value_parser!(PathBuf)),
        ),
        _ => command,
    }
}

/// Parameters that [`special`] arguments stand for.
fn hidden(kind: ActionKind, name: &str) -> bool {
    kind == ActionKind::IncidentAttachArtifact && matches!(name, "content" | "content_base64")
}

fn positional(param: &ParamSpec) -> Arg {
    let arg = Arg::new(id(param.name))
        .value_name(param.name.to_uppercase())
        .help(help(param))
        .required(param.required);
    if takes_words(param.name) {
        arg.num_args(1..).action(ArgAction::Append)
    } else {
        with_words(arg, param)
    }
}

/// Texts that need no quotes on the command line: all words to its end are theirs.
fn takes_words(name: &str) -> bool {
    matches!(name, "q" | "message")
}

fn flag(kind: ActionKind, param: &ParamSpec) -> Arg {
    let renamed = RENAMED.iter().find(|(name, _)| *name == param.name);
    let long = renamed.map_or_else(
        || param.name.replace('_', "-"),
        |(_, flag)| (*flag).to_owned(),
    );
    // The name of an attached file is the file's own unless it is given.
    let required = param.required && kind != ActionKind::IncidentAttachArtifact;
    let arg = Arg::new(id(param.name))
        .long(long)
        .help(help(param))
        .required(required);
    match param.shape {
        Shape::Flag => arg
            .value_name("BOOL")
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("true"),
        Shape::List => arg.value_name("VALUE").action(ArgAction::Append),
        Shape::Map => arg.value_name("NAME=VALUE").action(ArgAction::Append),
        Shape::Object => arg.value_name("JSON"),
        Shape::Number => arg.value_name("NUMBER"),
        Shape::Word => with_words(arg.value_name("WORD"), param),
        Shape::Text => arg.value_name("TEXT"),
    }
}

/// Lets help and completions know the words, where the schema lists them.
fn with_words(arg: Arg, param: &ParamSpec) -> Arg {
    let words = param.schema.get("enum").and_then(Value::as_array);
    let words: Vec<String> = words
        .into_iter()
        .flatten()
        .filter_map(|word| word.as_str().map(str::to_owned))
        .collect();
    if words.is_empty() {
        arg
    } else {
        arg.value_parser(Words(words))
    }
}

/// Words that are shown and completed, and judged by the api alone: its refusals say what to do instead.
#[derive(Debug, Clone)]
struct Words(Vec<String>);

impl TypedValueParser for Words {
    type Value = String;

    fn parse_ref(
        &self,
        command: &Command,
        arg: Option<&Arg>,
        value: &OsStr,
    ) -> Result<String, clap::Error> {
        StringValueParser::new().parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(self.0.iter().map(PossibleValue::new)))
    }
}

fn help(param: &ParamSpec) -> String {
    let text = param.description.trim_end_matches('.');
    match &param.default {
        Some(Value::String(default)) => format!("{text} [default: {default}]"),
        Some(default @ Value::Number(_)) => format!("{text} [default: {default}]"),
        _ => text.to_owned(),
    }
}

/// The call that was asked for.
pub(super) fn asked(
    kind: ActionKind,
    place: &Place,
    matches: &ArgMatches,
    stdin: &mut dyn Read,
) -> Result<Asked, Failure> {
    let spec = kind.spec();
    let mut params = Map::new();
    for param in spec.params.iter().chain(&spec.options) {
        if hidden(kind, param.name) {
            continue;
        }
        if let Some(value) = given(param, place, matches, stdin)? {
            put(&mut params, param.name, value);
        }
    }
    let manner = match kind {
        ActionKind::IncidentAttachArtifact => {
            attach(&mut params, matches, stdin)?;
            Manner::Usual
        }
        ActionKind::IncidentGet => Manner::Card,
        ActionKind::IncidentGetArtifact => Manner::Bytes(matches.get_one(OUTPUT).cloned()),
        _ => Manner::Usual,
    };
    let call = Call::new(kind, params);
    Ok(Asked { call, manner })
}

/// What was given for a parameter, as the api reads it.
fn given(
    param: &ParamSpec,
    place: &Place,
    matches: &ArgMatches,
    stdin: &mut dyn Read,
) -> Result<Option<Value>, Failure> {
    let Some(values) = matches.get_many::<String>(&id(param.name)) else {
        return Ok(None);
    };
    let values: Vec<&String> = values.collect();
    let is_positional = place.positionals.contains(&param.name);
    if is_positional && takes_words(param.name) {
        let words: Vec<&str> = values.iter().map(|word| word.as_str()).collect();
        return text(&words.join(" "), stdin).map(Some);
    }
    match (param.shape, values.as_slice()) {
        (Shape::Text | Shape::Object, [one]) => text(one, stdin).map(Some),
        (_, [one]) => Ok(Some(one.as_str().into())),
        (_, many) => Ok(Some(
            many.iter()
                .map(|value| Value::from(value.as_str()))
                .collect(),
        )),
    }
}

/// A text; `-` stands for what standard input holds.
pub(super) fn text(text: &str, stdin: &mut dyn Read) -> Result<Value, Failure> {
    if text != "-" {
        return Ok(text.into());
    }
    let bytes = files::read(std::path::Path::new("-"), MAX_TEXT, stdin)?;
    match String::from_utf8(bytes) {
        Ok(text) => Ok(text.into()),
        Err(_) => Err(Failure::Usage(
            "standard input is not UTF-8 text".to_owned(),
        )),
    }
}

/// The file to attach, and its name.
fn attach(
    params: &mut Map<String, Value>,
    matches: &ArgMatches,
    stdin: &mut dyn Read,
) -> Result<(), Failure> {
    let Some(path) = matches.get_one::<PathBuf>(FILE) else {
        return Ok(());
    };
    if !params.contains_key("name") {
        let name = path
            .file_name()
            .and_then(OsStr::to_str)
            .filter(|name| *name != "-");
        let name = name.ok_or_else(|| {
            Failure::Usage("the file has no name to keep; give one with --name".to_owned())
        })?;
        put(params, "name", name);
    }
    let bytes = files::read(path, artifact::MAX_BYTES as u64, stdin)?;
    put(params, "content_base64", STANDARD.encode(bytes));
    Ok(())
}
