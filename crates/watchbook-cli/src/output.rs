//! Where answers go: to people as text, to programs as JSON.

use std::io::{self, Write};

use serde_json::Value;

use crate::failure::Failure;
use crate::show::Shown;
use crate::surroundings::Terminal;

/// Where answers go.
pub(crate) struct Output<'a> {
    stdout: &'a mut dyn Write,
    stderr: &'a mut dyn Write,
    /// What is known of the terminal.
    pub terminal: Terminal,
    /// Whether answers are for programs.
    pub json: bool,
}

impl std::fmt::Debug for Output<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            stdout: _,
            stderr: _,
            terminal,
            json,
        } = self;
        f.debug_struct("Output")
            .field("terminal", terminal)
            .field("json", json)
            .finish_non_exhaustive()
    }
}

impl<'a> Output<'a> {
    /// Answers to these streams.
    pub(crate) fn new(
        stdout: &'a mut dyn Write,
        stderr: &'a mut dyn Write,
        terminal: Terminal,
        json: bool,
    ) -> Self {
        Self {
            stdout,
            stderr,
            terminal,
            json,
        }
    }

    /// An answer in both forms; the one that was asked for is written.
    ///
    /// # Errors
    /// When nobody takes it.
    pub(crate) fn answer(
        &mut self,
        json: &Value,
        shown: impl FnOnce() -> Shown,
    ) -> Result<(), Failure> {
        if self.json {
            return self.line(&json.to_string());
        }
        let Shown { answer, remarks } = shown();
        self.text(&answer)?;
        for remark in remarks {
            self.remark(&remark);
        }
        Ok(())
    }

    /// A text as it is.
    ///
    /// # Errors
    /// When nobody takes it.
    pub(crate) fn text(&mut self, text: &str) -> Result<(), Failure> {
        self.bytes(text.as_bytes())
    }

    /// A line.
    ///
    /// # Errors
    /// When nobody takes it.
    pub(crate) fn line(&mut self, text: &str) -> Result<(), Failure> {
        self.text(text)?;
        self.text("\n")
    }

    /// Bytes as they are.
    ///
    /// # Errors
    /// When nobody takes them.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let written = self
            .stdout
            .write_all(bytes)
            .and_then(|()| self.stdout.flush());
        written.map_err(Failure::Stream)
    }

    /// The stream of answers itself, for what is long.
    pub(crate) fn stream(&mut self) -> &mut dyn Write {
        self.stdout
    }

    /// A sentence beside the answer. That nobody takes it stops nothing.
    pub(crate) fn remark(&mut self, text: &str) {
        let _ = writeln!(self.stderr, "{text}");
    }

    /// What stopped the run. That nobody takes it changes nothing.
    pub(crate) fn failure(&mut self, failure: &Failure) {
        match failure {
            // Whoever reads has seen enough, such as `head`.
            Failure::Stream(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
            Failure::CommandLine(error) if !(self.json && error.use_stderr()) => {
                self.command_line(error);
            }
            other if self.json => {
                let _ = writeln!(self.stdout, "{}", other.to_json());
            }
            other => {
                let _ = writeln!(self.stderr, "watchbook: {other}");
            }
        }
    }

    fn command_line(&mut self, error: &clap::Error) {
        let text = error.render();
        let text = if self.terminal.colors {
            text.ansi().to_string()
        } else {
            text.to_string()
        };
        let stream: &mut dyn Write = if error.use_stderr() {
            self.stderr
        } else {
            self.stdout
        };
        let _ = stream.write_all(text.as_bytes());
    }
}
