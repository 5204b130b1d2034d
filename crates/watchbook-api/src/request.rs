//! A call that was understood.

use crate::action::Action;
use crate::options::CallOptions;

/// A call that was understood: what to do, and how to answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// What to do.
    pub action: Action,
    /// How to do it and how to answer.
    pub options: CallOptions,
}

impl From<Action> for Request {
    fn from(action: Action) -> Self {
        Self {
            action,
            options: CallOptions::default(),
        }
    }
}
