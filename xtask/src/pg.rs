//! `pg`: a throw-away PostgreSQL cluster from the installed binaries, in a folder of its own, reached by a socket only.
//!
//! The server refuses to run as root, so for root it runs as the system's user `postgres`. Where `PgBouncer` is
//! installed, one stands before the cluster at the port 6432 of the same folder.

use std::path::Path;

use crate::checkout;
use crate::failure::Failure;
use crate::metadata;
use crate::process::Program;

/// Names the cluster to the tests, as `key=value` pairs.
pub(crate) const VARIABLE: &str = "WATCHBOOK_TEST_POSTGRES";
/// Where the cluster of `pg up` is written down, below the target folder.
const NOTE: &str = "pg-cluster";
/// Settings on top of the defaults: no network, and room for many tests at once. `fsync` stays on.
const SETTINGS: &str = "listen_addresses=''\nmax_connections=300\n";

/// Lends a connection for one transaction at a time, few of them, to whoever asks. In the folder of the cluster.
const POOLER: &str = "\
[databases]
* = host=FOLDER auth_user=postgres
[pgbouncer]
listen_addr =
listen_port = 6432
unix_socket_dir = FOLDER
logfile = FOLDER/pgbouncer.log
pidfile = FOLDER/pgbouncer.pid
pool_mode = transaction
default_pool_size = 4
max_client_conn = 1000
auth_type = trust
auth_query = select usename, passwd from pg_shadow where usename = $1
";
/// Finds the pooler also for those who have no folders of the system in their path.
const POOLER_PROGRAM: &str = "/usr/sbin/pgbouncer";

/// What to do with the cluster that stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Start it, and say how the tests find it.
    Up,
    /// Stop it and take it away.
    Down,
}

/// A running cluster; stopped and taken away with this value.
#[derive(Debug)]
pub(crate) struct Cluster {
    folder: String,
    binaries: String,
    keep: bool,
}

/// Starts or stops a cluster that outlives this command.
pub(crate) fn run(turn: Turn) -> Result<(), Failure> {
    let note = metadata::load()?.target_directory.join(NOTE);
    match turn {
        Turn::Up => {
            let mut cluster = Cluster::start()?;
            cluster.keep = true;
            write(&note, &cluster.folder)?;
            println!("export {VARIABLE}=\"{}\"", cluster.address());
            Ok(())
        }
        Turn::Down => {
            let folder = read(&note)?;
            drop(Cluster {
                folder,
                binaries: binaries()?,
                keep: false,
            });
            Ok(())
        }
    }
}

impl Cluster {
    /// Makes a cluster and starts it.
    pub(crate) fn start() -> Result<Self, Failure> {
        let folder = said(Program::new("mktemp", ["-d", "/tmp/watchbook-pg-XXXXXX"]))?;
        let cluster = Self {
            folder,
            binaries: binaries()?,
            keep: false,
        };
        if is_root()? {
            Program::new("chown", ["postgres", &cluster.folder]).run()?;
        }
        let data = cluster.data();
        let how = [
            "-D",
            &data,
            "-A",
            "trust",
            "-U",
            "postgres",
            "--encoding=UTF8",
            "--locale=C",
        ];
        cluster.tool("initdb", &how)?.capture()?;
        let settings = format!("{SETTINGS}unix_socket_directories='{}'\n", cluster.folder);
        cluster.append("data/postgresql.conf", &settings)?;
        let log = format!("{}/log", cluster.folder);
        cluster
            .tool("pg_ctl", &["-D", &data, "-l", &log, "--wait", "start"])?
            .capture()?;
        // An extension belongs to the whole database, so it is there before the tests make schemas of their own.
        let psql = [
            "-h",
            &cluster.folder,
            "-U",
            "postgres",
            "-qc",
            "create extension pg_trgm",
        ];
        cluster.tool("psql", &psql)?.run()?;
        if Program::new(POOLER_PROGRAM, ["--version"]).succeeds() {
            cluster.pool()?;
        }
        Ok(cluster)
    }

    /// Starts the pooler before it.
    fn pool(&self) -> Result<(), Failure> {
        self.append("pgbouncer.ini", &POOLER.replace("FOLDER", &self.folder))?;
        let settings = format!("{}/pgbouncer.ini", self.folder);
        as_owner(POOLER_PROGRAM, &["--daemon", "--quiet", &settings])?.run()
    }

    /// How it is reached.
    pub(crate) fn address(&self) -> String {
        format!("host={} user=postgres dbname=postgres", self.folder)
    }

    /// Where a program of the same installation is.
    #[cfg(feature = "bench")]
    pub(crate) fn program(&self, name: &str) -> String {
        format!("{}/{name}", self.binaries)
    }

    fn data(&self) -> String {
        format!("{}/data", self.folder)
    }

    /// One of its binaries, as the user that may run it.
    fn tool(&self, name: &str, arguments: &[&str]) -> Result<Program, Failure> {
        as_owner(&format!("{}/{name}", self.binaries), arguments)
    }

    fn append(&self, file: &str, text: &str) -> Result<(), Failure> {
        let command = format!("cat >> {}/{file}", self.folder);
        Program::new("sh", ["-c", &command]).feed(text)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if self.keep {
            return;
        }
        let pid = format!("{}/pgbouncer.pid", self.folder);
        let stop = "test ! -f \"$1\" || kill \"$(cat \"$1\")\"";
        Program::new("sh", ["-c", stop, "sh", &pid]).succeeds();
        let data = self.data();
        if let Ok(stop) = self.tool(
            "pg_ctl",
            &["-D", &data, "-m", "immediate", "--wait", "stop"],
        ) {
            drop(stop.capture());
        }
        Program::new("rm", ["-rf", &self.folder]).succeeds();
    }
}

/// A program as the user that the cluster belongs to.
fn as_owner(path: &str, arguments: &[&str]) -> Result<Program, Failure> {
    let arguments = arguments.iter().copied();
    if is_root()? {
        let before = ["-u", "postgres", "--", path];
        return Ok(Program::new("runuser", before.into_iter().chain(arguments)));
    }
    Ok(Program::new(path, arguments))
}

/// The folder of the newest server that is installed.
fn binaries() -> Result<String, Failure> {
    let look = "ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1";
    let found = said(Program::new("sh", ["-c", look]))?;
    if found.is_empty() {
        let advice = "there is no PostgreSQL server; run cargo xtask setup";
        return Err(Failure::Missing(advice.to_owned()));
    }
    Ok(found)
}

fn is_root() -> Result<bool, Failure> {
    Ok(said(Program::new("id", ["-u"]))? == "0")
}

fn said(program: Program) -> Result<String, Failure> {
    let output = program.within(&checkout::root()).capture()?;
    Ok(String::from_utf8_lossy(&output).trim().to_owned())
}

fn write(note: &Path, folder: &str) -> Result<(), Failure> {
    let path = note.display().to_string();
    Program::new("sh", ["-c", "cat > \"$1\"", "sh", &path]).feed(folder)
}

fn read(note: &Path) -> Result<String, Failure> {
    let path = note.display().to_string();
    said(Program::new("cat", [path.as_str()]))
}
