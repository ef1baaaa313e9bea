//! `config.yaml`: the checked settings.
//!
//! A documented key that this version does not act on is an error, never silently inert.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_saphyr::Spanned;

use super::Diagnostics;
use super::diagnostic::{Report, parse_yaml};
use super::quantity::{Lapse, Size};
use crate::model::Posture;

/// The checked settings. `Default` is what an absent file means.
#[derive(Clone, Debug)]
pub struct Config {
    /// How strict the gate is.
    pub posture: Posture,
    /// Where the state lives, when the file says so.
    pub state: Option<PathBuf>,
    /// How the gate reaches the outside.
    pub egress: Egress,
    /// How much of a body is read.
    pub bodies: Bodies,
    /// Folders of the organisation's rules, relative to the configuration folder.
    pub rule_folders: Vec<PathBuf>,
}

/// How the gate reaches the outside.
#[derive(Clone, Debug, Default)]
pub struct Egress {
    /// `host:port` → `address:port`, as `curl --resolve`; an entry also lifts the address check for that target.
    pub resolve: BTreeMap<String, SocketAddr>,
    /// Extra roots for upstream certificates, as PEM files (relative to the configuration folder).
    pub extra_ca: Vec<PathBuf>,
    /// Addresses or ranges (`10.0.0.0/8`) that the address check lets through.
    pub allow_addresses: Vec<AddressRange>,
}

/// An address, or a range of addresses in CIDR form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressRange {
    /// Its first address.
    pub base: IpAddr,
    /// How many leading bits count.
    pub prefix: u8,
}

/// How much of a body is read, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bodies {
    /// Bytes read of one body at most.
    pub capture_bytes_max: usize,
    /// Bytes that one body may become under Content-Encoding.
    pub decoded_bytes_max: usize,
    /// Bytes held over all requests.
    pub total_bytes_max: usize,
    /// Longest pause within a body that is being read.
    pub idle: Duration,
    /// Longest time for a body that is being read.
    pub total: Duration,
}

impl Default for Bodies {
    fn default() -> Self {
        const MIB: usize = 1024 * 1024;
        Self {
            capture_bytes_max: 16 * MIB,
            decoded_bytes_max: 16 * MIB,
            total_bytes_max: 256 * MIB,
            idle: Duration::from_secs(10),
            total: Duration::from_secs(120),
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            posture: Posture::Guarded,
            state: None,
            egress: Egress::default(),
            bodies: Bodies::default(),
            rule_folders: vec![PathBuf::from("rules")],
        }
    }
}

impl AddressRange {
    /// Whether the address lies in the range. An IPv4 address and its IPv6-mapped form are the same.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.base, address.to_canonical()) {
            (IpAddr::V4(base), IpAddr::V4(address)) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.prefix)).unwrap_or(0);
                base.to_bits() & mask == address.to_bits() & mask
            }
            (IpAddr::V6(base), IpAddr::V6(address)) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.prefix)).unwrap_or(0);
                base.to_bits() & mask == address.to_bits() & mask
            }
            _ => false,
        }
    }
}

impl std::str::FromStr for AddressRange {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bad = || format!("`{text}` is not an address or a range such as `10.0.0.0/8`");
        let (base, prefix) = match text.split_once('/') {
            Some((base, prefix)) => (base, Some(prefix)),
            None => (text, None),
        };
        let base: IpAddr = base.parse().map_err(|_| bad())?;
        let base = base.to_canonical();
        let bits = if base.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            Some(prefix) => prefix.parse().ok().filter(|prefix| *prefix <= bits).ok_or_else(bad)?,
            None => bits,
        };
        let range = Self { base, prefix };
        let first = range.first();
        if first == base {
            Ok(range)
        } else {
            Err(format!("`{text}` has bits beyond /{prefix}; help: write `{first}/{prefix}`"))
        }
    }
}

impl AddressRange {
    fn first(self) -> IpAddr {
        match self.base {
            IpAddr::V4(base) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.prefix)).unwrap_or(0);
                std::net::Ipv4Addr::from_bits(base.to_bits() & mask).into()
            }
            IpAddr::V6(base) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.prefix)).unwrap_or(0);
                std::net::Ipv6Addr::from_bits(base.to_bits() & mask).into()
            }
        }
    }
}

impl Config {
    /// Parses and checks `config.yaml`.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(file: &str, text: &str) -> Result<Self, Diagnostics> {
        let raw: RawConfig = parse_yaml(file, text)?;
        let mut report = Report::new(file, text);
        check_version(&raw.version, &mut report);
        refuse_what_is_not_built(&raw, &mut report);
        let defaults = Self::default();
        let config = Self {
            posture: raw.posture.unwrap_or(defaults.posture),
            state: raw.state.map(PathBuf::from),
            egress: raw.egress.map(|egress| egress.check(&mut report)).unwrap_or_default(),
            bodies: raw.bodies.map_or(defaults.bodies, |bodies| bodies.check(&mut report)),
            rule_folders: raw
                .rules
                .and_then(|rules| rules.folders)
                .map_or(defaults.rule_folders, |folders| folders.into_iter().map(PathBuf::from).collect()),
        };
        report.finish(config)
    }
}

/// Every file begins with `version: 1`.
pub(super) fn check_version(version: &Spanned<u64>, report: &mut Report<'_>) {
    if version.value != 1 {
        report.say(version, format!("version {} is not known", version.value), Some("write `version: 1`".to_owned()));
    }
}

