//! What kind of address an address is: what may be dialled goes by it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What kind of address it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressKind {
    /// A cloud's instance metadata or container credentials.
    Metadata,
    /// Link-local, multicast, broadcast, unspecified, "this network".
    Special,
    /// This machine.
    Loopback,
    /// RFC 1918, RFC 6598, and the unique local addresses of RFC 4193.
    Private,
    /// Assigned, and not reachable over the internet (IANA's special-purpose registries): tests, documentation, protocols.
    Reserved,
    /// Any other.
    Public,
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

impl AddressKind {
    /// The kind, and the address that is meant: an IPv4 address in IPv6 clothes is that IPv4 address.
    #[must_use]
    pub fn of(ip: IpAddr) -> (IpAddr, Self) {
        let ip = plain(ip);
        let kind = if is_metadata(ip) {
            Self::Metadata
        } else if is_special(ip) {
            Self::Special
        } else if ip.is_loopback() {
            Self::Loopback
        } else if is_private(ip) {
            Self::Private
        } else if is_reserved(ip) {
            Self::Reserved
        } else {
            Self::Public
        };
        (ip, kind)
    }

    /// Whether a metadata service goes by this name, in lower case.
    #[must_use]
    pub fn is_metadata_name(host: &str) -> bool {
        METADATA_NAMES.contains(&host)
    }
}

/// Mapped (RFC 4291), NAT64 (RFC 6052), 6to4 (RFC 3056).
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

fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => v4.is_private() || matches!(v4.octets(), [100, 64..=127, ..]),
        IpAddr::V6(v6) => v6.is_unique_local(),
    }
}

/// What the registries of RFC 6890 list beyond the above; site-local (RFC 3879), IPv4-compatible (RFC 4291) and Teredo
/// (RFC 4380) addresses too, which nobody should be reached by.
fn is_reserved(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => {
            v4.is_documentation() || matches!(v4.octets(), [192, 0, 0, _] | [198, 18..=19, ..] | [240..=255, ..])
        }
        IpAddr::V6(v6) => matches!(
            v6.segments(),
            [0, 0, 0, 0, 0, 0, ..]
                | [0x64, 0xff9b, 1, ..]
                | [0x100, 0, 0, 0, ..]
                | [0x2001, 0 | 0xdb8, ..]
                | [0x3fff, 0..=0xfff, ..]
                | [0xfec0..=0xfeff, ..]
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds() {
        for (address, expected) in [
            ("93.184.216.34", AddressKind::Public),
            ("2606:4700::1111", AddressKind::Public),
            ("169.254.169.254", AddressKind::Metadata),
            ("::ffff:169.254.169.254", AddressKind::Metadata),
            ("64:ff9b::a9fe:a9fe", AddressKind::Metadata),
            ("2002:a9fe:a9fe::", AddressKind::Metadata),
            ("fd00:ec2::254", AddressKind::Metadata),
            ("100.100.100.200", AddressKind::Metadata),
            ("169.254.1.1", AddressKind::Special),
            ("0.0.0.0", AddressKind::Special),
            ("0.1.2.3", AddressKind::Special),
            ("::", AddressKind::Special),
            ("ff02::1", AddressKind::Special),
            ("127.0.0.1", AddressKind::Loopback),
            ("127.9.9.9", AddressKind::Loopback),
            ("::1", AddressKind::Loopback),
            ("::ffff:127.0.0.1", AddressKind::Loopback),
            ("10.0.0.5", AddressKind::Private),
            ("172.31.255.255", AddressKind::Private),
            ("192.168.1.1", AddressKind::Private),
            ("100.64.0.1", AddressKind::Private),
            ("fd12::1", AddressKind::Private),
            ("::ffff:10.0.0.5", AddressKind::Private),
            ("192.0.2.1", AddressKind::Reserved),
            ("198.18.0.1", AddressKind::Reserved),
            ("240.0.0.1", AddressKind::Reserved),
            ("2001:db8::1", AddressKind::Reserved),
            ("::10.0.0.5", AddressKind::Reserved),
            ("fec0::1", AddressKind::Reserved),
        ] {
            assert_eq!(AddressKind::of(address.parse().unwrap()).1, expected, "{address}");
        }
    }
}
