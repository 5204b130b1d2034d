//! The life of a server: connections come in, are served, and when it is asked to stop, are seen to their end.

mod bind;
mod connection;
mod stall;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, timeout};
use watchbook_app::App;

use crate::limits::Limits;
use crate::options::Options;
use crate::router;
use crate::state::Server;

pub use bind::{BindError, bind};

/// How often the audit trail is made durable.
const AUDIT_SYNC: Duration = Duration::from_secs(1);
/// How long to wait after a connection could not be taken, which is mostly a lack of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How a server ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stopped {
    /// Connections whose requests had not ended when the time for that was over. They were cut.
    pub cut: usize,
}

/// Serves `app` on `listener` until `shutdown` completes, then lets requests that are under way end, makes the audit
/// trail durable, and returns. The store is the caller's to close. Needs a Tokio runtime with I/O and timers.
///
/// # Errors
/// [`BindError`] when the address may not be served ([`bind()`] says why).
pub async fn serve(
    app: Arc<App>,
    listener: TcpListener,
    options: Options,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<Stopped, BindError> {
    let local = listener.local_addr()?;
    bind::check(&app, local).await?;
    let limits = options.limits.clone();
    let router = router::build(Arc::new(Server::new(Arc::clone(&app), options)));
    let keeper = tokio::spawn(keep_audit(Arc::clone(&app)));
    tracing::info!(%local, "serving");
    if app.is_keyless().await.unwrap_or(false) {
        tracing::warn!("the store has no keys: this machine only, and every agent_id is believed");
    }
    let mut connections = Connections::new(router, limits);
    connections.take_until(&listener, shutdown).await;
    drop(listener);
    let stopped = connections.finish().await;
    keeper.abort();
    // Whatever it was at is over before the runtime ends, or it would report its own end as a failure.
    drop(keeper.await);
    if let Err(error) = app.sync_audit().await {
        tracing::error!(%error, "the audit trail could not be made durable at the end");
    }
    tracing::info!(cut = stopped.cut, "stopped");
    Ok(stopped)
}

/// Makes the audit trail durable every second.
async fn keep_audit(app: Arc<App>) {
    let mut ticks = interval(AUDIT_SYNC);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = app.sync_audit().await {
            tracing::error!(%error, "the audit trail could not be made durable");
        }
    }
}

/// The connections of a server.
struct Connections {
    router: Router,
    limits: Limits,
    places: Arc<Semaphore>,
    tasks: JoinSet<()>,
    graceful: GracefulShutdown,
}

impl Connections {
    fn new(router: Router, limits: Limits) -> Self {
        Self {
            router,
            places: Arc::new(Semaphore::new(
                limits.connections.min(Semaphore::MAX_PERMITS),
            )),
            limits,
            tasks: JoinSet::new(),
            graceful: GracefulShutdown::new(),
        }
    }

    /// Takes connections until `shutdown` completes.
    async fn take_until(&mut self, listener: &TcpListener, shutdown: impl Future<Output = ()>) {
        tokio::pin!(shutdown);
        loop {
            let next = tokio::select! {
                () = &mut shutdown => return,
                next = take(listener, Arc::clone(&self.places)) => next,
            };
            while self.tasks.try_join_next().is_some() {}
            match next {
                Ok((stream, peer, place)) => self.start(stream, peer, place),
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be taken");
                    if timeout(ACCEPT_PAUSE, &mut shutdown).await.is_ok() {
                        return;
                    }
                }
            }
        }
    }

    fn start(&mut self, stream: TcpStream, peer: SocketAddr, place: OwnedSemaphorePermit) {
        let (router, watcher) = (self.router.clone(), self.graceful.watcher());
        let limits = self.limits.clone();
        self.tasks.spawn(async move {
            connection::serve(stream, peer, router, &limits, watcher).await;
            drop(place);
        });
    }

    /// Lets requests that are under way end; cuts those that take too long.
    async fn finish(self) -> Stopped {
        let Self {
            limits,
            mut tasks,
            graceful,
            ..
        } = self;
        let drained = timeout(limits.drain_time, graceful.shutdown()).await;
        while tasks.try_join_next().is_some() {}
        let cut = if drained.is_ok() { 0 } else { tasks.len() };
        tasks.shutdown().await;
        Stopped { cut }
    }
}

/// The next connection, once there is a place for it.
async fn take(
    listener: &TcpListener,
    places: Arc<Semaphore>,
) -> io::Result<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let place = places.acquire_owned().await.map_err(io::Error::other)?;
    let (stream, peer) = listener.accept().await?;
    Ok((stream, peer, place))
}