/// A key that is documented and not built yet.
type Unbuilt = Option<Spanned<IgnoredAny>>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawConfig {
    version: Spanned<u64>,
    posture: Option<Posture>,
    state: Option<String>,
    listen: Option<Spanned<RawListen>>,
    egress: Option<RawEgress>,
    sessions: Option<Spanned<RawSessions>>,
    bodies: Option<RawBodies>,
    approvals: Option<Spanned<RawApprovals>>,
    limits: Option<Spanned<RawLimits>>,
    ledger: Option<Spanned<RawLedger>>,
    rules: Option<RawRules>,
}

/// A section of which nothing is built yet: its keys are known so that a typo is told as one.
macro_rules! unbuilt {
    ($name:ident { $($key:ident),+ }) => {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct $name { $($key: Unbuilt),+ }

        impl $name {
            fn refuse(&self, section: &str, report: &mut Report<'_>) {
                $(refuse(&self.$key, &format!("{section}.{}", stringify!($key)), report);)+
            }
        }
    };
}
unbuilt!(RawListen { proxy, reverse, api, console, control });
unbuilt!(RawSessions { require });
unbuilt!(RawApprovals { pending, use_within, hold });
unbuilt!(RawLimits { hold });
unbuilt!(RawLedger { reads, rest, max_size });

fn refuse(key: &Unbuilt, name: &str, report: &mut Report<'_>) {
    if let Some(key) = key {
        report.say(key, format!("`{name}` is not supported by this version"), Some("remove the key".to_owned()));
    }
}

fn refuse_what_is_not_built(raw: &RawConfig, report: &mut Report<'_>) {
    if let Some(section) = &raw.listen {
        section.value.refuse("listen", report);
    }
    if let Some(section) = &raw.sessions {
        section.value.refuse("sessions", report);
    }
    if let Some(section) = &raw.approvals {
        section.value.refuse("approvals", report);
    }
    if let Some(section) = &raw.limits {
        section.value.refuse("limits", report);
    }
    if let Some(section) = &raw.ledger {
        section.value.refuse("ledger", report);
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRules {
    folders: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawEgress {
    resolve: Option<BTreeMap<String, Spanned<String>>>,
    extra_ca: Option<Vec<String>>,
    proxy: Unbuilt,
    client_certs: Unbuilt,
    unopened: Unbuilt,
    allow_addresses: Option<Vec<Spanned<String>>>,
}

impl RawEgress {
    fn check(self, report: &mut Report<'_>) -> Egress {
        refuse(&self.proxy, "egress.proxy", report);
        refuse(&self.client_certs, "egress.client_certs", report);
        refuse(&self.unopened, "egress.unopened", report);
        let mut egress = Egress::default();
        for (target, address) in self.resolve.unwrap_or_default() {
            if !is_target(&target) {
                let help = "write `host:port: address:port`, the host in lower case";
                report.say(&address, format!("`{target}` is not a host and a port"), Some(help.to_owned()));
            }
            match address.value.parse() {
                Ok(socket) => {
                    egress.resolve.insert(target, socket);
                }
                Err(_) => {
                    let message = format!("`{}` is not an address and a port", address.value);
                    report.say(&address, message, Some("write it as `10.0.0.5:6443`".to_owned()));
                }
            }
        }
        egress.extra_ca = self.extra_ca.unwrap_or_default().into_iter().map(PathBuf::from).collect();
        for range in self.allow_addresses.unwrap_or_default() {
            match range.value.parse() {
                Ok(parsed) => egress.allow_addresses.push(parsed),
                Err(message) => say_with_help(&range, &message, report),
            }
        }
        egress
    }
}

fn say_with_help<T>(at: &Spanned<T>, message: &str, report: &mut Report<'_>) {
    match message.split_once("; help: ") {
        Some((message, help)) => report.say(at, message, Some(help.to_owned())),
        None => report.say(at, message, None),
    }
}

fn is_target(text: &str) -> bool {
    text.rsplit_once(':').is_some_and(|(host, port)| {
        !host.is_empty() && host == host.to_ascii_lowercase() && port.parse::<u16>().is_ok_and(|port| port > 0)
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBodies {
    capture_max: Option<Spanned<Size>>,
    decoded_max: Option<Spanned<Size>>,
    total_max: Option<Spanned<Size>>,
    idle: Option<Spanned<Lapse>>,
    total: Option<Spanned<Lapse>>,
}

impl RawBodies {
    fn check(self, report: &mut Report<'_>) -> Bodies {
        let defaults = Bodies::default();
        let mut bytes = |size: Option<Spanned<Size>>, default: usize| match size {
            None => default,
            Some(size) => match usize::try_from(size.value.0) {
                Ok(bytes) if bytes > 0 => bytes,
                _ => {
                    report.say(&size, "the size must be more than nothing", None);
                    default
                }
            },
        };
        let capture_bytes_max = bytes(self.capture_max, defaults.capture_bytes_max);
        let decoded_bytes_max = bytes(self.decoded_max, defaults.decoded_bytes_max);
        let total_bytes_max = bytes(self.total_max.clone(), defaults.total_bytes_max);
        if total_bytes_max < capture_bytes_max {
            let at = self.total_max.as_ref().map(super::diagnostic::Spot::from).unwrap_or_default();
            report.say(at, "`bodies.total_max` is less than `bodies.capture_max`: no body could be read whole", None);
        }
        let mut time = |lapse: Option<Spanned<Lapse>>, default: Duration| match lapse {
            None => default,
            Some(lapse) if lapse.value.0.is_zero() => {
                report.say(&lapse, "the time must be more than nothing", None);
                default
            }
            Some(lapse) => lapse.value.0,
        };
        let idle = time(self.idle, defaults.idle);
        let total = time(self.total, defaults.total);
        Bodies { capture_bytes_max, decoded_bytes_max, total_bytes_max, idle, total }
    }
}
