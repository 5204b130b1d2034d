//! Two servers, processes of their own, on one database: what is due runs once, whatever becomes of one of them.
//!
//! The test binary runs itself again as a server. What a server has to say goes to its standard output.

use std::collections::{BTreeSet, HashMap};
use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::process::{Child, ChildStdout, Command as Process, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use watchbook_core::query::{IncidentFilter, IncidentQuery, PageRequest, Sort};
use watchbook_core::text::Name;
use watchbook_core::{ChangeId, Command, Digest, Fence, IncidentId, Key, LeaseName};
use watchbook_store::conformance::block_on;
use watchbook_store::postgres::{ExecMode, PostgresOptions, PostgresStore};
use watchbook_store::system::{OsEntropy, SystemClock};
use watchbook_store::{Applied, Incidents, Leases, Outcome, StoreError, Taken};

use crate::commands::{creation, note};
use crate::schema::{Schema, cluster, url};

/// What a server is to do, and where: `<role> <schema>`.
const ROLE: &str = "WATCHBOOK_TEST_ROLE";
/// Tasks that are due.
const DUE: usize = 10_000;
/// The incidents that they write to.
const INCIDENTS: usize = 200;
/// How many a server works on at once.
const HANDS: usize = 16;
/// How many runs a server does before it says so.
const REPORT: usize = 250;
/// How many runs a server has done when it is stopped.
const STOPPED_AT: usize = 2_000;
/// Short, so that a server that stopped is not waited for long.
const SPAN: Duration = Duration::from_secs(2);

/// A server as its starter sees it.
struct Server {
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Server {
    fn start(role: &str, schema: &Schema) -> Self {
        let mut process = Process::new(std::env::current_exe().unwrap())
            .args(["two_servers::serve", "--exact", "--nocapture"])
            .env(ROLE, format!("{role} {}", schema.name()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        Self { process, lines }
    }

    /// What follows `word` on the next line that begins with it.
    fn says(&mut self, word: &str) -> String {
        let lines = self.lines.by_ref().map_while(Result::ok);
        let mut told = lines.filter_map(|line| line.strip_prefix(word).map(str::to_owned));
        told.next()
            .unwrap_or_else(|| panic!("it never says {word}"))
    }

    fn signal(&self, signal: &str) {
        let pid = self.process.id().to_string();
        let sent = Process::new("kill").args([signal, &pid]).status();
        assert!(sent.unwrap().success());
    }

    fn tell(&mut self, line: &str) {
        let stdin = self.process.stdin.as_mut().unwrap();
        writeln!(stdin, "{line}").unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended; a stopped one ends by this as well.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

fn say(line: &str) {
    let line = format!("\n{line}\n");
    std::io::stdout().write_all(line.as_bytes()).unwrap();
    std::io::stdout().flush().unwrap();
}

fn store(schema: &str) -> PostgresStore {
    // No power fails here, and there is much to write.
    let quick = "options='-c synchronous_commit=off ";
    let url = url(&cluster(), schema).replace("options='", quick);
    let options = PostgresOptions::new(url, Arc::new(SystemClock), Arc::new(OsEntropy));
    PostgresStore::new(options.with_mode(ExecMode::Prepared)).unwrap()
}

/// Plays the role that this process was started for. Without one it is a test that has nothing to do.
#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "whoever starts a server says by a variable what it is to do"
)]
fn serve() {
    let Ok(role) = std::env::var(ROLE) else {
        return;
    };
    let (role, schema) = role.split_once(' ').unwrap();
    let (store, role) = (store(schema), role.to_owned());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        match role.as_str() {
            "hold" => hold_and_write(&store).await,
            node => run_what_is_due(store, node).await,
        }
    });
}

/// Takes a lease, and writes under it when it is told to, however late that is.
async fn hold_and_write(store: &PostgresStore) {
    let taken = acquire(store, "task/slow", "stopped").await;
    let Taken::Given(lease) = taken else {
        panic!("{taken:?}");
    };
    say("holds");
    let mut go = String::new();
    std::io::stdin().read_line(&mut go).unwrap();
    let id = incidents(store).await[0];
    let written = store
        .apply(under(lease.fence, note(id, "by the stopped")))
        .await;
    match written {
        Err(error @ StoreError::Fenced(_)) => {
            assert_eq!(error.outcome(), Outcome::NotApplied);
            say("wrote nothing");
        }
        other => say(&format!("wrote {other:?}")),
    }
}

async fn try_acquire(store: &PostgresStore, name: &str, holder: &str) -> Result<Taken, StoreError> {
    let (name, holder) = (LeaseName::new(name).unwrap(), Name::new(holder).unwrap());
    store.acquire(&name, &holder, SPAN).await
}

async fn acquire(store: &PostgresStore, name: &str, holder: &str) -> Taken {
    try_acquire(store, name, holder).await.unwrap()
}

fn under(fence: Fence, command: Command) -> Command {
    Command {
        fence: Some(fence),
        ..command
    }
}

/// The incidents that were there at the beginning, in an order that every server agrees on.
async fn incidents(store: &PostgresStore) -> Vec<IncidentId> {
    let query = IncidentQuery {
        filter: IncidentFilter::default(),
        sort: Sort::Created,
        page: PageRequest {
            limit: 500,
            after: None,
        },
    };
    let found = store.list(query).await.unwrap().items;
    let mut ids: Vec<_> = found.into_iter().map(|incident| incident.id).collect();
    ids.sort_unstable();
    ids
}

/// What is due, and what became of it here.
struct Work {
    store: PostgresStore,
    node: String,
    incidents: Vec<IncidentId>,
    ran: AtomicUsize,
    /// Runs of which it is not known here whether they were written: the answer came too late.
    unknown: AtomicUsize,
    /// Whether it met something that was done already: time to look what else is.
    is_behind: AtomicBool,
}

/// Runs everything that is due and not done, until all of it is done by somebody.
async fn run_what_is_due(store: PostgresStore, node: &str) {
    let work = Arc::new(Work {
        incidents: incidents(&store).await,
        store,
        node: node.to_owned(),
        ran: AtomicUsize::new(0),
        unknown: AtomicUsize::new(0),
        is_behind: AtomicBool::new(false),
    });
    let mut due: Vec<usize> = (0..DUE).collect();
    if node == "beta" {
        due.reverse();
    }
    while !due.is_empty() {
        let (shared, next) = (Arc::new(due), Arc::new(AtomicUsize::new(0)));
        let hands = (0..HANDS).map(|_| {
            let (work, due) = (Arc::clone(&work), Arc::clone(&shared));
            let next = Arc::clone(&next);
            tokio::spawn(async move {
                while !work.is_behind.load(Ordering::SeqCst)
                    && let Some(task) = due.get(next.fetch_add(1, Ordering::SeqCst))
                {
                    work.run(*task).await;
                }
            })
        });
        for hand in hands.collect::<Vec<_>>() {
            hand.await.unwrap();
        }
        work.is_behind.store(false, Ordering::SeqCst);
        let done = work.done().await;
        due = (0..DUE).filter(|task| !done.contains(task)).collect();
    }
    let [ran, unknown] = [&work.ran, &work.unknown].map(|count| count.load(Ordering::SeqCst));
    say(&format!("done {ran} {unknown}"));
}

impl Work {
    /// Runs one task, if nobody else has it.
    async fn run(&self, task: usize) {
        let name = format!("task/{task}");
        // What cannot be had now, because of another server or of a stop, comes again with what is not done.
        let Ok(Taken::Given(lease)) = try_acquire(&self.store, &name, &self.node).await else {
            return;
        };
        let id = self.incidents[task % self.incidents.len()];
        let command = Command {
            change: ChangeId::from_key("two_servers", &name),
            key: Some(Key {
                body: Digest::of(name.as_bytes()),
            }),
            ..note(id, &name)
        };
        match self.store.apply(under(lease.fence, command)).await {
            Ok(Applied { replayed: true, .. }) => self.is_behind.store(true, Ordering::SeqCst),
            Ok(_) => {
                let ran = self.ran.fetch_add(1, Ordering::SeqCst) + 1;
                if ran.is_multiple_of(REPORT) {
                    say(&format!("ran {ran}"));
                }
            }
            Err(error) if error.outcome() == Outcome::NotApplied => {}
            Err(_) => {
                self.unknown.fetch_add(1, Ordering::SeqCst);
            }
        }
    }

    /// The tasks that stand in the log.
    async fn done(&self) -> BTreeSet<usize> {
        let all = runs(&self.store, &self.incidents).await;
        all.into_keys().collect()
    }
}

/// How often each task stands in the log.
async fn runs(store: &PostgresStore, incidents: &[IncidentId]) -> HashMap<usize, u32> {
    let mut runs = HashMap::new();
    for id in incidents {
        let page = PageRequest {
            limit: 500,
            after: None,
        };
        for event in store.events(*id, page).await.unwrap().items {
            let task = event.message.as_str().strip_prefix("task/");
            if let Some(task) = task.and_then(|task| task.parse().ok()) {
                *runs.entry(task).or_default() += 1;
            }
        }
    }
    runs
}

async fn with_incidents(count: usize) -> (Schema, PostgresStore) {
    let schema = Schema::migrated().await;
    let store = store(schema.name());
    for _ in 0..count {
        store.apply(creation()).await.unwrap();
    }
    (schema, store)
}

#[test]
fn chaos_what_is_due_runs_once_though_a_server_stops_for_a_while() {
    block_on(async {
        let (schema, store) = with_incidents(INCIDENTS).await;
        let mut alpha = Server::start("alpha", &schema);
        let mut beta = Server::start("beta", &schema);
        alpha.says(&format!("ran {STOPPED_AT}"));
        alpha.signal("-STOP");
        // It can only end when it has taken over what the other one had in its hands.
        let beta_did = beta.says("done");
        alpha.signal("-CONT");
        let alpha_did = alpha.says("done");
        let runs = runs(&store, &incidents(&store).await).await;
        assert_eq!(runs.len(), DUE);
        assert!(runs.values().all(|times| *times == 1), "{runs:?}");
        let [alpha, beta] = [alpha_did, beta_did].map(|did| did_and_unknown(&did));
        let known = alpha.0 + beta.0;
        assert!(known <= DUE, "{alpha:?} {beta:?}");
        assert!(known + alpha.1 + beta.1 >= DUE, "{alpha:?} {beta:?}");
        assert!(alpha.0.min(beta.0) >= REPORT, "{alpha:?} {beta:?}");
    });
}

/// How many runs a server knows to have done, and of how many it does not know.
fn did_and_unknown(did: &str) -> (usize, usize) {
    let mut numbers = did.split_whitespace().map(|number| number.parse().unwrap());
    (numbers.next().unwrap(), numbers.next().unwrap())
}

#[test]
fn a_server_that_was_stopped_past_its_lease_writes_nothing() {
    block_on(async {
        let (schema, store) = with_incidents(1).await;
        let mut stopped = Server::start("hold", &schema);
        stopped.says("holds");
        stopped.signal("-STOP");
        stopped.tell("go");
        let lease = loop {
            if let Taken::Given(lease) = acquire(&store, "task/slow", "other").await {
                break lease;
            }
        };
        let id = incidents(&store).await[0];
        let written = store
            .apply(under(lease.fence, note(id, "by the other")))
            .await;
        assert!(written.is_ok(), "{written:?}");
        stopped.signal("-CONT");
        assert_eq!(stopped.says("wrote"), " nothing");
        let page = PageRequest {
            limit: 500,
            after: None,
        };
        let events = store.events(id, page).await.unwrap().items;
        let said: Vec<_> = events.iter().map(|event| event.message.as_str()).collect();
        assert_eq!(said[1..], ["by the other"]);
    });
}
