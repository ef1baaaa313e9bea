//! The members of a zip archive in memory, by its central directory. (Source: PKWARE's APPNOTE.TXT 6.3.10.)
//!
//! Only what a plan file is: one disk, no encryption, no ZIP64, members stored or deflated. Anything else is no archive.

use std::io::Read;

use flate2::read::DeflateDecoder;

/// The longest member that is unpacked.
const MEMBER_BYTES_MAX: u64 = 64 << 20;
/// The most members of one archive.
const MEMBERS_MAX: usize = 4096;

/// One member, still packed.
pub(super) struct Member<'a> {
    pub(super) name: &'a str,
    packed: &'a [u8],
    is_deflated: bool,
    length: u32,
}

/// Every member; `None` when this is no archive that is read.
pub(super) fn members(archive: &[u8]) -> Option<Vec<Member<'_>>> {
    // The end record has a comment of at most 65,535 bytes behind it; Go writes none.
    let end = archive.len().checked_sub(22)?;
    let record = archive.get(end..)?;
    if !record.starts_with(b"PK\x05\x06") || short(record, 4)? != 0 || short(record, 20)? != 0 {
        return None;
    }
    let count = usize::from(short(record, 10)?);
    let (size, offset) = (at(long(record, 12)?)?, at(long(record, 16)?)?);
    let mut entries = archive.get(offset..offset.checked_add(size)?)?;
    if count > MEMBERS_MAX {
        return None;
    }
    let mut found: Vec<Member<'_>> = Vec::with_capacity(count);
    for _ in 0..count {
        let entry = entries;
        let is_encrypted = short(entry, 8)? & 1 != 0;
        if !entry.starts_with(b"PK\x01\x02") || is_encrypted {
            return None;
        }
        let names = [28, 30, 32].map(|place| short(entry, place).map(usize::from));
        let [Some(name), Some(extra), Some(comment)] = names else { return None };
        let member = member(archive, entry, name)?;
        // Which of two is read is not known.
        if found.iter().any(|other| other.name == member.name) {
            return None;
        }
        found.push(member);
        entries = entry.get(46 + name + extra + comment..)?;
    }
    Some(found)
}

fn member<'a>(archive: &'a [u8], entry: &'a [u8], name_length: usize) -> Option<Member<'a>> {
    let name = std::str::from_utf8(entry.get(46..46 + name_length)?).ok()?;
    let (packed_length, length) = (at(long(entry, 20)?)?, long(entry, 24)?);
    let local = archive.get(at(long(entry, 42)?)?..)?;
    let own_name = usize::from(short(local, 26)?);
    if !local.starts_with(b"PK\x03\x04") || local.get(30..30 + own_name)? != name.as_bytes() {
        return None;
    }
    let start = 30 + own_name + usize::from(short(local, 28)?);
    let packed = local.get(start..start.checked_add(packed_length)?)?;
    let is_deflated = match short(entry, 10)? {
        0 => false,
        8 => true,
        _ => return None,
    };
    Some(Member { name, packed, is_deflated, length })
}

impl Member<'_> {
    /// What it holds.
    pub(super) fn read(&self) -> Option<Vec<u8>> {
        if u64::from(self.length) > MEMBER_BYTES_MAX {
            return None;
        }
        let mut bytes = vec![];
        if self.is_deflated {
            let limit = u64::from(self.length) + 1;
            DeflateDecoder::new(self.packed).take(limit).read_to_end(&mut bytes).ok()?;
        } else {
            bytes.extend_from_slice(self.packed);
        }
        (bytes.len() == at(self.length)?).then_some(bytes)
    }
}

fn short(bytes: &[u8], place: usize) -> Option<u16> {
    bytes.get(place..place + 2)?.try_into().ok().map(u16::from_le_bytes)
}

fn long(bytes: &[u8], place: usize) -> Option<u32> {
    bytes.get(place..place + 4)?.try_into().ok().map(u32::from_le_bytes)
}

fn at(value: u32) -> Option<usize> {
    usize::try_from(value).ok()
}
