//! The commits in the beginning of a pack (`gitformat-pack`), and whether one descends from another.
//!
//! A commit's id is the hash of its content, so that what a pack says of ancestry is proof: nobody can make up a commit that
//! has the old one for a parent and another content. Only what is read counts; the rest of a pack can add ancestors but take
//! none away.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use data_encoding::HEXLOWER;
use flate2::bufread::ZlibDecoder;
use sha1::Sha1;
use sha2::{Digest, Sha256};

/// What is unpacked of one push, at most.
const UNPACKED_MAX: usize = 8 * 1024 * 1024;
/// No commit is larger; trees and files are not kept.
const COMMIT_MAX: usize = 256 * 1024;

/// Whether a ref's old commit is among the ancestors of its new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum History {
    /// It is: nothing is lost.
    Forward,
    /// It is not: every ancestor was read.
    Elsewhere,
    /// The chain leaves the pack before.
    Unproven,
}

impl History {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Forward => "proven",
            Self::Elsewhere => "no",
            Self::Unproven => "unproven",
        }
    }
}

/// The commits of a pack, by id, with their parents.
#[derive(Debug, Default)]
pub(super) struct Pack {
    commits: BTreeMap<String, Vec<String>>,
}

/// Reads one entry after another.
struct Entries<'a> {
    pack: &'a [u8],
    at: usize,
    unpacked: usize,
    /// Contents of commits by where they stand, for those that are written as what differs.
    contents: BTreeMap<usize, Vec<u8>>,
    by_id: BTreeMap<String, usize>,
}

/// What an entry is.
enum Kind {
    Commit,
    Other,
    /// What differs from the entry there.
    Offset(usize),
    /// What differs from the object of this id; `None`: of any other's.
    Id(String),
}

impl Pack {
    /// Reads as much as is there.
    pub(super) fn read(pack: &[u8]) -> Self {
        let mut commits = BTreeMap::new();
        if !matches!(pack.get(..8), Some(b"PACK\0\0\0\x02" | b"PACK\0\0\0\x03")) {
            return Self { commits };
        }
        let count = pack.get(8..12).and_then(|four| four.try_into().ok()).map_or(0, u32::from_be_bytes);
        let mut entries = Entries { pack, at: 12, unpacked: 0, contents: BTreeMap::new(), by_id: BTreeMap::new() };
        for _ in 0..count {
            let Some(found) = entries.next() else { break };
            let Some((at, content)) = found else { continue };
            for id in ids(&content) {
                commits.insert(id.clone(), parents(&content));
                entries.by_id.insert(id, at);
            }
            entries.contents.insert(at, content);
        }
        Self { commits }
    }

    /// Whether `old` is an ancestor of `new`.
    pub(super) fn history(&self, old: &str, new: &str) -> History {
        let mut open = vec![new];
        let mut seen = BTreeSet::new();
        let mut leaves = false;
        while let Some(id) = open.pop() {
            if id == old {
                return History::Forward;
            }
            if !seen.insert(id) {
                continue;
            }
            match self.commits.get(id) {
                Some(parents) => open.extend(parents.iter().map(String::as_str)),
                None => leaves = true,
            }
        }
        if leaves { History::Unproven } else { History::Elsewhere }
    }
}

