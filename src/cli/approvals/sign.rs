//! The signature of a vote, by the voter's own `ssh-keygen`: it asks for the passphrase, the PIN or the touch on the terminal,
//! and this program never sees a private key.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use crate::approvals::Statement;
use crate::config::{Key, KeyError, Person, VOTE_NAMESPACE};
use crate::model::Timestamp;

/// Looked for first, in this order: those that ask for their owner each time come before those that do not.
const NAMES: [&str; 5] = ["id_ed25519_sk", "id_ecdsa_sk", "id_ed25519", "id_ecdsa", "id_rsa"];

/// Why there is no signature.
#[derive(Debug, thiserror::Error)]
pub(super) enum SignError {
    /// people.yaml lists no key of the voter.
    #[error(
        "people.yaml lists no key for `{0}`; make one with `ssh-keygen -t ed25519-sk -O verify-required`, and have the line of \
         its `.pub` file added under `keys:`"
    )]
    Keyless(String),
    /// None of the keys at hand is the voter's.
    #[error(
        "none of the keys in `{folder}` is one that people.yaml lists for `{person}` ({listed}); name its file with `--key`"
    )]
    NoneListed {
        /// Where they were looked for.
        folder: PathBuf,
        /// Whose key.
        person: String,
        /// Which it could be.
        listed: String,
    },
    /// The named key is not the voter's.
    #[error("people.yaml does not list the key of `{path}` ({fingerprint}) for `{person}`")]
    Unlisted {
        /// Its file.
        path: PathBuf,
        /// Which it is.
        fingerprint: String,
        /// Whose it should be.
        person: String,
    },
    /// The key's time is over.
    #[error("the key of `{path}` voted until {since}: list another one in people.yaml")]
    Expired {
        /// Its file.
        path: PathBuf,
        /// Since when.
        since: Timestamp,
    },
    /// The file next to the named one holds no public key that could vote.
    #[error("`{path}`: {why}; {}", why.help())]
    NotAKey {
        /// Which file.
        path: PathBuf,
        /// Why not.
        why: KeyError,
    },
    /// The named file cannot be read.
    #[error("cannot read the key `{path}`: {source}")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// There is no `ssh-keygen`.
    #[error("there is no `ssh-keygen` on the PATH; install OpenSSH (8.2 or later)")]
    NoKeygen,
    /// It could not be run to its end.
    #[error("cannot run `ssh-keygen`: {0}")]
    Keygen(io::Error),
    /// It ended without a signature: a wrong passphrase, no touch, an agent that said no.
    #[error("`ssh-keygen` did not sign ({0}); what it says above is why")]
    Unsigned(ExitStatus),
}

/// The voter's armoured signature of this statement. Without a `key`, the first one in `folder` (`~/.ssh`) that people.yaml
/// lists for the voter; its private half may also be in the SSH agent.
///
/// # Errors
/// There is no such key, or it did not sign.
pub(super) fn sign(
    statement: &Statement,
    voter: &Person,
    key: Option<&Path>,
    folder: &Path,
) -> Result<String, SignError> {
    let file = match key {
        Some(key) => named(key, voter, statement.at)?,
        None => found(folder, voter, statement.at)?,
    };
    anstream::eprintln!("signing with {}", file.display());
    let mut child = Command::new("ssh-keygen")
        .args(["-Y", "sign", "-n", VOTE_NAMESPACE, "-f"])
        .arg(&file)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => SignError::NoKeygen,
            _ => SignError::Keygen(error),
        })?;
    if let Some(mut input) = child.stdin.take() {
        // One that ends before it reads says why by itself, and by its status.
        let _ = input.write_all(statement.to_string().as_bytes());
    }
    let output = child.wait_with_output().map_err(SignError::Keygen)?;
    match String::from_utf8(output.stdout) {
        Ok(armoured) if output.status.success() && !armoured.is_empty() => Ok(armoured),
        _ => Err(SignError::Unsigned(output.status)),
    }
}

/// The file that was named, when nothing speaks against it: without a `.pub` beside it, only the signature will tell.
fn named(path: &Path, voter: &Person, at: Timestamp) -> Result<PathBuf, SignError> {
    let unreadable = |source| SignError::Unreadable { path: path.to_owned(), source };
    fs::metadata(path).map_err(unreadable)?;
    let public = if is_public(path) { path.to_owned() } else { public_of(path) };
    let Ok(line) = fs::read_to_string(&public) else { return Ok(path.to_owned()) };
    let key = Key::parse(&line).map_err(|why| SignError::NotAKey { path: public.clone(), why })?;
    let Some(listed) = voter.keys.iter().find(|one| one.fingerprint() == key.fingerprint()) else {
        let (fingerprint, person) = (key.fingerprint().to_owned(), voter.name.clone());
        return Err(SignError::Unlisted { path: path.to_owned(), fingerprint, person });
    };
    match listed.expires().filter(|_| !listed.is_live(at)) {
        Some(since) => Err(SignError::Expired { path: path.to_owned(), since }),
        None => Ok(signing_file(&public)),
    }
}

/// The first of the voter's keys in the folder.
fn found(folder: &Path, voter: &Person, at: Timestamp) -> Result<PathBuf, SignError> {
    if voter.keys.is_empty() {
        return Err(SignError::Keyless(voter.name.clone()));
    }
    let known = NAMES.iter().map(|name| public_of(&folder.join(name)));
    let mut others: Vec<PathBuf> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| is_public(path))
        .collect();
    others.sort();
    let mut expired = None;
    for public in known.chain(others) {
        let Some(key) = fs::read_to_string(&public).ok().and_then(|line| Key::parse(&line).ok()) else { continue };
        match voter.keys.iter().find(|one| one.fingerprint() == key.fingerprint()) {
            Some(listed) if listed.is_live(at) => return Ok(signing_file(&public)),
            Some(listed) => expired = listed.expires().map(|since| (public, since)),
            None => {}
        }
    }
    if let Some((path, since)) = expired {
        return Err(SignError::Expired { path, since });
    }
    let listed: Vec<&str> = voter.keys.iter().map(Key::fingerprint).collect();
    let (folder, person) = (folder.to_owned(), voter.name.clone());
    Err(SignError::NoneListed { folder, person, listed: listed.join(", ") })
}

fn is_public(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "pub")
}

/// `id_rsa.pub` of `id_rsa`.
fn public_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".pub");
    PathBuf::from(name)
}

/// The private key beside a public one; the public one itself when the private key is elsewhere, in an agent.
fn signing_file(public: &Path) -> PathBuf {
    let private = public.with_extension("");
    if private.is_file() { private } else { public.to_owned() }
}

#[cfg(test)]
mod tests;
