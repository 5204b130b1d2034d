//! The cycles: harm, writes apart, deaths, and the way back.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tempfile::TempDir;
use tokio::time::{Instant, sleep, timeout};
use watchbook_store::proxy::{Fault, Proxy, Upstream};

use crate::cluster::Cluster;
use crate::node::{self, Node};
use crate::plan::{Death, Harm, Plan};
use crate::verdict::{Ledger, Verdict};

/// How long anything of a cycle may take.
const TOO_LONG: Duration = Duration::from_mins(2);
const LOOK: Duration = Duration::from_millis(2);
/// How many writes go to the database before it is harmed.
const BEFORE: u64 = 30;

/// What the node has said.
#[derive(Default)]
pub(crate) struct Heard {
    pub(crate) ledger: Ledger,
    phase: String,
    database: u64,
    apart: u64,
    /// The last thing that stood in the way of tending.
    trouble: String,
}

pub(crate) struct Chaos {
    cluster: Cluster,
    proxy: Proxy,
    dir: TempDir,
    heard: Arc<Mutex<Heard>>,
    node: Option<(Node, std::thread::JoinHandle<()>)>,
    seed: u64,
    report: Report,
}

/// What was done, and how long it took.
#[derive(Debug, Default)]
pub(crate) struct Report {
    cycles: u64,
    harms: BTreeMap<Harm, u64>,
    killed_apart: u64,
    killed_replaying: u64,
    cut_commits: u64,
    acknowledged: u64,
    apart: u64,
    fewest_apart: Option<u64>,
    replays: Vec<Duration>,
    verdict: Verdict,
}

impl Chaos {
    pub(crate) async fn begin(seed: u64) -> Self {
        let cluster = Cluster::start();
        let address = cluster.address();
        let url = watchbook_store::PostgresOptions::new(
            address,
            Arc::new(watchbook_store::system::SystemClock),
            Arc::new(watchbook_store::system::OsEntropy),
        );
        watchbook_store::migrate_database(&url).await.unwrap();
        let proxy = Proxy::start(Upstream::Unix(cluster.socket())).unwrap();
        Self {
            cluster,
            proxy,
            dir: TempDir::new().unwrap(),
            heard: Arc::default(),
            node: None,
            seed,
            report: Report::default(),
        }
    }

    fn url(&self) -> String {
        let port = self.proxy.address().port();
        format!("host=127.0.0.1 port={port} user=postgres dbname=postgres sslmode=disable")
    }

    fn start_node(&mut self) {
        let heard = Arc::clone(&self.heard);
        self.node = Some(Node::start(self.dir.path(), &self.url(), move |line| {
            heard.lock().hear(line);
        }));
    }

    fn kill_node(&mut self) {
        let (node, listening) = self.node.take().unwrap();
        node.kill();
        // What it said before it died counts.
        listening.join().unwrap();
    }

    pub(crate) async fn cycle(&mut self, plan: Plan) {
        if self.node.is_none() {
            self.start_node();
        }
        self.heard.lock().begin();
        self.until(plan, "writes go to the database", |heard| {
            heard.database >= BEFORE
        })
        .await;
        self.harm(plan).await;
        self.until(plan, "enough is written apart", |heard| {
            heard.apart >= plan.apart
        })
        .await;
        if plan.death == Death::Apart {
            self.kill_node();
            self.report.killed_apart += 1;
            self.start_node();
            let before = self.heard.lock().apart;
            self.until(plan, "writing goes on apart", |heard| heard.apart > before)
                .await;
        }
        self.heal(plan).await;
        let begun = Instant::now();
        if plan.death == Death::Replaying {
            self.kill_replaying(plan).await;
        }
        self.heard.lock().database = 0;
        self.until(plan, "writes go to the database again", |heard| {
            heard.phase == "primary" && heard.database >= 1
        })
        .await;
        self.report.replays.push(begun.elapsed());
        self.close(plan);
    }

    /// Kills the node as soon as it says that it replays; counts it if the replay had really not ended.
    async fn kill_replaying(&mut self, plan: Plan) {
        self.until(plan, "it replays, or has done so", |heard| {
            heard.phase != "degraded"
        })
        .await;
        self.kill_node();
        let condition = std::fs::read_to_string(node::condition_file(self.dir.path())).unwrap();
        if condition.contains("\"replaying\"") {
            self.report.killed_replaying += 1;
        }
        self.start_node();
    }

