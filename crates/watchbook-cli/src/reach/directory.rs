//! The files of a directory, through the one door.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;
use watchbook_api::{decode, encode};
use watchbook_app::{App, AppParts, Caller, Context};
use watchbook_config::{
    Backend, Config, DatabaseSettings, Environment, Flags, FsyncPolicy, Statements, load,
};
use watchbook_core::text::Name;
use watchbook_core::{AgentId, Clock, Entropy};
use watchbook_store::auto::{AutoOptions, AutoStore, Folder};
use watchbook_store::journal;
use watchbook_store::jsonl::{JsonlOptions, JsonlStore, Layout};
use watchbook_store::{ExecMode, PostgresOptions, PostgresStore};

use super::{Call, Kept};
use crate::failure::Failure;
use crate::files;

/// The largest file of certificates to trust, in bytes.
const MAX_CERTIFICATES: u64 = 1 << 20;

/// An open directory.
#[derive(Debug, Clone)]
pub(crate) struct Directory {
    /// The folder that holds `ops/` and `config/`.
    pub dir: PathBuf,
    /// Its settings and policies.
    pub config: Arc<Config>,
    /// Its store.
    pub store: Kept,
    /// The one door.
    pub app: App,
    /// Whom calls are made as.
    pub agent: AgentId,
    entropy: Arc<dyn Entropy>,
}

/// What is needed to open a directory.
#[derive(Debug)]
pub(crate) struct Opening<'a> {
    /// The folder that holds `ops/` and `config/`.
    pub dir: &'a Path,
    /// A settings file to use instead of the directory's own.
    pub config: Option<&'a Path>,
    /// The environment.
    pub environment: &'a Environment,
    /// What flags say about settings.
    pub flags: Flags,
    /// Whom calls are made as.
    pub agent: AgentId,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The randomness of ids and keys.
    pub entropy: Arc<dyn Entropy>,
    /// Whether somebody tends the store beside its calls, as a server does.
    pub is_tended: bool,
}

impl Opening<'_> {
    /// Reads the settings and policies.
    ///
    /// # Errors
    /// Every mistake in them.
    pub(crate) fn config(&self) -> Result<Config, Failure> {
        let dir = absolute(self.dir)?;
        Ok(load(&dir, self.config, self.environment, &self.flags)?)
    }

    /// What the store is opened with.
    ///
    /// # Errors
    /// Every mistake in settings and policies.
    pub(crate) fn options(&self) -> Result<(Config, JsonlOptions), Failure> {
        let config = self.config()?;
        let options = options(&config, &self.clock, &self.entropy);
        Ok((config, options))
    }

    /// What the database is opened with.
    ///
    /// # Errors
    /// Every mistake in settings and policies; when no database is named, or its certificates cannot be read.
    pub(crate) fn database(&self) -> Result<(Config, PostgresOptions), Failure> {
        let config = self.config()?;
        let url = config.database_url.as_ref().ok_or_else(|| {
            Failure::Usage(
                "no database is named; set DATABASE_URL, for example postgresql://user:password@host:5432/watchbook"
                    .to_owned(),
            )
        })?;
        let (clock, entropy) = (Arc::clone(&self.clock), Arc::clone(&self.entropy));
        let options = PostgresOptions::new(url.expose(), clock, entropy);
        let options = used(options, &config.database)?;
        Ok((config, options))
    }

    /// The settings, and the store that they ask for.
    fn kept(&self) -> Result<(Config, Kept), Failure> {
        let config = self.config()?;
        let files = options(&config, &self.clock, &self.entropy);
        let kept = match config.backend {
            Backend::Jsonl => Kept::Files(JsonlStore::open(files)?),
            Backend::Postgres => Kept::Database(PostgresStore::new(self.database()?.1)?),
            Backend::Auto => self.auto(&config, files)?,
        };
        Ok((config, kept))
    }

    fn auto(&self, config: &Config, files: JsonlOptions) -> Result<Kept, Failure> {
        let database = PostgresStore::new(self.database()?.1)?;
        let shelter = Folder::new(&config.dir, files);
        let options = AutoOptions {
            retry: config.auto_retry,
            eager: !self.is_tended,
            ..AutoOptions::new(Arc::clone(&self.clock))
        };
        let first = Arc::new(database.clone());
        Ok(Kept::Auto {
            node: AutoStore::new(first, Arc::new(shelter), options),
            database,
        })
    }

    /// Opens the directory. Makes nothing: the first write does.
    ///
    /// # Errors
    /// When settings are wrong or the store cannot be opened.
    pub(crate) fn open(self) -> Result<Directory, Failure> {
        let (config, store) = self.kept()?;
        let config = Arc::new(config);
        let app = App::new(AppParts {
            store: store.shared(),
            config: Arc::clone(&config),
            clock: self.clock,
            entropy: Arc::clone(&self.entropy),
        });
        Ok(Directory {
            dir: config.dir.clone(),
            config,
            store,
            app,
            agent: self.agent,
            entropy: self.entropy,
        })
    }
}

