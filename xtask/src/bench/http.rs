//! `bench http`: durable creates over HTTP beside an empty handler of the same server, from the same connections.
//!
//! The server is the product itself in a process of its own; the callers share the machine with it, and cost both
//! rows the same.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use watchbook_store::disk::{Disk, Open, RealDisk, create_dir_all};

use crate::bench::table::{Measure, Row, Target};
use crate::bench::{AnyError, table};
use crate::checkout;
use crate::failure::Failure;
use crate::metadata;
use crate::process::Program;
use crate::surroundings;

/// Connections, each with one request under way.
const CONNECTIONS: usize = 64;
/// How long each row is measured.
const LASTS: Duration = Duration::from_secs(5);
/// Longer than any answer here takes.
const PATIENCE: Duration = Duration::from_secs(30);
/// The shipped limits protect against what this is.
const NO_LIMITS: &str = "exempt_roles: [operator, system, agent_cto]\n";
/// The longest answer that is read.
const ANSWER_BYTES: usize = 1 << 20;

/// Measures and prints.
pub(super) fn run() -> Result<(), Failure> {
    let workspace = metadata::load()?;
    let build = Program::cargo(["build", "--release", "--package", "watchbook-cli"]);
    build.within(&checkout::root()).run()?;
    let binary = workspace.target_directory.join("release/watchbook");
    let row = measure(&binary, &workspace.target_directory).map_err(|source| Failure::Measure {
        what: "creates over HTTP",
        source,
    })?;
    print!("{}", table::render(&[row]));
    Ok(())
}

fn measure(binary: &Path, target: &Path) -> Result<Row, AnyError> {
    // Below cargo's target folder and not below /tmp, which is often memory and not a disk.
    let folder = tempfile::tempdir_in(target)?;
    lift_limits(folder.path())?;
    let server = Server::start(binary, folder.path())?;
    let empty = per_second(server.address, |_| get("/healthz"))?;
    let ours = per_second(server.address, create)?;
    Ok(Row {
        name: format!("durable creates over HTTP, {CONNECTIONS} connections"),
        ours: Measure::PerSecond(ours),
        other: Measure::PerSecond(empty),
        other_name: "empty handler",
        target: Target::AtLeast(0.4),
    })
}

fn lift_limits(folder: &Path) -> Result<(), AnyError> {
    let config = folder.join("config");
    create_dir_all(&RealDisk, &config)?;
    let file = RealDisk.open(&config.join("tool_limits.yml"), Open::CreateNew)?;
    Ok(file.write_all_at(NO_LIMITS.as_bytes(), 0)?)
}

/// A running server; ends with this value.
struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    fn start(binary: &Path, folder: &Path) -> Result<Self, AnyError> {
        let mut child = Command::new(binary)
            .arg("--dir")
            .arg(folder)
            .args(["--json", "serve", "--listen", "127.0.0.1:0"])
            .env("RUST_LOG", "warn")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut line = String::new();
        if let Some(output) = child.stdout.take() {
            BufReader::new(output).read_line(&mut line)?;
        }
        let said: serde_json::Value = serde_json::from_str(&line)?;
        let address = said["address"]
            .as_str()
            .and_then(|url| url.strip_prefix("http://"));
        let address = address
            .ok_or("the server did not say where it listens")?
            .parse()?;
        Ok(Self { child, address })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Answers per second, over all connections.
fn per_second(
    address: SocketAddr,
    request: impl Fn(u32) -> String + Sync,
) -> Result<f64, AnyError> {
    let (answered, is_over) = (AtomicU32::new(0), AtomicBool::new(false));
    let start = surroundings::now();
    thread::scope(|scope| {
        let callers: Vec<_> = (0..CONNECTIONS)
            .map(|_| {
                scope.spawn(|| {
                    let mut connection = Connection::open(address)?;
                    while !is_over.load(Ordering::Relaxed) {
                        let number = answered.fetch_add(1, Ordering::Relaxed);
                        connection.ask(&request(number))?;
                        is_over.fetch_or(start.elapsed() >= LASTS, Ordering::Relaxed);
                    }
                    Ok::<_, AnyError>(())
                })
            })
            .collect();
        callers.into_iter().try_for_each(|caller| {
            let ended = caller.join();
            ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    })?;
    Ok(f64::from(answered.into_inner()) / start.elapsed().as_secs_f64())
}

/// One kept-alive connection: as little client as there can be.
struct Connection {
    stream: TcpStream,
    answer: Vec<u8>,
}

impl Connection {
    fn open(address: SocketAddr) -> Result<Self, AnyError> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let answer = vec![0; ANSWER_BYTES];
        Ok(Self { stream, answer })
    }

    /// Sends a request and reads its answer, which must be a success.
    fn ask(&mut self, request: &str) -> Result<(), AnyError> {
        self.stream.write_all(request.as_bytes())?;
        let mut read = 0;
        loop {
            let more = self.stream.read(&mut self.answer[read..])?;
            read += more;
            let text = std::str::from_utf8(&self.answer[..read])?;
            if let Some(whole) = whole_length(text)
                && read >= whole
            {
                return match text.get(..12) {
                    Some("HTTP/1.1 200") => Ok(()),
                    _ => Err(text.into()),
                };
            }
            if more == 0 {
                return Err(format!("an answer broke off: {text}").into());
            }
        }
    }
}

/// The bytes of an answer with its headers, once those are there.
fn whole_length(text: &str) -> Option<usize> {
    let head = text.find("\r\n\r\n")?;
    let length = text[..head].lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse::<usize>().ok())?
    })?;
    Some(head + 4 + length)
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n")
}

fn create(number: u32) -> String {
    let body = format!(
        r#"{{"action":"incident_create","params":{{"service":"service-{:02}","severity":"P2","title":"Checkout answers 502 for one call in {number} behind the edge pool","summary":"Error rate rose right after the last rollout; customers see failed payments.","kind":"error_rate","labels":{{"region":"eu-west-1","team":"payments"}}}},"agent_id":"sofiia"}}"#,
        number % 40
    );
    format!(
        "POST /v1/tools/oncall_tool HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}
