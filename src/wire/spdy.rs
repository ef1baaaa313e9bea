//! The frames of SPDY/3.1 as clients of the Kubernetes API send them, followed without keeping them.
//!
//! Read strictly and for the client's direction only: what it opens, what it writes to and what speaks of the connection.
//! Payloads pass by; only what stands in a control frame is put together, up to [`CONTROL_BYTES_MAX`]. Everything that
//! the Kubernetes clients (`moby/spdystream`) do not send is a [`Fault`].
//!
//! Source: the SPDY/3 draft, section 2; 3.1 adds flow control of the session (`WINDOW_UPDATE` of stream 0).

mod dictionary;
mod headers;

use self::headers::Inflater;
pub use self::headers::{HEADERS_BYTES_MAX, Headers};

/// Version and kind or stream, flags, length.
const HEAD_BYTES: usize = 8;
/// The largest control frame that is read; an opening has some hundred bytes.
pub const CONTROL_BYTES_MAX: usize = 16 * 1024;
/// Settings that one frame may carry.
const SETTINGS_MAX: usize = 64;
/// Nothing follows in this direction.
const FIN: u8 = 0x01;
const ID: u32 = 0x7fff_ffff;

/// What has more than one reading, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// No version 3, or a kind that clients of this API do not send.
    #[error("a SPDY frame of another version or kind")]
    Kind,
    /// A length that its kind does not have.
    #[error("a SPDY frame that is too long or too short")]
    Length,
    /// A flag or a reserved bit that its kind does not have.
    #[error("a SPDY frame with a reserved flag or bit")]
    Reserved,
    /// Section 2.3.2: clients count with odd numbers, upwards.
    #[error("a SPDY stream whose number does not follow")]
    Stream,
    /// What cannot be inflated with the dictionary of SPDY/3.
    #[error("SPDY headers that cannot be inflated")]
    Compression,
    /// Names and values that are cut, doubled or not in lower case.
    #[error("SPDY headers with more than one reading")]
    Headers,
}

/// What a client's frame says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// A stream begins.
    Opens {
        /// Its number.
        stream: u32,
        /// Nothing will be written to it.
        is_final: bool,
        /// What it is for.
        headers: Headers,
    },
    /// Bytes follow, which the reader passes by.
    Writes {
        /// Where to.
        stream: u32,
        /// How many.
        bytes: u64,
        /// Nothing will be written to it afterwards.
        is_final: bool,
    },
    /// A stream is given up.
    Resets(u32),
    /// Something about the connection.
    Own,
}

/// What is being read.
#[derive(Debug, Default)]
enum Place {
    #[default]
    Head,
    /// So many bytes of a stream's payload are left.
    Payload(u64),
    /// A control frame of this kind, with so many bytes.
    Control { kind: u16, flags: u8, length: usize },
}

/// Follows a client's frames. Holds one control frame and 32 KiB of what headers were compressed with.
#[derive(Debug, Default)]
pub struct Reader {
    place: Place,
    held: Vec<u8>,
    last: u32,
    inflater: Inflater,
}

impl Reader {
    /// How many bytes of payload come before the next frame.
    #[must_use]
    pub const fn payload_bytes(&self) -> u64 {
        match self.place {
            Place::Payload(left) => left,
            Place::Head | Place::Control { .. } => 0,
        }
    }

    /// The last stream that was opened.
    #[must_use]
    pub const fn last(&self) -> u32 {
        self.last
    }

