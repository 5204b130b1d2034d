//! `pg`: a throw-away PostgreSQL cluster from the installed binaries, in a folder of its own, reached by a socket, and
//! with TLS by a free port of this machine.
//!
//! The server refuses to run as root, so for root it runs as the system's user `postgres`. Where `PgBouncer` is
//! installed, one stands before the cluster at the port 6432 of the same folder.

use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;

use crate::checkout;
use crate::failure::Failure;
use crate::metadata;
use crate::process::Program;

/// Names the cluster to the tests, as `key=value` pairs.
pub(crate) const VARIABLE: &str = "WATCHBOOK_TEST_POSTGRES";
/// Where the cluster of `pg up` is written down, below the target folder.
const NOTE: &str = "pg-cluster";
/// Settings on top of the defaults: room for many tests at once, and TLS. `fsync` stays on.
const SETTINGS: &str = "\
max_connections = 300
listen_addresses = '127.0.0.1'
port = PORT
unix_socket_directories = 'FOLDER'
ssl = on
ssl_cert_file = 'FOLDER/server.pem'
ssl_key_file = 'FOLDER/server.key'
";
/// Who needs a password: the members of one role, for the tests of passwords.
const ACCESS: &str = "\
local all +with_password scram-sha-256
local all all trust
host all all 127.0.0.1/32 trust
";
/// An authority of the cluster's own, `ca.pem`, and a certificate of 127.0.0.1 by it.
const CERTIFICATES: &str = "\
set -e
cd \"$1\"
exec 2>openssl.log
new='-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'
openssl req -x509 $new -keyout ca.key -out ca.pem -days 7 -subj '/CN=test authority'
openssl req $new -keyout server.key -out server.csr -subj '/CN=test server'
echo 'subjectAltName=IP:127.0.0.1' > names
openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 7 -extfile names -out server.pem
chmod 600 server.key
";
/// What the tests find: an extension, which belongs to the whole database and so is there before the tests make schemas
/// of their own, and the role of [`ACCESS`].
const CONTENT: &str = "create extension pg_trgm; create role with_password nologin";

/// Lends a connection for one transaction at a time, few of them, to whoever asks. In the folder of the cluster.
const POOLER: &str = "\
[databases]
* = host=FOLDER port=PORT auth_user=postgres
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
    /// Its port, also in the name of its socket.
    port: u16,
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
                port: 0,
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
            port: free_port()?,
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
        as_owner("sh", &["-c", CERTIFICATES, "sh", &cluster.folder])?.capture()?;
        // Read after the other settings, so it has the last word.
        cluster.write("data/postgresql.auto.conf", SETTINGS)?;
        cluster.write("data/pg_hba.conf", ACCESS)?;
        let log = format!("{}/log", cluster.folder);
        cluster
            .tool("pg_ctl", &["-D", &data, "-l", &log, "--wait", "start"])?
            .capture()?;
        let port = cluster.port.to_string();
        let psql = [
            "-h",
            &cluster.folder,
            "-p",
            &port,
            "-U",
            "postgres",
            "-qc",
            CONTENT,
        ];
        cluster.tool("psql", &psql)?.run()?;
        if Program::new(POOLER_PROGRAM, ["--version"]).succeeds() {
            cluster.pool()?;
        }
        Ok(cluster)
    }

    /// Starts the pooler before it.
    fn pool(&self) -> Result<(), Failure> {
        self.write("pgbouncer.ini", POOLER)?;
        let settings = format!("{}/pgbouncer.ini", self.folder);
        as_owner(POOLER_PROGRAM, &["--daemon", "--quiet", &settings])?.run()
    }

    /// How it is reached.
    pub(crate) fn address(&self) -> String {
        format!(
            "host={} port={} user=postgres dbname=postgres",
            self.folder, self.port
        )
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

    /// Writes a file of its folder, and leaves it to its owner.
    fn write(&self, file: &str, text: &str) -> Result<(), Failure> {
        let path = format!("{}/{file}", self.folder);
        let text = text
            .replace("FOLDER", &self.folder)
            .replace("PORT", &self.port.to_string());
        write(Path::new(&path), &text)
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

/// A port that nobody listens on. Somebody may take it before the cluster does; the cluster says so then.
fn free_port() -> Result<u16, Failure> {
    let failed = |error| Failure::Missing(format!("there is no free port: {error}"));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(failed)?;
    Ok(listener.local_addr().map_err(failed)?.port())
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
