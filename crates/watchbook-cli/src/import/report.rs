//! What an import did: counts, and every record that was left out with the reason.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::LeftOut;
use crate::exit::Exit;
use crate::show::text::{counted, line, thousands};

/// How many records of a sort the text names; `--json` names all.
const NAMED: usize = 10;

/// What an import did, or would do.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Report {
    /// Where the incidents come from.
    pub source: String,
    /// Whether nothing was written.
    pub dry_run: bool,
    /// Incidents that came in.
    pub imported: usize,
    /// Lines of their past.
    pub lines: usize,
    /// Follow-ups that came in.
    pub followups: usize,
    /// Incidents that were there already.
    pub present: usize,
    /// Records that were left out.
    pub left_out: Vec<LeftOut>,
    /// What had to be changed to fit: the record, and the remark.
    pub remarks: Vec<(String, String)>,
    /// Why it stopped before its end.
    pub stopped: Option<String>,
}

impl Report {
    /// How the run ends.
    pub(crate) fn exit(&self) -> Exit {
        if self.stopped.is_some() {
            Exit::Unavailable
        } else if self.left_out.iter().any(|record| !record.intended) {
            Exit::Refused
        } else {
            Exit::Done
        }
    }

    /// The report for programs.
    pub(crate) fn to_json(&self) -> Value {
        let Self {
            source,
            dry_run,
            imported,
            lines,
            followups,
            present,
            left_out,
            remarks,
            stopped,
        } = self;
        let left_out: Vec<Value> = left_out
            .iter()
            .map(
                |LeftOut {
                     name,
                     why,
                     intended,
                 }| json!({ "name": name, "why": why, "intended": intended }),
            )
            .collect();
        let remarks: Vec<Value> = remarks
            .iter()
            .map(|(name, remark)| json!({ "name": name, "remark": remark }))
            .collect();
        json!({
            "ok": self.exit() == Exit::Done,
            "source": source,
            "dry_run": dry_run,
            "imported": imported,
            "events": lines,
            "followups": followups,
            "already_there": present,
            "skipped": left_out,
            "remarks": remarks,
            "stopped": stopped,
        })
    }

    /// The report for people.
    pub(crate) fn text(&self) -> String {
        let verb = if self.dry_run {
            "would import"
        } else {
            "imported"
        };
        let mut text = format!(
            "{verb} {} with {} from {}\n",
            counted(self.imported, "incident"),
            counted(self.lines, "update"),
            line(&self.source),
        );
        let mut row = |name: &str, count: usize| {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "  {name:<14} {}", thousands(count));
        };
        if self.followups > 0 {
            row("follow-ups", self.followups);
        }
        row("already there", self.present);
        row("skipped", self.left_out.len());
        let skipped = self
            .left_out
            .iter()
            .map(|LeftOut { name, why, .. }| (name, why));
        named(&mut text, skipped);
        if !self.remarks.is_empty() {
            let _ = writeln!(
                text,
                "  {:<14} {}",
                "changed to fit",
                thousands(self.remarks.len())
            );
            named(
                &mut text,
                self.remarks.iter().map(|(name, remark)| (name, remark)),
            );
        }
        if let Some(stopped) = &self.stopped {
            let _ = writeln!(
                text,
                "stopped before the end: {stopped}\nrun it again to go on; what is in stays as it is"
            );
        }
        text
    }
}

fn named<'a>(text: &mut String, records: impl ExactSizeIterator<Item = (&'a String, &'a String)>) {
    let count = records.len();
    for (name, why) in records.take(NAMED) {
        let _ = writeln!(text, "    {}: {}", line(name), line(why));
    }
    if count > NAMED {
        let _ = writeln!(
            text,
            "    and {} more; --json names all",
            thousands(count - NAMED)
        );
    }
}
