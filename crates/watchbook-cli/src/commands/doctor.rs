//! A look at everything that can be wrong with a directory.

mod auto;
mod disk;

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::{Map, Value, json};
use watchbook_api::ActionKind;
use watchbook_app::KeyStatus;
use watchbook_core::{Timestamp, limit};
use watchbook_store::jsonl::Layout;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::reach::{Call, Directory, Kept};
use crate::run::{Run, runtime};
use crate::show::Shown;
use crate::show::text::{counted, line, span};

/// A key that ends this soon is worth a word.
const KEY_ENDS: Duration = Duration::from_hours(14 * 24);

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    Good,
    Warning,
    Bad,
}

impl Verdict {
    const fn word(self) -> &'static str {
        match self {
            Self::Good => "ok",
            Self::Warning => "warn",
            Self::Bad => "BAD",
        }
    }
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Check {
    name: &'static str,
    verdict: Verdict,
    says: String,
}

fn good(name: &'static str, says: impl Into<String>) -> Check {
    check(name, Verdict::Good, says)
}

fn warning(name: &'static str, says: impl Into<String>) -> Check {
    check(name, Verdict::Warning, says)
}

fn bad(name: &'static str, says: impl Into<String>) -> Check {
    check(name, Verdict::Bad, says)
}

fn check(name: &'static str, verdict: Verdict, says: impl Into<String>) -> Check {
    Check {
        name,
        verdict,
        says: says.into(),
    }
}

pub(super) fn doctor(run: &Run, output: &mut Output<'_>) -> Result<Exit, Failure> {
    let checks = runtime()?.block_on(async {
        match run.open_here("doctor") {
            Ok(directory) => examine(run, &directory).await,
            Err(Failure::Config(errors)) => Ok(vec![bad("settings", errors.to_string())]),
            Err(Failure::Store(error)) => Ok(vec![bad("store", error.to_string())]),
            Err(other) => Err(other),
        }
    })?;
    let worst = checks
        .iter()
        .map(|check| check.verdict)
        .max()
        .unwrap_or(Verdict::Good);
    let answer = json!({
        "ok": worst < Verdict::Bad,
        "checks": checks
            .iter()
            .map(|Check { name, verdict, says }| {
                json!({ "name": name, "verdict": verdict.word().to_lowercase(), "says": says })
            })
            .collect::<Vec<_>>(),
    });
    output.answer(&answer, || Shown {
        answer: report(&checks),
        remarks: Vec::new(),
    })?;
    Ok(if worst == Verdict::Bad {
        Exit::Refused
    } else {
        Exit::Done
    })
}

fn report(checks: &[Check]) -> String {
    let mut text = String::new();
    for Check {
        name,
        verdict,
        says,
    } in checks
    {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{:<5} {name:<10} {says}", verdict.word());
    }
    text
}

async fn examine(run: &Run, directory: &Directory) -> Result<Vec<Check>, Failure> {
    let mut checks = settings(directory);
    let layout = layout(directory);
    if let Kept::Auto { node, .. } = &directory.store {
        checks.push(disk::room(&directory.dir));
        match auto::standing(node).await {
            Ok(found) => checks.extend(found),
            Err(unusable) => {
                checks.push(unusable);
                return Ok(checks);
            }
        }
    }
    if matches!(directory.store, Kept::Database(_) | Kept::Auto { .. }) {
        checks.push(store(directory).await);
        checks.push(clock(run, directory).await?);
        checks.extend(keys(run, directory).await);
        checks.extend(forgotten(directory).await?);
        return Ok(checks);
    }
    checks.push(disk::room(&directory.dir));
    checks.push(disk::artifacts(&layout));
    if !directory.exists()? {
        if let Some(why) = directory.store.health().await.read_only {
            checks.push(bad("store", format!("takes no writes: {why}")));
            return Ok(checks);
        }
        let says = format!(
            "nothing was written in {} yet; the first write makes the store",
            directory.dir.display()
        );
        checks.push(good("store", says));
        return Ok(checks);
    }
    checks.push(store(directory).await);
    checks.extend(private_files(&layout));
    checks.push(disk::growth(&layout, run.clock.now()));
    checks.push(clock(run, directory).await?);
    checks.extend(keys(run, directory).await);
    checks.extend(forgotten(directory).await?);
    directory.app.sync_audit().await?;
    Ok(checks)
}

fn layout(directory: &Directory) -> Layout {
    let layout = Layout::below(&directory.dir);
    match &directory.config.artifacts_dir {
        Some(artifacts) => layout.with_artifacts(artifacts.clone()),
        None => layout,
    }
}

fn settings(directory: &Directory) -> Vec<Check> {
    let warnings = &directory.config.warnings;
    if warnings.is_empty() {
        return vec![good("settings", "every file is right")];
    }
    warnings
        .iter()
        .map(|text| warning("settings", text.as_str()))
        .collect()
}

