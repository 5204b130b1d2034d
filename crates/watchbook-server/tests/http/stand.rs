//! A running server with everything a test needs to drive it.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use watchbook_app::{App, AppParts, Caller, Context, IssuedKey, NewKey};
use watchbook_config::{Config, Environment, Flags, load};
use watchbook_core::AgentId;
use watchbook_core::text::Name;
use watchbook_server::{BindError, Options, Sites, Stopped, serve};
use watchbook_store::Store;
use watchbook_store::system::{ManualClock, SeededEntropy};

use crate::moody::MoodyStore;
use crate::wire::{Answer, Ask};

/// A server that runs until it is stopped or dropped.
pub(crate) struct Stand {
    pub(crate) address: SocketAddr,
    pub(crate) app: Arc<App>,
    pub(crate) clock: ManualClock,
    stop: Option<oneshot::Sender<()>>,
    serving: JoinHandle<Result<Stopped, BindError>>,
}

/// The options of the tests: the host of the runbook is known, request ids begin with `2a`.
pub(crate) fn options() -> Options {
    Options {
        sites: Sites::new(Some("https://watch.example.org"), &["gateway".to_owned()])
            .expect("sites"),
        ..Options::new(42)
    }
}

/// The shipped settings, with these policy files instead of the shipped ones.
pub(crate) fn config(files: &[(&str, &str)]) -> Arc<Config> {
    let dir = TempDir::new().expect("a directory");
    let folder = dir.path().join("config");
    std::fs::create_dir(&folder).expect("a folder");
    for (name, text) in files {
        std::fs::write(folder.join(name), text).expect("a file");
    }
    let loaded = load(dir.path(), None, &Environment::default(), &Flags::default());
    Arc::new(loaded.expect("settings"))
}

/// The door over a store.
pub(crate) fn app(
    store: Arc<dyn Store>,
    config: Arc<Config>,
    clock: &ManualClock,
    seed: u64,
) -> Arc<App> {
    Arc::new(App::new(AppParts {
        store,
        config,
        clock: Arc::new(clock.clone()),
        entropy: Arc::new(SeededEntropy::new(seed)),
    }))
}

impl Stand {
    /// A server over an empty store in memory.
    pub(crate) async fn open() -> Self {
        Self::with(options(), &[]).await.0
    }

    /// The same with other options or policies, and its store.
    pub(crate) async fn with(
        options: Options,
        policies: &[(&str, &str)],
    ) -> (Self, Arc<MoodyStore>) {
        let clock = ManualClock::default();
        let store = MoodyStore::new(Arc::new(clock.clone()), &SeededEntropy::new(1));
        let store = Arc::new(store);
        let app = app(Arc::clone(&store) as _, config(policies), &clock, 2);
        (Self::over(app, clock, options).await, store)
    }

    /// A server over files.
    pub(crate) async fn on_files(dir: &Path, clock: &ManualClock, seed: u64) -> Self {
        use watchbook_store::jsonl::{JsonlOptions, JsonlStore};
        let entropy = Arc::new(SeededEntropy::new(seed));
        let options = JsonlOptions::new(dir, Arc::new(clock.clone()), entropy);
        let store = JsonlStore::open(options).expect("a store");
        let app = app(Arc::new(store), config(&[]), clock, seed + 1);
        Self::over(app, clock.clone(), self::options()).await
    }

    /// A server over a door.
    pub(crate) async fn over(app: Arc<App>, clock: ManualClock, options: Options) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (stop, stopped) = oneshot::channel();
        let shutdown = async {
            let _ = stopped.await;
        };
        let serving = tokio::spawn(serve(Arc::clone(&app), listener, options, shutdown));
        Self {
            address,
            app,
            clock,
            stop: Some(stop),
            serving,
        }
    }

    /// Sends a request.
    pub(crate) async fn ask(&self, ask: Ask) -> Answer {
        ask.send(self.address).await
    }

    /// Reads an address.
    pub(crate) async fn get(&self, target: &str) -> Answer {
        self.ask(Ask::get(target)).await
    }

    /// Calls an action of `oncall_tool`.
    pub(crate) async fn call(&self, agent: &str, action: &str, params: Value) -> Answer {
        let body = json!({"action": action, "params": params, "agent_id": agent});
        self.ask(Ask::post("/v1/tools/oncall_tool", body)).await
    }

    /// Calls an action of `oncall_tool` as `sofiia`; the result.
    pub(crate) async fn done(&self, action: &str, params: Value) -> Value {
        let answer = self.call("sofiia", action, params).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()["result"].clone()
    }

    /// The id of a new incident.
    pub(crate) async fn incident(&self) -> String {
        let params = json!({"service": "gateway", "severity": "P2", "title": "Gateway 5xx"});
        let result = self.done("incident_create", params).await;
        result["incident"]["id"].as_str().expect("an id").to_owned()
    }

    /// A new key, as text.
    pub(crate) async fn key(&self, agent: &str, delegate: bool) -> String {
        self.issue(agent, delegate).await.token.reveal().to_owned()
    }

    /// A new key.
    pub(crate) async fn issue(&self, agent: &str, delegate: bool) -> IssuedKey {
        let new = NewKey {
            agent: AgentId::new(agent).expect("an id"),
            label: None,
            delegate,
            ingest_only: false,
            expires_at: None,
        };
        let issued = self.app.keys().create(&local(), new).await;
        issued.expect("a key")
    }

    /// The audit trail as `tool.action outcome code`, oldest first.
    pub(crate) async fn audit(&self) -> Vec<String> {
        let body =
            json!({"action": "audit_search", "params": {"limit": 100}, "agent_id": "sofiia"});
        let answer = self.ask(Ask::post("/v1/tools/admin_tool", body)).await;
        let items = answer.json()["result"]["items"].clone();
        let line = |entry: &Value| {
            let text = |name: &str| entry[name].as_str().unwrap_or("-").to_owned();
            let parts = [text("tool"), text("action"), text("outcome"), text("code")];
            parts.join(" ")
        };
        let lines = items.as_array().expect("a list").iter().map(line);
        lines.rev().collect()
    }

    /// Asks the server to stop; it lets requests end first.
    pub(crate) fn begin_stop(&mut self) {
        self.stop
            .take()
            .expect("not stopped yet")
            .send(())
            .expect("running");
    }

    /// Waits until it has stopped.
    pub(crate) async fn stopped(self) -> Stopped {
        self.serving.await.expect("no panic").expect("served")
    }

    /// Stops it.
    pub(crate) async fn stop(mut self) -> Stopped {
        self.begin_stop();
        self.stopped().await
    }

    /// Lets time pass.
    pub(crate) fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }
}

/// Somebody at the command line.
pub(crate) fn local() -> Context {
    let agent = AgentId::new("human:ada").expect("an id");
    Context::new(Caller::Local { agent }, Name::new("test").expect("a name"))
}
