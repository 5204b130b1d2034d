//! Running other programs: shown or captured, always with the failing command line in the error.

use std::fmt;
use std::io::{BufRead, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::failure::Failure;

/// A program to run with its arguments, in the root of the checkout unless said otherwise.
#[derive(Debug)]
pub(crate) struct Program {
    command: Command,
}

impl Program {
    /// The program `name`, looked up on the PATH, with its arguments.
    pub(crate) fn new<'a>(name: &str, arguments: impl IntoIterator<Item = &'a str>) -> Self {
        let mut command = Command::new(name);
        command.args(arguments);
        Self { command }
    }

    /// Cargo, as found on the PATH, so that rustup's choice of toolchain holds for nested calls too.
    pub(crate) fn cargo<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Self {
        Self::new("cargo", arguments)
    }

    /// Runs it in this directory.
    pub(crate) fn within(mut self, directory: &Path) -> Self {
        self.command.current_dir(directory);
        self
    }

    /// Sets one environment variable for it.
    pub(crate) fn with(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Runs it with our own input and output; fails unless it succeeds.
    pub(crate) fn run(mut self) -> Result<(), Failure> {
        let status = self.command.status();
        let status = status.map_err(|source| self.not_started(source))?;
        self.ended(status)
    }

    /// Runs it silently; true when it could be started and succeeded.
    pub(crate) fn succeeds(mut self) -> bool {
        let silent = self.command.stdin(Stdio::null()).stdout(Stdio::null());
        silent
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    }

    /// Runs it and returns what it printed; its errors are still shown.
    pub(crate) fn capture(mut self) -> Result<Vec<u8>, Failure> {
        let output = self.command.stderr(Stdio::inherit()).output();
        let output = output.map_err(|source| self.not_started(source))?;
        self.ended(output.status)?;
        Ok(output.stdout)
    }

    /// Runs it with this text as its input; fails unless it succeeds.
    pub(crate) fn feed(mut self, input: &str) -> Result<(), Failure> {
        let child = self.command.stdin(Stdio::piped()).spawn();
        let mut child = child.map_err(|source| self.not_started(source))?;
        if let Some(mut pipe) = child.stdin.take() {
            pipe.write_all(input.as_bytes())
                .map_err(|source| self.not_started(source))?;
        }
        let status = child.wait().map_err(|source| self.not_started(source))?;
        self.ended(status)
    }

    /// Runs it, passing each line it prints on to our own output and to `see`. Lines are shown also when it fails.
    pub(crate) fn watch(mut self, mut see: impl FnMut(&str)) -> Result<(), Failure> {
        let child = self.command.stdout(Stdio::piped()).spawn();
        let mut child = child.map_err(|source| self.not_started(source))?;
        for line in lines_of(&mut child) {
            println!("{line}");
            see(&line);
        }
        let status = child.wait().map_err(|source| self.not_started(source))?;
        self.ended(status)
    }

    fn ended(&self, status: std::process::ExitStatus) -> Result<(), Failure> {
        if status.success() {
            return Ok(());
        }
        let command = self.to_string();
        Err(Failure::Ended { command, status })
    }

    fn not_started(&self, source: std::io::Error) -> Failure {
        let command = self.to_string();
        Failure::NotStarted { command, source }
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.command.get_program().display())?;
        for argument in self.command.get_args() {
            write!(f, " {}", argument.display())?;
        }
        Ok(())
    }
}

fn lines_of(child: &mut Child) -> impl Iterator<Item = String> {
    let output = child.stdout.take().into_iter();
    output.flat_map(|pipe| BufReader::new(pipe).lines().map_while(Result::ok))
}
