//! Which addresses may be dialled at all. Checked on the address that is dialled, after resolution.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::config::AddressRange;
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
        let ip = plain(address.ip());
        if is_metadata(ip) {
            return Err(AddressError::Metadata(ip));
        }
        let is_own = |own: &SocketAddr| own.port() == address.port() && (own.ip() == ip || reaches_us(own.ip(), ip));
        if self.own.iter().any(is_own) {
            return Err(AddressError::Own(address));
        }
        let allowed = overridden || self.allow.iter().any(|range| range.contains(ip));
        if (is_special(ip) || (self.strict && is_private(ip))) && !allowed {
            Err(AddressError::Special(ip))
        } else {
            Ok(())
        }
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
            None if METADATA_NAMES.contains(&target.host.as_str()) => {
                Err(AddressError::MetadataName(target.host.clone()))
            }
            None => Ok(()),
        }
    }
}

/// Names under which the metadata services of Google Cloud, AWS, Azure and Alibaba are reached.
const METADATA_NAMES: [&str; 8] = [
    "metadata",
    "metadata.google.internal",
    "metadata.goog",
    "instance-data",
    "instance-data.ec2.internal",
    "metadata.azure.internal",
    "metadata.tencentyun.com",
    "100-100-100-200.metadata.aliyun.com",
];

/// An IPv4 address in IPv6 clothes is that IPv4 address: mapped (RFC 4291), NAT64 (RFC 6052), 6to4 (RFC 3056).
fn plain(ip: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = ip else { return ip };
    if let Some(v4) = v6.to_ipv4_mapped() {
        return IpAddr::V4(v4);
    }
    match v6.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => {
            IpAddr::V4(Ipv4Addr::from(u32::from(high) << 16 | u32::from(low)))
        }
        _ => ip,
    }
}

/// The instance metadata services of AWS, Google Cloud, Azure, Oracle and Alibaba, and the container credential
/// endpoints of ECS and EKS.
fn is_metadata(ip: IpAddr) -> bool {
    const V4: [Ipv4Addr; 6] = [
        Ipv4Addr::new(169, 254, 169, 254),
        Ipv4Addr::new(169, 254, 170, 2),
        Ipv4Addr::new(169, 254, 170, 23),
        Ipv4Addr::new(168, 63, 129, 16),
        Ipv4Addr::new(192, 0, 0, 192),
        Ipv4Addr::new(100, 100, 100, 200),
    ];
    const V6: [Ipv6Addr; 3] = [
        Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254),
        Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23),
        Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254),
    ];
    match ip {
        IpAddr::V4(v4) => V4.contains(&v4),
        IpAddr::V6(v6) => V6.contains(&v6),
    }
}

fn is_special(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => {
            v4.is_link_local() || v4.is_multicast() || v4.is_broadcast() || v4.is_unspecified() || v4.octets()[0] == 0
        }
        IpAddr::V6(v6) => v6.is_unicast_link_local() || v6.is_multicast() || v6.is_unspecified(),
    }
}

/// RFC 1918, RFC 6598, and the unique local addresses of RFC 4193.
fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => v4.is_private() || matches!(v4.octets(), [100, 64..=127, ..]),
        IpAddr::V6(v6) => v6.is_unique_local(),
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
