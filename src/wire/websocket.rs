//! The frames of RFC 6455, read strictly and passed on as they came: a client's messages whole, a server's only as far as
//! it takes to know where one ends.
//!
//! Nothing here answers, unmasks in place or repairs: what cannot be read in exactly one way is a [`Fault`], and the
//! connection ends with it. No extension is ever spoken on a connection that is read, so a reserved bit is a fault too.

mod passing;

use bytes::{Bytes, BytesMut};

pub use passing::{Part, Passing};

/// The largest message that is read; GraphQL servers take less by default.
pub const MESSAGE_BYTES_MAX: usize = 1024 * 1024;
/// What the heads of a message's frames may take beside it: a client that cuts a message into more pieces hides something.
const HEADS_BYTES_MAX: usize = 64 * 1024;
/// The most that a control frame carries (section 5.5).
const CONTROL_BYTES_MAX: u64 = 125;
/// Two bytes, eight of length, four of mask.
const HEAD_BYTES_MAX: usize = 14;
/// The code that ends a connection for a message that "violates its policy" (section 7.4.1).
pub const POLICY: u16 = 1008;
/// The code of an end that goes away.
pub const GOING_AWAY: u16 = 1001;

/// What has more than one reading, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Section 5.1: clients mask, servers do not.
    #[error("a WebSocket frame that is masked by a server, or not masked by a client")]
    Masking,
    /// A bit, an opcode or a length that section 5.2 does not give.
    #[error("a WebSocket frame with a reserved bit, opcode or length")]
    Reserved,
    /// Section 5.5.
    #[error("a WebSocket control frame that is too long or in pieces")]
    Control,
    /// Section 5.4.
    #[error("a WebSocket message whose pieces do not follow each other")]
    Fragments,
    /// More than is read.
    #[error("a WebSocket message of more than 1 MiB")]
    Oversized,
    /// No text.
    #[error("a binary WebSocket message, where only texts are spoken")]
    Binary,
    /// Section 5.5.1: no message follows a close.
    #[error("a WebSocket message behind the end")]
    Closed,
}

/// Whose frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Masked.
    Client,
    /// In clear.
    Server,
}

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opcode {
    /// A further piece of a message.
    Continuation,
    /// Text, or its first piece.
    Text,
    /// Bytes, or their first piece.
    Binary,
    /// Nothing follows.
    Close,
    /// To be answered.
    Ping,
    /// An answer.
    Pong,
}

impl Opcode {
    const fn of(bits: u8) -> Option<Self> {
        Some(match bits {
            0x0 => Self::Continuation,
            0x1 => Self::Text,
            0x2 => Self::Binary,
            0x8 => Self::Close,
            0x9 => Self::Ping,
            0xa => Self::Pong,
            _ => return None,
        })
    }

    const fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }
}

/// The head of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The last frame of its message.
    pub is_final: bool,
    /// What it is.
    pub opcode: Opcode,
    /// What its payload is masked with.
    pub mask: Option<[u8; 4]>,
    /// How many bytes follow.
    pub payload_bytes: u64,
    /// How many bytes it has itself.
    pub bytes: usize,
}

