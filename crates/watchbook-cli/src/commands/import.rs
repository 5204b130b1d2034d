//! Bringing in incidents of other programs.

use std::io::Read;
use std::path::Path;

use serde_json::Value;

use crate::arguments::Import;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::files;
use crate::import::{LeftOut, MAX_FILE, Piece, Report, jsonl, run as bring_in, statuspage};
use crate::output::Output;
use crate::reach::Reach;
use crate::run::{Run, runtime};
use crate::show::Shown;

/// The source of a Statuspage whose file names no page.
const NAMELESS: &str = "statuspage";

pub(super) fn import(
    run: &Run,
    what: Import,
    stdin: &mut dyn Read,
    output: &mut Output<'_>,
) -> Result<Exit, Failure> {
    let (pieces, report) = match what {
        Import::Statuspage {
            file,
            source,
            dry_run,
        } => {
            let source = source.as_ref().map(watchbook_core::text::Short::as_str);
            from_statuspage(&file, source, dry_run, stdin)?
        }
        Import::Jsonl { file, dry_run } => from_jsonl(&file, dry_run, stdin)?,
    };
    let progress = output.terminal.progress && !output.json;
    let report = runtime()?.block_on(async {
        let reach = run.reach()?;
        let report = bring_in(&reach, pieces, report, progress).await;
        reach.finish().await?;
        if let Reach::Directory(directory) = &reach
            && report.imported > 0
            && !report.dry_run
        {
            // The next opening finds a checkpoint instead of reading all that came in.
            directory.store.close()?;
        }
        Ok::<_, Failure>(report)
    })?;
    let remarks = after(&report);
    output.answer(&report.to_json(), || Shown {
        answer: report.text(),
        remarks,
    })?;
    Ok(report.exit())
}

/// What to do next.
fn after(report: &Report) -> Vec<String> {
    if report.dry_run {
        vec!["dry run: nothing was written".to_owned()]
    } else if report.imported > 0 {
        vec!["look at them: watchbook incident list".to_owned()]
    } else {
        Vec::new()
    }
}

fn from_statuspage(
    file: &Path,
    source: Option<&str>,
    dry_run: bool,
    stdin: &mut dyn Read,
) -> Result<(Vec<Piece>, Report), Failure> {
    let bytes = files::read(file, MAX_FILE, stdin)?;
    let read = statuspage::read(&bytes).map_err(|error| Failure::Format {
        path: file.to_owned(),
        why: error.to_string(),
    })?;
    let page = read.page.as_ref();
    let source = source
        .or(page.map(|page| page.id.as_str()))
        .unwrap_or(NAMELESS)
        .to_owned();
    let mut report = Report {
        source: source.clone(),
        dry_run,
        ..Report::default()
    };
    let mut pieces = Vec::new();
    for incident in &read.incidents {
        match statuspage::convert(incident, &source, page) {
            Ok(conversion) => pieces.push(piece(conversion)),
            Err(skipped) => report.left_out.push(left_out(skipped, incident)),
        }
    }
    Ok((pieces, report))
}

fn piece(conversion: statuspage::Conversion) -> Piece {
    let statuspage::Conversion {
        source_id,
        params,
        updates,
        remarks,
    } = conversion;
    Piece {
        name: source_id,
        params,
        lines: updates,
        followups: Vec::new(),
        remarks,
    }
}

fn left_out(skipped: statuspage::Skipped, incident: &Value) -> LeftOut {
    let statuspage::Skipped {
        source_id,
        why,
        intended,
    } = skipped;
    let title = incident
        .get("name")
        .and_then(Value::as_str)
        .unwrap_or("without a name");
    LeftOut {
        name: source_id.unwrap_or_else(|| title.to_owned()),
        why,
        intended,
    }
}

fn from_jsonl(
    file: &Path,
    dry_run: bool,
    stdin: &mut dyn Read,
) -> Result<(Vec<Piece>, Report), Failure> {
    let bytes = files::read(file, MAX_FILE, stdin)?;
    let (pieces, left_out) = jsonl::read(&bytes);
    let report = Report {
        source: file.display().to_string(),
        dry_run,
        left_out,
        ..Report::default()
    };
    Ok((pieces, report))
}
