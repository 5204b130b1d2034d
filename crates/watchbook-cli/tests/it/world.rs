//! A directory of its own, and the binary run on it.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use regex::Regex;
use tempfile::TempDir;

/// A directory of its own.
pub(crate) struct World {
    dir: TempDir,
}

/// What a run gave.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl World {
    pub(crate) fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
        }
    }

    /// The directory.
    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// The binary with these arguments, in an environment of its own.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_watchbook"));
        command
            .args(args)
            .env_clear()
            .env("USER", "ada")
            .current_dir(self.path())
            .stdin(Stdio::null());
        command
    }

    /// Runs it.
    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        Ran::from(self.command(args).output().unwrap())
    }

    /// Runs it with these variables.
    pub(crate) fn run_in(&self, args: &[&str], variables: &[(&str, &str)]) -> Ran {
        let mut command = self.command(args);
        command.envs(variables.iter().copied());
        Ran::from(command.output().unwrap())
    }

    /// Runs it with this standard input.
    pub(crate) fn run_with(&self, args: &[&str], stdin: &[u8]) -> Ran {
        let mut command = self.command(args);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(stdin).unwrap();
        Ran::from(child.wait_with_output().unwrap())
    }

    /// Starts it and leaves it running.
    pub(crate) fn start(&self, args: &[&str]) -> Running {
        self.start_in(args, &[])
    }

    /// Starts it with these variables and leaves it running.
    pub(crate) fn start_in(&self, args: &[&str], variables: &[(&str, &str)]) -> Running {
        let mut command = self.command(args);
        let child = command
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Running { child: Some(child) }
    }

    /// Serves the directory on a free port, and gives the server and its address.
    pub(crate) fn serve(&self) -> (Running, String) {
        self.serve_in(&[])
    }

    /// The same with these variables.
    pub(crate) fn serve_in(&self, variables: &[(&str, &str)]) -> (Running, String) {
        let args = ["serve", "--listen", "127.0.0.1:0", "--json"];
        let mut server = self.start_in(&args, variables);
        let line = server.lines(|_| true).remove(0);
        let said: serde_json::Value = serde_json::from_str(&line).unwrap();
        let address = said["address"].as_str().unwrap().to_owned();
        (server, address)
    }

    /// Runs it, insists on success, and gives the JSON it answered.
    pub(crate) fn json(&self, args: &[&str]) -> serde_json::Value {
        let ran = self.run(&[args, &["--json"]].concat());
        assert_eq!(ran.code, 0, "{args:?}: {ran:?}");
        serde_json::from_str(&ran.stdout).unwrap()
    }

    /// Opens an incident and gives its id.
    pub(crate) fn incident(&self) -> String {
        let args = [
            "incident",
            "create",
            "--service",
            "gateway",
            "--severity",
            "P1",
            "--title",
            "Errors",
        ];
        let answer = self.json(&args);
        answer["result"]["incident"]["id"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// Every file below the directory with its bytes, the audit trail aside.
    pub(crate) fn tree(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut files = Vec::new();
        let mut waiting = vec![self.path().to_owned()];
        while let Some(dir) = waiting.pop() {
            for entry in std::fs::read_dir(dir).unwrap() {
                let path = entry.unwrap().path();
                if path.ends_with("ops/audit") {
                    continue;
                }
                if path.is_dir() {
                    waiting.push(path);
                } else {
                    let bytes = std::fs::read(&path).unwrap();
                    files.push((path, bytes));
                }
            }
        }
        files.sort();
        files
    }

    /// A text with everything that differs from run to run replaced.
    pub(crate) fn tidy(&self, text: &str) -> String {
        let dir = self.path().to_str().unwrap();
        let mut text = text.replace(dir, "DIR");
        let patterns = [
            (r"inc_\d{8}_\d{4}_[0-9a-z]{6}", "INCIDENT"),
            (r"evt_[0-9a-f]{32}", "EVENT"),
            (r"r\d+-[0-9a-f]{32}", "VERSION"),
            (r"cli-[0-9a-f]{16}", "REQUEST"),
            (r"[0-9a-f]{64}", "DIGEST"),
            (r"wb_[0-9a-f]{10}_DIGEST", "KEY"),
            (r"\b[0-9a-f]{10}\b", "KEYID"),
            (r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?(\.\d+)?Z?", "TIME"),
            (r"overdue \d+d", "overdue DAYS"),
            (r"127\.0\.0\.1:\d+", "ADDRESS"),
        ];
        for (pattern, word) in patterns {
            text = Regex::new(pattern)
                .unwrap()
                .replace_all(&text, word)
                .into_owned();
        }
        text
    }

    /// A run as it is kept in a snapshot.
    pub(crate) fn shown(&self, args: &[&str]) -> String {
        self.shown_in(args, &[])
    }

    /// The same with these variables.
    pub(crate) fn shown_in(&self, args: &[&str], variables: &[(&str, &str)]) -> String {
        let ran = self.run_in(args, variables);
        let Ran {
            code,
            stdout,
            stderr,
        } = &ran;
        self.tidy(&format!(
            "$ watchbook {}\n{stdout}{stderr}[{code}]\n",
            args.join(" ")
        ))
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// A process that runs until it is told to stop, or the test ends.
pub(crate) struct Running {
    child: Option<Child>,
}

impl Running {
    /// The next lines of its standard output, up to and with the one that `last` accepts.
    pub(crate) fn lines(&mut self, last: impl Fn(&str) -> bool) -> Vec<String> {
        use std::io::Read as _;
        let stdout = self.child.as_mut().unwrap().stdout.as_mut().unwrap();
        let (mut lines, mut line) = (Vec::new(), Vec::new());
        loop {
            let mut byte = [0];
            assert_eq!(
                stdout.read(&mut byte).unwrap(),
                1,
                "it ended after {lines:?}"
            );
            if byte != *b"\n" {
                line.push(byte[0]);
                continue;
            }
            let text = String::from_utf8(std::mem::take(&mut line)).unwrap();
            let is_last = last(&text);
            lines.push(text);
            if is_last {
                return lines;
            }
        }
    }

    /// Asks it to stop as an operator would, and waits for its end.
    pub(crate) fn stop(mut self) -> Ran {
        let child = self.child.take().unwrap();
        let pid = rustix::process::Pid::from_child(&child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        Ran::from(child.wait_with_output().unwrap())
    }

    /// Kills it as a lack of memory would (`kill -9`): no checkpoint, no last words.
    pub(crate) fn kill(self) {
        drop(self);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
