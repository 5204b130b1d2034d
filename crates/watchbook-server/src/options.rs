//! What a server is told when it is started.

use crate::guard::Sites;
use crate::limits::Limits;

/// What a server is told when it is started.
#[derive(Debug, Clone)]
pub struct Options {
    /// The names it answers to besides those of loopback and its own address.
    pub sites: Sites,
    /// What callers are held to.
    pub limits: Limits,
    /// A number that no other run of the server has, drawn at random: the request ids it makes begin with it.
    pub run: u64,
}

impl Options {
    /// A server under loopback names and its own address, with the default limits.
    pub fn new(run: u64) -> Self {
        Self {
            sites: Sites::default(),
            limits: Limits::default(),
            run,
        }
    }
}
