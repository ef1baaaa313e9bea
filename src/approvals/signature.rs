//! Whether a vote was signed by the person it names: an armoured SSH signature, as `ssh-keygen -Y sign` writes it
//! (OpenSSH's `PROTOCOL.sshsig`), over the text of a [`Statement`] in a namespace of our own.
//!
//! Nothing is asked over a network, and nothing is remembered: the people, the statement and the time decide. What is
//! read is read strictly: nothing before, between or behind. The curves and RSA are ring's, the keys those of
//! `people.yaml`; a key in a signature only says which of them to verify with. SHA-1, certificates and kinds of keys that
//! `people.yaml` does not take are refused.

use std::time::Duration;

use data_encoding::{BASE64, BASE64_NOPAD};
use ring::signature as ring;
use sha2::{Digest, Sha256, Sha512};
use ssh_key::public::{EcdsaPublicKey, KeyData};

use super::statement::{Statement, escaped};
pub use crate::config::VOTE_NAMESPACE as NAMESPACE;
use crate::config::{Key, People};
use crate::model::Timestamp;

/// How far the voter's clock may be from ours, and how long a signature may be on its way.
const WINDOW: Duration = Duration::from_secs(10 * 60);
/// The longest armoured signature that is read; one of an RSA key of 8192 bits has some 3,000 bytes.
const ARMOUR_BYTES_MAX: usize = 8 * 1024;
const BEGIN: &str = "-----BEGIN SSH SIGNATURE-----\n";
const END: &str = "-----END SSH SIGNATURE-----";
const MAGIC: &[u8] = b"SSHSIG";
/// `PROTOCOL.u2f`: the owner touched the security key.
const PRESENT: u8 = 0x01;
/// `PROTOCOL.u2f`: the security key asked for its PIN or a finger.
const VERIFIED: u8 = 0x04;

/// Who signed, and how sure it is that they did so themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// The person's name in `people.yaml`.
    pub person: String,
    /// Of the key: `SHA256:…`.
    pub fingerprint: String,
    /// The key lives in a security key, and its owner touched it.
    pub hardware: bool,
    /// The security key asked for its PIN or a finger.
    pub verified_user: bool,
}

/// Why a signature does not make a statement somebody's vote.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// It cannot be read as an armoured SSH signature.
    #[error("this is not an SSH signature as `ssh-keygen -Y sign` writes it: {0}")]
    NotASignature(&'static str),
    /// It was made for something else.
    #[error("signed for `{0}`, not for `{NAMESPACE}`")]
    Namespace(String),
    /// A hash or an algorithm that does not prove anything any more, or that is not known.
    #[error("signed with `{0}`, which does not count")]
    Weak(String),
    /// Nobody's key.
    #[error("nobody in people.yaml has the key {0}")]
    UnknownKey(String),
    /// Somebody else's key.
    #[error("the key {fingerprint} is `{owner}`'s, and the vote is `{voter}`'s")]
    OtherVoter {
        /// Which key.
        fingerprint: String,
        /// Whose it is.
        owner: String,
        /// Whose vote it should be.
        voter: String,
    },
    /// The signature is of something else, or by another key, or was changed.
    #[error("the signature is not one of this vote")]
    Forged,
    /// The key's time is over.
    #[error("the key {fingerprint} voted until {since}")]
    KeyExpired {
        /// Which key.
        fingerprint: String,
        /// Since when.
        since: Timestamp,
    },
    /// The security key was not touched.
    #[error("the security key was not touched for this signature")]
    NotPresent,
    /// The security key did not ask for its PIN or a finger, and people.yaml wants that.
    #[error("the security key asked for neither PIN nor finger, and people.yaml says `verify_required`")]
    NotVerified,
    /// Signed too long ago.
    #[error("signed at {0}, too long ago: sign again")]
    Stale(Timestamp),
    /// Signed in the future.
    #[error("signed at {0}, which has not come yet: set the voter's clock")]
    Early(Timestamp),
}

