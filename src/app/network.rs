//! The ways out of a gate: address rules, trusted roots, certificates, and what the operator's files say about single
//! servers.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::path::PathBuf;

use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use super::base::StartError;
use super::certificates;
use super::files::{Places, read_pem_certificates};
use crate::config::{self, AddressRange, Config, ReverseListener, Upstream};
use crate::doors::http::callers::{Reach, target_key};
use crate::egress::{AddressRules, Dialer, Egress, Proxies, Registration, Servers, server_key};
use crate::head::authority;
use crate::head::request::{ListenerName, Origin};
use crate::identify::Known;
use crate::model::Posture;
use crate::model::http::{Authority, Scheme};
use crate::outbound::{Outbound, OutboundParts};
use crate::sandbox::Server;

/// How a gate reaches the outside.
#[derive(Clone, Debug)]
pub(super) struct Network {
    config: config::Egress,
    extra: Vec<CertificateDer<'static>>,
    folder: PathBuf,
    own: Vec<SocketAddr>,
    strict: bool,
    proxies: Proxies,
    reverse: Vec<ReverseListener>,
}

impl Network {
    /// As the configuration says. `own`: the gate's own listeners.
    pub(super) fn new(
        config: &Config,
        places: &Places,
        posture: Posture,
        own: Vec<SocketAddr>,
    ) -> Result<Self, StartError> {
        let mut extra = Vec::new();
        for path in &config.egress.extra_ca {
            extra.extend(read_pem_certificates(&places.config.join(path))?);
        }
        let proxies = Proxies::of(&config.egress.proxy, |name| std::env::var_os(name))?;
        let network = Self {
            config: config.egress.clone(),
            folder: places.config.clone(),
            extra,
            own,
            strict: posture == Posture::Strict,
            proxies,
            reverse: config.listen.reverse.clone(),
        };
        // What the operator named and cannot be used is told now, not at the first call.
        network.servers()?;
        Ok(network)
    }

    /// The operator's extra roots.
    pub(super) fn extra_roots(&self) -> &[CertificateDer<'static>] {
        &self.extra
    }

    /// The way out for callers with these servers in their kubeconfig.
    pub(super) fn reach(&self, listed: &[Server], warnings: &mut Vec<String>) -> Result<Reach, StartError> {
        let mut servers = self.servers()?;
        let mut targets = register(&mut servers, listed, warnings);
        // What the gate's own configuration says of a server counts before what a kubeconfig calls it.
        for listener in &self.reverse {
            if let Upstream::Server { authority, .. } = &listener.upstream
                && (listener.cluster.is_some() || listener.provider.is_some())
            {
                targets.insert(target_key(authority), known(listener));
            }
        }
        Ok(Reach { egress: Egress::new(self.dialer(servers)), targets })
    }

    /// The way out of a reverse listener, and what its clients may call it.
    pub(super) fn reverse(&self, listener: &ReverseListener) -> Result<(Reach, Origin), StartError> {
        let port = match &listener.listen {
            config::Endpoint::Tcp(at) => ListenerName::Port(at.port()),
            config::Endpoint::Unix(_) => ListenerName::Any,
        };
        let (scheme, authority, socket) = match &listener.upstream {
            Upstream::Server { scheme, authority } => (*scheme, authority.clone(), None),
            // A name of its own, and none of this machine's: a container engine is no throw-away, and a socket file may be
            // the near end of a tunnel. Nobody resolves it: it is dialled through this listener only.
            Upstream::Unix(path) => {
                let host = format!("{}.socket", listener.name);
                (Scheme::Http, Authority { host, port: Scheme::Http.default_port() }, Some(path.clone()))
            }
        };
        let dialer = self.dialer(self.servers()?);
        let dialer = match socket {
            Some(path) => dialer.with_socket(&authority, path),
            None => dialer,
        };
        let targets = HashMap::from([(target_key(&authority), known(listener))]);
        let reach = Reach { egress: Egress::new(dialer), targets };
        Ok((reach, Origin { scheme, authority: Some(authority), listener: Some(port) }))
    }

    /// The way of the operator's own questions: under the rules of the operator's traffic, not of an agent's. `also` are
    /// addresses that it may go to beside the agents'.
    pub(super) fn operators(&self, also: &[AddressRange]) -> Outbound {
        let allow = self.config.allow_addresses.iter().chain(also).cloned().collect();
        let (resolve, proxies) = (self.config.resolve.clone(), self.proxies.clone());
        Outbound::new(OutboundParts { resolve, allow, proxies, extra_roots: self.extra.clone() })
    }

