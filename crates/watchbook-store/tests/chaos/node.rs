//! The process that writes: the test binary runs itself again as a node.
//!
//! It says on its standard output where its writes go (`phase <phase>`) and what was acknowledged
//! (`ack <writer> <change> <incident> <database|apart> <created|-> <lines>`), so that the parent knows it whatever
//! becomes of the process.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use watchbook_core::{Clock, Entropy};
use watchbook_store::auto::{AutoOptions, AutoStore, Folder, Phase, Tended};
use watchbook_store::jsonl::JsonlOptions;
use watchbook_store::system::{OsEntropy, SystemClock};
use watchbook_store::{PostgresOptions, PostgresStore};

use crate::writer::{Shared, writes};

/// What the process is told: the directory and the address of the database.
const ROLE: &str = "WATCHBOOK_CHAOS_NODE";
const ENTRY: &str = "nothing_acknowledged_is_lost_or_doubled_whatever_fails";
pub(crate) const WRITERS: u64 = 16;
/// How long a call waits for the database, and how long that is left alone: short, so that a cycle is.
const PATIENCE: Duration = Duration::from_millis(400);
const RETRY: Duration = Duration::from_millis(150);
const TENDING: Duration = Duration::from_millis(50);

/// What this process was started for, if it is a node.
pub(crate) fn role() -> Option<String> {
    std::env::var(ROLE).ok()
}

pub(crate) fn say(line: &str) {
    // One write, so that lines of several threads stay whole and nothing waits in a buffer when the process dies.
    let mut out = std::io::stdout().lock();
    // The parent may have ended first.
    drop(out.write_all(format!("{line}\n").as_bytes()));
    drop(out.flush());
}

/// A node on this directory, with the database at this address.
pub(crate) fn open(dir: &Path, url: &str) -> AutoStore {
    let (clock, entropy): (Arc<dyn Clock>, Arc<dyn Entropy>) =
        (Arc::new(SystemClock), Arc::new(OsEntropy));
    let database = PostgresOptions {
        connect_timeout: PATIENCE,
        statement_timeout: Duration::from_secs(5),
        ..PostgresOptions::new(url, Arc::clone(&clock), Arc::clone(&entropy))
    };
    let files = JsonlOptions::new(dir, Arc::clone(&clock), entropy);
    AutoStore::new(
        Arc::new(PostgresStore::new(database).unwrap()),
        Arc::new(Folder::new(dir, files)),
        AutoOptions {
            patience: PATIENCE,
            retry: RETRY,
            ..AutoOptions::new(clock)
        },
    )
}

/// Writes until the parent closes standard input.
pub(crate) fn play(role: &str) {
    // The test harness has begun a line of its own.
    say("");
    let (dir, url) = role.split_once('\t').unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let store = open(Path::new(dir), url);
        store.start().await.unwrap();
        tokio::spawn(tends(store.clone()));
        tokio::spawn(tell_phases(store.clone()));
        let shared = Arc::new(Shared::of(&store).await);
        for writer in 0..WRITERS {
            tokio::spawn(writes(writer, store.clone(), Arc::clone(&shared)));
        }
        let closed = tokio::task::spawn_blocking(|| drop(std::io::stdin().lines().next()));
        closed.await.unwrap();
        shared.stop();
        shared.stopped(WRITERS).await;
        say("stopped");
    });
}

/// Tends the node, and says what stands in the way.
async fn tends(store: AutoStore) {
    loop {
        match store.tend().await {
            Ok(Tended::InVain) => {
                let status = store.status().await;
                say(&format!(
                    "tended in vain: {:?}",
                    status.map(|status| status.condition.why)
                ));
            }
            Ok(_) => {}
            Err(error) => say(&format!("tended: {error}")),
        }
        tokio::time::sleep(TENDING).await;
    }
}

async fn tell_phases(store: AutoStore) {
    let mut last = None;
    loop {
        let phase = store.phase().map_or("unknown", Phase::as_str);
        if last != Some(phase) {
            say(&format!("phase {phase}"));
            last = Some(phase);
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// A node in a process of its own.
pub(crate) struct Node {
    child: Child,
}

impl Node {
    /// Starts one; `heard` is told every line it says.
    pub(crate) fn start(
        dir: &Path,
        url: &str,
        mut heard: impl FnMut(&str) + Send + 'static,
    ) -> (Self, std::thread::JoinHandle<()>) {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([ENTRY, "--exact", "--nocapture", "--test-threads=1"])
            .env(ROLE, format!("{}\t{url}", dir.display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        let listening = std::thread::spawn(move || {
            // A last line that was cut by the kill is no acknowledgement.
            for line in lines.split(b'\n').map_while(Result::ok) {
                heard(&String::from_utf8_lossy(&line));
            }
        });
        (Self { child }, listening)
    }

    /// Kills it, wherever it is.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Lets it end what it does.
    pub(crate) fn end(mut self) {
        drop(self.child.stdin.take());
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{status}");
    }
}

/// Where the condition of a node stands.
pub(crate) fn condition_file(dir: &Path) -> PathBuf {
    dir.join("ops/auto/condition.json")
}
