//! The bytes of a segment: its header, and the frame around each record. `docs/record-format.md` says the same in words.
//!
//! Everything here is a pure function from bytes to values. All numbers are little-endian.

use std::fmt;
use std::str::FromStr as _;

use ulid::Ulid;

use super::tree::{Hash, Tree};
use crate::model::{DecisionId, Timestamp};

/// The first bytes of every segment.
pub(super) const MAGIC: [u8; 8] = *b"BGLEDGER";
/// The only version that is written and read.
pub(super) const VERSION: u32 = 1;
/// A header is padded to a multiple of this.
pub(super) const HEADER_UNIT: usize = 4096;
/// Bytes in front of a payload: length, CRC-32C, sequence, leaf hash.
pub(super) const PREFIX: usize = 4 + 4 + 8 + 32;
/// The largest payload.
pub const PAYLOAD_BYTES_MAX: usize = 1 << 20;
/// Decisions without an outcome that a header carries; of more, the newest stand.
pub(super) const OPEN_MAX: usize = 16_384;

const FIXED: usize = 80;
const CRC_AT: usize = 12;
const ID_CHARS: usize = 28;
const HEADER_BYTES_MAX: usize = 1 << 20;

/// One log: all the segments of one folder. It sorts by the time the log began.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogId(Ulid);

impl LogId {
    /// An id that sorts at `at`; the low 80 bits of `random` make it unique.
    #[must_use]
    pub const fn new(at: Timestamp, random: u128) -> Self {
        Self(Ulid::from_parts(at.millis(), random))
    }

    /// When the log began.
    #[must_use]
    pub const fn began(self) -> Timestamp {
        Timestamp::from_millis(self.0.timestamp_ms())
    }
}

impl fmt::Display for LogId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut buffer = [0; ulid::ULID_LEN];
        write!(f, "l_{}", self.0.array_to_str(&mut buffer))
    }
}

impl fmt::Debug for LogId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What stands at the head of a segment: enough to go on from it without reading the segments before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// The log it belongs to.
    pub(super) log: LogId,
    /// Its number, counted from 0.
    pub(super) segment: u64,
    /// The sequence of its first record.
    pub(super) first: u64,
    /// The time of the entry that began it.
    pub(super) at: Timestamp,
    /// The sequence at which the Merkle tree begins: 0, or the first one after damage.
    pub(super) base: u64,
    /// The tree over the records from `base` to `first`.
    pub(super) tree: Tree,
    /// Decisions before `first` that may have been forwarded and have no outcome yet.
    pub(super) open: Vec<DecisionId>,
}

/// Why a header cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum HeaderFault {
    /// It is not one, or not whole.
    Damaged,
    /// A later version of the format.
    Version(u32),
}

impl Header {
    /// The header's bytes, padded with zeros.
    pub(super) fn encode(&self) -> Vec<u8> {
        let skipped = self.open.len().saturating_sub(OPEN_MAX);
        let open = || self.open.iter().skip(skipped);
        let peaks = self.tree.peaks();
        let used = FIXED + size_of_val(peaks) + open().count() * ID_CHARS;
        let length = used.next_multiple_of(HEADER_UNIT);
        let mut bytes = Vec::with_capacity(length);
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        bytes.extend_from_slice(&[0; 4]); // the CRC, below
        bytes.extend_from_slice(&self.log.0.0.to_be_bytes());
        bytes.extend_from_slice(&self.segment.to_le_bytes());
        bytes.extend_from_slice(&self.first.to_le_bytes());
        bytes.extend_from_slice(&self.at.millis().to_le_bytes());
        bytes.extend_from_slice(&self.base.to_le_bytes());
        for number in [length, peaks.len(), open().count(), 0] {
            bytes.extend_from_slice(&u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes());
        }
        peaks.iter().for_each(|hash| bytes.extend_from_slice(hash));
        open().for_each(|id| bytes.extend_from_slice(id.to_string().as_bytes()));
        bytes.resize(length, 0);
        let crc = crc32c::crc32c(&bytes);
        if let Some(place) = bytes.get_mut(CRC_AT..CRC_AT + 4) {
            place.copy_from_slice(&crc.to_le_bytes());
        }
        bytes
    }

    /// Reads a header from the beginning of a segment; the second value is its length in bytes.
    pub(super) fn decode(bytes: &[u8]) -> Result<(Self, usize), HeaderFault> {
        let mut fields = Fields(bytes);
        if fields.take(8) != Some(MAGIC.as_slice()) {
            return Err(HeaderFault::Damaged);
        }
        let version = fields.u32().ok_or(HeaderFault::Damaged)?;
        let header = Self::decode_fields(bytes, fields);
        match header {
            Some(header) if version == VERSION => Ok(header),
            // Another version may be laid out in another way, so its CRC cannot be asked for.
            _ if version > VERSION && version < 1 << 16 => Err(HeaderFault::Version(version)),
            _ => Err(HeaderFault::Damaged),
        }
    }