impl Entries<'_> {
    /// The next entry: where it stands and its content, when it is a commit. `None` where the pack breaks off.
    fn next(&mut self) -> Option<Option<(usize, Vec<u8>)>> {
        let start = self.at;
        let (kind, size) = self.header(start)?;
        let keeps = !matches!(kind, Kind::Other) && size <= COMMIT_MAX;
        let content = self.inflate(if keeps { size } else { 0 })?;
        if !keeps {
            return Some(None);
        }
        let base = match &kind {
            Kind::Offset(at) => Some(self.contents.get(at)),
            Kind::Id(id) => Some(self.by_id.get(id).and_then(|at| self.contents.get(at))),
            Kind::Commit | Kind::Other => None,
        };
        let content = match base {
            None => Some(content),
            Some(base) => base.and_then(|base| patched(base, &content)),
        };
        Some(content.map(|content| (start, content)))
    }

    fn byte(&mut self) -> Option<u8> {
        let byte = *self.pack.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    fn header(&mut self, start: usize) -> Option<(Kind, usize)> {
        let mut byte = self.byte()?;
        let (kind, mut size, mut shift) = ((byte >> 4) & 7, usize::from(byte & 15), 4u32);
        while byte & 0x80 != 0 {
            byte = self.byte()?;
            size |= usize::from(byte & 0x7f).checked_shl(shift).filter(|_| shift < 57)?;
            shift += 7;
        }
        let kind = match kind {
            1 => Kind::Commit,
            2..=4 => Kind::Other,
            6 => {
                byte = self.byte()?;
                let mut back = usize::from(byte & 0x7f);
                while byte & 0x80 != 0 {
                    byte = self.byte()?;
                    back = back.checked_add(1)?.checked_mul(128)?.checked_add(usize::from(byte & 0x7f))?;
                }
                Kind::Offset(start.checked_sub(back)?)
            }
            // Ids of SHA-256 have 32 bytes; such a repository's packs that name bases by id are not followed.
            7 => {
                let id = self.pack.get(self.at..self.at + 20)?;
                self.at += 20;
                Kind::Id(HEXLOWER.encode(id))
            }
            _ => return None,
        };
        Some((kind, size))
    }

    /// Unpacks an entry's content, of which `keep` bytes are returned; `None` where it breaks off or there is too much.
    fn inflate(&mut self, keep: usize) -> Option<Vec<u8>> {
        let mut decoder = ZlibDecoder::new(self.pack.get(self.at..)?);
        let mut content = Vec::with_capacity(keep.min(64 * 1024));
        let mut piece = [0; 8192];
        loop {
            let read = decoder.read(&mut piece).ok()?;
            if read == 0 {
                break;
            }
            self.unpacked += read;
            if self.unpacked > UNPACKED_MAX {
                return None;
            }
            let left = keep.saturating_sub(content.len());
            content.extend_from_slice(piece.get(..read.min(left))?);
            if keep > 0 && read > left {
                // More than it says to be.
                return None;
            }
        }
        self.at += usize::try_from(decoder.total_in()).ok()?;
        (content.len() == keep).then_some(content)
    }
}

/// What a commit is called, in repositories of either kind.
pub(super) fn ids(content: &[u8]) -> [String; 2] {
    let head = format!("commit {}\0", content.len());
    let hash = |bytes: &[u8]| HEXLOWER.encode(bytes);
    let sha1 = Sha1::new().chain_update(head.as_bytes()).chain_update(content).finalize();
    let sha256 = Sha256::new().chain_update(head.as_bytes()).chain_update(content).finalize();
    [hash(&sha1), hash(&sha256)]
}

/// The parents that a commit names: they follow its tree.
fn parents(content: &[u8]) -> Vec<String> {
    let mut lines = content.split(|byte| *byte == b'\n');
    let _tree = lines.next();
    lines.map_while(|line| line.strip_prefix(b"parent ")).map(|id| String::from_utf8_lossy(id).into_owned()).collect()
}

/// The content that a delta makes of its base; `None` for a broken one.
fn patched(base: &[u8], delta: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = delta.iter().copied();
    let mut size = || {
        let (mut size, mut shift) = (0usize, 0u32);
        loop {
            let byte = bytes.next()?;
            size |= usize::from(byte & 0x7f).checked_shl(shift).filter(|_| shift < 57)?;
            shift += 7;
            if byte & 0x80 == 0 {
                return Some(size);
            }
        }
    };
    let (from, to) = (size()?, size()?);
    if from != base.len() || to > COMMIT_MAX {
        return None;
    }
    let mut out = Vec::with_capacity(to);
    while let Some(order) = bytes.next() {
        if order & 0x80 == 0 {
            let piece: Vec<u8> = bytes.by_ref().take(usize::from(order)).collect();
            if order == 0 || piece.len() != usize::from(order) {
                return None;
            }
            out.extend(piece);
        } else {
            let mut number = |bits: std::ops::Range<u32>| {
                let mut number = 0usize;
                for (place, bit) in bits.enumerate() {
                    if order & (1 << bit) != 0 {
                        number |= usize::from(bytes.next()?) << (8 * place);
                    }
                }
                Some(number)
            };
            let (at, length) = (number(0..4)?, number(4..7)?);
            let length = if length == 0 { 0x10000 } else { length };
            out.extend_from_slice(base.get(at..at.checked_add(length)?)?);
        }
        if out.len() > to {
            return None;
        }
    }
    (out.len() == to).then_some(out)
}
