//! Serving a directory over HTTP.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::signal::unix::{Signal, SignalKind, signal};
use watchbook_config::Flags;
use watchbook_server::{Limits, Options, Sites, Stopped, bind};

use crate::arguments::Serve;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::reach::{Directory, Opening};
use crate::run::{Run, runtime};

pub(super) fn serve(run: &Run, how: Serve, output: &mut Output<'_>) -> Result<Exit, Failure> {
    if run.globals.server.is_some() {
        return Err(Failure::Usage(
            "serve opens a directory; leave --server out".to_owned(),
        ));
    }
    let Serve {
        listen,
        public_url,
        allow_host,
        fsync,
        artifacts_dir,
    } = how;
    let flags = Flags {
        artifacts_dir,
        fsync,
        listen,
        public_url,
        ..Flags::default()
    };
    let runtime = runtime()?;
    runtime.block_on(async {
        let dir = run.dir();
        let opening = Opening {
            is_tended: true,
            ..run.opening(&dir, flags)?
        };
        let directory = opening.open()?;
        directory.store.start().await?;
        for warning in &directory.config.warnings {
            output.remark(&format!("watchbook: {warning}"));
        }
        let address = directory.config.listen;
        let listener = bind(&directory.app, address).await?;
        let local = listener.local_addr().map_err(Failure::System)?;
        let options = options(run, &directory, &allow_host)?;
        let stop = StopSignals::listen()?;
        announce(&directory, local, output).await?;
        let stopped = until_stopped(&directory, listener, options, stop).await?;
        farewell(stopped, output);
        Ok(Exit::Done)
    })
}

/// What the server is told: the settings of the directory.
pub(super) fn options(
    run: &Run,
    directory: &Directory,
    hosts: &[String],
) -> Result<Options, Failure> {
    let config = &directory.config;
    let mut number = [0; 8];
    run.entropy.fill(&mut number);
    let body_bytes = usize::try_from(config.body_limit).unwrap_or(usize::MAX);
    Ok(Options {
        sites: Sites::new(config.public_url.as_deref(), hosts)?,
        limits: Limits {
            body_bytes,
            body_memory: watchbook_server::limits::BODY_MEMORY.max(body_bytes),
            request_time: config.request_timeout,
            requests: usize::try_from(config.concurrency).unwrap_or(usize::MAX),
            drain_time: config.shutdown_grace,
            ..Limits::default()
        },
        run: u64::from_be_bytes(number),
    })
}

async fn announce(
    directory: &Directory,
    local: SocketAddr,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    let keyless = directory.app.is_keyless().await?;
    if output.json {
        let line = serde_json::json!({
            "ok": true,
            "address": format!("http://{local}"),
            "dir": directory.dir.display().to_string(),
            "keyless": keyless,
        });
        return output.line(&line.to_string());
    }
    output.line(&format!(
        "serving {} on http://{local}",
        directory.dir.display()
    ))?;
    output.remark(if keyless {
        "no keys: this machine only, and whoever calls is believed; watchbook key create makes the first key"
    } else {
        "calls need a key (X-API-Key or Authorization: Bearer)"
    });
    output.remark("stop with Ctrl-C");
    Ok(())
}

/// The ways in which a process is asked to stop. Whoever was told that it serves may stop it at once, so they are
/// listened for before anybody is told.
pub(super) struct StopSignals {
    interrupt: Signal,
    terminate: Signal,
}

impl StopSignals {
    /// Listens from now on. A signal that comes before anybody waits for it is kept.
    pub(super) fn listen() -> Result<Self, Failure> {
        let listen = |kind| signal(kind).map_err(Failure::System);
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
        })
    }

    async fn any(mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Serves until the process is asked to stop, then leaves everything as the next opening likes to find it.
pub(super) async fn until_stopped(
    directory: &Directory,
    listener: tokio::net::TcpListener,
    options: Options,
    stop: StopSignals,
) -> Result<Stopped, Failure> {
    let app = Arc::new(directory.app.clone());
    let (stopping, asked) = tokio::sync::oneshot::channel::<()>();
    let store = directory.store.clone();
    let tended = tokio::spawn(async move {
        // The other end is dropped, or asks: either way it is over.
        store.keep_tending(async { drop(asked.await) }).await;
    });
    let stopped = watchbook_server::serve(app, listener, options, stop.any()).await;
    drop(stopping);
    drop(tended.await);
    let stopped = stopped?;
    let store = directory.store.clone();
    let closed = tokio::task::spawn_blocking(move || store.close()).await;
    closed.map_err(|died| Failure::System(std::io::Error::other(died)))??;
    Ok(stopped)
}

pub(super) fn farewell(stopped: Stopped, output: &mut Output<'_>) {
    let Stopped { cut } = stopped;
    if cut > 0 {
        output.remark(&format!("stopped; {cut} connections had to be cut"));
    } else {
        output.remark("stopped");
    }
}
