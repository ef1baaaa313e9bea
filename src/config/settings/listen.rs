//! `listen:`: where the gate listens, and what stands behind its reverse listeners.

use std::collections::HashSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use serde::Deserialize;
use serde_saphyr::Spanned;

use crate::config::diagnostic::Report;
use crate::head::authority;
use crate::model::http::{Authority, Scheme};

/// Where `serve` listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listen {
    /// The forward proxy: CONNECT and absolute-form requests.
    pub proxy: SocketAddr,
    /// Listeners that each lead to one upstream.
    pub reverse: Vec<ReverseListener>,
    /// Health and metrics.
    pub api: SocketAddr,
    /// The control socket, where the file names one.
    pub control: Option<PathBuf>,
}

impl Default for Listen {
    fn default() -> Self {
        let loopback = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        Self { proxy: loopback(7878), reverse: Vec::new(), api: loopback(7879), control: None }
    }
}

/// A listener that leads to one upstream: for `server:` in a kubeconfig, `DOCKER_HOST`, a base URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReverseListener {
    /// Its name in the log and in messages; unique.
    pub name: String,
    /// Where clients connect to.
    pub listen: Endpoint,
    /// Where it leads.
    pub upstream: Upstream,
    /// Which API this is, where the operator says so.
    pub provider: Option<String>,
    /// The cluster's name in the inventory.
    pub cluster: Option<String>,
}

/// A place to listen on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// A loopback address and a port.
    Tcp(SocketAddr),
    /// A socket file, as an absolute path.
    Unix(PathBuf),
}

/// What a reverse listener leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Upstream {
    /// A server.
    Server {
        /// In clear or inside TLS.
        scheme: Scheme,
        /// Which.
        authority: Authority,
    },
    /// A socket file, as an absolute path; HTTP in clear.
    Unix(PathBuf),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawListen {
    proxy: Option<Spanned<String>>,
    reverse: Option<Vec<RawReverse>>,
    api: Option<Spanned<String>>,
    console: super::Unbuilt,
    control: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawReverse {
    name: Spanned<String>,
    listen: Spanned<String>,
    upstream: Spanned<String>,
    provider: Option<Spanned<String>>,
    cluster: Option<String>,
}

impl RawListen {
    pub(super) fn check(self, report: &mut Report<'_>) -> Listen {
        super::refuse(&self.console, "listen.console", report);
        let defaults = Listen::default();
        let mut listen = Listen {
            proxy: self.proxy.and_then(|at| loopback(&at, report)).unwrap_or(defaults.proxy),
            reverse: Vec::new(),
            api: self.api.and_then(|at| loopback(&at, report)).unwrap_or(defaults.api),
            control: self.control.map(PathBuf::from),
        };
        let mut names = HashSet::new();
        let mut taken: HashSet<Endpoint> = [Endpoint::Tcp(listen.proxy)].into();
        if !taken.insert(Endpoint::Tcp(listen.api)) {
            report.say((0, 0), format!("`listen.proxy` and `listen.api` are both {}", listen.api), None);
        }
        for raw in self.reverse.unwrap_or_default() {
            if !names.insert(raw.name.value.clone()) {
                report.say(&raw.name, format!("there are two reverse listeners `{}`", raw.name.value), None);
            }
            let at = raw.listen.clone();
            let Some(one) = raw.check(report) else { continue };
            if !taken.insert(one.listen.clone()) {
                report.say(&at, format!("`{}` is taken by another listener", at.value), None);
            }
            listen.reverse.push(one);
        }
        listen
    }
}

impl RawReverse {
    fn check(self, report: &mut Report<'_>) -> Option<ReverseListener> {
        let name = &self.name.value;
        let is_name = |text: &str| {
            !text.is_empty() && text.len() <= 63 && text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'))
        };
        if !is_name(name) {
            let help = "write lower-case letters, digits and `-`, at most 63";
            report.say(&self.name, format!("`{name}` is not a listener's name"), Some(help.to_owned()));
        }
        if let Some(provider) = self.provider.as_ref().filter(|provider| provider.value == "aws") {
            let help = "send AWS calls through the forward proxy";
            report.say(
                provider,
                "an AWS signature names the host it is for, so it cannot pass a reverse listener",
                Some(help.to_owned()),
            );
        }
        Some(ReverseListener {
            listen: endpoint(&self.listen, report)?,
            upstream: upstream(&self.upstream, report)?,
            name: self.name.value,
            provider: self.provider.map(|provider| provider.value),
            cluster: self.cluster,
        })
    }
}

/// An address and a port of this machine only.
fn loopback(text: &Spanned<String>, report: &mut Report<'_>) -> Option<SocketAddr> {
    match text.value.parse::<SocketAddr>() {
        Ok(at) if at.ip().is_loopback() => Some(at),
        Ok(at) => {
            let message = format!(
                "`{at}` is not a loopback address: listeners beyond this machine are not supported by this version"
            );
            report.say(text, message, Some(format!("write `127.0.0.1:{}`", at.port())));
            None
        }
        Err(_) => {
            let message = format!("`{}` is not an address and a port", text.value);
            report.say(text, message, Some("write it as `127.0.0.1:7878`".to_owned()));
            None
        }
    }
}

fn endpoint(text: &Spanned<String>, report: &mut Report<'_>) -> Option<Endpoint> {
    match text.value.strip_prefix("unix:") {
        Some(path) => socket_file(path, text, report).map(Endpoint::Unix),
        None => loopback(text, report).map(Endpoint::Tcp),
    }
}

/// `unix:/path` and `unix:///path` are the same.
fn socket_file(path: &str, at: &Spanned<String>, report: &mut Report<'_>) -> Option<PathBuf> {
    let path = path.strip_prefix("//").unwrap_or(path);
    if path.starts_with('/') {
        return Some(PathBuf::from(path));
    }
    report.say(at, format!("`{}` is not an absolute path", at.value), Some("write `unix:/run/name.sock`".to_owned()));
    None
}

fn upstream(text: &Spanned<String>, report: &mut Report<'_>) -> Option<Upstream> {
    if let Some(path) = text.value.strip_prefix("unix:") {
        return socket_file(path, text, report).map(Upstream::Unix);
    }
    let server = text.value.split_once("://").and_then(|(scheme, rest)| {
        let scheme = match scheme {
            "https" => Scheme::Https,
            "http" => Scheme::Http,
            _ => return None,
        };
        let authority = authority::parse(rest.strip_suffix('/').unwrap_or(rest), scheme).ok()?;
        Some(Upstream::Server { scheme, authority })
    });
    if server.is_none() {
        let help = "write `https://host:port` without a path, or `unix:/path`";
        report.say(text, format!("`{}` is not an upstream", text.value), Some(help.to_owned()));
    }
    server
}