/// Verifies that this is the vote of the person that the statement names, at the time `now`: of the vote, when one from the
/// log is verified again.
///
/// # Errors
/// It is not.
pub fn verify(
    statement: &Statement,
    armoured: &str,
    people: &People,
    now: Timestamp,
) -> Result<Signed, SignatureError> {
    let bytes = unarmoured(armoured)?;
    let envelope = Envelope::read(&bytes)?;
    if envelope.namespace != NAMESPACE.as_bytes() {
        return Err(SignatureError::Namespace(shown(envelope.namespace)));
    }
    let hash = Hash::named(envelope.hash).ok_or_else(|| SignatureError::Weak(shown(envelope.hash)))?;
    let fingerprint = format!("SHA256:{}", BASE64_NOPAD.encode(&Sha256::digest(envelope.key)));
    let found = people.by_key(&fingerprint).filter(|(_, key)| key.blob() == envelope.key);
    let Some((person, key)) = found else { return Err(SignatureError::UnknownKey(fingerprint)) };
    if person.name != statement.voter {
        let (owner, voter) = (person.name.clone(), escaped(&statement.voter));
        return Err(SignatureError::OtherVoter { fingerprint, owner, voter });
    }
    let message = signed_bytes(hash, statement.to_string().as_bytes());
    let flags = verify_with(key, &message, envelope.signature)?;
    if let Some(since) = key.expires().filter(|_| !key.is_live(now)) {
        return Err(SignatureError::KeyExpired { fingerprint, since });
    }
    let is_verified = flags.is_some_and(|flags| flags & VERIFIED != 0);
    if flags.is_some_and(|flags| flags & PRESENT == 0) {
        return Err(SignatureError::NotPresent);
    }
    if key.is_verify_required() && !is_verified {
        return Err(SignatureError::NotVerified);
    }
    if now.since(statement.at) > WINDOW {
        return Err(SignatureError::Stale(statement.at));
    }
    if statement.at.since(now) > WINDOW {
        return Err(SignatureError::Early(statement.at));
    }
    Ok(Signed { person: person.name.clone(), fingerprint, hardware: flags.is_some(), verified_user: is_verified })
}

/// What stands between the lines, in base64.
fn unarmoured(text: &str) -> Result<Vec<u8>, SignatureError> {
    let not = SignatureError::NotASignature;
    if text.len() > ARMOUR_BYTES_MAX {
        return Err(not("it is too long"));
    }
    let body = text.strip_prefix(BEGIN).ok_or(not("its first line is another"))?;
    let body = body.strip_suffix('\n').unwrap_or(body).strip_suffix(END).ok_or(not("its last line is another"))?;
    let body = body.strip_suffix('\n').ok_or(not("it is empty"))?;
    let lines: Vec<&str> = body.split('\n').collect();
    if lines.iter().any(|line| line.is_empty() || line.len() > 76) {
        return Err(not("its lines are not those of base64"));
    }
    BASE64.decode(lines.concat().as_bytes()).map_err(|_| not("it is not base64"))
}

/// The fields of a signature.
struct Envelope<'a> {
    key: &'a [u8],
    namespace: &'a [u8],
    hash: &'a [u8],
    signature: &'a [u8],
}

impl<'a> Envelope<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, SignatureError> {
        let mut wire = Wire(bytes);
        let fields = (|| {
            let (magic, version) = (wire.take(MAGIC.len())?, wire.number()?);
            let (key, namespace, reserved) = (wire.string()?, wire.string()?, wire.string()?);
            let (hash, signature) = (wire.string()?, wire.string()?);
            let is_ours = magic == MAGIC && version == 1 && reserved.is_empty();
            (is_ours && wire.is_empty()).then_some(Self { key, namespace, hash, signature })
        })();
        fields.ok_or(SignatureError::NotASignature("its fields are not those of version 1"))
    }
}

/// The hashes that `PROTOCOL.sshsig` knows.
#[derive(Clone, Copy)]
enum Hash {
    Sha256,
    Sha512,
}

impl Hash {
    fn named(name: &[u8]) -> Option<Self> {
        match name {
            b"sha256" => Some(Self::Sha256),
            b"sha512" => Some(Self::Sha512),
            _ => None,
        }
    }
}

/// What the key signs: not the text, but its hash with the namespace.
fn signed_bytes(hash: Hash, text: &[u8]) -> Vec<u8> {
    let (name, digest) = match hash {
        Hash::Sha256 => ("sha256", Sha256::digest(text).to_vec()),
        Hash::Sha512 => ("sha512", Sha512::digest(text).to_vec()),
    };
    let mut bytes = MAGIC.to_vec();
    for field in [NAMESPACE.as_bytes(), &[], name.as_bytes(), &digest] {
        let length = u32::try_from(field.len()).unwrap_or(u32::MAX);
        bytes.extend(length.to_be_bytes());
        bytes.extend(field);
    }
    bytes
}