impl Header {
    /// Reads the head that `bytes` begin with; `None` where there is too little of it.
    ///
    /// # Errors
    /// It has more than one reading, or none.
    pub fn read(bytes: &[u8], side: Side) -> Result<Option<Self>, Fault> {
        let [first, second, rest @ ..] = bytes else { return Ok(None) };
        let opcode = Opcode::of(first & 0x0f).filter(|_| first & 0x70 == 0).ok_or(Fault::Reserved)?;
        let (is_final, is_masked) = (first & 0x80 != 0, second & 0x80 != 0);
        if is_masked != (side == Side::Client) {
            return Err(Fault::Masking);
        }
        let (payload_bytes, rest) = match (second & 0x7f, rest) {
            (126, [a, b, rest @ ..]) => (u64::from(u16::from_be_bytes([*a, *b])), rest),
            (127, rest) => match rest.split_first_chunk::<8>() {
                Some((length, rest)) => (u64::from_be_bytes(*length), rest),
                None => return Ok(None),
            },
            (126, _) => return Ok(None),
            (short, rest) => (u64::from(short), rest),
        };
        // "The minimal number of bytes MUST be used to encode the length."
        let least = match second & 0x7f {
            126 => 126,
            127 => 65_536,
            _ => 0,
        };
        if payload_bytes < least || payload_bytes > i64::MAX.unsigned_abs() {
            return Err(Fault::Reserved);
        }
        if opcode.is_control() && (!is_final || payload_bytes > CONTROL_BYTES_MAX) {
            return Err(Fault::Control);
        }
        let (mask, rest) = match rest.split_first_chunk::<4>() {
            _ if !is_masked => (None, rest),
            Some((mask, rest)) => (Some(*mask), rest),
            None => return Ok(None),
        };
        Ok(Some(Self { is_final, opcode, mask, payload_bytes, bytes: bytes.len() - rest.len() }))
    }
}

/// A control frame of the client, as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Control {
    opcode: Opcode,
    raw: Bytes,
}

impl Control {
    /// Whether nothing may follow it.
    #[must_use]
    pub fn closes(&self) -> bool {
        self.opcode == Opcode::Close
    }

    /// Its bytes.
    #[must_use]
    pub fn into_raw(self) -> Bytes {
        self.raw
    }
}

/// A text message of the client: its frames as they came, and what they say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    raw: Bytes,
    text: Vec<u8>,
}

impl Message {
    /// What it says; whether that is UTF-8 was not asked.
    #[must_use]
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// How much memory it holds.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        self.raw.len() + self.text.len()
    }

    /// The bytes of its frames.
    #[must_use]
    pub fn into_raw(self) -> Bytes {
        self.raw
    }
}

/// What a client said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Something about the connection.
    Control(Control),
    /// A whole message.
    Message(Message),
}

/// Puts a client's messages together. Holds one message and one frame at most.
#[derive(Debug, Default)]
pub struct Reader {
    unread: BytesMut,
    raw: BytesMut,
    text: Vec<u8>,
    is_within: bool,
}

impl Reader {
    /// A reader that has these bytes already.
    #[must_use]
    pub fn new(unread: BytesMut) -> Self {
        Self { unread, ..Self::default() }
    }

    /// Where further bytes go.
    pub fn unread(&mut self) -> &mut BytesMut {
        &mut self.unread
    }

    /// What has come whole next; `None` until there are more bytes.
    ///
    /// # Errors
    /// A frame that cannot be read, or a message that is not read. Nothing may be read after it.
    pub fn piece(&mut self) -> Result<Option<Piece>, Fault> {
        loop {
            let Some(header) = Header::read(&self.unread, Side::Client)? else { return Ok(None) };
            if let Some(fault) = self.fault(&header) {
                return Err(fault);
            }
            let payload = usize::try_from(header.payload_bytes).map_err(|_| Fault::Oversized)?;
            if self.unread.len() < header.bytes + payload {
                return Ok(None);
            }
            let raw = self.unread.split_to(header.bytes + payload);
            if header.opcode.is_control() {
                return Ok(Some(Piece::Control(Control { opcode: header.opcode, raw: raw.freeze() })));
            }
            let mask = header.mask.unwrap_or_default();
            let masked = raw.get(header.bytes..).unwrap_or_default();
            self.text.extend(masked.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
            if self.raw.is_empty() {
                self.raw = raw
            } else {
                self.raw.extend_from_slice(&raw)
            }
            self.is_within = !header.is_final;
            if header.is_final {
                let (raw, text) = (std::mem::take(&mut self.raw).freeze(), std::mem::take(&mut self.text));
                return Ok(Some(Piece::Message(Message { raw, text })));
            }
        }
    }

    /// What is wrong with the next frame, as far as its head tells.
    fn fault(&self, header: &Header) -> Option<Fault> {
        let follows = header.opcode == Opcode::Continuation;
        match header.opcode {
            opcode if opcode.is_control() => None,
            Opcode::Binary => Some(Fault::Binary),
            _ if follows != self.is_within => Some(Fault::Fragments),
            _ => {
                let text = header.payload_bytes.saturating_add(self.text.len() as u64);
                let heads = self.raw.len() - self.text.len() + header.bytes;
                (text > MESSAGE_BYTES_MAX as u64 || heads > HEADS_BYTES_MAX).then_some(Fault::Oversized)
            }
        }
    }
}

/// Follows a server's frames without keeping them.
#[derive(Debug, Default)]
pub struct Outline {
    head: [u8; HEAD_BYTES_MAX],
    held: usize,
    left: u64,
    is_within: bool,
    ends: bool,
    is_closed: bool,
}

impl Outline {
    /// Whether a message could be put here.
    #[must_use]
    pub const fn is_between(&self) -> bool {
        self.held == 0 && self.left == 0 && !self.is_within && !self.is_closed
    }

