//! `notify:`: who is told about calls that wait for people. Secrets stand in files or variables that are named here,
//! never here.

use std::fmt;
use std::path::PathBuf;

use http::Uri;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_saphyr::Spanned;

use super::egress::AddressRange;
use crate::config::diagnostic::Report;
use crate::head::authority;
use crate::model::http::{Authority, Scheme};

/// What a notice is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoticeKind {
    /// A request waits for people.
    Opened,
    /// It may be used.
    Approved,
    /// Somebody said no.
    Denied,
    /// It was not answered, or not used, in time.
    Expired,
    /// A vote or the request itself was taken back.
    Withdrawn,
    /// Somebody let a call pass alone.
    BreakGlass,
    /// Nobody else has looked at that since.
    BreakGlassUnreviewed,
    /// A change of the configuration waits to be accepted.
    ChangePending,
}

impl NoticeKind {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Opened,
        Self::Approved,
        Self::Denied,
        Self::Expired,
        Self::Withdrawn,
        Self::BreakGlass,
        Self::BreakGlassUnreviewed,
        Self::ChangePending,
    ];

    /// The word in settings and machine interfaces.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Approved => "approved",
            Self::Denied => "denied",
            Self::Expired => "expired",
            Self::Withdrawn => "withdrawn",
            Self::BreakGlass => "break-glass",
            Self::BreakGlassUnreviewed => "break-glass-unreviewed",
            Self::ChangePending => "change-pending",
        }
    }

    /// Never summed up, and told first.
    #[must_use]
    pub const fn is_urgent(self) -> bool {
        matches!(self, Self::BreakGlass | Self::BreakGlassUnreviewed | Self::ChangePending)
    }
}

/// Which notices a channel gets; the default is all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Events(Option<Vec<NoticeKind>>);

impl Events {
    /// Whether a notice of this kind is wanted.
    #[must_use]
    pub fn holds(&self, kind: NoticeKind) -> bool {
        self.0.as_ref().is_none_or(|kinds| kinds.contains(&kind))
    }
}

impl From<Vec<NoticeKind>> for Events {
    fn from(kinds: Vec<NoticeKind>) -> Self {
        Self(Some(kinds))
    }
}

/// Where a secret stands: the variable of the gate's own environment counts where it is set, else the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecretSource {
    /// A file, relative to the configuration folder.
    pub file: Option<PathBuf>,
    /// A variable's name.
    pub variable: Option<String>,
}

/// Where to post to. Its path and query are not shown by `Debug` and `Display`: they may be what opens the door.
#[derive(Clone, PartialEq, Eq)]
pub struct WebUrl {
    /// In clear to this machine's own addresses only.
    pub scheme: Scheme,
    /// The server.
    pub authority: Authority,
    /// Path and query.
    pub path: String,
}

impl WebUrl {
    /// Reads `https://host[:port]/path`; `http://` only where the host is a loopback address. What is said of a wrong text
    /// does not repeat it.
    ///
    /// # Errors
    /// Anything else, in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let bad = |why: &str| format!("this is not a URL that the gate posts to: {why}");
        let uri: Uri = text.parse().map_err(|_| bad("it cannot be read"))?;
        let scheme = match uri.scheme_str() {
            Some("https") => Scheme::Https,
            Some("http") => Scheme::Http,
            _ => return Err(bad("it does not begin with `https://`")),
        };
        let named = uri.authority().ok_or_else(|| bad("it has no host"))?.as_str();
        if named.contains('@') {
            return Err(bad("it has a user in it"));
        }
        let authority = authority::parse(named, scheme).map_err(|error| bad(&error.to_string()))?;
        if scheme == Scheme::Http && !authority.address().is_some_and(|address| address.is_loopback()) {
            return Err(bad("in clear only a loopback address can be told; write `https://`"));
        }
        let path = uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string);
        Ok(Self { scheme, authority, path })
    }
}

impl fmt::Display for WebUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}/…", self.scheme.as_str(), self.authority)
    }
}

impl fmt::Debug for WebUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A webhook, signed as Standard Webhooks says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// Where to.
    pub url: WebUrl,
    /// `whsec_…`; several sign all.
    pub secret: SecretSource,
    /// Which notices.
    pub events: Events,
}

