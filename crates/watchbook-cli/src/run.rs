//! The whole program: from arguments to an exit code.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{Map, Value};
use watchbook_api::ActionKind;
use watchbook_config::{Environment, Flags, directory};
use watchbook_core::{AgentId, Clock, Entropy};

use crate::arguments::{self, Globals};
use crate::commands;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::nouns::{self, Asked, Manner};
use crate::output::Output;
use crate::reach::{Call, Directory, Opening, Reach, Server};
use crate::show;
use crate::surroundings::Surroundings;
use crate::welcome;

/// How many lines of a timeline a page about an incident shows.
const TIMELINE: u32 = 100;

/// Runs the command: `arguments` as a process gets them, the name of the program first.
pub fn run(arguments: impl IntoIterator<Item = OsString>, surroundings: Surroundings<'_>) -> Exit {
    let Surroundings {
        environment,
        stdin,
        stdout,
        stderr,
        terminal,
        clock,
        entropy,
    } = surroundings;
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    // What cannot be parsed must be answered as well, in the form that was asked for.
    let json = arguments.iter().any(|argument| argument == "--json");
    let mut output = Output::new(stdout, stderr, terminal, json);
    let parsed = arguments::command().try_get_matches_from(arguments);
    let done = parsed.map_err(Failure::from).and_then(|matches| {
        let (globals, operation) = arguments::parsed(&matches)?;
        let asked = nouns::asked(&matches, stdin)?;
        let run = Run {
            globals,
            environment,
            clock,
            entropy,
        };
        match (asked, operation) {
            (Some(asked), _) => run.act(asked, &mut output),
            (None, Some(operation)) => commands::carry_out(&run, operation, stdin, &mut output),
            (None, None) => output.text(welcome::TEXT).map(|()| Exit::Done),
        }
    });
    match done {
        Ok(exit) => exit,
        Err(failure) => {
            output.failure(&failure);
            failure.exit()
        }
    }
}

/// One run of the command: what was said, and what it stands on.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) globals: Globals,
    pub(crate) environment: Environment,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
}

impl Run {
    /// The folder that holds `ops/` and `config/`.
    pub(crate) fn dir(&self) -> PathBuf {
        directory(self.globals.dir.as_deref(), &self.environment)
    }

    /// The agent that was named, if one was.
    fn named_agent(&self) -> Result<Option<AgentId>, Failure> {
        match (&self.globals.agent, self.environment.get("WATCHBOOK_AGENT")) {
            (Some(agent), _) => Ok(Some(agent.clone())),
            (None, None) => Ok(None),
            (None, Some(text)) => text
                .parse()
                .map(Some)
                .map_err(|error| Failure::Usage(format!("WATCHBOOK_AGENT: {error}"))),
        }
    }

    /// Whom calls are made as on a directory: who was named, else the person who sits here.
    pub(crate) fn agent(&self) -> Result<AgentId, Failure> {
        Ok(self
            .named_agent()?
            .unwrap_or_else(|| person(&self.environment)))
    }

    /// What is needed to open the directory.
    pub(crate) fn opening<'a>(
        &'a self,
        dir: &'a std::path::Path,
        flags: Flags,
    ) -> Result<Opening<'a>, Failure> {
        Ok(Opening {
            dir,
            config: self.globals.config.as_deref(),
            environment: &self.environment,
            flags,
            agent: self.agent()?,
            clock: Arc::clone(&self.clock),
            entropy: Arc::clone(&self.entropy),
            is_tended: false,
        })
    }

    /// Opens the directory.
    pub(crate) fn open(&self) -> Result<Directory, Failure> {
        let dir = self.dir();
        self.opening(&dir, Flags::default())?.open()
    }

    /// Opens the directory for what only its owner does; a server does not offer it.
    pub(crate) fn open_here(&self, what: &str) -> Result<Directory, Failure> {
        if self.globals.server.is_some() {
            return Err(Failure::Usage(format!(
                "{what} works on the directory itself; run it on the server's machine, without --server"
            )));
        }
        self.open()
    }

    /// The way to the log that was asked for.
    pub(crate) fn reach(&self) -> Result<Reach, Failure> {
        let address = self.globals.server.as_deref();
        let address = address.or_else(|| match self.globals.dir {
            // Whoever names a directory means it.
            Some(_) => None,
            None => self.environment.get("WATCHBOOK_SERVER"),
        });
        let Some(address) = address else {
            return self.open().map(Reach::Directory);
        };
        let key = self.globals.key.clone();
        let key = key.or_else(|| self.environment.get("WATCHBOOK_KEY").map(str::to_owned));
        // A key says who calls. Without one the server believes who is named.
        let agent = match (self.named_agent()?, &key) {
            (None, None) => Some(person(&self.environment)),
            (named, _) => named,
        };
        Server::new(address, key, agent).map(Reach::Server)
    }

    fn act(&self, asked: Asked, output: &mut Output<'_>) -> Result<Exit, Failure> {
        let runtime = runtime()?;
        let Asked { call, manner } = asked;
        runtime.block_on(async {
            let reach = self.reach()?;
            let done = self.answer(&reach, call, manner, output).await;
            let finished = reach.finish().await;
            done.and(finished).map(|()| Exit::Done)
        })
    }

    async fn answer(
        &self,
        reach: &Reach,
        call: Call,
        manner: Manner,
        output: &mut Output<'_>,
    ) -> Result<(), Failure> {
        let kind = call.kind();
        let envelope = reach.call(call).await?;
        match manner {
            Manner::Card if !output.json => {
                let timeline = timeline(reach, &envelope).await?;
                let terminal = output.terminal;
                let incident = envelope.pointer("/result/incident").unwrap_or(&Value::Null);
                let mut shown = show::answer(kind, &envelope, terminal);
                shown.answer = show::card(incident, &timeline, terminal);
                output.answer(&envelope, || shown)
            }
            Manner::Bytes(path) if !output.json => commands::artifact(&envelope, path, output),
            Manner::Usual | Manner::Card | Manner::Bytes(_) => {
                let terminal = output.terminal;
                output.answer(&envelope, || show::answer(kind, &envelope, terminal))
            }
        }
    }
}

/// The timeline of the incident that was answered with.
async fn timeline(reach: &Reach, envelope: &Value) -> Result<Vec<Value>, Failure> {
    let Some(id) = envelope.pointer("/result/incident/id") else {
        return Ok(Vec::new());
    };
    let params = Map::from_iter([
        ("incident_id".to_owned(), id.clone()),
        ("limit".to_owned(), TIMELINE.into()),
    ]);
    let events = reach
        .call(Call::new(ActionKind::IncidentEvents, params))
        .await?;
    let items = events.pointer("/result/items").and_then(Value::as_array);
    Ok(items.cloned().unwrap_or_default())
}

/// The person at the keyboard, as far as the environment names one.
fn person(environment: &Environment) -> AgentId {
    let name = environment
        .get("USER")
        .or_else(|| environment.get("LOGNAME"));
    let known = name.and_then(|name| AgentId::new(format!("human:{name}")).ok());
    known.unwrap_or_else(|| {
        #[expect(clippy::expect_used, reason = "a constant that is an agent id")]
        AgentId::new("human:unknown").expect("an agent id")
    })
}

/// The threads that a run works with.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Failure::System)
}
