//! Which addresses may be dialled at all. Checked on the address that is dialled, after resolution.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use crate::config::{AddressKind, AddressRange};
use crate::model::http::Authority;

/// Why an address is not dialled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Instance credentials live there; no setting lifts this.
    #[error("`{0}` is a metadata service: it hands out credentials, and the gate never connects to it")]
    Metadata(IpAddr),
    /// The same by name, where somebody else would resolve it.
    #[error("`{0}` is a metadata service: it hands out credentials, and the gate never connects to it")]
    MetadataName(String),
    /// The gate must not be made to talk to itself; no setting lifts this.
    #[error("`{0}` is one of the gate's own listeners")]
    Own(SocketAddr),
    /// Lifted by `egress.resolve` or `egress.allow_addresses`.
    #[error(
        "`{0}` is a link-local, multicast, private (posture `strict`) or otherwise special address; `egress.allow_addresses` can lift this"
    )]
    Special(IpAddr),
}

/// The rules of one gate.
#[derive(Clone, Debug, Default)]
pub struct AddressRules {
    /// `host:port` → the address to dial instead; lifts the check for special addresses for that target.
    pub resolve: BTreeMap<String, SocketAddr>,
    /// Addresses that are dialled although they are special.
    pub allow: Vec<AddressRange>,
    /// The gate's own listeners.
    pub own: Vec<SocketAddr>,
    /// Private ranges are special too (posture `strict`).
    pub strict: bool,
}

impl AddressRules {
    /// The operator's override for this target.
    #[must_use]
    pub fn override_for(&self, authority: &Authority) -> Option<SocketAddr> {
        self.resolve.get(&authority.to_string()).copied()
    }

    /// Checks the address that would be dialled. `overridden`: the operator named it for this target.
    ///
    /// # Errors
    /// It must not be dialled.
    pub fn check(&self, address: SocketAddr, overridden: bool) -> Result<(), AddressError> {
        let (ip, kind) = AddressKind::of(address.ip());
        if kind == AddressKind::Metadata {
            return Err(AddressError::Metadata(ip));
        }
        let is_own = |own: &SocketAddr| own.port() == address.port() && (own.ip() == ip || reaches_us(own.ip(), ip));
        if self.own.iter().any(is_own) {
            return Err(AddressError::Own(address));
        }
        let allowed = overridden || self.allow.iter().any(|range| range.contains(ip));
        let is_special = kind == AddressKind::Special || (self.strict && kind == AddressKind::Private);
        if is_special && !allowed { Err(AddressError::Special(ip)) } else { Ok(()) }
    }
}

impl AddressRules {
    /// Checks a target that a proxy would resolve and dial: what its text alone tells.
    ///
    /// # Errors
    /// It must not be dialled.
    pub fn check_name(&self, target: &Authority) -> Result<(), AddressError> {
        match target.address() {
            Some(ip) => self.check(SocketAddr::new(ip, target.port), false),
            None if AddressKind::is_metadata_name(&target.host) => Err(AddressError::MetadataName(target.host.clone())),
            None => Ok(()),
        }
    }
}

/// A listener on all addresses, or on any loopback address, is reached through every loopback address.
fn reaches_us(own: IpAddr, dialled: IpAddr) -> bool {
    own.is_unspecified() && dialled.is_loopback()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(address: &str, passes: bool) {
        let rules = AddressRules { own: vec!["127.0.0.1:7878".parse().unwrap()], ..AddressRules::default() };
        assert_eq!(rules.check(address.parse().unwrap(), false).is_ok(), passes, "{address}");
    }

    #[test]
    fn what_may_be_dialled() {
        check("93.184.216.34:443", true);
        check("10.0.0.5:443", true);
        check("127.0.0.1:443", true);
        check("[::1]:443", true);
        check("127.0.0.1:7878", false);
        for ip in [
            "169.254.169.254",
            "169.254.170.2",
            "169.254.1.1",
            "0.0.0.0",
            "0.1.2.3",
            "224.0.0.1",
            "255.255.255.255",
            "168.63.129.16",
        ] {
            check(&format!("{ip}:80"), false);
            check(&format!("[::ffff:{ip}]:80"), false);
        }
        for ip in ["fd00:ec2::254", "fe80::1", "ff02::1", "::", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::"] {
            check(&format!("[{ip}]:80"), false);
        }
    }

    #[test]
    fn what_a_proxy_may_be_asked_for() {
        let rules = AddressRules { own: vec!["192.0.2.1:7878".parse().unwrap()], ..AddressRules::default() };
        for (target, passes) in [
            ("api.example:443", true),
            ("10.0.0.5:443", true),
            ("169.254.169.254:80", false),
            ("[fd00:ec2::254]:80", false),
            ("metadata.google.internal:80", false),
            ("METADATA.GOOGLE.INTERNAL:80", false),
            ("192.0.2.1:7878", false),
        ] {
            let target = crate::head::authority::parse(target, crate::model::http::Scheme::Http).unwrap();
            assert_eq!(rules.check_name(&target).is_ok(), passes, "{target}");
        }
    }

    #[test]
    fn strict_refuses_private_ranges() {
        let rules = AddressRules { strict: true, ..AddressRules::default() };
        for address in ["10.0.0.5:443", "192.168.1.1:443", "172.20.0.1:443", "100.64.0.1:443", "[fd00::1]:443"] {
            assert!(rules.check(address.parse().unwrap(), false).is_err(), "{address}");
            assert!(rules.check(address.parse().unwrap(), true).is_ok(), "{address}");
        }
        assert!(rules.check("93.184.216.34:443".parse().unwrap(), false).is_ok());
    }

    #[test]
    fn overrides_lift_special_addresses_and_nothing_else() {
        let rules = AddressRules {
            allow: vec![AddressRange { base: "169.254.0.0".parse().unwrap(), prefix: 16 }],
            own: vec!["0.0.0.0:7878".parse().unwrap()],
            ..AddressRules::default()
        };
        assert!(rules.check("169.254.1.1:80".parse().unwrap(), false).is_ok());
        assert!(rules.check("224.0.0.1:80".parse().unwrap(), true).is_ok());
        assert!(rules.check("169.254.169.254:80".parse().unwrap(), true).is_err());
        assert!(rules.check("127.0.0.1:7878".parse().unwrap(), true).is_err());
    }
}
