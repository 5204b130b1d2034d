//! A door over a store in memory, a clock that the test moves, and calls as front-ends make them.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};
use watchbook_api::{Problem, decode, encode};
use watchbook_app::{App, AppParts, Caller, Context};
use watchbook_config::{Config, Environment, Flags, load};
use watchbook_core::audit::{AuditEntry, AuditQuery};
use watchbook_core::query::PageRequest;
use watchbook_core::text::Name;
use watchbook_core::{AgentId, Clock};
use watchbook_store::AuditLog;
use watchbook_store::system::{ManualClock, SeededEntropy};

use crate::faulty::FaultyStore;

/// Everything a test needs.
pub(crate) struct World {
    pub(crate) app: App,
    pub(crate) store: Arc<FaultyStore>,
    pub(crate) clock: ManualClock,
    config: Arc<Config>,
}

/// The shipped settings, with these policy files instead of the shipped ones.
pub(crate) fn config(files: &[(&str, &str)]) -> Config {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("config")).unwrap();
    for (name, text) in files {
        std::fs::write(dir.path().join("config").join(name), text).unwrap();
    }
    load(dir.path(), None, &Environment::default(), &Flags::default()).unwrap()
}

impl World {
    /// With the shipped policies.
    pub(crate) fn new() -> Self {
        Self::with(&[])
    }

    /// With these policy files instead of the shipped ones.
    pub(crate) fn with(files: &[(&str, &str)]) -> Self {
        let clock = ManualClock::default();
        let store = FaultyStore::new(Arc::new(clock.clone()), &SeededEntropy::new(1));
        Self::over(Arc::new(store), clock, Arc::new(config(files)), 2)
    }

    fn over(store: Arc<FaultyStore>, clock: ManualClock, config: Arc<Config>, seed: u64) -> Self {
        let app = App::new(AppParts {
            store: Arc::clone(&store) as _,
            config: Arc::clone(&config),
            clock: Arc::new(clock.clone()),
            entropy: Arc::new(SeededEntropy::new(seed)),
        });
        Self {
            app,
            store,
            clock,
            config,
        }
    }

    /// Another process on the same store.
    pub(crate) fn other_process(&self) -> Self {
        let (store, clock) = (Arc::clone(&self.store), self.clock.clone());
        Self::over(store, clock, Arc::clone(&self.config), 3)
    }

    /// A call of `oncall_tool` by an agent without a key; the whole envelope, or the problem.
    pub(crate) async fn call(
        &self,
        agent: &str,
        action: &str,
        params: Value,
    ) -> Result<Value, Problem> {
        self.call_as(keyless(agent), action, params).await
    }

    /// A call of `oncall_tool` that must succeed.
    pub(crate) async fn ok(&self, agent: &str, action: &str, params: Value) -> Value {
        let outcome = self.call(agent, action, params).await;
        outcome.unwrap_or_else(|problem| panic!("{action}: {problem}"))
    }

    /// A call of `oncall_tool` that must be refused.
    pub(crate) async fn refused(&self, agent: &str, action: &str, params: Value) -> Problem {
        match self.call(agent, action, params).await {
            Ok(answer) => panic!("{action} was not refused: {answer}"),
            Err(problem) => problem,
        }
    }

    /// A call by anybody, of `oncall_tool` or, for the actions that it does not have, of `admin_tool`. A millisecond
    /// passes before it, so that the audit trail has an order.
    pub(crate) async fn call_as(
        &self,
        caller: Caller,
        action: &str,
        params: Value,
    ) -> Result<Value, Problem> {
        self.clock.advance(Duration::from_millis(1));
        let tool = if action.starts_with("incident_") {
            "oncall_tool"
        } else {
            "admin_tool"
        };
        let request = decode(tool, action, object(params))?;
        let options = request.options.clone();
        let outcome = self.app.execute(&context(caller), request).await?;
        Ok(encode(&outcome.reply, &outcome.meta, &options))
    }

    /// A new incident of `gateway` in `prod`, by `sofiia`.
    pub(crate) async fn incident(&self, severity: &str) -> String {
        let params = json!({"service": "gateway", "severity": severity, "title": "Gateway 5xx"});
        let answer = self.ok("sofiia", "incident_create", params).await;
        answer["result"]["incident"]["id"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// The audit trail, the newest first.
    pub(crate) async fn audit(&self) -> Vec<AuditEntry> {
        let page = PageRequest {
            limit: 500,
            after: None,
        };
        let found = self.store.search_audit(AuditQuery::default(), page).await;
        found.unwrap().items
    }

    /// Everything that the store would show of its incidents, to compare before and after.
    pub(crate) async fn dump(&self) -> String {
        let list = json!({"limit": 500});
        let mut all = self.ok("sofiia", "incident_list", list).await["result"].to_string();
        let items: Value = serde_json::from_str(&all).unwrap();
        for item in items["items"].as_array().unwrap() {
            let events = json!({"incident_id": item["id"], "limit": 500});
            let events = self.ok("sofiia", "incident_events", events).await;
            all.push_str(&events["result"].to_string());
        }
        all
    }

    /// The present.
    pub(crate) fn now(&self) -> watchbook_core::Timestamp {
        self.clock.now()
    }
}

/// A caller without a key who says who it is; nobody if that is empty.
pub(crate) fn keyless(agent: &str) -> Caller {
    let claims = (!agent.is_empty()).then(|| id(agent));
    Caller::Keyless { claims }
}

/// Somebody at the command line.
pub(crate) fn local(agent: &str) -> Caller {
    Caller::Local { agent: id(agent) }
}

/// A caller with a key, and what it says in `agent_id`.
pub(crate) fn keyed(secret: &str, claims: Option<&str>) -> Caller {
    Caller::Key {
        secret: secret.to_owned(),
        claims: claims.map(id),
    }
}

/// An agent's id.
pub(crate) fn id(agent: &str) -> AgentId {
    AgentId::new(agent).unwrap()
}

/// A call by this caller.
pub(crate) fn context(caller: Caller) -> Context {
    Context::new(caller, Name::new("req_test").unwrap())
}

/// Parameters.
pub(crate) fn object(params: Value) -> Map<String, Value> {
    match params {
        Value::Object(params) => params,
        other => panic!("not an object: {other}"),
    }
}
