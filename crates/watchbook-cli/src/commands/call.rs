//! Any action by its name: what an agent would send, from a shell.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use serde_json::{Map, Value};

use crate::arguments::CallAction;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::files;
use crate::output::Output;
use crate::reach::Call;
use crate::run::{Run, runtime};
use crate::show;

/// The most bytes of parameters: an artifact of 2 MiB in base64, with room.
const MAX_PARAMS: u64 = 4 << 20;

pub(super) fn call(
    run: &Run,
    asked: CallAction,
    stdin: &mut dyn Read,
    output: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let CallAction {
        tool,
        action,
        pairs,
        params,
    } = asked;
    let params = match params {
        Some(text) => object(&text, stdin)?,
        None => named(&pairs)?,
    };
    let call = Call {
        tool,
        action,
        params,
    };
    let kind = call.kind();
    runtime()?.block_on(async {
        let reach = run.reach()?;
        let answered = reach.call(call).await;
        let finished = reach.finish().await;
        let envelope = answered?;
        let terminal = output.terminal;
        output.answer(&envelope, || show::answer(kind, &envelope, terminal))?;
        finished.map(|()| Exit::Done)
    })
}

fn object(text: &str, stdin: &mut dyn Read) -> Result<Map<String, Value>, Failure> {
    let bytes = if text == "-" {
        files::read(Path::new("-"), MAX_PARAMS, stdin)?
    } else {
        text.as_bytes().to_vec()
    };
    match serde_json::from_slice(&bytes) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Err(Failure::Usage("--params is not a JSON object".to_owned())),
        Err(error) => Err(Failure::Usage(format!("--params is not JSON: {error}"))),
    }
}

/// `name=value` pairs; a name that is given several times is a list.
fn named(pairs: &[String]) -> Result<Map<String, Value>, Failure> {
    let mut given: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for pair in pairs {
        let (name, value) = pair.split_once('=').ok_or_else(|| {
            Failure::Usage(format!(
                "{pair:?} is not NAME=VALUE; all parameters at once go into --params"
            ))
        })?;
        given.entry(name).or_default().push(value);
    }
    let value = |values: Vec<&str>| match values.as_slice() {
        [one] => Value::from(*one),
        many => many.iter().copied().collect(),
    };
    Ok(given
        .into_iter()
        .map(|(name, values)| (name.to_owned(), value(values)))
        .collect())
}
