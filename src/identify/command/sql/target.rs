//! Which server and database a client would speak to.

use crate::identify::command::{Invocation, Machine, Scene, Word, place_of};
use crate::identify::statement::is_loopback;
use crate::model::Place;

/// A server and a database, as far as they are known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Target {
    /// The host; `None` when nobody says.
    pub(super) host: Option<String>,
    /// Something names the server that is not known.
    pub(super) is_unknown: bool,
    /// The database.
    pub(super) database: Option<String>,
}

impl Target {
    /// Where nobody says more than this host.
    pub(super) fn host(host: &str) -> Self {
        Self { host: Some(host.to_owned()), ..Self::default() }
    }

    /// Takes a host that an option or a variable names.
    pub(super) fn set_host(&mut self, word: &Word) {
        match word.text() {
            Some(text) if text.is_empty() => {}
            Some(text) => (self.host, self.is_unknown) = (Some(text.into_owned()), false),
            None => (self.host, self.is_unknown) = (None, true),
        }
    }

    /// Takes a database, which may be a URI or a list of `key=value`.
    pub(super) fn set_database(&mut self, word: &Word, at: &Invocation, scene: &Scene<'_>) {
        let shown = word.to_string();
        if word.text().is_none() && (!is_dsn(&shown) || is_host_unknown(word)) {
            (self.host, self.is_unknown) = (None, true);
            self.database = Some(shown);
            return;
        }
        if !is_dsn(&shown) {
            self.database = Some(shown);
            return;
        }
        let read = dsn(&shown);
        if let Some(service) = read.service {
            *self = Self { database: self.database.take(), ..super::postgres::service(&service, at, scene) };
        }
        if read.host.is_some() {
            (self.host, self.is_unknown) = (read.host, false);
        }
        self.database = read.database.or(self.database.take());
    }

    /// Where it stands.
    pub(super) fn place(&self, at: &Invocation) -> Place {
        let database = |host: &str| self.database.as_ref().map(|name| format!("{host}/{name}"));
        let local = self.host.as_deref().is_some_and(|host| is_loopback(host) || is_socket(host));
        if self.is_unknown {
            return Place { host: Some("unknown".to_owned()), database: database("unknown"), ..Place::default() };
        }
        match (&self.host, &at.machine) {
            (Some(_), Machine::Own | Machine::Container(_)) if local => Place {
                host: Some("localhost".to_owned()),
                database: database("localhost"),
                loopback: true,
                ..Place::default()
            },
            (Some(host), _) if !local => {
                let host = host.split(',').find(|one| !is_loopback(one)).unwrap_or(host);
                Place { host: Some(host.to_owned()), database: database(host), ..Place::default() }
            }
            // Nothing says that the server is this machine's own.
            (None, Machine::Own) => {
                Place { host: Some("unknown".to_owned()), database: database("unknown"), ..Place::default() }
            }
            (_, machine) => {
                let mut place = place_of(machine);
                place.database = place.host.as_deref().and_then(database);
                place
            }
        }
    }
}

/// A variable as the client would see it.
pub(super) fn variable(at: &Invocation, scene: &Scene<'_>, name: &str) -> Option<Word> {
    match at.machine {
        Machine::Own => scene.variable(at, name),
        _ => at.set(name).cloned(),
    }
}

/// A folder of a Unix socket; not one that leads elsewhere.
fn is_socket(host: &str) -> bool {
    (host.starts_with('/') && !host.contains("cloudsql")) || host.starts_with('@')
}

fn is_dsn(text: &str) -> bool {
    text.contains("://")
        || (text.contains('=') && !text.contains('/'))
        || text.starts_with("jdbc:")
        || text.contains("= ")
        || text.split_whitespace().count() > 1 && text.contains('=')
}

/// Whether the unknown part stands where the host does.
fn is_host_unknown(word: &Word) -> bool {
    let shown = word.to_string();
    let known = word.leading();
    match dsn(&shown).host {
        // Everything up to the host's end is known text.
        Some(host) => known.find(&host).is_none_or(|at| known.len() <= at + host.len()),
        None => true,
    }
}

