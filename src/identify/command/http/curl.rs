//! curl: its options become transfers, each transfer a request (and files that it writes).
//!
//! Options and which of them take a value: curl 8.x, `docs/cmdline-opts` (curl licence). `--no-NAME` switches one off,
//! `--expand-NAME` fills variables in, beginnings of names stand for them.

mod data;
mod transfer;

use super::curlrc;
use super::{Grammar, Invocation, Item, Scene, Word, items, stand_in};
use crate::identify::command::{Effect, Written};
use crate::model::{Impact, Scope};
use transfer::Transfer;

pub(super) const GRAMMAR: Grammar = Grammar {
    valued: &[
        "abstract-unix-socket", "alt-svc", "aws-sigv4", "cacert", "capath", "cert", "cert-type", "ciphers", "config",
        "connect-timeout", "connect-to", "continue-at", "cookie", "cookie-jar", "create-file-mode", "crlfile", "curves",
        "data", "data-ascii", "data-binary", "data-raw", "data-urlencode", "delegation", "dns-interface",
        "dns-ipv4-addr", "dns-ipv6-addr", "dns-servers", "doh-url", "dump-header", "ech", "egd-file", "engine",
        "etag-compare", "etag-save", "expect100-timeout", "form", "form-string", "ftp-account",
        "ftp-alternative-to-user", "ftp-method", "ftp-port", "ftp-ssl-ccc-mode", "happy-eyeballs-timeout-ms",
        "haproxy-clientip", "header", "help", "hostpubmd5", "hostpubsha256", "hsts", "interface", "ip-tos",
        "ipfs-gateway", "json", "keepalive-cnt", "keepalive-time", "key", "key-type", "krb", "libcurl", "limit-rate",
        "local-port", "login-options", "mail-auth", "mail-from", "mail-rcpt", "max-filesize", "max-redirs", "max-time",
        "netrc-file", "noproxy", "oauth2-bearer", "output", "output-dir", "parallel-max", "parallel-max-host", "pass",
        "pinnedpubkey", "preproxy", "proto", "proto-default", "proto-redir", "proxy", "proxy-cacert", "proxy-capath",
        "proxy-cert", "proxy-cert-type", "proxy-ciphers", "proxy-crlfile", "proxy-header", "proxy-key",
        "proxy-key-type", "proxy-pass", "proxy-pinnedpubkey", "proxy-service-name", "proxy-tls13-ciphers",
        "proxy-tlsauthtype", "proxy-tlspassword", "proxy-tlsuser", "proxy-user", "proxy1.0", "pubkey", "quote",
        "random-file", "range", "rate", "referer", "request", "request-target", "resolve", "retry", "retry-delay",
        "retry-max-time", "sasl-authzid", "service-name", "sigalgs", "socks4", "socks4a", "socks5",
        "socks5-gssapi-service", "socks5-hostname", "speed-limit", "speed-time", "stderr", "telnet-option",
        "tftp-blksize", "time-cond", "tls-max", "tls13-ciphers", "tlsauthtype", "tlspassword", "tlsuser", "trace",
        "trace-ascii", "trace-config", "unix-socket", "upload-file", "upload-flags", "url", "url-query", "user",
        "user-agent", "variable", "vlan-priority", "write-out",
    ],
    plain: &[
        "anyauth", "append", "basic", "ca-native", "cert-status", "compressed", "compressed-ssh", "create-dirs", "crlf",
        "digest", "disable", "disable-eprt", "disable-epsv", "disallow-username-in-url", "doh-cert-status",
        "doh-insecure", "fail", "fail-early", "fail-with-body", "false-start", "form-escape", "ftp-create-dirs",
        "ftp-pasv", "ftp-pret", "ftp-skip-pasv-ip", "ftp-ssl-ccc", "ftp-ssl-control", "get", "globoff",
        "haproxy-protocol", "head", "http0.9", "http1.0", "http1.1", "http2", "http2-prior-knowledge", "http3",
        "http3-only", "ignore-content-length", "include", "insecure", "ipv4", "ipv6", "junk-session-cookies",
        "list-only", "location", "location-trusted", "mail-rcpt-allowfails", "manual", "metalink", "mptcp", "negotiate",
        "netrc", "netrc-optional", "next", "no-alpn", "no-buffer", "no-clobber", "no-keepalive", "no-npn",
        "no-progress-meter", "no-sessionid", "ntlm", "ntlm-wb", "out-null", "parallel", "parallel-immediate",
        "path-as-is", "post301", "post302", "post303", "progress-bar", "proxy-anyauth", "proxy-basic",
        "proxy-ca-native", "proxy-digest", "proxy-http2", "proxy-insecure", "proxy-negotiate", "proxy-ntlm",
        "proxy-ssl-allow-beast", "proxy-ssl-auto-client-cert", "proxy-tlsv1", "proxytunnel", "raw",
        "remote-header-name", "remote-name", "remote-name-all", "remote-time", "remove-on-error", "retry-all-errors",
        "retry-connrefused", "sasl-ir", "show-error", "show-headers", "silent", "skip-existing", "socks5-basic",
        "socks5-gssapi", "socks5-gssapi-nec", "ssl", "ssl-allow-beast", "ssl-auto-client-cert", "ssl-no-revoke",
        "ssl-reqd", "ssl-revoke-best-effort", "sslv2", "sslv3", "styled-output", "suppress-connect-headers",
        "tcp-fastopen", "tcp-nodelay", "tftp-no-options", "tls-earlydata", "tlsv1", "tlsv1.0", "tlsv1.1", "tlsv1.2",
        "tlsv1.3", "tr-encoding", "trace-ids", "trace-time", "use-ascii", "verbose", "version", "xattr",
    ],
    short: &[
        ('A', "user-agent"), ('b', "cookie"), ('c', "cookie-jar"), ('C', "continue-at"), ('d', "data"),
        ('D', "dump-header"), ('e', "referer"), ('E', "cert"), ('F', "form"), ('h', "help"), ('H', "header"),
        ('K', "config"), ('m', "max-time"), ('o', "output"), ('P', "ftp-port"), ('Q', "quote"), ('r', "range"),
        ('t', "telnet-option"), ('T', "upload-file"), ('u', "user"), ('U', "proxy-user"), ('w', "write-out"),
        ('x', "proxy"), ('X', "request"), ('y', "speed-time"), ('Y', "speed-limit"), ('z', "time-cond"),
    ],
    flags: &[
        ('G', "get"), ('I', "head"), ('O', "remote-name"), ('g', "globoff"), ('q', "disable"), (':', "next"),
        ('V', "version"), ('M', "manual"), ('a', "append"), ('i', "include"), ('J', "remote-header-name"),
    ],
    equals: false,
    abbreviates: true,
    ends: true,
};

