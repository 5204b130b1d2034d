//! Bringing pieces in: many calls at once, counted as they end.

use std::collections::BTreeSet;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Map, Value};
use tokio::task::JoinSet;
use watchbook_api::ActionKind;

use super::{LeftOut, Piece, Report};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::reach::{Call, Reach};

/// How many calls are under way at once: they share the disk's syncs.
const AT_ONCE: usize = 64;

/// What became of one piece.
#[derive(Debug)]
struct Landed {
    index: usize,
    result: Result<Done, Failure>,
}

/// What was done for one piece.
#[derive(Debug)]
struct Done {
    imported: bool,
    followups: usize,
}

/// Brings the pieces in and completes the report.
///
/// One that is refused is reported and stops no other; when the log itself does not answer, nothing more is begun.
///
/// # Errors
/// None of its own: what goes wrong is in the report.
pub(crate) async fn run(
    reach: &Reach,
    pieces: Vec<Piece>,
    mut report: Report,
    progress: bool,
) -> Report {
    let pieces = without_twins(pieces, &mut report);
    let bar = bar(pieces.len(), progress);
    let mut under_way = JoinSet::new();
    let mut waiting = pieces.iter().enumerate();
    loop {
        while under_way.len() < AT_ONCE && report.stopped.is_none() {
            let Some((index, piece)) = waiting.next() else {
                break;
            };
            let (reach, piece, dry_run) = (reach.clone(), piece.clone(), report.dry_run);
            under_way.spawn(async move {
                let result = land(&reach, &piece, dry_run).await;
                Landed { index, result }
            });
        }
        match under_way.join_next().await {
            None => break,
            Some(Ok(landed)) => note(&mut report, &pieces, landed),
            Some(Err(died)) => report.stopped = Some(died.to_string()),
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    report.left_out.sort_by(|a, b| a.name.cmp(&b.name));
    report.remarks.sort();
    report
}

fn bar(count: usize, progress: bool) -> ProgressBar {
    let target = if progress {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    };
    let bar = ProgressBar::with_draw_target(Some(count as u64), target);
    // A template that does not parse would be a typing mistake here; the plain bar does as well.
    if let Ok(style) = ProgressStyle::with_template("importing {bar:40} {pos}/{len} {eta}") {
        bar.set_style(style);
    }
    bar
}

/// Leaves out records that the file holds twice: only the first is meant.
fn without_twins(pieces: Vec<Piece>, report: &mut Report) -> Vec<Piece> {
    let mut seen = BTreeSet::new();
    let key = |piece: &Piece| {
        ["created_at", "source", "source_id"].map(|name| {
            let part = piece.params.get(name).and_then(Value::as_str);
            part.unwrap_or_default().to_owned()
        })
    };
    let (first, twins): (Vec<Piece>, Vec<Piece>) = pieces
        .into_iter()
        .partition(|piece| seen.insert(key(piece)));
    report
        .left_out
        .extend(twins.into_iter().map(|piece| LeftOut {
            name: piece.name,
            why: "is in the file twice".to_owned(),
            intended: true,
        }));
    first
}

async fn land(reach: &Reach, piece: &Piece, dry_run: bool) -> Result<Done, Failure> {
    let answer = reach.call(piece.call(dry_run)).await?;
    let imported = answer.pointer("/meta/changed") == Some(&Value::Bool(true));
    let mut followups = 0;
    if dry_run {
        // What would be opened cannot be told apart from what is there before the incident is.
        followups = if imported { piece.followups.len() } else { 0 };
    } else if !piece.followups.is_empty() {
        followups = open_missing(reach, piece, &answer).await?;
    }
    Ok(Done {
        imported,
        followups,
    })
}

/// Opens the follow-ups that the incident does not have yet, told apart by their titles.
async fn open_missing(reach: &Reach, piece: &Piece, answer: &Value) -> Result<usize, Failure> {
    let title = |followup: &Value| {
        followup
            .get("title")
            .and_then(Value::as_str)
            .map(str::to_owned)
    };
    let there = answer
        .pointer("/result/incident/followups")
        .and_then(Value::as_array);
    let there: BTreeSet<String> = there.into_iter().flatten().filter_map(title).collect();
    let Some(id) = answer.pointer("/result/incident/id") else {
        return Ok(0);
    };
    let mut opened = 0;
    for followup in &piece.followups {
        let wanted = followup.get("meta").and_then(title);
        if wanted.is_some_and(|wanted| there.contains(&wanted)) {
            continue;
        }
        let mut params: Map<String, Value> = followup.clone();
        params.insert("incident_id".to_owned(), id.clone());
        reach
            .call(Call::new(ActionKind::IncidentAppendEvent, params))
            .await?;
        opened += 1;
    }
    Ok(opened)
}

/// Counts what became of a piece.
fn note(report: &mut Report, pieces: &[Piece], landed: Landed) {
    let Landed { index, result } = landed;
    let Some(piece) = pieces.get(index) else {
        return;
    };
    let name = piece.name.clone();
    match result {
        Ok(Done {
            imported: true,
            followups,
        }) => {
            report.imported += 1;
            report.lines += piece.lines;
            report.followups += followups;
            let remarks = piece
                .remarks
                .iter()
                .map(|remark| (name.clone(), remark.clone()));
            report.remarks.extend(remarks);
        }
        Ok(Done {
            imported: false,
            followups,
        }) => {
            report.present += 1;
            report.followups += followups;
        }
        // Neither another record nor another try now would fare better.
        Err(failure) if matches!(failure.exit(), Exit::Unavailable | Exit::Forbidden) => {
            report.stopped = Some(failure.to_string());
        }
        Err(failure) => report.left_out.push(LeftOut {
            name,
            why: failure.to_string(),
            intended: false,
        }),
    }
}
