//! Settings and policies: read once, checked whole, and explained.
//!
//! [`load()`] reads `config/watchbook.yml` and the policy files beside it, lays the environment and the flags
//! over them, and gives one [`Config`], or every mistake at once, each with its file, line, column and what to
//! do about it. A file that is absent stands for the shipped one, which is built in; a key that a file leaves
//! out keeps its shipped value.
//!
//! This crate alone reads the environment ([`Environment::from_process`]) and the settings files. YAML stays in
//! here: the pure crates get plain structs.

mod database;
mod environment;
mod error;
mod files;
mod governance;
mod layers;
mod load;
mod nodes;
mod place;
mod policy;
mod read;
mod schema;
mod secret;
mod settings;
mod show;

pub use database::{DatabaseSettings, Statements};
pub use environment::{Environment, VARIABLES, Variable};
pub use error::{ConfigError, ConfigErrors};
pub use files::{ConfigFile, MAX_FILE_BYTES};
pub use governance::{AuditedTexts, Governance, MAX_REDACTED_BYTES, Retention};
pub use load::{Config, Policies, directory, load};
pub use nodes::{MAX_NODES, NodeEntry, Nodes};
pub use place::{Place, Source};
pub use schema::{schema, schemas};
pub use secret::Secret;
pub use settings::{Backend, Flags, FsyncPolicy};
pub use show::{check_text, show_json, show_text};
