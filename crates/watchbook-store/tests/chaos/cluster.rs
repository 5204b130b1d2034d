//! A database cluster of its own, which can be killed, stopped and started again.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

/// How often the server is started until it is given up.
const STARTS: u32 = 50;
const BETWEEN_STARTS: Duration = Duration::from_millis(100);

/// A throw-away cluster, reached by a socket in its folder.
pub(crate) struct Cluster {
    folder: TempDir,
    binaries: PathBuf,
    as_other: bool,
}

impl Cluster {
    pub(crate) fn start() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("watchbook-chaos-")
            .tempdir_in("/tmp")
            .unwrap();
        let id = Command::new("id").arg("-u").output().unwrap();
        let as_other = id.stdout == b"0\n";
        if as_other {
            // The server refuses to run as root.
            ran(Command::new("chown").arg("postgres").arg(folder.path()));
        }
        let cluster = Self {
            folder,
            binaries: binaries(),
            as_other,
        };
        let data = cluster.data();
        let how = [
            "-A",
            "trust",
            "-U",
            "postgres",
            "--encoding=UTF8",
            "--locale=C",
            "-D",
        ];
        ran(cluster.tool("initdb").args(how).arg(&data));
        let settings = format!(
            "listen_addresses=''\nmax_connections=100\nunix_socket_directories='{}'\n",
            cluster.folder.path().display()
        );
        let append = format!(
            "cat >> {}/postgresql.conf <<'END'\n{settings}END",
            data.display()
        );
        ran(cluster.as_owner("sh").args(["-c", &append]));
        cluster.up();
        cluster
    }

    /// The socket that the server listens on.
    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.path().join(".s.PGSQL.5432")
    }

    /// How it is reached without anything between.
    pub(crate) fn address(&self) -> String {
        let folder = self.folder.path().display();
        format!("host={folder} user=postgres dbname=postgres sslmode=disable")
    }

    /// Starts the server and waits until it takes connections. A process of the one before that was killed may take a
    /// moment to be gone, and until then the new one does not start.
    pub(crate) fn up(&self) {
        let log = self.folder.path().join("log");
        let how = ["--wait", "--timeout=60", "start", "-D"];
        for _ in 0..STARTS {
            let mut start = self.tool("pg_ctl");
            start.args(how).arg(self.data()).arg("-l").arg(&log);
            if start.stderr(Stdio::null()).status().unwrap().success() {
                return;
            }
            std::thread::sleep(BETWEEN_STARTS);
        }
        let said = std::fs::read_to_string(log).unwrap_or_default();
        panic!("the server does not start:\n{said}");
    }

    /// Shuts the server down; its clients are sent away.
    pub(crate) fn down(&self) {
        let how = ["--wait", "-m", "fast", "stop", "-D"];
        ran(self.tool("pg_ctl").args(how).arg(self.data()));
    }

    /// Kills every process of the server at once.
    pub(crate) fn kill(&self) {
        self.signal("KILL");
    }

    /// Stops every process of the server at once, or lets them go on.
    pub(crate) fn stop(&self) {
        self.signal("STOP");
    }

    pub(crate) fn go_on(&self) {
        self.signal("CONT");
    }

    fn signal(&self, signal: &str) {
        let pid = self.data().join("postmaster.pid");
        // The first line is the server's own process; all others are its children.
        let script = format!(
            "first=$(head -n 1 {0}); all=\"$first $(pgrep -P $first | tr '\\n' ' ')\"; kill -{signal} $all",
            pid.display()
        );
        // A child may have ended by itself meanwhile.
        drop(
            Command::new("sh")
                .args(["-c", &script])
                .stderr(Stdio::null())
                .status(),
        );
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn tool(&self, name: &str) -> Command {
        self.as_owner(self.binaries.join(name))
    }

    fn as_owner(&self, program: impl AsRef<Path>) -> Command {
        let mut command = if self.as_other {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(program.as_ref());
            command
        } else {
            Command::new(program.as_ref())
        };
        command.stdout(Stdio::null()).current_dir("/");
        command
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.go_on();
        self.kill();
    }
}

fn ran(command: &mut Command) {
    let status = command.status().unwrap();
    assert!(status.success(), "{command:?}: {status}");
}

fn binaries() -> PathBuf {
    let look = "ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1";
    let found = Command::new("sh").args(["-c", look]).output().unwrap();
    let found = String::from_utf8(found.stdout).unwrap();
    assert!(
        !found.trim().is_empty(),
        "there is no PostgreSQL server; run cargo xtask setup"
    );
    PathBuf::from(found.trim())
}