/// What a connection string says.
#[derive(Debug, Default)]
pub(super) struct Dsn {
    pub(super) host: Option<String>,
    pub(super) database: Option<String>,
    pub(super) service: Option<String>,
    pub(super) scheme: Option<String>,
}

/// Reads a URI, a list of `key=value`, or what JDBC makes of them.
pub(super) fn dsn(text: &str) -> Dsn {
    let text = text.trim().trim_matches(['"', '\'']);
    let text = text.strip_prefix("jdbc:").unwrap_or(text);
    let Some((scheme, rest)) = text.split_once("://") else { return pairs(text) };
    let scheme = Some(scheme.split('+').next().unwrap_or(scheme).to_ascii_lowercase());
    if matches!(scheme.as_deref(), Some("sqlite" | "file")) {
        return Dsn { host: Some("localhost".to_owned()), database: Some(rest.to_owned()), service: None, scheme };
    }
    let (authority, path) = rest
        .split_once(['/', ';', '?'])
        .map_or((rest, ""), |(authority, _)| (authority, rest.get(authority.len()..).unwrap_or_default()));
    let host = authority.rsplit('@').next().unwrap_or(authority);
    // MySQL's driver in Go: `tcp(host:port)`.
    let host = host.split_once('(').map_or(host, |(_, inner)| inner.trim_end_matches(')'));
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let mut read = Dsn { scheme, ..Dsn::default() };
    let hosts: Vec<String> =
        host.split(',').map(|one| without_port(one).to_owned()).filter(|one| !one.is_empty()).collect();
    read.host = hosts.iter().find(|one| !is_loopback(one)).or(hosts.first()).map(|one| percent(one));
    let name = path.trim_start_matches('/').split(';').next().unwrap_or_default();
    read.database = (!name.is_empty()).then(|| percent(name));
    for pair in query.split('&').chain(path.split(';').skip(1)) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        match key.to_ascii_lowercase().as_str() {
            "host" | "hostaddr" | "socket" | "unix_socket" => read.host = Some(percent(value)),
            "dbname" | "databasename" | "database" => read.database = Some(percent(value)),
            "service" => read.service = Some(percent(value)),
            _ => {}
        }
    }
    read
}

/// `host=… dbname=…`, also with semicolons.
fn pairs(text: &str) -> Dsn {
    let mut read = Dsn::default();
    for (key, value) in key_values(text) {
        match key.to_ascii_lowercase().as_str() {
            "host" | "server" | "data source" => read.host = Some(without_port(&value).to_owned()),
            "hostaddr" => read.host = Some(value),
            "dbname" | "database" | "initial catalog" => {
                // A URI may stand in it.
                if value.contains("://") {
                    return dsn(&value);
                }
                read.database = Some(value);
            }
            "service" => read.service = Some(value),
            _ => {}
        }
    }
    read
}

fn key_values(text: &str) -> Vec<(String, String)> {
    let mut all = Vec::new();
    let mut rest = text.trim();
    while let Some((key, after)) = rest.split_once('=') {
        let after = after.trim_start();
        let (value, next) = if let Some(quoted) = after.strip_prefix('\'') {
            quoted.split_once('\'').unwrap_or((quoted, ""))
        } else {
            after.split_once(|c: char| c.is_whitespace() || c == ';').unwrap_or((after, ""))
        };
        all.push((key.trim().to_owned(), value.to_owned()));
        rest = next.trim_start_matches([' ', ';', '\t', '\n']);
    }
    all
}

fn without_port(host: &str) -> &str {
    if let Some(inner) = host.strip_prefix('[') {
        return inner.split(']').next().unwrap_or(inner);
    }
    if host.matches(':').count() > 1 { host } else { host.split(':').next().unwrap_or(host) }
}

fn percent(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}