    async fn harm(&mut self, plan: Plan) {
        *self.report.harms.entry(plan.harm).or_default() += 1;
        match plan.harm {
            Harm::Kill => self.cluster.kill(),
            Harm::Stop => self.cluster.stop(),
            Harm::Partition => self.proxy.set(Fault::Hang).await,
            Harm::Refuse => self.proxy.set(Fault::Refuse).await,
            Harm::CutAtCommit => {
                let strikes = self.proxy.strikes();
                self.proxy.set(Fault::CutAnswer).await;
                timeout(TOO_LONG, self.proxy.struck(strikes + 1))
                    .await
                    .unwrap_or_else(|_| panic!("no commit came to be cut in {plan:?}"));
                self.report.cut_commits += 1;
                self.proxy.set(Fault::Refuse).await;
            }
            Harm::Restart => self.cluster.down(),
        }
    }

    async fn heal(&mut self, plan: Plan) {
        match plan.harm {
            Harm::Kill | Harm::Restart => self.cluster.up(),
            Harm::Stop => self.cluster.go_on(),
            Harm::Partition | Harm::Refuse | Harm::CutAtCommit => self.proxy.set(Fault::Pass).await,
        }
    }

    async fn until(&mut self, plan: Plan, what: &str, is_so: impl Fn(&Heard) -> bool) {
        let begun = Instant::now();
        loop {
            let (is_so, so_far) = {
                let heard = self.heard.lock();
                (
                    is_so(&heard),
                    (
                        heard.phase.clone(),
                        heard.database,
                        heard.apart,
                        heard.trouble.clone(),
                    ),
                )
            };
            if is_so {
                return;
            }
            assert!(
                begun.elapsed() < TOO_LONG,
                "seed {}, {plan:?}: it does not come to pass that {what}; phase, writes to the database and apart: {so_far:?}",
                self.seed
            );
            sleep(LOOK).await;
        }
    }

    fn close(&mut self, plan: Plan) {
        let heard = self.heard.lock();
        assert!(heard.apart >= 200, "{plan:?}: only {} apart", heard.apart);
        self.report.cycles += 1;
        self.report.apart += heard.apart;
        let fewest = self.report.fewest_apart.unwrap_or(u64::MAX);
        self.report.fewest_apart = Some(fewest.min(heard.apart));
    }

    /// Lets the node end, and looks at everything.
    pub(crate) async fn end(mut self) -> Report {
        if let Some((node, listening)) = self.node.take() {
            tokio::task::spawn_blocking(|| {
                node.end();
                listening.join().unwrap();
            })
            .await
            .unwrap();
        }
        let ledger = std::mem::take(&mut self.heard.lock().ledger);
        self.report.acknowledged = ledger.acknowledged();
        let url = self.url();
        self.report.verdict =
            Verdict::of(&ledger, &self.cluster.address(), self.dir.path(), &url).await;
        self.report
    }
}

impl Heard {
    fn begin(&mut self) {
        self.database = 0;
        self.apart = 0;
    }

    fn hear(&mut self, line: &str) {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["phase", phase] => (*phase).clone_into(&mut self.phase),
            ["ack", writer, change, incident, side, created, lines] => {
                match *side {
                    "apart" => self.apart += 1,
                    _ => self.database += 1,
                }
                self.ledger
                    .note((writer, change, incident), *created == "created", lines);
            }
            ["tended" | "tended:", ..] => line.clone_into(&mut self.trouble),
            ["failed", ..] => panic!("the node says: {line}"),
            _ => {}
        }
    }
}

impl Report {
    /// Whether every sort of harm came often enough to mean something.
    pub(crate) fn check(&self, cycles: u64) {
        assert_eq!(self.cycles, cycles);
        let expected = cycles / Harm::ALL.len() as u64;
        for harm in Harm::ALL {
            let times = self.harms.get(&harm).copied().unwrap_or(0);
            assert!(times >= expected.min(3), "{harm:?} came {times} times");
        }
        assert!(
            cycles < 20 || self.killed_replaying >= 3,
            "only {} kills with the replay unfinished",
            self.killed_replaying
        );
        self.verdict.check();
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut replays = self.replays.clone();
        replays.sort_unstable();
        let median = replays.get(replays.len() / 2).copied().unwrap_or_default();
        writeln!(f, "{} cycles: {:?}", self.cycles, self.harms)?;
        writeln!(
            f,
            "{} changes acknowledged, {} of them apart (at least {} a cycle)",
            self.acknowledged,
            self.apart,
            self.fewest_apart.unwrap_or(0)
        )?;
        writeln!(
            f,
            "{} commits cut at COMMIT; killed {} times apart, {} times with the replay unfinished",
            self.cut_commits, self.killed_apart, self.killed_replaying
        )?;
        writeln!(
            f,
            "from healing to the first write to the database: median {median:.2?}"
        )?;
        write!(f, "{}", self.verdict)
    }
}
