//! The port: held for as long as the proxy lives, listened on while connections are wanted.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinSet;

use super::{Fault, Switch, Upstream, line};

/// How many connections there are at most; further ones wait.
const MAX_CONNECTIONS: usize = 1_024;

/// A port of 127.0.0.1.
#[derive(Debug)]
pub(super) struct Door {
    /// Bound and never listened on: it keeps others off the port while nobody is let in.
    holder: TcpSocket,
}

impl Door {
    pub(super) fn reserve() -> io::Result<Self> {
        let holder = TcpSocket::new_v4()?;
        holder.set_reuseaddr(true)?;
        holder.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
        Ok(Self { holder })
    }

    pub(super) fn address(&self) -> io::Result<SocketAddr> {
        self.holder.local_addr()
    }

    pub(super) fn open(&self) -> io::Result<TcpListener> {
        let socket = TcpSocket::new_v4()?;
        socket.set_reuseaddr(true)?;
        socket.bind(self.address()?)?;
        socket.listen(1_024)
    }

    /// Takes connections until the proxy is gone, or the port cannot be listened on any more.
    pub(super) async fn stand(self, first: TcpListener, upstream: Upstream, switch: Arc<Switch>) {
        let mut listener = Some(first);
        let mut orders = switch.order.subscribe();
        let mut lines = JoinSet::new();
        loop {
            let order = *orders.borrow_and_update();
            if order.fault == Fault::Refuse {
                listener = None;
            } else if listener.is_none() {
                let Ok(opened) = self.open() else { return };
                listener = Some(opened);
            }
            switch.followed.send_replace(order.number);
            tokio::select! {
                client = accept(listener.as_ref()), if lines.len() < MAX_CONNECTIONS => {
                    // One that ended before it was taken is nobody's loss.
                    if let Ok(client) = client {
                        switch.accepted.fetch_add(1, Ordering::Relaxed);
                        lines.spawn(line::carry(client, upstream.clone(), Arc::clone(&switch)));
                    }
                }
                changed = orders.changed() => if changed.is_err() { return },
                Some(_ended) = lines.join_next() => {}
            }
        }
    }
}

async fn accept(listener: Option<&TcpListener>) -> io::Result<TcpStream> {
    match listener {
        Some(listener) => Ok(listener.accept().await?.0),
        None => std::future::pending().await,
    }
}