    /// Trust, and the operator's own certificates.
    fn servers(&self) -> Result<Servers, StartError> {
        let mut servers = Servers::new(self.extra.clone());
        certificates::register(&mut servers, &self.config.client_certs, &self.folder)?;
        Ok(servers)
    }

    fn dialer(&self, servers: Servers) -> Dialer {
        let rules = AddressRules {
            resolve: self.config.resolve.clone(),
            allow: self.config.allow_addresses.clone(),
            own: self.own.clone(),
            strict: self.strict,
        };
        Dialer::new(rules, servers).through(self.proxies.clone())
    }
}

/// Tells the gate about the kubeconfig's servers: what to trust, what to present, what they are called.
fn register(servers: &mut Servers, listed: &[Server], warnings: &mut Vec<String>) -> HashMap<String, Known> {
    let mut targets: HashMap<String, Known> = HashMap::new();
    let mut registered = HashSet::new();
    for server in listed {
        let Some(authority) = server_authority(&server.url) else { continue };
        let key = server_key(&authority);
        // Two names for one server: which one counted would depend on whoever wrote the file, and on the order in it.
        let target = target_key(&authority);
        let cluster_name = Some(server.cluster.clone());
        if let Some(Known { cluster, .. }) = targets.get_mut(&target) {
            if cluster.is_some() && *cluster != cluster_name {
                warnings.push(format!(
                    "the kubeconfig has two names for `{authority}`: neither counts, so it is nobody's in the inventory"
                ));
                *cluster = None;
            }
            // Certificates are found by the server's own spelling.
            if registered.contains(&key) {
                continue;
            }
        }
        let certificates = |pem: &[u8]| CertificateDer::pem_slice_iter(pem).filter_map(Result::ok).collect::<Vec<_>>();
        let roots = server.ca_pem.as_deref().map(certificates).filter(|roots| !roots.is_empty());
        let identity = server
            .identity
            .as_ref()
            .and_then(|(chain, key)| PrivateKeyDer::from_pem_slice(key).ok().map(|key| (certificates(chain), key)));
        let name = server.server_name.clone();
        let plain = Registration { roots: roots.clone(), identity: None, name: name.clone() };
        if let Err(error) = servers.register(&authority, Registration { roots, identity, name }) {
            warnings.push(format!("`{}` in the kubeconfig: {error}", server.cluster));
            // Without the certificate the server itself will say what is missing.
            let _ = servers.register(&authority, plain);
        }
        registered.insert(key);
        let known = || Known { provider: Some("kubernetes".to_owned()), cluster: cluster_name };
        targets.entry(target).or_insert_with(known);
    }
    targets
}

/// What the operator's configuration says of a listener's upstream.
fn known(listener: &ReverseListener) -> Known {
    Known { provider: listener.provider.clone(), cluster: listener.cluster.clone() }
}

fn server_authority(url: &str) -> Option<Authority> {
    let (scheme, rest) = match url.split_once("://")? {
        ("https", rest) => (Scheme::Https, rest),
        ("http", rest) => (Scheme::Http, rest),
        _ => return None,
    };
    authority::parse(rest.split('/').next()?, scheme).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(cluster: &str, url: &str) -> Server {
        Server { cluster: cluster.to_owned(), url: url.to_owned(), ..Server::default() }
    }

    #[track_caller]
    fn check(listed: &[Server], asked: &str, expected: Option<&str>) {
        let targets = register(&mut Servers::new(Vec::new()), listed, &mut Vec::new());
        let asked = authority::parse(asked, Scheme::Https).unwrap();
        let cluster = targets.get(&target_key(&asked)).and_then(|known| known.cluster.as_deref());
        assert_eq!(cluster, expected, "{asked}");
    }

    #[test]
    fn a_server_has_one_name_or_none() {
        let prod = server("prod", "https://kube.example:6443");
        check(std::slice::from_ref(&prod), "kube.example:6443", Some("prod"));
        check(&[prod.clone(), prod.clone()], "kube.example:6443", Some("prod"));
        check(&[prod.clone(), server("dev", "https://kube.example:6443")], "kube.example:6443", None);
        check(&[prod, server("dev", "https://other.example:6443")], "other.example:6443", Some("dev"));
    }

    #[test]
    fn a_tunnel_on_this_machine_is_its_cluster_s_under_every_name() {
        let prod = [server("prod", "https://localhost:6443")];
        for name in ["localhost:6443", "127.0.0.1:6443", "[::1]:6443", "127.0.0.2:6443"] {
            check(&prod, name, Some("prod"));
        }
        check(&prod, "localhost:6444", None);
    }
}
