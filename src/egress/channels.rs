//! Holds a client to what its opening asked for: the streams of `exec`, `attach` and `port-forward`, read while they pass.
//!
//! Only the client's direction is read, and of that only what says where bytes go: nothing is kept but a head, and nothing
//! of the content is looked at. What was not asked for, or has more than one reading, is a [`Breach`]; its bytes do not
//! pass, and nothing behind them does.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::identify::{Channels, Framing, Purpose, channels};
use crate::record::Streamed;
use crate::wire::spdy::{self, Frame, Headers};
use crate::wire::websocket::{self, Opcode, Part, Passing};

/// Streams of one connection that are open for the client at once.
const OPEN_MAX: usize = 16 * 1024;
/// Ports that one connection may ask for.
const PORTS_MAX: usize = 256;
/// The longest name of a forwarded connection; kubectl counts them.
const REQUEST_BYTES_MAX: usize = 64;
/// As much of what is masked as is unmasked at once.
const CLEAR_BYTES: usize = 256;

/// Why a connection is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Breach {
    /// The opening has no `stdin=true`.
    #[error("input that the opening did not ask for")]
    Input,
    /// Only the server writes there, or nobody does.
    #[error("bytes for channel {0}, to which clients do not write")]
    Channel(u8),
    /// No message of its kind.
    #[error("a message that closes no channel")]
    Closing,
    /// Not one of those that the opening is for, or again one that there is once.
    #[error("a stream of a type that was not asked for")]
    Type,
    /// The stream is not open, or only the server writes to it.
    #[error("bytes for a stream to which clients do not write")]
    Stream,
    /// Not among those that the opening names, or no port.
    #[error("a port that the opening did not name, or that cannot be read")]
    Port,
    /// More than is followed.
    #[error("more streams or ports than are followed")]
    TooMany,
    /// Only binary messages carry a tunnel.
    #[error("a text message in a tunnel")]
    Text,
    /// As the frames say.
    #[error("{0}")]
    WebSocket(websocket::Fault),
    /// As the frames say.
    #[error("{0}")]
    Spdy(spdy::Fault),
}

/// Follows a client's bytes.
#[derive(Debug)]
pub(super) struct Follower {
    carrier: Carrier,
    streams: Streams,
    breach: Option<Breach>,
}

/// How the streams come.
#[derive(Debug)]
enum Carrier {
    Channels { frames: Passing, message: Message, is_base64: bool, closes: bool },
    Tunnel(Passing, Box<spdy::Reader>),
    Spdy(Box<spdy::Reader>),
    Raw,
}

/// Where a message goes, as far as it has come.
#[derive(Clone, Copy, Debug)]
enum Message {
    /// Its first byte has not come.
    Begun,
    /// To a stream.
    To(Kind),
    /// It closes a channel: whether it said which.
    Closes(bool),
}

/// What a stream is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Stdin,
    Resize,
    /// Of a port.
    Data,
    /// Only the server writes to it.
    Listening,
}

impl Follower {
    pub(super) fn new(channels: &Channels, framing: Framing) -> Self {
        let carrier = match framing {
            Framing::Channels { is_base64, closes } => {
                Carrier::Channels { frames: Passing::default(), message: Message::Begun, is_base64, closes }
            }
            Framing::Tunnel => Carrier::Tunnel(Passing::default(), Box::default()),
            Framing::Spdy => Carrier::Spdy(Box::default()),
            Framing::Raw => Carrier::Raw,
        };
        Self { carrier, streams: Streams::of(channels.purpose().clone(), framing), breach: None }
    }

    /// Whether both sides speak WebSocket frames.
    pub(super) const fn is_web_socket(&self) -> bool {
        matches!(self.carrier, Carrier::Channels { .. } | Carrier::Tunnel(..))
    }

    /// Why the connection is ended, if it is.
    pub(super) const fn breach(&self) -> Option<Breach> {
        self.breach
    }

