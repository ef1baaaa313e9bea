//! The listening sockets of a gate: handed over by the running one, passed by systemd, or bound.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use crate::config::Endpoint;

/// A listener cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    /// Somebody else listens there.
    #[error("`{at}` (listener `{name}`) is taken by another process")]
    Taken {
        /// Which listener.
        name: String,
        /// Where.
        at: String,
    },
    /// The system refused.
    #[error("cannot listen on `{at}` (listener `{name}`): {source}")]
    Io {
        /// Which listener.
        name: String,
        /// Where.
        at: String,
        /// Why not.
        source: io::Error,
    },
}

/// One listening socket, not yet served.
#[derive(Debug)]
pub(super) enum Socket {
    /// An address and a port.
    Tcp(TcpListener),
    /// A socket file.
    Unix(UnixListener, PathBuf),
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Tcp(listener) => listener.as_fd(),
            Self::Unix(listener, _) => listener.as_fd(),
        }
    }
}

impl Socket {
    /// Another handle on the same socket.
    pub(super) fn try_clone(&self) -> io::Result<Self> {
        Ok(match self {
            Self::Tcp(listener) => Self::Tcp(listener.try_clone()?),
            Self::Unix(listener, path) => Self::Unix(listener.try_clone()?, path.clone()),
        })
    }

    /// Where it listens.
    pub(super) fn endpoint(&self) -> Option<Endpoint> {
        match self {
            Self::Tcp(listener) => listener.local_addr().ok().map(Endpoint::Tcp),
            Self::Unix(_, path) => Some(Endpoint::Unix(path.clone())),
        }
    }
}

/// Sockets that somebody else has opened for us, by the listener's name.
#[derive(Debug, Default)]
pub(super) struct Given(HashMap<String, OwnedFd>);

impl Given {
    pub(super) fn new(sockets: Vec<(String, OwnedFd)>) -> Self {
        Self(sockets.into_iter().collect())
    }

    /// What systemd passed (sd_listen_fds(3)), named by `FileDescriptorName=`.
    pub(super) fn by_systemd() -> Self {
        let names = std::env::var("LISTEN_FDNAMES").unwrap_or_default();
        let mut passed = listenfd::ListenFd::from_env();
        let mut sockets = HashMap::new();
        for (index, name) in names.split(':').enumerate().take(passed.len()) {
            let socket = match passed.take_tcp_listener(index) {
                Ok(listener) => listener.map(OwnedFd::from),
                Err(_) => passed.take_unix_listener(index).ok().flatten().map(OwnedFd::from),
            };
            if let Some(socket) = socket {
                sockets.insert(name.to_owned(), socket);
            }
        }
        Self(sockets)
    }

    /// What was given under this name, whatever it is.
    pub(super) fn take(&mut self, name: &str) -> Option<OwnedFd> {
        self.0.remove(name)
    }

    /// The socket for this listener: the given one if it listens where it should, else a new one.
    pub(super) fn or_bind(&mut self, name: &str, at: &Endpoint) -> Result<Socket, SocketError> {
        if let Some(socket) = self.0.remove(name) {
            let socket = match at {
                Endpoint::Tcp(_) => Socket::Tcp(TcpListener::from(socket)),
                Endpoint::Unix(path) => Socket::Unix(UnixListener::from(socket), path.clone()),
            };
            if is_at(&socket, at) {
                return Ok(socket);
            }
        }
        bind(name, at)
    }
}

fn is_at(socket: &Socket, at: &Endpoint) -> bool {
    match (socket, at) {
        (Socket::Tcp(listener), Endpoint::Tcp(wanted)) => listener.local_addr().is_ok_and(|found| found == *wanted),
        (Socket::Unix(listener, _), Endpoint::Unix(path)) => {
            listener.local_addr().is_ok_and(|found| found.as_pathname() == Some(path))
        }
        _ => false,
    }
}

/// How an endpoint is written in `config.yaml`.
pub(super) fn written(at: &Endpoint) -> String {
    match at {
        Endpoint::Tcp(at) => at.to_string(),
        Endpoint::Unix(path) => format!("unix:{}", path.display()),
    }
}

fn bind(name: &str, at: &Endpoint) -> Result<Socket, SocketError> {
    let io = |source: io::Error| match source.kind() {
        io::ErrorKind::AddrInUse => SocketError::Taken { name: name.to_owned(), at: written(at) },
        _ => SocketError::Io { name: name.to_owned(), at: written(at), source },
    };
    match at {
        Endpoint::Tcp(address) => tcp(*address).map(Socket::Tcp).map_err(io),
        Endpoint::Unix(path) => unix(path).map(|listener| Socket::Unix(listener, path.clone())).map_err(io),
    }
}

fn tcp(address: SocketAddr) -> io::Result<TcpListener> {
    TcpListener::bind(address)
}

/// A socket file for this user only. One that nobody listens on any more is replaced.
pub(super) fn unix(path: &Path) -> io::Result<UnixListener> {
    if fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_socket()) {
        if UnixStream::connect(path).is_ok() {
            return Err(io::ErrorKind::AddrInUse.into());
        }
        fs::remove_file(path)?;
    }
    let listener = UnixListener::bind(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}
