//! A person's public SSH key, as OpenSSH writes it into `.pub` files.
//!
//! What is accepted is what a vote can be verified with: Ed25519, ECDSA on P-256 and P-384, RSA of 3072 to 8192 bits, and
//! the two kinds that live in a security key. A text that is no public key may be a secret: no message here repeats it.

use data_encoding::BASE64;
use ssh_key::PublicKey;
use ssh_key::public::{EcdsaPublicKey, KeyData};

use crate::model::Timestamp;

/// The fewest bits of an RSA key: what NIST SP 800-57 counts as 128 bits of security.
const RSA_BITS_MIN: usize = 3072;
/// The most; the library that verifies knows no longer ones.
const RSA_BITS_MAX: usize = 8192;
/// The longest comment that is kept, in characters.
const COMMENT_CHARS_MAX: usize = 100;
/// What a line of a public key begins with.
const KINDS: [&str; 6] = [
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ssh-rsa",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
];

/// Why a text is not a key that votes can be signed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// A private key, which must never stand here.
    #[error("this is a private key, and whoever can read this file has it now")]
    Private,
    /// A certificate: who may sign it in would decide who votes.
    #[error("this is a certificate, not a key")]
    Certificate,
    /// Options of `authorized_keys` stand before it.
    #[error("something stands before the key")]
    Prefixed,
    /// DSA.
    #[error("this is a DSA key: it is too weak to vote with")]
    Dsa,
    /// RSA with too few bits.
    #[error("this is an RSA key of {0} bits: at least {RSA_BITS_MIN} are needed to vote")]
    ShortRsa(usize),
    /// RSA with too many bits.
    #[error("this is an RSA key of {0} bits: at most {RSA_BITS_MAX} can be verified")]
    LongRsa(usize),
    /// A kind that votes are not verified with.
    #[error("this is a kind of key that votes are not verified with")]
    Kind,
    /// The kind is right and the rest is not: cut, changed, or with something behind it.
    #[error("this begins as a public key and is none: it was cut or changed")]
    Damaged,
    /// Anything else.
    #[error("this is not an OpenSSH public key")]
    NotAKey,
}

impl KeyError {
    /// What to do about it.
    #[must_use]
    pub const fn help(self) -> &'static str {
        match self {
            Self::Private => "take it out, make a new key, and list the line of the new key's `.pub` file",
            Self::Certificate => "list the key itself: the line of its `.pub` file, not of `-cert.pub`",
            Self::Prefixed => "begin with the kind (`ssh-ed25519 AAAA…`); options stand beside `key:`",
            Self::Damaged => "copy the whole line of its `.pub` file again",
            Self::NotAKey => "write the line of a `.pub` file: `ssh-ed25519 AAAA… comment`",
            Self::Dsa | Self::ShortRsa(_) | Self::LongRsa(_) | Self::Kind => {
                "make one with `ssh-keygen -t ed25519-sk -O verify-required`, or with `-t ed25519`"
            }
        }
    }

    /// Whether the line may be shown: nothing in it can be a secret.
    pub(super) const fn is_showable(self) -> bool {
        !matches!(self, Self::Private | Self::NotAKey | Self::Prefixed)
    }
}

/// A public key of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    data: KeyData,
    /// As signatures carry it.
    blob: Vec<u8>,
    fingerprint: String,
    comment: String,
    pub(super) verify_required: bool,
    pub(super) expires: Option<Timestamp>,
}

impl Key {
    /// Reads one line of a `.pub` file: kind, key, comment.
    ///
    /// # Errors
    /// It is no key that votes can be signed with.
    pub fn parse(line: &str) -> Result<Self, KeyError> {
        let line = line.trim();
        if is_private(line) {
            return Err(KeyError::Private);
        }
        let mut words = line.split_ascii_whitespace();
        let kind = words.next().unwrap_or_default();
        if kind.ends_with("-cert-v01@openssh.com") || kind.ends_with("-cert-v00@openssh.com") {
            return Err(KeyError::Certificate);
        } else if kind == "ssh-dss" {
            return Err(KeyError::Dsa);
        } else if !KINDS.contains(&kind) {
            let is_kind = ["ssh-", "sk-", "ecdsa-"].iter().any(|start| kind.starts_with(start));
            let later = line.split([' ', '\t', '"', ',']).any(|word| KINDS.contains(&word));
            return Err(match (later, is_kind) {
                (true, _) => KeyError::Prefixed,
                (false, true) if words.next().is_some() => KeyError::Kind,
                (false, _) => KeyError::NotAKey,
            });
        }
        let blob = words.next().and_then(|word| BASE64.decode(word.as_bytes()).ok()).ok_or(KeyError::Damaged)?;
        let key = PublicKey::from_bytes(&blob).map_err(|_| KeyError::Damaged)?;
        // One key has one spelling: else it could be listed twice.
        let is_exact = key.algorithm().as_str() == kind && key.to_bytes().is_ok_and(|bytes| bytes == blob);
        if line.contains(['\n', '\r']) || !is_exact {
            return Err(KeyError::Damaged);
        }
        let data = KeyData::from(key);
        check(&data)?;
        let fingerprint = data.fingerprint(ssh_key::HashAlg::Sha256).to_string();
        let comment: String = words.collect::<Vec<_>>().join(" ");
        let comment = comment.chars().filter(|c| !c.is_control()).take(COMMENT_CHARS_MAX).collect();
        Ok(Self { data, blob, fingerprint, comment, verify_required: false, expires: None })
    }

