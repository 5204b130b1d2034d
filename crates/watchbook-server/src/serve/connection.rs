//! One connection: HTTP/1.1, held to its limits, ended in good order.

use std::net::SocketAddr;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::Watcher;
use tokio::net::TcpStream;
use tower::ServiceExt;

use super::stall::Stalling;
use crate::guard::Ends;
use crate::limits::Limits;

/// The most headers of one request.
const MAX_HEADERS: usize = 100;

/// Serves the requests of one connection until it ends, or until the server stops and none is under way.
pub(super) async fn serve(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    limits: &Limits,
    watcher: Watcher,
) {
    let Ok(local) = stream.local_addr() else {
        return;
    };
    // Without it small answers wait for the peer's acknowledgement. It only fails on a dead connection.
    let _ = stream.set_nodelay(true);
    let ends = Ends { peer, local };
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(ends);
        router.clone().oneshot(request.map(Body::new))
    });
    let io = TokioIo::new(Stalling::new(stream, limits.write_time));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_time)
        .max_headers(MAX_HEADERS)
        .max_buf_size(limits.head_bytes)
        .serve_connection(io, service);
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(%peer, %error, "a connection ended early");
    }
}
