//! The proxy that the gate itself goes through, where the operator's network has one.
//!
//! What is said about a proxy never holds its user or its password.

use std::ffi::OsString;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use http::{HeaderValue, Uri};
use hyper_util::client::proxy::matcher::Matcher;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::config::ProxyChoice;
use crate::head::authority;
use crate::model::http::{Authority, Scheme};

/// A proxy resolves and connects before it answers a CONNECT.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(30);
const ANSWER_BYTES_MAX: usize = 16 * 1024;

/// The proxy that the operator named cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProxyError {
    /// Not a URL, or of a scheme that nobody knows. The text is not repeated: it may hold a password.
    #[error(
        "`{0}` does not name a proxy that the gate can use; write it as `http://proxy.example:3128`, or set `egress.proxy` to `none`"
    )]
    Unusable(String),
    /// SOCKS is not spoken here.
    #[error(
        "`{0}` names a SOCKS proxy, which the gate cannot go through; set `egress.proxy` to an `http://` or `https://` proxy, or to `none`"
    )]
    Socks(String),
}

/// Which proxy leads where. Without any, everything is dialled directly.
#[derive(Clone, Debug, Default)]
pub struct Proxies(Option<Arc<Matcher>>);

impl Proxies {
    /// What the configuration says; `variable` is the operator's own environment, read for `env` only.
    ///
    /// As with other programs, `HTTPS_PROXY` and `HTTP_PROXY` go before `ALL_PROXY`, upper case before lower case, and
    /// `NO_PROXY` lists hosts (with all below them), addresses and ranges, or `*`.
    ///
    /// # Errors
    /// A proxy that would be used cannot be.
    pub fn of(choice: &ProxyChoice, variable: impl Fn(&str) -> Option<OsString>) -> Result<Self, ProxyError> {
        match choice {
            ProxyChoice::None => Ok(Self::default()),
            ProxyChoice::Url(url) => {
                let url = checked("egress.proxy", &url.to_string())?;
                Ok(Self(Some(Arc::new(Matcher::builder().all(url).build()))))
            }
            ProxyChoice::Env => {
                let value = |name: &str| {
                    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
                    set(name)
                        .or_else(|| set(&name.to_ascii_lowercase()))
                        .map(|value| value.to_string_lossy().into_owned())
                };
                let named = |name: &str| {
                    let (name, value) = match value(name) {
                        Some(value) => (name, value),
                        None => ("ALL_PROXY", value("ALL_PROXY")?),
                    };
                    Some(checked(name, &value))
                };
                let (https, http) = (named("HTTPS_PROXY").transpose()?, named("HTTP_PROXY").transpose()?);
                if https.is_none() && http.is_none() {
                    return Ok(Self::default());
                }
                let no = exceptions(&value("NO_PROXY").unwrap_or_default());
                let matcher = Matcher::builder().https(https.unwrap_or_default()).http(http.unwrap_or_default()).no(no);
                Ok(Self(Some(Arc::new(matcher.build()))))
            }
        }
    }

    /// The proxy for this target, if it goes through one. What this machine serves itself never does.
    pub(crate) fn for_target(&self, scheme: Scheme, target: &Authority) -> Option<Via> {
        let matcher = self.0.as_ref().filter(|_| !target.is_loopback())?;
        let uri = format!("{}://{target}/", scheme.as_str()).parse::<Uri>().ok()?;
        let found = matcher.intercept(&uri)?;
        let scheme = if found.uri().scheme_str() == Some("https") { Scheme::Https } else { Scheme::Http };
        let authority = authority::parse(found.uri().authority()?.as_str(), scheme).ok()?;
        Some(Via { scheme, authority, credentials: found.basic_auth().cloned() })
    }
}

/// `*.example.com` means what `.example.com` means: a common way to write it that the list itself does not know.
fn exceptions(list: &str) -> String {
    let entries =
        list.split([',', ' ']).map(|entry| entry.strip_prefix('*').filter(|rest| !rest.is_empty()).unwrap_or(entry));
    entries.collect::<Vec<_>>().join(",")
}

