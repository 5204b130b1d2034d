//! What a run of the command gets from whoever starts it: streams, environment, time and randomness.

use std::fmt;
use std::io::{Read, Write};
use std::sync::Arc;

use watchbook_config::Environment;
use watchbook_core::{Clock, Entropy};

/// The width of a page when nobody says how wide it is.
pub const PLAIN_WIDTH: u16 = 120;

/// What a run of the command gets from whoever starts it. Tests give their own.
pub struct Surroundings<'a> {
    /// The environment variables that watchbook knows.
    pub environment: Environment,
    /// Where `-` is read from.
    pub stdin: &'a mut dyn Read,
    /// Where answers go.
    pub stdout: &'a mut dyn Write,
    /// Where refusals, warnings and progress go.
    pub stderr: &'a mut dyn Write,
    /// What is known of the terminal.
    pub terminal: Terminal,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The randomness of ids and keys.
    pub entropy: Arc<dyn Entropy>,
}

/// What is known of the terminal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Terminal {
    /// How many characters a line of the terminal has; `None` when answers do not go to a terminal.
    pub width: Option<u16>,
    /// Whether answers may have colours.
    pub colors: bool,
    /// Whether progress may be drawn.
    pub progress: bool,
}

impl Terminal {
    /// How wide tables may be.
    pub fn page_width(self) -> u16 {
        self.width.unwrap_or(PLAIN_WIDTH)
    }
}

impl fmt::Debug for Surroundings<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            environment,
            stdin: _,
            stdout: _,
            stderr: _,
            terminal,
            clock,
            entropy,
        } = self;
        f.debug_struct("Surroundings")
            .field("environment", environment)
            .field("terminal", terminal)
            .field("clock", clock)
            .field("entropy", entropy)
            .finish_non_exhaustive()
    }
}
