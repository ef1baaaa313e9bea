//! git's index: which files the repository holds, and how they looked when it last compared them.
//!
//! Versions 2 to 4 (gitformat-index(5)). Only what is needed here is read: path, size and time of change.

use std::collections::HashMap;

/// A file as the index knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Of the last change, seconds since the epoch (the lower 32 bits).
    pub(super) seconds: u32,
    /// And nanoseconds.
    pub(super) nanoseconds: u32,
    /// The lower 32 bits.
    pub(super) bytes: u32,
}

/// Fixed part of an entry before its flags.
const STAT_BYTES: usize = 60;

/// Reads an index of objects with SHA-1 names; `None` when it is none.
pub(super) fn parse(bytes: &[u8]) -> Option<HashMap<Vec<u8>, Entry>> {
    let mut reader = Reader { bytes, at: 0 };
    if reader.take(4)? != b"DIRC" {
        return None;
    }
    let version = reader.number()?;
    if !(2..=4).contains(&version) {
        return None;
    }
    let count = usize::try_from(reader.number()?).ok()?;
    let mut found = HashMap::with_capacity(count.min(bytes.len() / STAT_BYTES));
    let mut path: Vec<u8> = Vec::new();
    for _ in 0..count {
        let start = reader.at;
        let stat = reader.take(STAT_BYTES)?;
        let number = |at: usize| Some(u32::from_be_bytes(stat.get(at..at + 4)?.try_into().ok()?));
        let entry = Entry { seconds: number(8)?, nanoseconds: number(12)?, bytes: number(36)? };
        let flags = u16::from_be_bytes(reader.take(2)?.try_into().ok()?);
        if flags & 0x4000 != 0 {
            reader.take(2)?;
        }
        if version == 4 {
            let cut = reader.offset()?;
            path.truncate(path.len().checked_sub(cut)?);
            path.extend_from_slice(reader.until_nul()?);
        } else {
            path.clear();
            path.extend_from_slice(reader.until_nul()?);
            // Entries are filled with zeros to a multiple of eight; one stands behind the path already.
            let length = reader.at - start;
            reader.take((8 - length % 8) % 8)?;
        }
        found.insert(path.clone(), entry);
    }
    Some(found)
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let taken = self.bytes.get(self.at..self.at.checked_add(count)?)?;
        self.at += count;
        Some(taken)
    }

    fn number(&mut self) -> Option<u32> {
        Some(u32::from_be_bytes(self.take(4)?.try_into().ok()?))
    }

    fn until_nul(&mut self) -> Option<&'a [u8]> {
        let length = self.bytes.get(self.at..)?.iter().position(|byte| *byte == 0)?;
        let text = self.take(length)?;
        self.at += 1;
        Some(text)
    }

    /// As offsets in packs are written: seven bits a byte, each further one counting one more.
    fn offset(&mut self) -> Option<usize> {
        let mut byte = *self.take(1)?.first()?;
        let mut value = usize::from(byte & 0x7f);
        while byte & 0x80 != 0 {
            byte = *self.take(1)?.first()?;
            value = value.checked_add(1)?.checked_mul(128)?.checked_add(usize::from(byte & 0x7f))?;
        }
        Some(value)
    }
}
