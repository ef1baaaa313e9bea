//! `egress:`: how the gate reaches the outside.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use http::Uri;
use serde::Deserialize;
use serde_saphyr::Spanned;

use crate::config::Glob;
use crate::config::diagnostic::Report;
use crate::head::authority;
use crate::model::http::{Authority, Scheme};

/// How the gate reaches the outside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Egress {
    /// `host:port` → `address:port`, as `curl --resolve`; an entry also lifts the address check for that target.
    pub resolve: BTreeMap<String, SocketAddr>,
    /// Extra roots for upstream certificates, as PEM files (relative to the configuration folder).
    pub extra_ca: Vec<PathBuf>,
    /// The proxy that the gate itself goes through.
    pub proxy: ProxyChoice,
    /// Certificates that the gate presents, each to one server only.
    pub client_certs: Vec<ClientCert>,
    /// Hosts that are passed unopened, beside those that an agent needs to live.
    pub unopened: Vec<Glob>,
    /// Addresses or ranges (`10.0.0.0/8`) that the address check lets through.
    pub allow_addresses: Vec<AddressRange>,
}

/// Which corporate proxy the gate goes through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ProxyChoice {
    /// What `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` of the operator's own environment say.
    #[default]
    Env,
    /// None, whatever the environment says.
    None,
    /// This one, for everything but loopback. May hold a user and a password: never shown.
    Url(Uri),
}

/// A certificate for one server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientCert {
    /// The one server it is presented to.
    pub server: Authority,
    /// PEM file of the chain, relative to the configuration folder.
    pub cert: PathBuf,
    /// PEM file of the key, relative to the configuration folder.
    pub key: PathBuf,
}

/// An address, or a range of addresses in CIDR form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressRange {
    /// Its first address.
    pub base: IpAddr,
    /// How many leading bits count.
    pub prefix: u8,
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawEgress {
    resolve: Option<BTreeMap<String, Spanned<String>>>,
    extra_ca: Option<Vec<String>>,
    proxy: Option<Spanned<String>>,
    client_certs: Option<Vec<RawClientCert>>,
    unopened: Option<Vec<Spanned<String>>>,
    allow_addresses: Option<Vec<Spanned<String>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawClientCert {
    server: Spanned<String>,
    cert: String,
    key: String,
}

impl RawEgress {
    pub(super) fn check(self, report: &mut Report<'_>) -> Egress {
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
        egress.proxy = self.proxy.map(|choice| proxy(&choice, report)).unwrap_or_default();
        for cert in self.client_certs.unwrap_or_default() {
            let Some(server) = server(&cert.server, report) else { continue };
            if egress.client_certs.iter().any(|other| other.server == server) {
                report.say(&cert.server, format!("`{server}` has a certificate already"), None);
            }
            egress.client_certs.push(ClientCert { server, cert: cert.cert.into(), key: cert.key.into() });
        }
        for pattern in self.unopened.unwrap_or_default() {
            match unopened(&pattern.value) {
                Ok(glob) => egress.unopened.push(glob),
                Err(message) => super::say_with_help(&pattern, &message, report),
            }
        }
        for range in self.allow_addresses.unwrap_or_default() {
            match range.value.parse() {
                Ok(parsed) => egress.allow_addresses.push(parsed),
                Err(message) => super::say_with_help(&range, &message, report),
            }
        }
        egress
    }
}

/// The text is not repeated in what is said: a proxy's URL may hold a password.
fn proxy(choice: &Spanned<String>, report: &mut Report<'_>) -> ProxyChoice {
    match choice.value.as_str() {
        "env" => return ProxyChoice::Env,
        "none" => return ProxyChoice::None,
        _ => {}
    }
    let parsed = choice.value.parse::<Uri>().ok().filter(|uri| {
        matches!(uri.scheme_str(), Some("http" | "https"))
            && uri.host().is_some()
            && matches!(uri.path_and_query().map(http::uri::PathAndQuery::as_str), None | Some("/"))
    });
    parsed.map_or_else(
        || {
            let help = "write `env`, `none` or `http://proxy.example:3128`";
            report.say(choice, "`egress.proxy` is not a proxy that the gate can use", Some(help.to_owned()));
            ProxyChoice::None
        },
        ProxyChoice::Url,
    )
}

fn server(text: &Spanned<String>, report: &mut Report<'_>) -> Option<Authority> {
    let named = is_target(&text.value).then(|| authority::parse(&text.value, Scheme::Https).ok()).flatten();
    if named.is_none() {
        let message = format!("`{}` is not a host and a port", text.value);
        report.say(text, message, Some("write it as `kube.prod.example:6443`".to_owned()));
    }
    named
}

/// A host, or `*.` and a domain: wider patterns would take whole providers out of sight.
fn unopened(text: &str) -> Result<Glob, String> {
    let glob = Glob::parse(text)?;
    let name = text.strip_prefix("*.").unwrap_or(text);
    let fits = name.contains('.') && !name.contains('*') && authority::parse(name, Scheme::Https).is_ok();
    if fits && name == name.to_ascii_lowercase() && !name.contains(':') {
        Ok(glob)
    } else {
        Err(format!(
            "`{text}` is not a host; help: write a host in lower case, or `*.` and a domain of two labels or more"
        ))
    }
}

fn is_target(text: &str) -> bool {
    text.rsplit_once(':').is_some_and(|(host, port)| {
        !host.is_empty() && host == host.to_ascii_lowercase() && port.parse::<u16>().is_ok_and(|port| port > 0)
    })
}
