//! What makes two unfinished incidents look like the same thing.

use crate::event::{Event, Set};
use crate::signature::Signature;
use crate::state::IncidentState;
use crate::text::{Env, ServiceName};
use crate::time::Timestamp;

/// What makes two unfinished incidents look like the same thing: service, environment and signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Likeness<'a> {
    /// The service.
    pub service: &'a ServiceName,
    /// The environment.
    pub env: &'a Env,
    /// The signature.
    pub signature: Signature,
}

impl<'a> Likeness<'a> {
    /// That of an incident that an event creates; `None` when it creates none.
    pub fn of(created: &'a Event) -> Option<Self> {
        let (mut service, mut env, mut signature) = (None, None, None);
        for set in &created.set {
            match set {
                Set::Service(value) => service = Some(value),
                Set::Env(value) => env = Some(value),
                Set::Signature(value) => signature = Some(*value),
                _ => {}
            }
        }
        Some(Self {
            service: service?,
            env: env?,
            signature: signature?,
        })
    }

    /// When an incident in this state was created, if it is unfinished and looks the same.
    pub fn matched(&self, state: &IncidentState) -> Option<Timestamp> {
        let outline = state.outline()?;
        let is_alike = outline.status.is_unfinished()
            && outline.service == self.service
            && outline.env == self.env
            && outline.signature == self.signature;
        is_alike.then_some(outline.created_at)
    }
}