    /// Follows `bytes`; gives how many of them may pass: all, or those before the first breach.
    pub(super) fn follow(&mut self, bytes: &[u8]) -> usize {
        let mut at = 0;
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            if self.breach.is_some() {
                break;
            }
            match self.step(rest) {
                Ok(followed) => at += followed,
                Err(breach) => self.breach = Some(breach),
            }
        }
        at
    }

    /// For the record.
    pub(super) fn streamed(&self) -> Streamed {
        let sent = self.streams.sent.iter().map(|(name, bytes)| ((*name).to_owned(), *bytes)).collect();
        let cut = self.breach.map(|breach| breach.to_string());
        Streamed { sent, ports: self.streams.ports.iter().copied().collect(), cut }
    }

    fn step(&mut self, bytes: &[u8]) -> Result<usize, Breach> {
        match &mut self.carrier {
            Carrier::Channels { frames, message, is_base64, closes } => {
                let (followed, part) = frames.follow(bytes).map_err(Breach::WebSocket)?;
                if let Some(part) = part.filter(|part| !part.is_control()) {
                    message.take(part, &mut self.streams, (*is_base64, *closes))?;
                }
                Ok(followed)
            }
            Carrier::Tunnel(frames, reader) => {
                let (followed, part) = frames.follow(bytes).map_err(Breach::WebSocket)?;
                match part.filter(|part| !part.is_control()) {
                    Some(part) if part.opcode == Opcode::Text => return Err(Breach::Text),
                    Some(part) => tunnelled(reader, part, &mut self.streams)?,
                    None => {}
                }
                Ok(followed)
            }
            Carrier::Spdy(reader) => {
                let (followed, said) = reader.follow(bytes).map_err(Breach::Spdy)?;
                said.map_or(Ok(()), |said| self.streams.frame(said, reader.last()))?;
                Ok(followed)
            }
            Carrier::Raw => Err(Breach::Input),
        }
    }
}

/// Follows the SPDY inside a message: heads are unmasked, payloads are not.
fn tunnelled(reader: &mut spdy::Reader, mut part: Part<'_>, streams: &mut Streams) -> Result<(), Breach> {
    let mut clear = [0; CLEAR_BYTES];
    while !part.masked.is_empty() {
        let payload = usize::try_from(reader.payload_bytes()).unwrap_or(usize::MAX).min(part.masked.len());
        let (followed, said) = if payload > 0 {
            // Only its length counts.
            reader.follow(part.masked.get(..payload).unwrap_or_default()).map_err(Breach::Spdy)?
        } else {
            let mut held = 0;
            for (place, byte) in clear.iter_mut().zip(part.clear()) {
                *place = byte;
                held += 1;
            }
            reader.follow(clear.get(..held).unwrap_or_default()).map_err(Breach::Spdy)?
        };
        if let Some(said) = said {
            streams.frame(said, reader.last())?;
        }
        part = part.behind(followed);
    }
    Ok(())
}

impl Message {
    /// Takes a part of it.
    fn take(&mut self, part: Part<'_>, streams: &mut Streams, (is_base64, closes): (bool, bool)) -> Result<(), Breach> {
        if part.is_first {
            *self = Self::Begun;
        }
        let mut bytes = part.masked.len() as u64;
        for byte in part.clear().take(2) {
            match *self {
                Self::Begun => {
                    bytes -= 1;
                    *self = match byte.wrapping_sub(if is_base64 { b'0' } else { 0 }) {
                        255 if closes => Self::Closes(false),
                        channel => Self::To(streams.channel(channel)?),
                    };
                }
                Self::Closes(false) if streams.channel(byte).is_ok() => *self = Self::Closes(true),
                Self::Closes(_) => return Err(Breach::Closing),
                Self::To(_) => break,
            }
        }
        match *self {
            Self::To(kind) => streams.write(kind, bytes),
            Self::Closes(true) if part.masked.len() > 2 => Err(Breach::Closing),
            Self::Closes(false) if part.is_last => Err(Breach::Closing),
            Self::Closes(_) | Self::Begun => Ok(()),
        }
    }
}

/// What the client may write to, and has written.
#[derive(Debug)]
struct Streams {
    purpose: Purpose,
    /// By number, in SPDY.
    open: HashMap<u32, Kind>,
    /// The types that there are once.
    seen: BTreeSet<String>,
    sent: BTreeMap<&'static str, u64>,
    ports: BTreeSet<u16>,
}