    fn decode_fields(bytes: &[u8], mut fields: Fields<'_>) -> Option<(Self, usize)> {
        let crc = fields.u32()?;
        let log = LogId(Ulid(u128::from_be_bytes(*fields.take(16)?.first_chunk()?)));
        let (segment, first, at, base) = (fields.u64()?, fields.u64()?, fields.u64()?, fields.u64()?);
        let length = usize::try_from(fields.u32()?).ok().filter(|length| *length <= HEADER_BYTES_MAX)?;
        let (peaks, open) = (fields.u32()?, fields.u32()?);
        fields.u32()?;
        let whole = bytes.get(..length)?;
        let (before, after) = (whole.get(..CRC_AT)?, whole.get(CRC_AT + 4..)?);
        if crc32c::crc32c_append(crc32c::crc32c_append(crc32c::crc32c(before), &[0; 4]), after) != crc {
            return None;
        }
        let peaks = (0..peaks).map(|_| fields.take(32)?.first_chunk().copied()).collect::<Option<Vec<Hash>>>()?;
        let tree = Tree::from_peaks(first.checked_sub(base)?, peaks)?;
        let open = (0..open)
            .map(|_| DecisionId::from_str(std::str::from_utf8(fields.take(ID_CHARS)?).ok()?).ok())
            .collect::<Option<Vec<_>>>()?;
        Some((Self { log, segment, first, at: Timestamp::from_millis(at), base, tree, open }, length))
    }
}

struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn u32(&mut self) -> Option<u32> {
        self.take(4)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
    }

    fn u64(&mut self) -> Option<u64> {
        self.take(8)?.first_chunk().map(|bytes| u64::from_le_bytes(*bytes))
    }
}

/// Puts a record behind what is already in `out`.
pub(super) fn frame(out: &mut Vec<u8>, sequence: u64, leaf: &Hash, payload: &[u8]) {
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX).to_le_bytes();
    let sequence = sequence.to_le_bytes();
    let mut crc = crc32c::crc32c(&length);
    for part in [sequence.as_slice(), leaf, payload] {
        crc = crc32c::crc32c_append(crc, part);
    }
    out.extend_from_slice(&length);
    out.extend_from_slice(&crc.to_le_bytes());
    out.extend_from_slice(&sequence);
    out.extend_from_slice(leaf);
    out.extend_from_slice(payload);
}

/// A record as it stands in a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Framed<'a> {
    pub(super) sequence: u64,
    pub(super) leaf: &'a Hash,
    pub(super) payload: &'a [u8],
}

impl Framed<'_> {
    /// Its length with its frame.
    pub(super) const fn bytes(&self) -> usize {
        PREFIX + self.payload.len()
    }
}

/// What stands at a place in a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step<'a> {
    /// A whole and sound record.
    Record(Framed<'a>),
    /// It needs this many bytes to be judged, and there are fewer.
    More(usize),
    /// Nothing, or something that is not a record.
    Nothing,
}

/// Reads what stands at the beginning of `bytes`.
pub(super) fn step(bytes: &[u8]) -> Step<'_> {
    let mut fields = Fields(bytes);
    let Some(length) = fields.u32() else { return Step::More(PREFIX) };
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    if length == 0 || length > PAYLOAD_BYTES_MAX {
        return Step::Nothing;
    }
    let (Some(crc), Some(covered)) = (fields.u32(), bytes.get(8..PREFIX + length)) else {
        return Step::More(PREFIX + length);
    };
    let head = bytes.get(..4).unwrap_or_default();
    if crc32c::crc32c_append(crc32c::crc32c(head), covered) != crc {
        return Step::Nothing;
    }
    let mut fields = Fields(covered);
    match (fields.u64(), fields.take(32).and_then(|leaf| leaf.first_chunk())) {
        (Some(sequence), Some(leaf)) => Step::Record(Framed { sequence, leaf, payload: fields.0 }),
        _ => Step::Nothing,
    }
}

/// Looks behind the first byte for a sound record of sequence `floor` or later: its offset and its sequence. Payloads
/// are JSON without control characters, so that nothing inside one can look like a length.
pub(super) fn resync(bytes: &[u8], floor: u64) -> Option<(usize, u64)> {
    bytes.windows(4).enumerate().skip(1).find_map(|(at, window)| {
        let length = u32::from_le_bytes(*window.first_chunk()?) as usize;
        if length == 0 || length > PAYLOAD_BYTES_MAX {
            return None;
        }
        match step(bytes.get(at..)?) {
            Step::Record(record) if record.sequence >= floor => Some((at, record.sequence)),
            _ => None,
        }
    })
}
