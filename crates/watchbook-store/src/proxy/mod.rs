//! A proxy before a PostgreSQL server whose faults are switched while it runs: what a network and a dying server do to a
//! store, without root and repeatable.
//!
//! It follows the conversation just far enough to cut it at a commit: message by message, with the statements that
//! write and the transactions they stand in. It speaks no TLS. Nothing in it is random, so a test is as repeatable as
//! its own choice of faults.

mod conversation;
mod door;
mod line;
mod wire;

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use door::Door;

/// Where the server is.
#[derive(Debug, Clone)]
pub enum Upstream {
    /// At a socket in the file system, such as `/run/postgresql/.s.PGSQL.5432`.
    Unix(PathBuf),
    /// At an address.
    Tcp(SocketAddr),
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fault {
    /// Nothing.
    #[default]
    Pass,
    /// No server: connections end, new ones are refused.
    Refuse,
    /// Connections end with a reset, new ones as soon as they are made.
    Reset,
    /// Silence: connections are taken, nothing goes either way. What was sent goes on when the fault is taken away.
    Hang,
    /// The next commit is done, and its answer never comes: the connection ends instead. Strikes once, then passes.
    CutAnswer,
    /// The next commit is done, and its answer never comes: the connection stays and says nothing more. Strikes once,
    /// then passes.
    LoseAnswer,
    /// The connection ends where the next commit is asked for, before the server hears of it. Strikes once, then
    /// passes.
    CutRequest,
    /// Every message takes this long, each way.
    Delay(Duration),
    /// Every message goes byte by byte.
    Trickle,
}

/// A fault, and the how many-th it is.
#[derive(Debug, Clone, Copy, Default)]
struct Order {
    number: u64,
    fault: Fault,
}

/// What the connections share.
#[derive(Debug, Default)]
struct Switch {
    order: watch::Sender<Order>,
    /// The number of the order that the listener follows.
    followed: watch::Sender<u64>,
    strikes: watch::Sender<u64>,
    /// How many connections were taken.
    accepted: AtomicU64,
}

/// A running proxy; it and its connections end with this value. Needs a tokio runtime.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    switch: Arc<Switch>,
    listening: JoinHandle<()>,
}

impl Proxy {
    /// A proxy on a free port of 127.0.0.1 that passes everything.
    ///
    /// # Errors
    /// When there is no free port.
    pub fn start(upstream: Upstream) -> io::Result<Self> {
        let door = Door::reserve()?;
        let address = door.address()?;
        let switch = Arc::new(Switch::default());
        let listener = door.open()?;
        let listening = tokio::spawn(door.stand(listener, upstream, Arc::clone(&switch)));
        Ok(Self {
            address,
            switch,
            listening,
        })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// What goes wrong now.
    pub fn fault(&self) -> Fault {
        self.switch.order.borrow().fault
    }

    /// Lets `fault` happen from now on, instead of the one before. Done when new connections meet it.
    pub async fn set(&self, fault: Fault) {
        let mut number = 0;
        self.switch.order.send_modify(|order| {
            number = order.number + 1;
            *order = Order { number, fault };
        });
        let mut followed = self.switch.followed.subscribe();
        // It fails only when the listener has ended, and then there are no new connections.
        drop(followed.wait_for(|followed| *followed >= number).await);
    }

    /// How often a cut has struck.
    pub fn strikes(&self) -> u64 {
        *self.switch.strikes.borrow()
    }

    /// How many connections it has taken.
    pub fn accepted(&self) -> u64 {
        self.switch.accepted.load(Ordering::Relaxed)
    }

    /// Waits until cuts have struck this often.
    pub async fn struck(&self, times: u64) {
        let mut strikes = self.switch.strikes.subscribe();
        // The sender lives as long as this value.
        drop(strikes.wait_for(|strikes| *strikes >= times).await);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

impl Switch {
    /// Whether `fault` is ordered and nobody was quicker to carry it out; the caller carries it out then.
    fn claim(&self, fault: Fault) -> bool {
        self.order.send_if_modified(|order| {
            let is_ours = order.fault == fault;
            if is_ours {
                order.fault = Fault::Pass;
            }
            is_ours
        })
    }

    fn count_strike(&self) {
        self.strikes.send_modify(|strikes| *strikes += 1);
    }
}

#[cfg(test)]
mod tests;
