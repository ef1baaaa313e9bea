//! Whether the caller's SSH agent would sign answers to approval requests for whoever asks it: a coding agent must not have
//! it then.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use data_encoding::BASE64_NOPAD;
use sha2::{Digest, Sha256};

use crate::config::People;

/// An agent on this machine answers at once, or is locked.
const ANSWER_TIME_MAX: Duration = Duration::from_millis(500);
/// OpenSSH's own limit of a message (`AGENT_MAX_LEN`).
const ANSWER_BYTES_MAX: usize = 256 * 1024;
/// `SSH_AGENTC_REQUEST_IDENTITIES` and `SSH_AGENT_IDENTITIES_ANSWER` (draft-ietf-sshm-ssh-agent, section 6.1).
const REQUEST_IDENTITIES: u8 = 11;
const IDENTITIES_ANSWER: u8 = 12;

/// The people whose listed keys the agent behind this socket holds, without hardware that asks for a touch; each once.
///
/// # Errors
/// It cannot be asked.
pub fn signers(socket: &Path, people: &People) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for blob in identities(socket)? {
        let fingerprint = format!("SHA256:{}", BASE64_NOPAD.encode(&Sha256::digest(&blob)));
        if let Some((person, key)) = people.by_key(&fingerprint)
            && !key.is_hardware()
            && !names.contains(&person.name)
        {
            names.push(person.name.clone());
        }
    }
    Ok(names)
}

/// The public keys, as signatures carry them.
fn identities(socket: &Path) -> io::Result<Vec<Vec<u8>>> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(ANSWER_TIME_MAX))?;
    stream.set_write_timeout(Some(ANSWER_TIME_MAX))?;
    stream.write_all(&[0, 0, 0, 1, REQUEST_IDENTITIES])?;
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
    if length > ANSWER_BYTES_MAX {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut answer = vec![0; length];
    stream.read_exact(&mut answer)?;
    listed(&answer).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// Of an answer: how many, then each key and its comment.
fn listed(answer: &[u8]) -> Option<Vec<Vec<u8>>> {
    let (&[IDENTITIES_ANSWER], rest) = answer.split_first_chunk()? else { return None };
    let (count, mut rest) = rest.split_first_chunk()?;
    let mut keys = Vec::new();
    for _ in 0..u32::from_be_bytes(*count) {
        let (key, after) = text(rest)?;
        (_, rest) = text(after)?;
        keys.push(key.to_vec());
    }
    Some(keys)
}

/// A length, and so many bytes.
fn text(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_whole_or_not_at_all() {
        let answer =
            [&[12u8, 0, 0, 0, 2][..], &[0, 0, 0, 3], b"key", &[0, 0, 0, 1], b"c", &[0, 0, 0, 1], b"k", &[0; 4]];
        let answer = answer.concat();
        assert_eq!(listed(&answer), Some(vec![b"key".to_vec(), b"k".to_vec()]));
        for end in 0..answer.len() {
            assert_eq!(listed(answer.get(..end).unwrap()), None, "{end}");
        }
        assert_eq!(listed(&[5]), None, "SSH_AGENT_FAILURE: locked");
        assert_eq!(listed(&[12, 255, 255, 255, 255]), None);
    }
}
