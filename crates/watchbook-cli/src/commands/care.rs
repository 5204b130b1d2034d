//! Looking after the files of a directory: verify, repair, rebuild.

use std::fmt::Write as _;

use serde_json::{Value, json};
use watchbook_store::CorruptPlace;
use watchbook_store::journal::AnchorCheck;
use watchbook_store::jsonl::{Repaired, Verified};

use crate::arguments::Verify;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::run::{Run, runtime};
use crate::show::Shown;
use crate::show::text::{counted, thousands};

/// How many damaged places the text names; `--json` names all.
const NAMED: usize = 20;

pub(super) fn verify(run: &Run, how: &Verify, output: &mut Output<'_>) -> Result<Exit, Failure> {
    let _runtime = runtime()?;
    let directory = run.open_here("verify")?;
    directory.must_exist()?;
    let found = directory.store.files("verify")?.verify(how.anchor)?;
    output.answer(&verified_json(&found), || Shown {
        answer: verified_text(&found),
        remarks: Vec::new(),
    })?;
    Ok(if found.is_whole() {
        Exit::Done
    } else {
        Exit::Refused
    })
}

pub(super) fn verified_json(found: &Verified) -> Value {
    let Verified {
        commits,
        segments,
        redactions,
        gaps,
        artifacts,
        head,
        anchor,
        damaged,
    } = found;
    json!({
        "ok": found.is_whole(),
        "commits": commits,
        "segments": segments,
        "redactions": redactions,
        "gaps": gaps,
        "artifacts": artifacts,
        "head": head.to_string(),
        "anchor": anchor_word(*anchor),
        "damaged": damaged.iter().map(place_json).collect::<Vec<_>>(),
    })
}

fn place_json(place: &CorruptPlace) -> Value {
    let CorruptPlace {
        file,
        line,
        byte,
        what,
    } = place;
    json!({ "file": file.display().to_string(), "line": line, "byte": byte, "what": what })
}

const fn anchor_word(anchor: AnchorCheck) -> &'static str {
    match anchor {
        AnchorCheck::NotGiven => "not_given",
        AnchorCheck::Holds { .. } => "holds",
        AnchorCheck::Damaged { .. } => "damaged",
        AnchorCheck::NotFound => "not_found",
    }
}

fn count(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

pub(super) fn verified_text(found: &Verified) -> String {
    let mut text = format!(
        "{}, {}, {}\n",
        counted(count(found.commits), "commit"),
        counted(count(found.artifacts), "file version"),
        counted(count(found.redactions), "redaction"),
    );
    if found.gaps > 0 {
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "{} left by earlier repairs",
            counted(found.gaps, "gap")
        );
    }
    let verdict = match found.anchor {
        AnchorCheck::NotGiven if found.damaged.is_empty() => {
            "whole: no accidental damage (with --anchor it would be proof against any change)".to_owned()
        }
        AnchorCheck::NotGiven => String::new(),
        AnchorCheck::Holds { n } => format!("proven: nothing was changed or cut since commit {n}"),
        AnchorCheck::Damaged { n } => format!("the anchor is that of commit {n}, but there is damage"),
        AnchorCheck::NotFound => {
            "NOT PROVEN: the anchor is not on the chain; the log was cut or rewritten since, or is another one"
                .to_owned()
        }
    };
    if !verdict.is_empty() {
        let _ = writeln!(text, "{verdict}");
    }
    text.push_str(&places("damaged", &found.damaged));
    if !found.damaged.is_empty() {
        text.push_str("their incidents can be read as far as they are whole, and take no writes; watchbook repair sets the damage aside\n");
    }
    let _ = writeln!(text, "head {}", found.head);
    text
}

fn places(what: &str, places: &[CorruptPlace]) -> String {
    let mut text = String::new();
    if places.is_empty() {
        return text;
    }
    let _ = writeln!(text, "{} {what}", counted(places.len(), "place"));
    for CorruptPlace {
        file,
        line,
        byte,
        what,
    } in places.iter().take(NAMED)
    {
        let _ = writeln!(text, "  {} line {line} byte {byte}: {what}", file.display());
    }
    if places.len() > NAMED {
        let _ = writeln!(
            text,
            "  and {} more; --json names all",
            thousands(places.len() - NAMED)
        );
    }
    text
}

pub(super) fn repair(run: &Run, output: &mut Output<'_>) -> Result<Exit, Failure> {
    let _runtime = runtime()?;
    let directory = run.open_here("repair")?;
    directory.must_exist()?;
    let done = directory.store.files("repair")?.repair()?;
    let Repaired {
        found,
        left,
        aside,
        audit_restored,
    } = &done;
    let answer = json!({
        "ok": left.is_empty(),
        "found": found.iter().map(place_json).collect::<Vec<_>>(),
        "left": left.iter().map(place_json).collect::<Vec<_>>(),
        "aside": aside,
        "audit_restored": audit_restored,
    });
    output.answer(&answer, || Shown {
        answer: repaired_text(&done),
        remarks: Vec::new(),
    })?;
    Ok(if left.is_empty() {
        Exit::Done
    } else {
        Exit::Refused
    })
}

fn repaired_text(done: &Repaired) -> String {
    let Repaired {
        found,
        left,
        aside,
        audit_restored,
    } = done;
    let mut text = places("were damaged", found);
    if found.is_empty() {
        text.push_str("nothing is damaged\n");
    }
    if let Some(aside) = aside {
        let _ = writeln!(
            text,
            "what was damaged is kept in {aside}; the gaps are marked"
        );
    }
    text.push_str(&places("could not be repaired", left));
    if *audit_restored > 0 {
        let _ = writeln!(
            text,
            "restored to the audit trail from their commits: {}",
            counted(count(*audit_restored), "write")
        );
    }
    text
}

pub(super) fn rebuild(run: &Run, output: &mut Output<'_>) -> Result<Exit, Failure> {
    let _runtime = runtime()?;
    let directory = run.open_here("rebuild")?;
    directory.must_exist()?;
    let incidents = directory.store.files("rebuild")?.rebuild()?;
    output.answer(&json!({ "ok": true, "incidents": incidents }), || Shown {
        answer: format!(
            "made anew from the journal: {}\n",
            counted(count(incidents), "incident")
        ),
        remarks: Vec::new(),
    })?;
    Ok(Exit::Done)
}