/// An incoming webhook of Slack. Its URL is a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slack {
    /// Where the URL stands.
    pub url: SecretSource,
    /// Which notices.
    pub events: Events,
}

/// How a mail server is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailTls {
    /// In clear first, then TLS or nothing.
    Starttls,
    /// TLS from the first byte.
    Implicit,
    /// In clear; only to a loopback address.
    None,
}

impl MailTls {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Starttls, Self::Implicit, Self::None];

    /// The word in the settings.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Starttls => "starttls",
            Self::Implicit => "implicit",
            Self::None => "none",
        }
    }
}

/// Mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email {
    /// The server that takes it.
    pub server: Authority,
    /// How it is spoken to.
    pub tls: MailTls,
    /// The sender.
    pub from: String,
    /// The receivers; never empty.
    pub to: Vec<String>,
    /// User and password, where the server wants them.
    pub login: Option<(String, SecretSource)>,
    /// Which notices.
    pub events: Events,
}

/// The operator's own terminal and desktop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Desktop {
    /// Which notices.
    pub events: Events,
}

/// Who is told. The default is nobody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notify {
    /// A webhook.
    pub webhook: Option<Webhook>,
    /// Slack.
    pub slack: Option<Slack>,
    /// Mail.
    pub email: Option<Email>,
    /// The operator's own terminal and desktop.
    pub desktop: Option<Desktop>,
    /// Addresses inside the operator's network that may be told although a name leads there.
    pub allow_addresses: Vec<AddressRange>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawNotify {
    webhook: Option<Spanned<RawWebhook>>,
    slack: Option<Spanned<RawSlack>>,
    email: Option<Spanned<RawEmail>>,
    desktop: Option<DesktopChoice>,
    allow_addresses: Option<Vec<Spanned<String>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawWebhook {
    url: Spanned<String>,
    secret_file: Option<String>,
    secret_env: Option<Spanned<String>>,
    events: Option<Vec<NoticeKind>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSlack {
    url_file: Option<String>,
    url_env: Option<Spanned<String>>,
    events: Option<Vec<NoticeKind>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawEmail {
    smtp: Spanned<String>,
    from: Spanned<String>,
    to: Spanned<Vec<Spanned<String>>>,
    tls: Option<Spanned<MailTls>>,
    username: Option<Spanned<String>>,
    password_file: Option<String>,
    events: Option<Vec<NoticeKind>>,
}

/// `true`, `false`, or a map.
struct DesktopChoice(Option<Desktop>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DesktopKeys {
    events: Option<Vec<NoticeKind>>,
}

impl<'de> Deserialize<'de> for DesktopChoice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Choice;
        impl<'de> Visitor<'de> for Choice {
            type Value = DesktopChoice;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`true`, `false` or a map with `events`")
            }

            fn visit_bool<E>(self, is_on: bool) -> Result<DesktopChoice, E> {
                Ok(DesktopChoice(is_on.then(|| Desktop { events: Events::default() })))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<DesktopChoice, A::Error> {
                let keys = DesktopKeys::deserialize(MapAccessDeserializer::new(map))?;
                Ok(DesktopChoice(Some(Desktop { events: Events(keys.events) })))
            }
        }
        deserializer.deserialize_any(Choice)
    }
}

impl RawNotify {
    pub(super) fn check(self, report: &mut Report<'_>) -> Notify {
        let mut allow_addresses = Vec::new();
        for range in self.allow_addresses.unwrap_or_default() {
            match range.value.parse::<AddressRange>() {
                Ok(parsed) => allow_addresses.push(parsed),
                Err(message) => super::say_with_help(&range, &message, report),
            }
        }
        Notify {
            webhook: self.webhook.and_then(|webhook| webhook_of(webhook, report)),
            slack: self.slack.and_then(|slack| {
                let at = (&slack).into();
                let raw = slack.value;
                let url = secret(raw.url_file, raw.url_env, ("url", at), report)?;
                Some(Slack { url, events: Events(raw.events) })
            }),
            email: self.email.and_then(|email| email_of(email, report)),
            desktop: self.desktop.and_then(|DesktopChoice(desktop)| desktop),
            allow_addresses,
        }
    }
}

fn webhook_of(webhook: Spanned<RawWebhook>, report: &mut Report<'_>) -> Option<Webhook> {
    let at = (&webhook).into();
    let raw = webhook.value;
    let url = WebUrl::parse(&raw.url.value)
        .map_err(|message| report.say(&raw.url, message, Some("write `https://HOST/PATH`".to_owned())));
    let secret = secret(raw.secret_file, raw.secret_env, ("secret", at), report);
    Some(Webhook { url: url.ok()?, secret: secret?, events: Events(raw.events) })
}

/// Variables with such a name are not handed to the agent.
const OWN_VARIABLES: &str = "BLASTGATE_";

fn secret(
    file: Option<String>,
    variable: Option<Spanned<String>>,
    (name, at): (&str, crate::config::Spot),
    report: &mut Report<'_>,
) -> Option<SecretSource> {
    if file.is_none() && variable.is_none() {
        let help = format!("name a file with `{name}_file`, or a variable with `{name}_env`");
        report.say(at, format!("the {name} is missing"), Some(help));
        return None;
    }
    if let Some(variable) = &variable {
        let is_name = |text: &str| {
            !text.is_empty()
                && !text.starts_with(|c: char| c.is_ascii_digit())
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        };
        if !is_name(&variable.value) {
            // Not repeated: whoever mistakes it writes the secret itself here.
            let help = "write the variable's name, not the secret".to_owned();
            report.say(variable, format!("`{name}_env` is not a variable's name"), Some(help));
        } else if !variable.value.starts_with(OWN_VARIABLES) {
            let help = format!("write `{OWN_VARIABLES}{}`, and name it so in the gate's environment", variable.value);
            report.say(variable, format!("`{}` would reach what `run` starts", variable.value), Some(help));
        }
    }
    Some(SecretSource { file: file.map(PathBuf::from), variable: variable.map(|variable| variable.value) })
}

fn email_of(email: Spanned<RawEmail>, report: &mut Report<'_>) -> Option<Email> {
    const IMPLICIT_PORT: u16 = 465;
    let raw = email.value;
    let is_explicit = raw.smtp.value.contains(':');
    let server = authority::parse(&raw.smtp.value, Scheme::Https).ok().filter(|_| is_explicit);
    if server.is_none() {
        let message = format!("`{}` is not a host and a port", raw.smtp.value);
        report.say(&raw.smtp, message, Some("write it as `smtp.example:587`".to_owned()));
    }
    for one in std::iter::once(&raw.from).chain(&raw.to.value) {
        if one.value.parse::<lettre::message::Mailbox>().is_err() {
            let help = "write it as `name@example.org`, or `Name <name@example.org>`".to_owned();
            report.say(one, format!("`{}` is not a mail address", one.value), Some(help));
        }
    }
    if raw.to.value.is_empty() {
        report.say(&raw.to, "nobody receives this mail", Some("name somebody in `to`, or remove `email`".to_owned()));
    }
    let server = server?;
    let implied = if server.port == IMPLICIT_PORT { MailTls::Implicit } else { MailTls::Starttls };
    let tls = raw.tls.as_ref().map_or(implied, |tls| tls.value);
    if let Some(at) = raw.tls.as_ref().filter(|_| tls == MailTls::None)
        && !server.address().is_some_and(|address| address.is_loopback())
    {
        let help = Some("write `starttls` or `implicit`".to_owned());
        report.say(at, "without TLS only a loopback address can be told", help);
    }
    let login = match (raw.username, raw.password_file) {
        (None, None) => None,
        (Some(name), Some(file)) => {
            Some((name.value, SecretSource { file: Some(PathBuf::from(file)), variable: None }))
        }
        (Some(name), None) => {
            report.say(&name, "a user without a password", Some("name a file with `password_file`".to_owned()));
            None
        }
        (None, Some(_)) => {
            let help = Some("name the user with `username`".to_owned());
            report.say(&raw.smtp, "`password_file` without `username`", help);
            None
        }
    };
    let to = raw.to.value.into_iter().map(|one| one.value).collect();
    Some(Email { server, tls, from: raw.from.value, to, login, events: Events(raw.events) })
}
