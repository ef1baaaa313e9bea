//! Listeners: they take connections, not more than there is room for, and end without cutting anybody off.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use super::callers::Peer;
use super::connection::serve_http1;
use super::{Entrance, Visit, Way, proxy};
use crate::head::check::Form;
use crate::wire::{peer, socket};

/// After an accept failed for want of something (file descriptors), give it time to come back.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Connections of all listeners of one gate; more wait in the system's queue. Each costs two file descriptors.
pub const CONNECTIONS_MAX: usize = 4096;

/// A socket that connections come from.
#[derive(Debug)]
pub enum Listener {
    /// An address and a port.
    Tcp(TcpListener),
    /// A socket file.
    Unix(UnixListener),
}

/// How a gate's listeners and connections learn that it ends. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Ending {
    draining: watch::Receiver<bool>,
    room: Arc<Semaphore>,
}

/// Ends a gate's listeners and connections.
#[derive(Debug)]
pub struct Closer {
    draining: watch::Sender<bool>,
    room: Arc<Semaphore>,
}

impl Closer {
    /// A closer, and what it closes.
    #[must_use]
    pub fn new() -> (Self, Ending) {
        let (sender, receiver) = watch::channel(false);
        let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        (Self { draining: sender, room: Arc::clone(&room) }, Ending { draining: receiver, room })
    }

    /// No new connections are taken, and every answer is the last of its connection.
    pub fn drain(&self) {
        let _ = self.draining.send(true);
    }

    /// Connections that are open.
    #[must_use]
    pub fn open(&self) -> usize {
        CONNECTIONS_MAX.saturating_sub(self.room.available_permits())
    }

    /// Waits until no connection is open.
    pub async fn drained(&self) {
        let all = u32::try_from(CONNECTIONS_MAX).unwrap_or(u32::MAX);
        let _ = self.room.acquire_many(all).await;
    }
}

impl Ending {
    /// Whether every answer is the last of its connection.
    pub(super) fn is_near(&self) -> bool {
        *self.draining.borrow()
    }

    /// Waits until it is.
    pub(super) async fn near(&mut self) {
        if self.draining.wait_for(|draining| *draining).await.is_err() {
            // Whoever would say so is gone: the gate ends with its process.
            std::future::pending::<()>().await;
        }
    }
}

/// Serves the listener until the task is dropped, or until its gate drains.
pub async fn listen(entrance: Arc<Entrance>, listener: Listener) {
    let mut ending = entrance.ending.clone();
    loop {
        let Ok(room) = Arc::clone(&ending.room).acquire_owned().await else { return };
        let taken = tokio::select! {
            biased;
            () = ending.near() => return,
            taken = take(&entrance, &listener, room) => taken,
        };
        if taken.is_err() {
            tokio::time::sleep(ACCEPT_PAUSE).await;
        }
    }
}

async fn take(entrance: &Arc<Entrance>, listener: &Listener, room: OwnedSemaphorePermit) -> io::Result<()> {
    match listener {
        Listener::Tcp(listener) => {
            let (stream, address) = listener.accept().await?;
            let local = stream.local_addr().unwrap_or(address);
            let _ = socket::prepare(&stream);
            let owner = peer::owner(address, local);
            let peer = Peer {
                address: Some(address.ip()),
                uid: owner.map(|owner| owner.uid),
                socket: owner.and_then(|owner| owner.socket),
                process: None,
            };
            welcome(entrance, stream, peer, room);
        }
        Listener::Unix(listener) => {
            let (stream, _) = listener.accept().await?;
            let credentials = stream.peer_cred().ok();
            let uid = credentials.as_ref().map(|credentials| credentials.uid());
            let process = credentials.and_then(|credentials| u32::try_from(credentials.pid()?).ok());
            welcome(entrance, stream, Peer { address: None, uid, socket: None, process }, room);
        }
    }
    Ok(())
}

/// Serves one connection in a task of its own.
fn welcome<S>(entrance: &Arc<Entrance>, stream: S, peer: Peer, room: OwnedSemaphorePermit)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    if !entrance.callers.knows(peer) {
        return;
    }
    let visit = Visit { entrance: Arc::clone(entrance), peer, caller: None };
    tokio::spawn(async move {
        let _room = room;
        match &visit.entrance.way {
            Way::Forward => proxy::client(visit, stream).await,
            Way::Reverse(upstream) => {
                let origin = Arc::clone(upstream);
                serve_http1(visit, stream, origin, Form::Origin, BytesMut::new()).await;
            }
        }
    });
}
