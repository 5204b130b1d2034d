//! The `watchbook` command as a library: parse, act, answer.
//!
//! [`run()`] is the whole program. It takes its arguments, streams, environment, clock and randomness from whoever
//! calls it, so `main` only connects it to the process, and tests drive it as a user would.

mod arguments;
mod commands;
mod demo;
mod exit;
mod export;
mod failure;
mod files;
mod import;
mod logging;
mod nouns;
mod output;
mod reach;
mod run;
mod show;
mod surroundings;
mod welcome;

pub use arguments::command;
pub use exit::Exit;
pub use logging::install as install_logging;
pub use run::run;
pub use surroundings::{PLAIN_WIDTH, Surroundings, Terminal};
