//! Headers of SPDY/3: names and values behind their lengths, all blocks of a direction in one stream of zlib.

use flate2::{Decompress, FlushDecompress, Status};

use super::{Fault, dictionary};

/// The most that one block may hold.
pub const HEADERS_BYTES_MAX: usize = 16 * 1024;
/// The most names of one block; Kubernetes' have three.
const NAMES_MAX: u32 = 32;

/// Names in lower case, each once, with their values.
pub type Headers = Vec<(String, String)>;

/// The zlib stream of one direction.
///
/// Inflated without its wrapping: the dictionary is given to it as a first block that is stored as it is, so that what
/// follows may refer to it. Any implementation of deflate can do that.
#[derive(Debug, Default)]
pub(super) struct Inflater(Option<Decompress>);

impl Inflater {
    /// Inflates one block, which the sender has flushed.
    pub(super) fn inflate(&mut self, block: &[u8]) -> Result<Vec<u8>, Fault> {
        match &mut self.0 {
            Some(stream) => run(stream, block),
            None => {
                let (head, rest) = block.split_first_chunk::<6>().ok_or(Fault::Compression)?;
                let [method, flags, a, b, c, d] = *head;
                let is_zlib = method & 0x0f == 8 && method >> 4 <= 7 && u16::from_be_bytes([method, flags]) % 31 == 0;
                let adler = u32::from_be_bytes([a, b, c, d]);
                if !is_zlib || flags & 0x20 == 0 || adler != dictionary::ADLER {
                    return Err(Fault::Compression);
                }
                let dictionary = dictionary::bytes();
                let length = u16::try_from(dictionary.len()).map_err(|_| Fault::Compression)?;
                let mut stored = vec![0];
                stored.extend(length.to_le_bytes());
                stored.extend((!length).to_le_bytes());
                stored.extend(dictionary);
                let stream = self.0.insert(Decompress::new(false));
                run(stream, &stored)?;
                run(stream, rest)
            }
        }
    }
}

/// Inflates all of `block`, to the end of what it makes.
fn run(stream: &mut Decompress, block: &[u8]) -> Result<Vec<u8>, Fault> {
    let mut out = vec![0; HEADERS_BYTES_MAX + 1];
    let (taken, made) = (stream.total_in(), stream.total_out());
    loop {
        let at = |total: u64, before: u64| usize::try_from(total - before).unwrap_or(usize::MAX);
        let (from, to) = (at(stream.total_in(), taken), at(stream.total_out(), made));
        let (Some(left), Some(room)) = (block.get(from..), out.get_mut(to..).filter(|room| !room.is_empty())) else {
            return Err(Fault::Compression);
        };
        let status = stream.decompress(left, room, FlushDecompress::Sync).map_err(|_| Fault::Compression)?;
        let (now, then) = (at(stream.total_in(), taken), at(stream.total_out(), made));
        let is_still = (now, then) == (from, to);
        if matches!(status, Status::StreamEnd) || is_still && now < block.len() {
            return Err(Fault::Compression);
        }
        if now == block.len() && (is_still || then < out.len()) {
            out.truncate(then);
            return Ok(out);
        }
    }
}

/// Reads an inflated block.
pub(super) fn read(block: &[u8]) -> Result<Headers, Fault> {
    let mut rest = block;
    let count = number(&mut rest)?;
    if count > NAMES_MAX {
        return Err(Fault::Headers);
    }
    let mut headers = Headers::new();
    for _ in 0..count {
        let (name, value) = (text(&mut rest)?, text(&mut rest)?);
        let is_name =
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic() && !byte.is_ascii_uppercase());
        // A zero byte stands between several values of one name.
        let is_value = value.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
        if !is_name || !is_value || headers.iter().any(|(other, _)| *other == name) {
            return Err(Fault::Headers);
        }
        headers.push((name, value));
    }
    if rest.is_empty() { Ok(headers) } else { Err(Fault::Headers) }
}

fn number(rest: &mut &[u8]) -> Result<u32, Fault> {
    let (number, behind) = rest.split_first_chunk::<4>().ok_or(Fault::Headers)?;
    *rest = behind;
    Ok(u32::from_be_bytes(*number))
}

fn text(rest: &mut &[u8]) -> Result<String, Fault> {
    let length = usize::try_from(number(rest)?).map_err(|_| Fault::Headers)?;
    let (text, behind) = rest.split_at_checked(length).ok_or(Fault::Headers)?;
    *rest = behind;
    String::from_utf8(text.to_vec()).map_err(|_| Fault::Headers)
}
