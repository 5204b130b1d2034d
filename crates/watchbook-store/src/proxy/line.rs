//! One connection: messages both ways, through whatever fault is ordered.

use std::io;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, split};
use tokio::net::{TcpStream, UnixStream};
use tokio::sync::watch;

use super::conversation::{Conversation, Fate};
use super::wire::{self, Message};
use super::{Fault, Order, Switch, Upstream};

trait Duplex: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Duplex for T {}

/// How a connection ended.
#[derive(Debug)]
enum End {
    /// One side closed it.
    Closed,
    /// A fault ended it.
    Cut,
}

impl From<io::Error> for End {
    fn from(_error: io::Error) -> Self {
        Self::Closed
    }
}

/// Carries a connection until it ends.
pub(super) async fn carry(mut client: TcpStream, upstream: Upstream, switch: Arc<Switch>) {
    // Without it a byte by itself waits for the next.
    drop(client.set_nodelay(true));
    let end = talk(&mut client, &upstream, &switch).await;
    if matches!(end, End::Cut) {
        // Without lingering it ends with a reset.
        drop(client.set_zero_linger());
    }
}

async fn talk(client: &mut TcpStream, upstream: &Upstream, switch: &Switch) -> End {
    let mut orders = switch.order.subscribe();
    let ended = async {
        drop(orders.wait_for(|order| ends(order.fault)).await);
        End::Cut
    };
    tokio::select! {
        biased;
        end = ended => end,
        end = converse(client, upstream, switch) => end,
    }
}

async fn converse(client: &mut TcpStream, upstream: &Upstream, switch: &Switch) -> End {
    let mut orders = switch.order.subscribe();
    let first = match greeted(client, &mut orders).await {
        Ok(first) => first,
        Err(end) => return end,
    };
    let Ok(server) = reach(upstream).await else {
        return End::Cut;
    };
    let (mut from_server, mut to_server) = split(server);
    let (mut from_client, mut to_client) = client.split();
    if wire::send(&mut to_server, &first.bytes).await.is_err() {
        return End::Closed;
    }
    if first.cancels() {
        // The server answers by closing.
        drop(wire::next(&mut from_server).await);
        return End::Closed;
    }
    let conversation = Mutex::new(Conversation::default());
    let asking = ask(&mut from_client, &mut to_server, switch, &conversation);
    let answering = answer(&mut from_server, &mut to_client, switch, &conversation);
    tokio::select! {
        Err(end) = asking => end,
        Err(end) = answering => end,
        else => End::Closed,
    }
}

/// The client's first message, with encryption declined.
async fn greeted(
    client: &mut TcpStream,
    orders: &mut watch::Receiver<Order>,
) -> Result<Message, End> {
    loop {
        let first = wire::first(client).await?.ok_or(End::Closed)?;
        pause(orders).await?;
        if !first.asks_for_encryption() {
            return Ok(first);
        }
        wire::send(client, b"N").await?;
    }
}

async fn reach(upstream: &Upstream) -> io::Result<Box<dyn Duplex>> {
    Ok(match upstream {
        Upstream::Unix(path) => Box::new(UnixStream::connect(path).await?),
        Upstream::Tcp(address) => {
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            Box::new(stream)
        }
    })
}

/// What the client says, to the server. Comes back only when the connection ends.
async fn ask(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    switch: &Switch,
    conversation: &Mutex<Conversation>,
) -> Result<(), End> {
    let mut orders = switch.order.subscribe();
    loop {
        let message = wire::next(from).await?.ok_or(End::Closed)?;
        let way = pause(&mut orders).await?;
        let commits = conversation.lock().client_says(&message);
        if commits && switch.claim(Fault::CutRequest) {
            switch.count_strike();
            return Err(End::Cut);
        }
        let claimed = [Fault::CutAnswer, Fault::LoseAnswer].map(|cut| commits && switch.claim(cut));
        if claimed != [false, false] {
            conversation.lock().withhold(claimed == [true, false]);
        }
        pass(to, &message, way).await?;
    }
}

/// What the server says, to the client. Comes back only when the connection ends.
async fn answer(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    switch: &Switch,
    conversation: &Mutex<Conversation>,
) -> Result<(), End> {
    let mut orders = switch.order.subscribe();
    loop {
        let message = wire::next(from).await?.ok_or(End::Closed)?;
        let fate = conversation.lock().server_says(&message);
        match fate {
            Fate::Deliver => {
                let way = pause(&mut orders).await?;
                pass(to, &message, way).await?;
            }
            Fate::Swallow => {}
            Fate::Complete { ends } => {
                switch.count_strike();
                if ends {
                    return Err(End::Cut);
                }
            }
        }
    }
}

/// Holds a message up for as long as the fault wants it, and says how it goes on.
async fn pause(orders: &mut watch::Receiver<Order>) -> Result<Fault, End> {
    loop {
        let fault = orders.borrow_and_update().fault;
        match fault {
            Fault::Hang => {
                let changed = orders.changed().await;
                changed.map_err(|_gone| End::Closed)?;
            }
            Fault::Delay(by) => {
                if tokio::time::timeout(by, orders.changed()).await.is_err() {
                    return Ok(fault);
                }
            }
            _ if ends(fault) => return Err(End::Cut),
            _ => return Ok(fault),
        }
    }
}

async fn pass(to: &mut (impl AsyncWrite + Unpin), message: &Message, way: Fault) -> io::Result<()> {
    if way == Fault::Trickle {
        return wire::trickle(to, &message.bytes).await;
    }
    wire::send(to, &message.bytes).await
}

const fn ends(fault: Fault) -> bool {
    matches!(fault, Fault::Refuse | Fault::Reset)
}
