//! The credential scope: which service, region and access key a request is signed for (SigV4, SigV4A, header or presigned).
//!
//! A signature says nothing about honesty (whoever holds a key signs what they like); the scope is evidence that must agree
//! with the host, because AWS refuses a request whose scope names another service or region.

use crate::model::http::{Head, Unreadable};

use super::form;

/// What a signature's scope says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Scope {
    /// The access key id; not a secret.
    pub key: String,
    /// The region; `None` for SigV4A, whose signature holds in a set of regions.
    pub region: Option<String>,
    /// The signing name.
    pub service: String,
    /// The names of the signed headers, lower case.
    pub signed: Vec<String>,
}

impl Scope {
    /// Reads the scope from `Authorization` or from the query of a presigned URL.
    ///
    /// # Errors
    /// More than one signature, or one that is not of the published form.
    pub(super) fn read(head: &Head, query: &[(String, String)]) -> Result<Option<Self>, Unreadable> {
        let header = match head.header_count("authorization") {
            0 => None,
            1 => head.header("authorization").filter(|value| value.starts_with("AWS4-")),
            _ => return Err(Unreadable::new("there is more than one Authorization header")),
        };
        let presigned = form::only(query, "X-Amz-Credential")?;
        if presigned.is_some() != form::only(query, "X-Amz-Signature")?.is_some() {
            return Err(Unreadable::new("the query holds a part of a signature"));
        }
        let older = ["AWSAccessKeyId", "Signature"];
        let older = query.iter().any(|(name, _)| older.contains(&name.as_str()));
        if older && (presigned.is_some() || head.header_count("authorization") > 0) {
            return Err(Unreadable::new("the request is signed twice"));
        }
        match (header, presigned) {
            (None, Some(_)) if head.header_count("authorization") > 0 => {
                Err(Unreadable::new("the request is signed in a header and in the query"))
            }
            (Some(_), Some(_)) => Err(Unreadable::new("the request is signed in a header and in the query")),
            (Some(value), None) => Self::from_header(value).map(Some),
            (None, Some(credential)) => {
                let algorithm = form::only(query, "X-Amz-Algorithm")?.unwrap_or_default();
                let signed = form::only(query, "X-Amz-SignedHeaders")?.unwrap_or_default();
                Self::from_parts(algorithm, credential, signed).map(Some)
            }
            (None, None) => Ok(None),
        }
    }

    /// `AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`
    fn from_header(value: &str) -> Result<Self, Unreadable> {
        let (algorithm, rest) = value.split_once(' ').ok_or_else(broken)?;
        let (mut credential, mut signed) = (None, None);
        for part in rest.split(',').map(str::trim) {
            let slot = match part.split_once('=').ok_or_else(broken)? {
                ("Credential", value) => (&mut credential, value),
                ("SignedHeaders", value) => (&mut signed, value),
                _ => continue,
            };
            if slot.0.replace(slot.1).is_some() {
                return Err(Unreadable::new("the Authorization header names a part twice"));
            }
        }
        Self::from_parts(algorithm, credential.ok_or_else(broken)?, signed.ok_or_else(broken)?)
    }

    fn from_parts(algorithm: &str, credential: &str, signed: &str) -> Result<Self, Unreadable> {
        let parts: Vec<&str> = credential.split('/').collect();
        let (key, region, service) = match (algorithm, parts.as_slice()) {
            ("AWS4-HMAC-SHA256", [key, _date, region, service, "aws4_request"]) => (key, Some(*region), service),
            ("AWS4-ECDSA-P256-SHA256", [key, _date, service, "aws4_request"]) => (key, None, service),
            _ => return Err(broken()),
        };
        if service.is_empty() || region.is_some_and(str::is_empty) {
            return Err(broken());
        }
        Ok(Self {
            key: (*key).to_owned(),
            region: region.map(str::to_owned),
            service: (*service).to_owned(),
            signed: signed.split(';').map(str::to_ascii_lowercase).collect(),
        })
    }

    /// The account that the access key id encodes.
    #[must_use]
    pub(super) fn account(&self) -> Option<String> {
        account_of_key(&self.key)
    }
}

/// Whether the URL carries a whole signature: the second version's or the fourth's.
pub(super) fn is_presigned(head: &Head) -> bool {
    let query = head.query().unwrap_or_default();
    let has = |name: &str| query.split('&').any(|pair| pair.split('=').next() == Some(name));
    has("X-Amz-Credential") && has("X-Amz-Signature") || has("AWSAccessKeyId") && has("Signature")
}

fn broken() -> Unreadable {
    Unreadable::new("the signature is not of the form that AWS publishes")
}

/// The account in an access key id: characters 5 to 20 in base32, of the first six bytes `& 0x7fffffffff80 >> 7`.
///
/// Only for keys of the new generation, whose first bit is set; older ids hold no account that can be read. Sources:
/// Tal Be'ery, "A short note on AWS KEY ID" (the decoding); Pallavi Sivakumaran, "A bitwise analysis of AWS access key
/// identifiers", WithSecure Labs (the generation bit, from more than 3,000 ids). AWS documents neither.
#[must_use]
pub(super) fn account_of_key(key: &str) -> Option<String> {
    let rest = key.strip_prefix("AKIA").or_else(|| key.strip_prefix("ASIA"))?;
    let bytes = data_encoding::BASE32.decode(rest.get(..16)?.as_bytes()).ok()?;
    let value = bytes.get(..6)?.iter().fold(0u64, |value, byte| value << 8 | u64::from(*byte));
    let account = (value & 0x7fff_ffff_ff80) >> 7;
    (value >> 47 == 1 && account < 1_000_000_000_000).then(|| format!("{account:012}"))
}
