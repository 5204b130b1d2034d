//! Bringing the tables of a database up to date.

use serde_json::json;
use watchbook_config::Flags;
use watchbook_store::{database_ddl, migrate_database};

use crate::arguments::Migrate;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::run::{Run, runtime};
use crate::show::Shown;

pub(super) fn migrate(run: &Run, how: &Migrate, output: &mut Output<'_>) -> Result<Exit, Failure> {
    if how.dry_run {
        return output.line(database_ddl().trim_end()).map(|()| Exit::Done);
    }
    let dir = run.dir();
    let (config, options) = run.opening(&dir, Flags::default())?.database()?;
    for warning in &config.warnings {
        output.remark(&format!("watchbook: {warning}"));
    }
    let done = runtime()?.block_on(migrate_database(&options))?;
    let answer = json!({ "ok": true, "taken": done.taken, "version": done.version });
    output.answer(&answer, || Shown {
        answer: if done.taken.is_empty() {
            format!("nothing to do: the database has version {}\n", done.version)
        } else {
            format!(
                "the database has version {} now; steps taken: {}\n",
                done.version,
                done.taken.join(", ")
            )
        },
        remarks: Vec::new(),
    })?;
    Ok(Exit::Done)
}