/// The proxy's URL, after making sure that it will be understood: what is not understood would be dialled around.
fn checked(name: &str, url: &str) -> Result<String, ProxyError> {
    let unusable = || ProxyError::Unusable(name.to_owned());
    let url = if url.contains("://") { url.to_owned() } else { format!("http://{url}") };
    let uri = url.parse::<Uri>().map_err(|_| unusable())?;
    let scheme = match uri.scheme_str() {
        Some("http") => Scheme::Http,
        Some("https") => Scheme::Https,
        Some(scheme) if scheme.starts_with("socks") => return Err(ProxyError::Socks(name.to_owned())),
        _ => return Err(unusable()),
    };
    let named = uri.authority().ok_or_else(unusable)?.as_str();
    let host = named.rsplit_once('@').map_or(named, |(_, host)| host);
    authority::parse(host, scheme).map(|_| url).map_err(|_| unusable())
}

/// One proxy on the way to a target.
#[derive(Clone, Debug)]
pub(crate) struct Via {
    /// How the proxy itself is spoken to.
    pub(crate) scheme: Scheme,
    pub(crate) authority: Authority,
    /// For `Proxy-Authorization`; marked as sensitive.
    pub(crate) credentials: Option<HeaderValue>,
}

impl fmt::Display for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme.as_str(), self.authority)
    }
}

/// A CONNECT that did not open: why, and whether asking again could help.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Closed {
    pub(crate) why: String,
    pub(crate) is_final: bool,
}

impl Via {
    /// Asks the proxy for a connection to `target`, and leaves the stream at its first byte.
    pub(crate) async fn open<S>(&self, stream: &mut S, target: &Authority) -> Result<(), Closed>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let again = |why: String| Closed { why, is_final: false };
        let mut ask = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n").into_bytes();
        if let Some(credentials) = &self.credentials {
            ask.extend_from_slice(b"Proxy-Authorization: ");
            ask.extend_from_slice(credentials.as_bytes());
            ask.extend_from_slice(b"\r\n");
        }
        ask.extend_from_slice(b"\r\n");
        let asked = async {
            stream.write_all(&ask).await?;
            stream.flush().await?;
            answer(stream).await
        };
        let status = tokio::time::timeout(ANSWER_TIME_MAX, asked)
            .await
            .map_err(|_| again(format!("does not answer for `{target}` in 30 s")))?
            .map_err(|error| again(format!("did not open a connection to `{target}`: {error}")))?;
        match status {
            200..=299 => Ok(()),
            403 | 407 => Err(Closed { why: refused(status, target), is_final: true }),
            _ => Err(again(refused(status, target))),
        }
    }
}

/// What a proxy's own error status means.
pub(crate) fn refused(status: u16, target: &Authority) -> String {
    match status {
        407 => "wants a user and a password that it accepts (407): the operator gives them in `egress.proxy` or \
                `HTTPS_PROXY`, as `http://USER:PASSWORD@HOST:PORT`"
            .to_owned(),
        403 => format!("does not allow connections to `{target}` (403)"),
        _ => format!("did not connect to `{target}` ({status})"),
    }
}

/// Reads the answer's head, and nothing behind it: what comes after a 200 belongs to the tunnel.
async fn answer(stream: &mut (impl AsyncRead + Unpin)) -> std::io::Result<u16> {
    let bad = |why| std::io::Error::new(std::io::ErrorKind::InvalidData, why);
    let mut head = BytesMut::new();
    let end = loop {
        if let Some(end) = head.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        if head.len() > ANSWER_BYTES_MAX {
            return Err(bad("its answer's head is larger than 16 KiB"));
        }
        if stream.read_buf(&mut head).await? == 0 {
            return Err(bad("it closed the connection without an answer"));
        }
    };
    let head_text = String::from_utf8_lossy(head.get(..end).unwrap_or_default());
    let mut words = head_text.split([' ', '\r']);
    let is_http = words.next().is_some_and(|version| version.starts_with("HTTP/1."));
    let status = words.next().and_then(|status| status.parse::<u16>().ok()).filter(|_| is_http);
    let status = status.ok_or_else(|| bad("its answer is not HTTP/1"))?;
    // Inside a tunnel the client speaks first: whatever came already is nobody's answer to it.
    if (200..300).contains(&status) && head.len() > end {
        return Err(bad("it sent bytes before the tunnel was used"));
    }
    Ok(status)
}

#[cfg(test)]
mod tests;