    /// Whether the server has said that nothing follows.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        self.is_closed
    }

    /// Follows `bytes` to the end of the next frame or to their own; gives how many that are.
    ///
    /// # Errors
    /// A frame that cannot be read.
    pub fn follow(&mut self, bytes: &[u8]) -> Result<usize, Fault> {
        let mut at = 0;
        while self.left == 0 {
            let Some(byte) = bytes.get(at) else { return Ok(at) };
            let Some(place) = self.head.get_mut(self.held) else { return Err(Fault::Reserved) };
            *place = *byte;
            (at, self.held) = (at + 1, self.held + 1);
            let head = self.head.get(..self.held).unwrap_or_default();
            let Some(header) = Header::read(head, Side::Server)? else { continue };
            let follows = header.opcode == Opcode::Continuation;
            if !header.opcode.is_control() {
                if follows != self.is_within {
                    return Err(Fault::Fragments);
                }
                self.is_within = !header.is_final;
            }
            (self.held, self.left) = (0, header.payload_bytes);
            self.ends = header.opcode == Opcode::Close;
            if self.left == 0 {
                self.is_closed |= self.ends;
                return Ok(at);
            }
        }
        let here = usize::try_from(self.left).unwrap_or(usize::MAX).min(bytes.len() - at);
        self.left -= here as u64;
        self.is_closed |= self.left == 0 && self.ends;
        Ok(at + here)
    }
}

/// A whole text message as a server sends it.
#[must_use]
pub fn text(text: &[u8]) -> Bytes {
    frame(0x81, text, None)
}

/// The end of a connection, said by a server, or by a client with a `mask`. A reason that is too long is cut.
#[must_use]
pub fn close(code: u16, reason: &str, mask: Option<[u8; 4]>) -> Bytes {
    let room = usize::try_from(CONTROL_BYTES_MAX).unwrap_or_default() - 2;
    let ends = reason.char_indices().map(|(at, letter)| at + letter.len_utf8());
    let reason = reason.get(..ends.take_while(|end| *end <= room).last().unwrap_or(0)).unwrap_or_default();
    let payload: Vec<u8> = code.to_be_bytes().into_iter().chain(reason.bytes()).collect();
    frame(0x88, &payload, mask)
}

fn frame(first: u8, payload: &[u8], mask: Option<[u8; 4]>) -> Bytes {
    let mut out = Vec::with_capacity(HEAD_BYTES_MAX + payload.len());
    let masked = if mask.is_some() { 0x80 } else { 0 };
    out.push(first);
    match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
        (Ok(short @ ..126), _) => out.push(masked | short),
        (_, Ok(length)) => {
            out.push(masked | 126);
            out.extend_from_slice(&length.to_be_bytes());
        }
        _ => {
            out.push(masked | 127);
            out.extend_from_slice(&(payload.len() as u64).to_be_bytes());
        }
    }
    out.extend(mask.into_iter().flatten());
    let mask = mask.unwrap_or_default();
    out.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    Bytes::from(out)
}

#[cfg(test)]
mod tests;
