//! What the command says when nothing was asked of it.

/// The first screen.
pub(crate) const TEXT: &str = "\
watchbook: an incident log that people and AI agents share

Look around, with made-up incidents:
  watchbook demo

Begin, in the current folder (no set-up; the first write makes ops/incidents):
  watchbook incident create --service gateway --severity P1 --title \"5xx rate over 5 %\"
  watchbook incident list --status open
  watchbook incident note inc_… rolled back to 1.41
  watchbook followup add inc_… \"limit the retries\" --owner ada --due 2026-03-01
  watchbook followup summary

Let agents and programs in, over HTTP:
  watchbook serve

Bring your history along:
  watchbook import statuspage incidents.json

All commands: watchbook --help        Is all well? watchbook doctor
";
