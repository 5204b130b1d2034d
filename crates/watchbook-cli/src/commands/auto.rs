//! The backend auto: how it stands to its database, and trying that now.

use std::fmt::Write as _;

use serde_json::{Value, json};
use watchbook_store::auto::{AutoStatus, Condition, Phase, Tended};

use crate::arguments::Auto;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::run::{Run, runtime};
use crate::show::Shown;
use crate::show::text::{counted, line};

/// How many quarantined commits are listed for people.
const LISTED: usize = 20;

pub(super) fn auto(run: &Run, what: Auto, output: &mut Output<'_>) -> Result<Exit, Failure> {
    let directory = run.open_here("auto")?;
    let store = directory.store.auto()?;
    let (status, tended) = runtime()?.block_on(async {
        let tended = match what {
            Auto::Status => None,
            Auto::Retry => {
                store.retry_now()?;
                Some(store.tend().await?)
            }
        };
        Ok::<_, Failure>((store.status().await?, tended))
    })?;
    output.answer(&json(&status), || Shown {
        answer: text(&status),
        remarks: tended.and_then(remark).into_iter().collect(),
    })?;
    Ok(match what {
        Auto::Retry if status.condition.phase.is_apart() => Exit::Unavailable,
        Auto::Status | Auto::Retry => Exit::Done,
    })
}

fn remark(tended: Tended) -> Option<String> {
    let text = match tended {
        Tended::Followed(_) => return None,
        Tended::Nothing => "another process of this node is at it; look again in a moment",
        Tended::InVain => "the database was tried in vain",
        Tended::Back => "the database is back, and everything is in it",
    };
    Some(text.to_owned())
}

fn json(status: &AutoStatus) -> Value {
    let Condition {
        phase,
        epoch,
        since,
        why,
        needs_hands,
        next_try,
        generation,
        store,
    } = &status.condition;
    let quarantined: Vec<Value> = status
        .quarantined
        .iter()
        .map(|one| json!({ "generation": one.generation, "n": one.n, "why": one.why }))
        .collect();
    json!({
        "ok": true,
        "phase": phase.as_str(),
        "epoch": epoch,
        "since": since.map(|at| at.to_string()),
        "why": why,
        "needs_hands": needs_hands,
        "next_try": next_try.map(|at| at.to_string()),
        "generation": generation,
        "store": store.map(|id| id.to_string()),
        "mirror_complete": status.followed.is_some(),
        "pending": status.pending,
        "quarantined": quarantined,
    })
}

fn text(status: &AutoStatus) -> String {
    let condition = &status.condition;
    let mut rows = vec![("writes go", where_to(condition.phase).to_owned())];
    rows.extend(condition.since.map(|since| ("since", since.to_string())));
    rows.extend(condition.why.as_ref().map(|why| ("why", line(why))));
    if condition.needs_hands {
        let says = "correct what is wrong; the database does not come back by itself";
        rows.push(("to do", says.to_owned()));
    }
    let next = condition.next_try;
    rows.extend(next.map(|at| {
        (
            "next try",
            format!("{at} (`watchbook auto retry` tries now)"),
        )
    }));
    let pending = usize::try_from(status.pending).unwrap_or(usize::MAX);
    rows.push(("pending", counted(pending, "commit")));
    let copy = match status.followed {
        Some(_) => "complete",
        None => "not complete yet; a server makes it, or `watchbook auto retry`",
    };
    rows.push(("local copy", copy.to_owned()));
    let quarantined = &status.quarantined;
    rows.push(("quarantine", counted(quarantined.len(), "commit")));
    rows.extend(quarantined.iter().take(LISTED).map(|one| {
        let (log, n, why) = (one.generation, one.n, line(&one.why));
        ("", format!("log {log}, commit {n}: {why}"))
    }));
    let mut text = String::new();
    for (name, says) in rows {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{name:<11} {says}");
    }
    text
}

const fn where_to(phase: Phase) -> &'static str {
    match phase {
        Phase::Primary => "to the database",
        Phase::Degraded => "to files of this node: the database is lost",
        Phase::Replaying => "to files of this node, while they are brought into the database",
    }
}
