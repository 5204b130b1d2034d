//! Statuspage: incidents as its API v2 gives them, turned into parameters of `incident_import`.
//!
//! The format is `GET /api/v2/incidents.json` of any Statuspage: `page` and `incidents`, each with `components`
//! and `incident_updates`, the newest update first.

mod convert;
mod source;
mod wording;

pub(crate) use convert::{Conversion, Skipped, convert};
#[cfg(test)]
use source::Page;
pub(crate) use source::read;

#[cfg(test)]
mod tests;