impl Streams {
    fn of(purpose: Purpose, framing: Framing) -> Self {
        // Channels are there from the beginning, and with them their ports.
        let ports = match (&purpose, framing) {
            (Purpose::Forward { ports, .. }, Framing::Channels { .. }) => ports.iter().copied().collect(),
            _ => BTreeSet::new(),
        };
        Self { purpose, open: HashMap::new(), seen: BTreeSet::new(), sent: BTreeMap::new(), ports }
    }

    /// The stream of a channel to which clients write.
    fn channel(&self, channel: u8) -> Result<Kind, Breach> {
        match (&self.purpose, channel) {
            (Purpose::Program { .. }, 0) => Ok(Kind::Stdin),
            (Purpose::Program { .. }, 4) => Ok(Kind::Resize),
            // Two of each port: its bytes, and what went wrong.
            (Purpose::Forward { ports, .. }, _)
                if channel.is_multiple_of(2) && usize::from(channel) / 2 < ports.len() =>
            {
                Ok(Kind::Data)
            }
            _ => Err(Breach::Channel(channel)),
        }
    }

    /// Bytes for a stream.
    fn write(&mut self, kind: Kind, bytes: u64) -> Result<(), Breach> {
        if bytes == 0 {
            return Ok(());
        }
        let name = match (kind, &self.purpose) {
            (Kind::Stdin, Purpose::Program { stdin: true }) => "stdin",
            (Kind::Stdin, _) => return Err(Breach::Input),
            (Kind::Resize, _) => "resize",
            (Kind::Data, _) => "data",
            (Kind::Listening, _) => return Err(Breach::Stream),
        };
        *self.sent.entry(name).or_default() += bytes;
        Ok(())
    }

    /// A frame of SPDY; `last` is the highest number that a stream has had.
    fn frame(&mut self, said: Frame, last: u32) -> Result<(), Breach> {
        match said {
            Frame::Opens { stream, is_final, headers } => {
                let kind = self.opens(&headers)?;
                if !is_final {
                    self.open.insert(stream, kind);
                }
                if self.open.len() > OPEN_MAX { Err(Breach::TooMany) } else { Ok(()) }
            }
            Frame::Writes { stream, bytes, is_final } => {
                match self.open.get(&stream) {
                    Some(kind) => self.write(*kind, bytes)?,
                    // Sent while its end was on the way; servers drop it.
                    None if stream % 2 == 1 && stream <= last => {}
                    None => return Err(Breach::Stream),
                }
                if is_final {
                    self.open.remove(&stream);
                }
                Ok(())
            }
            Frame::Resets(stream) => {
                self.open.remove(&stream);
                Ok(())
            }
            Frame::Own => Ok(()),
        }
    }

    /// A stream with these headers.
    fn opens(&mut self, headers: &Headers) -> Result<Kind, Breach> {
        let value = |name: &str| headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        let kind = value("streamtype").ok_or(Breach::Type)?;
        let (ports, is_named) = match &self.purpose {
            Purpose::Program { stdin } => {
                let found = match kind {
                    "stdin" if !stdin => return Err(Breach::Input),
                    "stdin" => Kind::Stdin,
                    "resize" => Kind::Resize,
                    "stdout" | "stderr" | "error" => Kind::Listening,
                    _ => return Err(Breach::Type),
                };
                return if self.seen.insert(kind.to_owned()) { Ok(found) } else { Err(Breach::Type) };
            }
            Purpose::Forward { ports, is_named } => (ports, *is_named),
            Purpose::Listening => return Err(Breach::Input),
        };
        let found = match kind {
            "data" => Kind::Data,
            "error" => Kind::Listening,
            _ => return Err(Breach::Type),
        };
        let port = value("port").and_then(channels::port_of);
        let port = port.filter(|port| !is_named || ports.contains(port)).ok_or(Breach::Port)?;
        if value("requestid").is_some_and(|id| id.is_empty() || id.len() > REQUEST_BYTES_MAX) {
            return Err(Breach::Type);
        }
        self.ports.insert(port);
        if self.ports.len() > PORTS_MAX { Err(Breach::TooMany) } else { Ok(found) }
    }
}

#[cfg(test)]
mod tests;