/// Verifies with the key as people.yaml has it; of a security key's signature, its flags.
fn verify_with(key: &Key, message: &[u8], signature: &[u8]) -> Result<Option<u8>, SignatureError> {
    let mut wire = Wire(signature);
    let not = SignatureError::NotASignature("its signature's fields are not those of its kind");
    let (Some(kind), Some(body)) = (wire.string(), wire.string()) else { return Err(not) };
    let flags = if key.is_hardware() {
        let (Some(&[flags]), Some(counter)) = (wire.take(1), wire.take(4)) else { return Err(not) };
        Some((flags, counter))
    } else {
        None
    };
    if !wire.is_empty() {
        return Err(not);
    }
    let message = match flags {
        Some((flags, counter)) => touched(key.data(), flags, counter, message),
        None => message.to_vec(),
    };
    // The kind must be the key's own: no other reading of its bytes is tried.
    let is_signed = match (key.data(), kind) {
        (KeyData::Ed25519(public), b"ssh-ed25519") => holds(&ring::ED25519, &public.0, &message, body),
        (KeyData::SkEd25519(public), b"sk-ssh-ed25519@openssh.com") => {
            holds(&ring::ED25519, &public.public_key().0, &message, body)
        }
        (KeyData::Ecdsa(public @ EcdsaPublicKey::NistP256(_)), b"ecdsa-sha2-nistp256") => {
            is_curve_signed((&ring::ECDSA_P256_SHA256_FIXED, 32), public.as_sec1_bytes(), &message, body)
        }
        (KeyData::Ecdsa(public @ EcdsaPublicKey::NistP384(_)), b"ecdsa-sha2-nistp384") => {
            is_curve_signed((&ring::ECDSA_P384_SHA384_FIXED, 48), public.as_sec1_bytes(), &message, body)
        }
        (KeyData::SkEcdsaSha2NistP256(public), b"sk-ecdsa-sha2-nistp256@openssh.com") => {
            is_curve_signed((&ring::ECDSA_P256_SHA256_FIXED, 32), public.ec_point().as_bytes(), &message, body)
        }
        (KeyData::Rsa(public), b"rsa-sha2-512" | b"rsa-sha2-256") => {
            let parameters = match kind {
                b"rsa-sha2-512" => &ring::RSA_PKCS1_2048_8192_SHA512,
                _ => &ring::RSA_PKCS1_2048_8192_SHA256,
            };
            match (public.n.as_positive_bytes(), public.e.as_positive_bytes()) {
                (Some(n), Some(e)) => ring::RsaPublicKeyComponents { n, e }.verify(parameters, &message, body).is_ok(),
                _ => false,
            }
        }
        _ => return Err(SignatureError::Weak(shown(kind))),
    };
    if is_signed { Ok(flags.map(|(flags, _)| flags)) } else { Err(SignatureError::Forged) }
}

fn holds(algorithm: &'static dyn ring::VerificationAlgorithm, key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    ring::UnparsedPublicKey::new(algorithm, key).verify(message, signature).is_ok()
}

/// ECDSA: two numbers (RFC 5656, section 3.1.2), each of which has so many bytes at most.
fn is_curve_signed(
    (algorithm, width): (&'static dyn ring::VerificationAlgorithm, usize),
    point: &[u8],
    message: &[u8],
    body: &[u8],
) -> bool {
    let mut wire = Wire(body);
    let mut fixed = Vec::with_capacity(2 * width);
    for _ in 0..2 {
        let Some(number) = wire.string().and_then(positive) else { return false };
        let Some(padding) = width.checked_sub(number.len()) else { return false };
        fixed.resize(fixed.len() + padding, 0);
        fixed.extend(number);
    }
    wire.is_empty() && holds(algorithm, point, message, &fixed)
}

/// The bytes of a positive number (RFC 4251, section 5: `mpint`) in its one spelling.
fn positive(number: &[u8]) -> Option<&[u8]> {
    match number {
        [0, rest @ ..] => rest.first().is_some_and(|first| *first >= 0x80).then_some(rest),
        [first, ..] if *first < 0x80 => Some(number),
        _ => None,
    }
}

/// What a security key signs (`PROTOCOL.u2f`).
fn touched(key: &KeyData, flags: u8, counter: &[u8], message: &[u8]) -> Vec<u8> {
    let application = match key {
        KeyData::SkEd25519(key) => key.application(),
        KeyData::SkEcdsaSha2NistP256(key) => key.application(),
        _ => "",
    };
    let mut bytes = Sha256::digest(application).to_vec();
    bytes.push(flags);
    bytes.extend(counter);
    bytes.extend(Sha256::digest(message));
    bytes
}

/// Bytes as SSH writes them (RFC 4251, section 5), read from the front.
struct Wire<'a>(&'a [u8]);

impl<'a> Wire<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self) -> Option<u32> {
        self.take(4)?.try_into().ok().map(u32::from_be_bytes)
    }

    fn string(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        self.take(length)
    }

    const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A name out of a signature, for a message.
fn shown(name: &[u8]) -> String {
    escaped(&String::from_utf8_lossy(name)).chars().take(60).collect()
}

#[cfg(test)]
mod tests;