    /// Follows `bytes` to the end of the next frame's head, or of the control frame, or to their own; gives how many
    /// that are, and what was said.
    ///
    /// # Errors
    /// A frame that cannot be read. Nothing may be read after it.
    pub fn follow(&mut self, bytes: &[u8]) -> Result<(usize, Option<Frame>), Fault> {
        let whole = match self.place {
            Place::Payload(left) => {
                let here = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
                let left = left - here as u64;
                self.place = if left == 0 { Place::Head } else { Place::Payload(left) };
                return Ok((here, None));
            }
            Place::Head => HEAD_BYTES,
            Place::Control { length, .. } => length,
        };
        let here = whole.saturating_sub(self.held.len()).min(bytes.len());
        self.held.extend(bytes.get(..here).unwrap_or_default());
        if self.held.len() < whole {
            return Ok((here, None));
        }
        let mut held = std::mem::take(&mut self.held);
        let said = match self.place {
            Place::Control { kind, flags, .. } => Some(self.control(kind, flags, &held)?),
            Place::Head | Place::Payload(_) => self.head(&held)?,
        };
        held.clear();
        self.held = held;
        Ok((here, said))
    }

    /// A frame's first bytes.
    fn head(&mut self, head: &[u8]) -> Result<Option<Frame>, Fault> {
        let [a, b, c, d, flags, e, f, g] = *head else { return Err(Fault::Length) };
        let length = u32::from_be_bytes([0, e, f, g]);
        if a & 0x80 == 0 {
            if flags & !FIN != 0 {
                return Err(Fault::Reserved);
            }
            let (stream, bytes) = (u32::from_be_bytes([a, b, c, d]), u64::from(length));
            if bytes > 0 {
                self.place = Place::Payload(bytes);
            }
            return Ok(Some(Frame::Writes { stream, bytes, is_final: flags & FIN != 0 }));
        }
        let kind = u16::from_be_bytes([c, d]);
        if [a, b] != [0x80, 3] {
            return Err(Fault::Kind);
        }
        let length = usize::try_from(length).map_err(|_| Fault::Length)?;
        let (is_length, flags_max) = match kind {
            SYN_STREAM => ((10..=CONTROL_BYTES_MAX).contains(&length), FIN),
            RST_STREAM | GOAWAY | WINDOW_UPDATE => (length == 8, 0),
            // The flag asks to forget what was set before.
            SETTINGS => (length % 8 == 4 && length <= 4 + 8 * SETTINGS_MAX, 1),
            PING => (length == 4, 0),
            _ => return Err(Fault::Kind),
        };
        if !is_length {
            return Err(Fault::Length);
        }
        if flags & !flags_max != 0 {
            return Err(Fault::Reserved);
        }
        self.place = Place::Control { kind, flags, length };
        Ok(None)
    }

    /// A whole control frame.
    fn control(&mut self, kind: u16, flags: u8, content: &[u8]) -> Result<Frame, Fault> {
        self.place = Place::Head;
        let first = content.first_chunk().map_or(0, |first| u32::from_be_bytes(*first));
        Ok(match kind {
            SYN_STREAM => {
                let Some((&[_, _, _, _, b0, b1, b2, b3, _, _], block)) = content.split_first_chunk::<10>() else {
                    return Err(Fault::Length);
                };
                if first > ID || first % 2 == 0 || first <= self.last || [b0, b1, b2, b3] != [0; 4] {
                    return Err(Fault::Stream);
                }
                self.last = first;
                let headers = headers::read(&self.inflater.inflate(block)?)?;
                Frame::Opens { stream: first, is_final: flags & FIN != 0, headers }
            }
            RST_STREAM if first > ID => return Err(Fault::Reserved),
            RST_STREAM => Frame::Resets(first),
            SETTINGS if usize::try_from(first).ok() != Some((content.len() - 4) / 8) => return Err(Fault::Length),
            WINDOW_UPDATE if first > ID => return Err(Fault::Reserved),
            _ => Frame::Own,
        })
    }
}

const SYN_STREAM: u16 = 1;
const RST_STREAM: u16 = 3;
const SETTINGS: u16 = 4;
const PING: u16 = 6;
const GOAWAY: u16 = 7;
const WINDOW_UPDATE: u16 = 9;

#[cfg(test)]
pub(crate) mod tests;