async fn store(directory: &Directory) -> Check {
    let health = directory.store.health().await;
    if let Some(why) = &health.read_only {
        let reads = if health.readable {
            "reads go on"
        } else {
            "cannot be read"
        };
        return bad("store", format!("takes no writes ({reads}): {why}"));
    }
    if let Some(first) = health.damaged.first() {
        let count = counted(health.damaged.len(), "damaged place");
        return bad("store", format!("{count}, the first: {first}"));
    }
    let commits = usize::try_from(health.commits).unwrap_or(usize::MAX);
    let says = format!("{}, readable and writable", counted(commits, "commit"));
    good("store", says)
}

/// Files that hold secrets may be read by their owner alone.
fn private_files(layout: &Layout) -> Vec<Check> {
    let private = layout.private();
    let open_to_others = |name: &&str| {
        let found = rustix::fs::stat(private.join(name));
        found.is_ok_and(|found| found.st_mode & 0o077 != 0)
    };
    let open: Vec<&str> = ["pepper", "keys.json"]
        .into_iter()
        .filter(open_to_others)
        .collect();
    if open.is_empty() {
        return vec![good("secrets", "readable by their owner alone")];
    }
    let file = |name: &&str| {
        let path = private.join(name);
        bad(
            "secrets",
            format!("others may read {0}; chmod 600 {0}", path.display()),
        )
    };
    open.iter().map(file).collect()
}

/// A clock that lies behind what was written makes every new time wrong.
async fn clock(run: &Run, directory: &Directory) -> Result<Check, Failure> {
    let params = json!({ "sort": "-updated_at", "limit": 1, "fields": "updated_at" });
    let answer = read(directory, ActionKind::IncidentList, &params).await?;
    let now = run.clock.now();
    let newest = answer
        .pointer("/result/items/0/updated_at")
        .and_then(Value::as_str);
    let newest: Option<Timestamp> = newest.and_then(|text| text.parse().ok());
    Ok(match newest {
        Some(newest) if newest > now.plus(limit::AHEAD) => bad(
            "clock",
            format!(
                "it is {now}, {} before the newest change; set the clock",
                span(newest.since(now))
            ),
        ),
        _ => good("clock", format!("it is {now}")),
    })
}

async fn keys(run: &Run, directory: &Directory) -> Vec<Check> {
    let all = match directory.app.keys().list(&directory.context()).await {
        Ok(all) => all,
        Err(problem) => return vec![bad("keys", problem.message)],
    };
    if all.is_empty() {
        return vec![good(
            "keys",
            "none: a server here serves this machine only and believes whoever calls",
        )];
    }
    let now = run.clock.now();
    let active: Vec<_> = all
        .iter()
        .filter(|key| key.status == KeyStatus::Active)
        .collect();
    let mut checks = vec![if active.is_empty() {
        warning(
            "keys",
            "no key is good any more, so nobody comes in; watchbook key create makes one",
        )
    } else {
        good("keys", format!("{} active of {}", active.len(), all.len()))
    }];
    for key in active {
        if let Some(end) = key.expires_at.filter(|end| end.since(now) < KEY_ENDS) {
            checks.push(warning(
                "keys",
                format!(
                    "{} of {} ends in {}",
                    key.id,
                    key.agent,
                    span(end.since(now))
                ),
            ));
        }
    }
    checks
}

/// What people have forgotten.
async fn forgotten(directory: &Directory) -> Result<Vec<Check>, Failure> {
    let answer = read(directory, ActionKind::IncidentFollowupsSummary, &json!({})).await?;
    let summary = answer.pointer("/result/summary").unwrap_or(&Value::Null);
    let stale = summary.get("stale_incidents").and_then(Value::as_array);
    let stale = stale.map(Vec::as_slice).unwrap_or_default();
    let overdue = summary
        .pointer("/followups/overdue")
        .and_then(Value::as_u64)
        .unwrap_or(0);
    let mut checks = Vec::new();
    match stale.first() {
        None => checks.push(good("stale", "somebody writes on every open incident")),
        Some(first) => {
            let id = first.get("id").and_then(Value::as_str).unwrap_or_default();
            let count = counted(stale.len(), "open incident");
            checks.push(warning(
                "stale",
                format!("{count} without a word for too long, such as {}", line(id)),
            ));
        }
    }
    checks.push(match overdue {
        0 => good("overdue", "no follow-up is overdue"),
        _ => warning(
            "overdue",
            format!(
                "{} overdue; watchbook followup list --status overdue",
                counted(usize::try_from(overdue).unwrap_or(usize::MAX), "follow-up")
            ),
        ),
    });
    Ok(checks)
}

async fn read(directory: &Directory, kind: ActionKind, params: &Value) -> Result<Value, Failure> {
    let params: Map<String, Value> = params.as_object().cloned().unwrap_or_default();
    directory
        .call_as(directory.agent.clone(), Call::new(kind, params))
        .await
}
