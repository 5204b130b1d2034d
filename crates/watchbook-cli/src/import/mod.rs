//! Bringing in incidents of other programs: each format turns its records into [`Piece`]s, and one runner brings these
//! in through `incident_import`, many at once, so that they share the disk's syncs.

pub(crate) mod jsonl;
mod report;
mod runner;
pub(crate) mod statuspage;

use serde_json::{Map, Value};
use watchbook_api::ActionKind;

use crate::reach::Call;

pub(crate) use report::Report;
pub(crate) use runner::run;

/// The largest file that is read: 256 MiB.
pub(crate) const MAX_FILE: u64 = 256 << 20;

/// One incident, ready to be brought in.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Piece {
    /// How it is named in the report.
    pub name: String,
    /// The parameters of `incident_import`.
    pub params: Map<String, Value>,
    /// How many lines of its past come along.
    pub lines: usize,
    /// Follow-ups to open on it, as parameters of `incident_append_event` without the incident.
    pub followups: Vec<Map<String, Value>>,
    /// What had to be changed to fit.
    pub remarks: Vec<String>,
}

/// A record that is not brought in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LeftOut {
    /// How it is named in the report.
    pub name: String,
    /// Why.
    pub why: String,
    /// Whether that is how it should be, such as a planned maintenance.
    pub intended: bool,
}

impl Piece {
    fn call(&self, dry_run: bool) -> Call {
        let mut params = self.params.clone();
        if dry_run {
            params.insert("dry_run".to_owned(), true.into());
        }
        Call::new(ActionKind::IncidentImport, params)
    }
}
