//! A client's frames, followed while they pass: nothing is kept but a head.

use super::{Fault, HEAD_BYTES_MAX, Header, Opcode, Side};

/// Some of a frame's payload, as it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part<'a> {
    /// Masked.
    pub masked: &'a [u8],
    /// What its first byte and those behind it are masked with.
    pub mask: [u8; 4],
    /// Text, binary or a control; a later frame of a message has what its first one had.
    pub opcode: Opcode,
    /// A message begins with it.
    pub is_first: bool,
    /// A message ends with it.
    pub is_last: bool,
}

impl Part<'_> {
    /// Whether it is of the connection's own.
    #[must_use]
    pub const fn is_control(&self) -> bool {
        self.opcode.is_control()
    }

    /// What it says.
    pub fn clear(&self) -> impl Iterator<Item = u8> {
        self.masked.iter().zip(self.mask.into_iter().cycle()).map(|(byte, mask)| byte ^ mask)
    }

    /// The rest of it, behind so many bytes.
    #[must_use]
    pub fn behind(self, bytes: usize) -> Self {
        let mut mask = self.mask;
        mask.rotate_left(bytes % 4);
        Self { masked: self.masked.get(bytes..).unwrap_or_default(), mask, is_first: false, ..self }
    }
}

/// The frame that is passing.
#[derive(Clone, Copy, Debug)]
struct Now {
    header: Header,
    opcode: Opcode,
    passed: u64,
    is_first: bool,
}

/// Follows a client's frames.
#[derive(Debug, Default)]
pub struct Passing {
    head: [u8; HEAD_BYTES_MAX],
    held: usize,
    now: Option<Now>,
    /// What the message is that has begun.
    within: Option<Opcode>,
    is_closed: bool,
}

impl Passing {
    /// Follows `bytes` to the end of a head, of a frame's payload or to their own; gives how many that are, and what of
    /// them is payload. A frame without a payload gives an empty part.
    ///
    /// # Errors
    /// A frame that cannot be read. Nothing may be read after it.
    pub fn follow<'a>(&mut self, bytes: &'a [u8]) -> Result<(usize, Option<Part<'a>>), Fault> {
        let (mut at, mut now) = (0, self.now.take());
        while now.is_none() {
            let Some(byte) = bytes.get(at) else { return Ok((at, None)) };
            let Some(place) = self.head.get_mut(self.held) else { return Err(Fault::Reserved) };
            *place = *byte;
            (at, self.held) = (at + 1, self.held + 1);
            let Some(header) = Header::read(self.head.get(..self.held).unwrap_or_default(), Side::Client)? else {
                continue;
            };
            self.held = 0;
            now = Some(self.begin(header)?);
        }
        let Some(mut now) = now else { return Ok((at, None)) };
        let left = now.header.payload_bytes - now.passed;
        let rest = bytes.get(at..).unwrap_or_default();
        let masked = rest.get(..usize::try_from(left).unwrap_or(usize::MAX).min(rest.len())).unwrap_or_default();
        if left > 0 && masked.is_empty() {
            self.now = Some(now);
            return Ok((at, None));
        }
        let mut mask = now.header.mask.unwrap_or_default();
        mask.rotate_left(usize::try_from(now.passed % 4).unwrap_or_default());
        let is_over = masked.len() as u64 == left;
        let is_last = is_over && now.header.is_final;
        let part = Part { masked, mask, opcode: now.opcode, is_first: now.is_first, is_last };
        self.is_closed |= is_over && now.opcode == Opcode::Close;
        if !is_over {
            now.passed += masked.len() as u64;
            now.is_first = false;
            self.now = Some(now);
        }
        Ok((at + masked.len(), Some(part)))
    }

    /// A frame whose head is whole.
    fn begin(&mut self, header: Header) -> Result<Now, Fault> {
        let (opcode, is_first) = match (header.opcode, self.within) {
            (control, _) if control.is_control() => {
                return Ok(Now { header, opcode: control, passed: 0, is_first: true });
            }
            // Some clients say goodbye twice; but nothing else may be said behind it.
            _ if self.is_closed => return Err(Fault::Closed),
            (Opcode::Continuation, Some(opcode)) => (opcode, false),
            (Opcode::Continuation, None) | (_, Some(_)) => return Err(Fault::Fragments),
            (opcode, None) => (opcode, true),
        };
        self.within = (!header.is_final).then_some(opcode);
        Ok(Now { header, opcode, passed: 0, is_first })
    }
}
