//! The variables that bring common clients to the gate and make them trust it.
//!
//! Which client reads which variable, and which of them replace a trust store instead of adding to it, was tried with the
//! clients themselves; those that replace name a bundle of the system's roots and the gate's CA.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;

/// The files that clients are pointed to.
#[derive(Clone, Debug)]
pub struct Trust {
    /// System roots, the operator's extra roots and the gate's CA.
    pub bundle: PathBuf,
    /// `bundle` for wget, as a wgetrc.
    pub wgetrc: PathBuf,
    /// `bundle` for Java, as PKCS #12.
    pub java: Option<PathBuf>,
}

/// The password of the Java trust store, Java's own default; it protects nothing.
pub const JAVA_STORE_PASSWORD: &str = "changeit";

/// Variables that name the proxy; clients differ in the case they read.
const PROXY: &[&str] = &[
    "HTTPS_PROXY",
    "https_proxy",
    "HTTP_PROXY",
    "http_proxy",
    "ALL_PROXY",
    "all_proxy",
    "GRPC_PROXY",
    "grpc_proxy",
    "CARGO_HTTP_PROXY",
];

/// Variables that name a file of trusted roots.
const BUNDLE: &[&str] = &[
    "SSL_CERT_FILE",
    "CURL_CA_BUNDLE",
    "REQUESTS_CA_BUNDLE",
    "AWS_CA_BUNDLE",
    "GIT_SSL_CAINFO",
    "PIP_CERT",
    "NODE_EXTRA_CA_CERTS",
    "npm_config_cafile",
    "CARGO_HTTP_CAINFO",
    "DENO_CERT",
    "CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE",
    "HTTPLIB2_CA_CERTS",
    "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",
    "BUNDLE_SSL_CA_CERT",
    "NIX_SSL_CERT_FILE",
];

/// Inherited exceptions would lead around the gate.
const REMOVED: &[&str] = &["NO_PROXY", "no_proxy", "npm_config_noproxy", "NPM_CONFIG_NOPROXY"];

/// Where the agent's clients go.
#[derive(Clone, Debug)]
pub struct Proxy {
    /// The gate's listener.
    pub address: SocketAddr,
    /// `USER:PASSWORD` of the session, where the listener serves several.
    pub credentials: Option<String>,
}

impl Proxy {
    /// As proxy variables name it.
    fn url(&self) -> String {
        match &self.credentials {
            Some(credentials) => format!("http://{credentials}@{}", self.address),
            None => format!("http://{}", self.address),
        }
    }
}

/// What to set (`Some`) and what to remove (`None`) for the child. `inherited` reads the caller's own environment.
pub fn variables(
    proxy: &Proxy,
    trust: &Trust,
    kubeconfig: Option<PathBuf>,
    inherited: impl IntoIterator<Item = (OsString, OsString)>,
) -> Vec<(OsString, Option<OsString>)> {
    let url = OsString::from(proxy.url());
    let mut out: Vec<(OsString, Option<OsString>)> = Vec::new();
    let mut java = java_options(proxy, trust);
    for (name, value) in inherited {
        let text = name.to_string_lossy();
        // The gate's own configuration is none of the agent's business, and must not reach a nested gate.
        if text.starts_with("BLASTGATE_") {
            out.push((name, None));
        } else if text == "JAVA_TOOL_OPTIONS" && !value.is_empty() {
            java = format!("{} {java}", value.to_string_lossy());
        }
    }
    out.extend(REMOVED.iter().map(|name| (name.into(), None)));
    out.extend(PROXY.iter().map(|name| (name.into(), Some(url.clone()))));
    let bundle = trust.bundle.clone().into_os_string();
    out.extend(BUNDLE.iter().map(|name| (name.into(), Some(bundle.clone()))));
    out.push(("NODE_USE_ENV_PROXY".into(), Some("1".into())));
    // Else git shows its credentials only to a proxy that asks for them.
    out.push(("GIT_HTTP_PROXY_AUTHMETHOD".into(), Some("basic".into())));
    out.push(("WGETRC".into(), Some(trust.wgetrc.clone().into())));
    out.push(("JAVA_TOOL_OPTIONS".into(), Some(java.into())));
    if let Some(kubeconfig) = kubeconfig {
        out.push(("KUBECONFIG".into(), Some(kubeconfig.into())));
    }
    out
}

/// Java reads no proxy variables and no PEM files.
fn java_options(proxy: &Proxy, trust: &Trust) -> String {
    let (host, port) = (proxy.address.ip(), proxy.address.port());
    let mut options: Vec<String> = ["http", "https"]
        .iter()
        .flat_map(|scheme| [format!("-D{scheme}.proxyHost={host}"), format!("-D{scheme}.proxyPort={port}")])
        .collect();
    // Without the session's credentials: every JVM prints this variable. Its calls are anonymous behind a shared gate.
    // Without this Java goes directly to loopback names.
    options.push("-Dhttp.nonProxyHosts=".to_owned());
    if let Some(store) = &trust.java {
        options.push(format!("-Djavax.net.ssl.trustStore={}", store.display()));
        options.push("-Djavax.net.ssl.trustStoreType=PKCS12".to_owned());
        options.push(format!("-Djavax.net.ssl.trustStorePassword={JAVA_STORE_PASSWORD}"));
    }
    options.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxies_and_roots_are_set_and_exceptions_removed() {
        let trust =
            Trust { bundle: "/run/b.pem".into(), wgetrc: "/run/wgetrc".into(), java: Some("/run/j.p12".into()) };
        let proxy = Proxy { address: "127.0.0.1:7878".parse().unwrap(), credentials: None };
        let inherited = [("BLASTGATE_CONFIG", "/etc/x"), ("JAVA_TOOL_OPTIONS", "-Xmx1g"), ("PATH", "/bin")];
        let inherited = inherited.map(|(name, value)| (name.into(), value.into()));
        let set: std::collections::HashMap<_, _> =
            variables(&proxy, &trust, Some("/run/kubeconfig".into()), inherited).into_iter().collect();
        let get =
            |name: &str| set.get(&OsString::from(name)).cloned().flatten().map(|value| value.into_string().unwrap());
        for name in ["HTTPS_PROXY", "https_proxy", "grpc_proxy"] {
            assert_eq!(get(name).as_deref(), Some("http://127.0.0.1:7878"), "{name}");
        }
        assert_eq!(get("AWS_CA_BUNDLE").as_deref(), Some("/run/b.pem"));
        assert_eq!(get("KUBECONFIG").as_deref(), Some("/run/kubeconfig"));
        assert!(get("JAVA_TOOL_OPTIONS").unwrap().starts_with("-Xmx1g -Dhttp.proxyHost=127.0.0.1"));
        for name in ["NO_PROXY", "no_proxy", "BLASTGATE_CONFIG"] {
            assert_eq!(set.get(&OsString::from(name)), Some(&None), "{name}");
        }
        assert!(!set.contains_key(&OsString::from("PATH")));
    }
}
