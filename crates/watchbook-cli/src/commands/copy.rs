//! Copying everything from one store into another.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value, json};
use watchbook_store::copy::{Copied, Phase, Progress, Survey, copy as copy_all, survey};

use crate::arguments::CopyStore;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::reach::Place;
use crate::run::{Run, runtime};
use crate::show::Shown;
use crate::show::text::counted;

pub(super) fn copy(run: &Run, how: &CopyStore, output: &mut Output<'_>) -> Result<Exit, Failure> {
    if how.from.is_same(&how.to, run)? {
        return Err(Failure::Usage(
            "source and target are the same store".to_owned(),
        ));
    }
    let runtime = runtime()?;
    let _inside = runtime.enter();
    let from = how.from.open(run)?;
    if !from.exists()?
        && let Place::Files(dir) = &how.from
    {
        return Err(Failure::NoStore(dir.clone()));
    }
    let to = how.to.open(run)?;
    let bar = Bar::new(output.terminal.progress && !output.json);
    runtime.block_on(async {
        let moment = from.frozen().await?.movable();
        if how.dry_run {
            let found = survey(&*moment, &*to.movable()).await?;
            return said(how, &found, output);
        }
        let copied = copy_all(&*moment, &*to.movable(), how.into_existing, &bar).await;
        bar.end();
        let copied = copied?;
        to.close()?;
        told(how, &copied, output)
    })
}

/// What would be copied.
fn said(how: &CopyStore, found: &Survey, output: &mut Output<'_>) -> Result<Exit, Failure> {
    let Survey {
        incidents,
        lines,
        incidents_missing,
        lines_missing,
        foreign,
    } = found;
    let answer = json!({
        "ok": true,
        "dry_run": true,
        "incidents": incidents,
        "lines": lines,
        "incidents_missing": incidents_missing,
        "lines_missing": lines_missing,
        "only_in_target": foreign.map(|id| id.to_string()),
    });
    output.answer(&answer, || Shown {
        answer: format!(
            "{} has {} with {}; to copy: {} with {}\n",
            how.from.name(),
            number(*incidents, "incident"),
            number(*lines, "line"),
            number(*incidents_missing, "incident"),
            number(*lines_missing, "line"),
        ),
        remarks: foreign
            .iter()
            .map(|id| format!("{} has {id}, or lines of it, that the source does not have: copying needs --into-existing", how.to.name()))
            .chain(["dry run: nothing was written".to_owned()])
            .collect(),
    })?;
    Ok(Exit::Done)
}

/// What was copied.
fn told(how: &CopyStore, copied: &Copied, output: &mut Output<'_>) -> Result<Exit, Failure> {
    let lost = &copied.compared.lost;
    let remarks = lost
        .iter()
        .map(|file| format!("{file} is lost in the source: only its name was copied"));
    output.answer(&in_json(copied), || Shown {
        answer: format!(
            "copied to {}: {}\nthe same on both sides: {}\ncontent {}\n",
            how.to.name(),
            done(copied),
            held(copied),
            content(copied),
        ),
        remarks: remarks.collect(),
    })?;
    Ok(if lost.is_empty() {
        Exit::Done
    } else {
        Exit::Refused
    })
}

/// What a copy wrote, in words.
fn done(copied: &Copied) -> String {
    [
        number(copied.incidents, "incident"),
        number(copied.lines, "line"),
        number(copied.artifacts, "file"),
        number(copied.idempotency_keys, "idempotency key"),
        number(copied.keys, "API key"),
        number(copied.trail, "audit line"),
    ]
    .join(", ")
}

/// What both sides have, in words.
pub(super) fn held(copied: &Copied) -> String {
    let compared = &copied.compared;
    [
        number(compared.incidents, "incident"),
        number(compared.lines, "line"),
        number(compared.artifacts, "file"),
    ]
    .join(", ")
}

fn content(copied: &Copied) -> String {
    let content = copied.compared.content;
    content.map(|digest| digest.to_string()).unwrap_or_default()
}

fn in_json(copied: &Copied) -> Value {
    json!({
        "ok": copied.compared.lost.is_empty(),
        "copied": {
            "incidents": copied.incidents,
            "lines": copied.lines,
            "artifacts": copied.artifacts,
            "idempotency_keys": copied.idempotency_keys,
            "keys": copied.keys,
            "audit_lines": copied.trail,
        },
        "compared": {
            "incidents": copied.compared.incidents,
            "lines": copied.compared.lines,
            "artifacts": copied.compared.artifacts,
            "content": content(copied),
        },
        "lost": copied.compared.lost,
    })
}

fn number(count: u64, what: &str) -> String {
    counted(usize::try_from(count).unwrap_or(usize::MAX), what)
}

/// A bar on standard error.
#[derive(Debug)]
pub(super) struct Bar(ProgressBar);

impl Bar {
    /// A bar that is drawn, or not.
    pub(super) fn new(drawn: bool) -> Self {
        let target = if drawn {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(Some(0), target);
        // A template that does not parse would be a typing mistake here; the plain bar does as well.
        if let Ok(style) = ProgressStyle::with_template("{msg} {bar:40} {pos}/{len} lines {eta}") {
            bar.set_style(style);
        }
        Self(bar)
    }

    /// Takes it away.
    pub(super) fn end(&self) {
        self.0.finish_and_clear();
    }
}

impl Progress for Bar {
    fn begin(&self, phase: Phase, lines: u64) {
        self.0.set_message(match phase {
            Phase::Copying => "copying",
            Phase::Comparing => "comparing",
        });
        self.0.set_length(lines);
        self.0.set_position(0);
    }

    fn advance(&self, lines: u64) {
        self.0.inc(lines);
    }
}
