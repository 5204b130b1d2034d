//! The demo: twelve made-up weeks of a small platform, played through the one door on a simulated clock.
//!
//! Everything carries the label `simulated=watchbook-demo`. The same moment gives the same incidents, ids included.

mod player;
mod scenario;
mod stories;

pub(crate) use player::{Played, play};