/// Reads a call of curl.
pub(super) fn read(one: &Invocation, scene: &mut Scene<'_>) {
    let words = one.arguments();
    let mut asked = items(words, &GRAMMAR);
    let skips_own = words.first().is_some_and(|word| word.leading().starts_with("-q") || word.is("--disable"));
    if !skips_own {
        let mut whole = curlrc::own(one, scene);
        whole.append(&mut asked);
        asked = whole;
    }
    let Some(asked) = curlrc::filled(asked, one, scene, 0) else {
        return scene.unknown(one, "its file of options is not known");
    };
    if asked.iter().any(|item| matches!(item, Item::Option(name, _) if matches!(name.as_str(), "help" | "version" | "manual"))) {
        return scene.effect(one, Effect::new("shell:exec:curl", Impact::Read, Scope::Local));
    }
    // Which option a beginning stands for depends on how many this curl knows.
    if asked.iter().any(|item| matches!(item, Item::Option(name, _) if name.starts_with('?'))) {
        return scene.unknown(one, "an option that is cut short");
    }
    let is_curlie = one.program().as_deref() == Some("curlie");
    let mut found = false;
    for transfer in transfers(asked) {
        found |= transfer.carry_out(is_curlie, one, scene);
    }
    if !found {
        scene.effect(one, Effect::new("shell:exec:curl", Impact::Read, Scope::Local));
    }
}

/// What stands between `--next`s.
fn transfers(asked: Vec<Item>) -> Vec<Transfer> {
    let mut all = vec![Transfer::default()];
    for item in asked {
        match item {
            Item::Option(name, _) if name == "next" => all.push(Transfer::default()),
            item => {
                if let Some(last) = all.last_mut() {
                    last.take(item);
                }
            }
        }
    }
    all
}

/// A file that a transfer writes; `-` is its standard output.
fn writes(path: &Word, one: &Invocation, scene: &mut Scene<'_>) {
    if !matches!(stand_in(path).as_str(), "-" | "%" | "") {
        let written = Written { path: path.clone(), appends: false };
        crate::identify::command::files::written(one, &written, scene);
    }
}
