//! Finds the end of a chunked body (RFC 9112, section 7.1), strictly: no chunk extensions, CRLF only, bounded sizes, and
//! trailers under the same closed lists as headers. It changes nothing; the HTTP library decodes the same bytes.

use crate::head::check::is_token;
use crate::model::http::Unreadable;

/// Digits of a chunk size that fits 48 bits.
const SIZE_DIGITS_MAX: usize = 12;
const TRAILER_BYTES_MAX: usize = 16 * 1024;

/// Where in the body the scanner stands.
#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    Size {
        value: u64,
        digits: usize,
    },
    SizeLf {
        value: u64,
    },
    Data {
        left: u64,
    },
    DataCr,
    DataLf,
    /// At the start of a trailer line or the final empty line; `bytes` of trailers so far.
    LineStart {
        bytes: usize,
    },
    TrailerName {
        bytes: usize,
    },
    TrailerValue {
        bytes: usize,
    },
    TrailerLf {
        bytes: usize,
    },
    FinalLf,
    Done,
}

/// A scanner over one chunked body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunked {
    state: State,
}

impl Default for Chunked {
    fn default() -> Self {
        Self { state: State::Size { value: 0, digits: 0 } }
    }
}

impl Chunked {
    /// Whether the body's end has been passed.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// Reads on; answers how many of `bytes` belong to this body.
    ///
    /// # Errors
    /// The framing has more than one reading.
    pub fn scan(&mut self, bytes: &[u8]) -> Result<usize, Unreadable> {
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            if self.is_done() {
                break;
            }
            if let State::Data { left } = self.state {
                let here = u64::try_from(bytes.len() - at).unwrap_or(u64::MAX).min(left);
                at += usize::try_from(here).unwrap_or(usize::MAX);
                self.state = if here == left { State::DataCr } else { State::Data { left: left - here } };
                continue;
            }
            self.step(*byte)?;
            at += 1;
        }
        Ok(at)
    }

    fn step(&mut self, byte: u8) -> Result<(), Unreadable> {
        let bad = |what: &str| Err(Unreadable::new(format!("the chunked body cannot be read in one way: {what}")));
        self.state = match (self.state.clone(), byte) {
            (State::Size { value, digits }, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => {
                if digits == SIZE_DIGITS_MAX {
                    return bad("a chunk size with too many digits");
                }
                let digit = char::from(byte).to_digit(16).unwrap_or(0);
                State::Size { value: value << 4 | u64::from(digit), digits: digits + 1 }
            }
            (State::Size { value, digits: 1.. }, b'\r') => State::SizeLf { value },
            (State::SizeLf { value: 0 }, b'\n') => State::LineStart { bytes: 0 },
            (State::SizeLf { value }, b'\n') => State::Data { left: value },
            (State::DataCr, b'\r') => State::DataLf,
            (State::DataLf, b'\n') => State::Size { value: 0, digits: 0 },
            (State::LineStart { .. }, b'\r') => State::FinalLf,
            (State::FinalLf, b'\n') => State::Done,
            (State::LineStart { bytes } | State::TrailerName { bytes }, byte) if is_token(byte) => {
                State::TrailerName { bytes: bytes + 1 }
            }
            (State::TrailerName { bytes }, b':') => State::TrailerValue { bytes: bytes + 1 },
            (State::TrailerValue { bytes }, b'\r') => State::TrailerLf { bytes: bytes + 1 },
            (State::TrailerLf { bytes }, b'\n') => State::LineStart { bytes: bytes + 1 },
            (State::TrailerValue { bytes }, byte) if !byte.is_ascii_control() || byte == b'\t' => {
                State::TrailerValue { bytes: bytes + 1 }
            }
            (State::Size { .. }, b';') => return bad("a chunk extension"),
            _ => return bad("a byte out of place"),
        };
        match self.state {
            State::TrailerName { bytes } | State::TrailerValue { bytes } if bytes > TRAILER_BYTES_MAX => {
                bad("trailers over 16 KiB")
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
