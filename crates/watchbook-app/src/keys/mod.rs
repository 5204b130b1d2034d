//! The keys of a store: making them, listing them, taking them back. Each of these passes the door's checks and its audit.

mod info;
mod ring;
mod token;

use serde_json::{Map, Value, json};
use watchbook_api::Problem;
use watchbook_core::text::{Name, Short};
use watchbook_core::{AgentId, KeyRecord, Timestamp};

use crate::context::Context;
use crate::door::{Asked, Door, Visit};
use crate::problem;

pub use info::{KeyInfo, KeyStatus};
pub(crate) use ring::KeyRing;
pub use token::Token;

/// The tool under which the audit and the policies know the work on keys.
const TOOL: &str = "admin_tool";
/// The most keys of one store, revoked ones included: the audit names them for ever.
pub const MAX_KEYS: usize = 10_000;

/// A key that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewKey {
    /// Who will show it.
    pub agent: AgentId,
    /// What it is for, in words.
    pub label: Option<Short>,
    /// Whether its owner may act for others by naming another `agent_id`.
    pub delegate: bool,
    /// Whether it can send alerts and nothing else.
    pub ingest_only: bool,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
}

/// A key that was just made. This is the only moment at which it can be shown.
#[derive(Debug, Clone)]
pub struct IssuedKey {
    /// The key itself.
    pub token: Token,
    /// What is known of it from now on.
    pub info: KeyInfo,
}

/// The work on keys.
#[derive(Debug)]
pub struct Keys<'a> {
    door: &'a Door,
}

impl<'a> Keys<'a> {
    pub(crate) const fn new(door: &'a Door) -> Self {
        Self { door }
    }

    /// Makes a key. It is good at once here, and within a second in every other process on the same store.
    ///
    /// # Errors
    /// When the caller may not, when the end lies in the past, or when the store cannot keep it.
    pub async fn create(&self, context: &Context, new: NewKey) -> Result<IssuedKey, Problem> {
        let asked = asked("key_create", true, described(&new));
        let visit = self.door.enter(context, asked).await?;
        let made = match self.check_new(&new).await {
            Ok(()) => self.issue(&visit, new).await,
            Err(problem) => Err(problem),
        };
        self.door.leave(visit, made, |_| None).await
    }

    /// Every key of the store, revoked and expired ones too, in the order in which they were made.
    ///
    /// # Errors
    /// When the caller may not, or the keys cannot be read.
    pub async fn list(&self, context: &Context) -> Result<Vec<KeyInfo>, Problem> {
        let asked = asked("key_list", false, Map::new());
        let visit = self.door.enter(context, asked).await?;
        let now = self.door.now();
        let listed = self.records().await.map(|records| {
            let shown = records.iter().map(|record| KeyInfo::of(record, now));
            shown.collect()
        });
        self.door.leave(visit, listed, |_| None).await
    }

    /// Takes a key back: refused at once here, and within a second in every other process on the same store.
    /// Taking it back twice changes nothing.
    ///
    /// # Errors
    /// When the caller may not, there is no such key, or the store cannot keep it.
    pub async fn revoke(&self, context: &Context, id: &Name) -> Result<KeyInfo, Problem> {
        let asked = asked("key_revoke", true, named(id));
        let visit = self.door.enter(context, asked).await?;
        let revoked = match self.record(id).await {
            Ok(record) => self.retire(record).await,
            Err(problem) => Err(problem),
        };
        self.door.leave(visit, revoked, |_| None).await
    }

    /// Makes a new key like this one and takes this one back, in this order: between the two, both are good.
    ///
    /// # Errors
    /// When the caller may not, there is no such key, it is no longer good, or the store cannot keep it.
    pub async fn rotate(&self, context: &Context, id: &Name) -> Result<IssuedKey, Problem> {
        let asked = asked("key_rotate", true, named(id));
        let visit = self.door.enter(context, asked).await?;
        let rotated = self.replace(&visit, id).await;
        self.door.leave(visit, rotated, |_| None).await
    }