/// The path from the root. The store takes no other.
///
/// # Errors
/// When the current directory is gone.
pub(crate) fn absolute(dir: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(dir).map_err(|source| Failure::Input {
        path: dir.to_owned(),
        source,
    })
}

fn options(config: &Config, clock: &Arc<dyn Clock>, entropy: &Arc<dyn Entropy>) -> JsonlOptions {
    let mut layout = Layout::below(&config.dir);
    if let Some(artifacts) = &config.artifacts_dir {
        layout = layout.with_artifacts(artifacts.clone());
    }
    let fsync = match config.fsync {
        FsyncPolicy::Always => journal::FsyncPolicy::Always,
        FsyncPolicy::Interval => journal::FsyncPolicy::Interval,
        FsyncPolicy::Never => journal::FsyncPolicy::Never,
    };
    let options = JsonlOptions {
        layout,
        lock_deadline: config.lock_deadline,
        max_memory: usize::try_from(config.memory_bound).unwrap_or(usize::MAX),
        ..JsonlOptions::new(&config.dir, Arc::clone(clock), Arc::clone(entropy))
    };
    options.with_fsync(fsync)
}

impl Directory {
    /// The context of one call: a fresh request id, made as whoever sits here.
    pub(crate) fn context(&self) -> Context {
        self.context_as(self.agent.clone())
    }

    /// The context of one call that is made as `agent`.
    pub(crate) fn context_as(&self, agent: AgentId) -> Context {
        Context::new(Caller::Local { agent }, request_id(&*self.entropy))
    }

    /// Whether anything was ever written here.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub(crate) fn exists(&self) -> Result<bool, Failure> {
        self.store.exists()
    }

    /// Refuses a directory that holds nothing: reading must not make a store.
    ///
    /// # Errors
    /// [`Failure::NoStore`].
    pub(crate) fn must_exist(&self) -> Result<(), Failure> {
        if self.exists()? {
            Ok(())
        } else {
            Err(Failure::NoStore(self.dir.clone()))
        }
    }

    pub(super) async fn call(&self, call: Call) -> Result<Value, Failure> {
        self.call_as(self.agent.clone(), call).await
    }

    /// Makes a call as `agent`.
    ///
    /// # Errors
    /// [`Failure::Answered`] when it is refused, [`Failure::NoStore`] for a read where there is nothing yet.
    pub(crate) async fn call_as(&self, agent: AgentId, call: Call) -> Result<Value, Failure> {
        self.store.start().await?;
        let context = self.context_as(agent);
        let request_id = context.request_id.to_string();
        let writes = call.writes();
        let Call {
            tool,
            action,
            params,
        } = call;
        let request = match decode(&tool, &action, params) {
            Ok(request) if writes || self.exists()? => request,
            Ok(_) => return Err(Failure::NoStore(self.dir.clone())),
            Err(problem) => {
                // A call that nobody understands is audited too, but not by making a store for it.
                let problem = if self.exists()? {
                    let refusal = self
                        .app
                        .refuse_undecodable(&context, &tool, &action, problem);
                    refusal.await
                } else {
                    problem
                };
                return Err(Failure::refused(&problem, &request_id));
            }
        };
        let options = request.options.clone();
        let outcome = self.app.execute(&context, request).await;
        let outcome = outcome.map_err(|problem| Failure::refused(&problem, &request_id))?;
        Ok(encode(&outcome.reply, &outcome.meta, &options))
    }

    /// Makes what was written here durable: the audit trail is synced each second by a server only.
    pub(super) async fn finish(&self) -> Result<(), Failure> {
        if self.exists()? {
            self.app.sync_audit().await?;
        }
        Ok(())
    }
}

/// A fresh request id.
fn request_id(entropy: &dyn Entropy) -> Name {
    let mut bytes = [0; 8];
    entropy.fill(&mut bytes);
    let text = format!("cli-{:016x}", u64::from_be_bytes(bytes));
    #[expect(
        clippy::expect_used,
        reason = "letters, digits and a hyphen are a name"
    )]
    Name::new(text).expect("a name")
}

/// A database as the settings want it used.
fn used(options: PostgresOptions, settings: &DatabaseSettings) -> Result<PostgresOptions, Failure> {
    let DatabaseSettings {
        statements,
        connections,
        connect_timeout,
        statement_timeout,
        lock_timeout,
        ca_file,
    } = settings;
    let authorities = ca_file
        .as_ref()
        .map(|path| files::read(path, MAX_CERTIFICATES, &mut std::io::empty()))
        .transpose()?;
    Ok(PostgresOptions {
        mode: match statements {
            Statements::Prepared => ExecMode::Prepared,
            Statements::Unnamed => ExecMode::Unnamed,
        },
        connections: usize::try_from(*connections).unwrap_or(usize::MAX),
        connect_timeout: *connect_timeout,
        statement_timeout: *statement_timeout,
        lock_timeout: *lock_timeout,
        authorities,
        ..options
    })
}
