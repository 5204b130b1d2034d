//! watchbook over HTTP: tools, REST reads, health. Nothing but HTTP: what is asked is decoded by `watchbook-api`, goes
//! through the one door of `watchbook-app`, and is encoded by `watchbook-api` again.
//!
//! [`bind()`] and [`serve()`] are all a program needs. `docs/http.md` is the reference for callers.

mod answer;
mod arrival;
mod body;
mod call;
mod conditions;
mod credentials;
mod envelope;
#[cfg(test)]
mod fixture;
mod guard;
mod health;
pub mod limits;
mod options;
mod reads;
mod reception;
mod refusal;
mod request_id;
mod router;
mod security_headers;
mod serve;
mod state;
pub mod status;
mod text;
mod tools;
mod turned_away;
mod welcome;

pub use guard::{BadSite, Sites};
pub use limits::Limits;
pub use options::Options;
pub use serve::{BindError, Stopped, bind, serve};