    async fn replace(&self, visit: &Visit, id: &Name) -> Result<IssuedKey, Problem> {
        let old = self.record(id).await?;
        if !old.is_valid(self.door.now()) {
            return Err(problem::key_ended(id));
        }
        let issued = self.issue(visit, successor(&old)).await?;
        self.retire(old).await?;
        Ok(issued)
    }

    async fn records(&self) -> Result<Vec<KeyRecord>, Problem> {
        let records = self.door.store().keys().await;
        records.map_err(|error| problem::keys_unreadable(&error))
    }

    async fn record(&self, id: &Name) -> Result<KeyRecord, Problem> {
        let records = self.records().await?;
        let found = records.into_iter().find(|record| record.id == *id);
        found.ok_or_else(|| problem::no_key(id))
    }

    async fn check_new(&self, new: &NewKey) -> Result<(), Problem> {
        let now = self.door.now();
        if let Some(end) = new.expires_at.filter(|end| *end <= now) {
            return Err(problem::key_ends_before_it_begins(end, now));
        }
        if self.records().await?.len() >= MAX_KEYS {
            return Err(problem::too_many_keys(MAX_KEYS));
        }
        Ok(())
    }

    async fn issue(&self, visit: &Visit, new: NewKey) -> Result<IssuedKey, Problem> {
        let NewKey {
            agent,
            label,
            delegate,
            ingest_only,
            expires_at,
        } = new;
        let token = Token::generate(self.door.entropy());
        let pepper = self.door.store().pepper().await;
        let pepper = pepper.map_err(|error| problem::of_store(&error))?;
        let now = self.door.now();
        let record = KeyRecord {
            id: token.id().clone(),
            hash: token.hash(&pepper),
            agent,
            label,
            delegate,
            ingest_only,
            created_at: now,
            created_by: visit.who.agent.clone(),
            expires_at,
            revoked_at: None,
        };
        let info = KeyInfo::of(&record, now);
        self.keep(record).await?;
        Ok(IssuedKey { token, info })
    }

    async fn retire(&self, mut record: KeyRecord) -> Result<KeyInfo, Problem> {
        let now = self.door.now();
        if record.revoked_at.is_none() {
            record.revoked_at = Some(now);
            self.keep(record.clone()).await?;
        }
        Ok(KeyInfo::of(&record, now))
    }

    async fn keep(&self, record: KeyRecord) -> Result<(), Problem> {
        let kept = self.door.store().put_key(record).await;
        self.door.ring().forget().await;
        kept.map_err(|error| problem::of_store(&error))
    }
}

/// A key like `old`, for the same owner and the same use.
fn successor(old: &KeyRecord) -> NewKey {
    let KeyRecord {
        id: _,
        hash: _,
        agent,
        label,
        delegate,
        ingest_only,
        created_at: _,
        created_by: _,
        expires_at,
        revoked_at: _,
    } = old;
    NewKey {
        agent: agent.clone(),
        label: label.clone(),
        delegate: *delegate,
        ingest_only: *ingest_only,
        expires_at: *expires_at,
    }
}

fn asked(action: &'static str, writes: bool, params: Map<String, Value>) -> Asked {
    Asked {
        tool: TOOL.to_owned(),
        action: action.to_owned(),
        writes,
        dry_run: false,
        incident: None,
        params,
    }
}

fn named(id: &Name) -> Map<String, Value> {
    Map::from_iter([("id".to_owned(), json!(id))])
}

fn described(new: &NewKey) -> Map<String, Value> {
    let NewKey {
        agent,
        label,
        delegate,
        ingest_only,
        expires_at,
    } = new;
    Map::from_iter([
        ("agent".to_owned(), json!(agent)),
        ("label".to_owned(), json!(label)),
        ("delegate".to_owned(), json!(delegate)),
        ("ingest_only".to_owned(), json!(ingest_only)),
        ("expires_at".to_owned(), json!(expires_at)),
    ])
}
