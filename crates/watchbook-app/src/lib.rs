//! The one door: every call of every front-end passes here, and nothing reaches the store beside it.
//!
//! [`App::execute`] does, always in this order: who calls → audit opening → permission → rollout → limits → handler →
//! store → audit closing. A call that is turned away leaves its audit entry all the same, and so does one that could
//! not even be understood ([`App::refuse_undecodable`]).
//!
//! Front-ends decode and encode with `watchbook-api`; what they know of a caller goes into a [`Context`]. Handlers are
//! private, one file per noun: they turn an action into a question or a command, and decide nothing themselves.

mod app;
mod call;
mod context;
mod door;
mod handlers;
mod health;
mod keys;
mod need;
mod problem;
mod redaction;
mod tally;
mod trail;
mod turnstile;
mod who;

pub use app::{App, AppParts, MAX_CALLS, Outcome};
pub use context::{Caller, Context};
pub use keys::{IssuedKey, KeyInfo, KeyStatus, Keys, MAX_KEYS, NewKey, Token};