    /// `SHA256:…`, as `ssh-keygen -l` says it.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// What its owner wrote behind it; says nothing about whose it is.
    #[must_use]
    pub fn comment(&self) -> &str {
        &self.comment
    }

    /// `ssh-ed25519`, `sk-ssh-ed25519@openssh.com`, …
    #[must_use]
    pub fn kind(&self) -> String {
        self.data.algorithm().to_string()
    }

    /// Its parts.
    #[must_use]
    pub const fn data(&self) -> &KeyData {
        &self.data
    }

    /// Its bytes as signatures carry them (RFC 4253, section 6.6).
    #[must_use]
    pub fn blob(&self) -> &[u8] {
        &self.blob
    }

    /// It lives in a security key, which asks for a touch each time.
    #[must_use]
    pub const fn is_hardware(&self) -> bool {
        matches!(self.data, KeyData::SkEd25519(_) | KeyData::SkEcdsaSha2NistP256(_))
    }

    /// Only a signature before which the security key asked for its PIN or a finger counts.
    #[must_use]
    pub const fn is_verify_required(&self) -> bool {
        self.verify_required
    }

    /// The moment from which it does not vote any more.
    #[must_use]
    pub const fn expires(&self) -> Option<Timestamp> {
        self.expires
    }

    /// Whether it is the same key, as strict, and for no longer.
    pub(super) fn counts_at_most(&self, other: &Self) -> bool {
        let ends = other.expires.is_none_or(|other| self.expires.is_some_and(|own| own <= other));
        self.blob == other.blob && (self.verify_required || !other.verify_required) && ends
    }

    /// Whether it votes at this time.
    #[must_use]
    pub fn is_live(&self, at: Timestamp) -> bool {
        self.expires.is_none_or(|end| at < end)
    }
}

/// Whether a text holds a private key in any of the usual wrappings.
pub(crate) fn is_private(text: &str) -> bool {
    // PEM, SSH.com's and PuTTY's form; the last is `openssh-key-v1` in base64, how the body of OpenSSH's form begins.
    ["PRIVATE KEY--", "PRIVATE KEY --", "PuTTY-User-Key-File", "b3BlbnNzaC1rZXktdjE"]
        .iter()
        .any(|mark| text.contains(mark))
}

/// Whether a vote can be verified with it.
fn check(data: &KeyData) -> Result<(), KeyError> {
    let is_plain = |point: &[u8]| point.first() == Some(&4);
    match data {
        KeyData::Ed25519(_) | KeyData::SkEd25519(_) => Ok(()),
        KeyData::Ecdsa(EcdsaPublicKey::NistP521(_)) => Err(KeyError::Kind),
        // OpenSSH writes points uncompressed; a compressed one would be a second spelling of the same key.
        KeyData::Ecdsa(point) if is_plain(point.as_sec1_bytes()) => Ok(()),
        KeyData::SkEcdsaSha2NistP256(key) if is_plain(key.ec_point().as_bytes()) => Ok(()),
        KeyData::Rsa(key) => {
            let modulus = key.n.as_positive_bytes().ok_or(KeyError::Damaged)?;
            let unused = modulus.first().map_or(0, |byte| byte.leading_zeros() as usize);
            match modulus.len() * 8 - unused {
                bits if bits < RSA_BITS_MIN => Err(KeyError::ShortRsa(bits)),
                bits if bits > RSA_BITS_MAX => Err(KeyError::LongRsa(bits)),
                _ => Ok(()),
            }
        }
        KeyData::Dsa(_) => Err(KeyError::Dsa),
        _ => Err(KeyError::Damaged),
    }
}
