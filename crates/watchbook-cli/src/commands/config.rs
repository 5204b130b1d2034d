//! Settings and policies: checked, shown, described.

use serde_json::json;
use watchbook_config::{Flags, check_text, schemas, show_json, show_text};

use crate::arguments::Config;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::run::Run;
use crate::show::Shown;

pub(super) fn config(run: &Run, what: &Config, output: &mut Output<'_>) -> Result<Exit, Failure> {
    if let Config::Schema = what {
        return output
            .line(&format!("{:#}", schemas()))
            .map(|()| Exit::Done);
    }
    let dir = run.dir();
    let config = run.opening(&dir, Flags::default())?.config()?;
    let plain = |answer| Shown {
        answer,
        remarks: Vec::new(),
    };
    match what {
        Config::Check => {
            let answer = json!({ "ok": true, "warnings": config.warnings });
            output.answer(&answer, || plain(check_text(&config)))?;
        }
        Config::Show | Config::Schema => {
            output.answer(&show_json(&config), || plain(show_text(&config)))?;
        }
    }
    Ok(Exit::Done)
}
