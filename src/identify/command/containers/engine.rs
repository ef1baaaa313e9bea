//! Which engine a command speaks with, and the calls of its API.

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::identify::Known;
use crate::identify::command::kubernetes::pflag::Given;
use crate::identify::command::surroundings::Contents;
use crate::identify::command::{Effect, Invocation, Machine, Scene, Sent, Word};
use crate::model::{Impact, Place, Scope};

/// An engine.
#[derive(Clone, Debug)]
pub(super) struct Engine {
    /// Its host, with a port where there is one; `None` for this machine's.
    pub(super) host: Option<String>,
    /// The context or connection, as the command or the settings name it.
    pub(super) context: Option<String>,
    /// Nothing is changed: compose only tells what it would do.
    pub(super) dry: bool,
}

/// What commands before have chosen as the current context: kind of what a scene remembers.
const CURRENT: &str = "docker context";

/// Contexts and connections of engines on this machine.
fn is_local(name: &str) -> bool {
    let exact =
        ["default", "desktop-linux", "desktop-windows", "rootless", "orbstack", "rancher-desktop", "colima", ""];
    exact.contains(&name) || ["colima-", "lima-", "podman-machine-"].iter().any(|start| name.starts_with(start))
}

impl Engine {
    /// The engine that these options, the environment and the client's settings choose.
    pub(super) fn of(at: &Invocation, global: &Given, scene: &Scene<'_>) -> Self {
        let this = Self { host: None, context: None, dry: false };
        match &at.machine {
            Machine::Remote(host) => return Self { host: Some(host.clone()), ..this },
            Machine::Pod { .. } => return Self { host: Some("engine.pod".to_owned()), ..this },
            Machine::Own | Machine::Container(_) => {}
        }
        let option = |name: &str| global.word(name).cloned();
        let variable = |name: &str| scene.variable(at, name).filter(|word| !word.is(""));
        let host = option("host").or_else(|| option("url"));
        let context = option("context").or_else(|| option("connection"));
        if let Some(host) = &host {
            return Self { host: host_of(host), ..this };
        }
        if let Some(context) = &context {
            return named(context, at, scene);
        }
        let from_host = variable("DOCKER_HOST").or_else(|| variable("CONTAINER_HOST"));
        if let Some(host) = &from_host {
            return Self { host: host_of(host), ..this };
        }
        let chosen = variable("DOCKER_CONTEXT").or_else(|| variable("CONTAINER_CONNECTION"));
        let before = || scene.recalled(CURRENT).next().map(|(name, _)| Word::known(name));
        match chosen.or_else(before).or_else(|| current(at, scene)) {
            Some(context) => named(&context, at, scene),
            None => this,
        }
    }

    /// Whether it is this machine's.
    pub(super) const fn is_local(&self) -> bool {
        self.host.is_none()
    }

    /// Where it stands.
    pub(super) fn place(&self) -> Place {
        let bare = |host: &String| host.split(':').next().unwrap_or_default().to_owned();
        Place {
            host: Some(self.host.as_ref().map_or_else(|| "localhost".to_owned(), bare)),
            context: self.context.clone(),
            loopback: self.is_local(),
            ..Place::default()
        }
    }

    /// On whose machine a container of it runs.
    pub(super) fn machine(&self, container: &str) -> Machine {
        match self.place().host.filter(|_| !self.is_local()) {
            Some(host) => Machine::Remote(host),
            None => Machine::Container(container.to_owned()),
        }
    }

    /// One call of its API.
    pub(super) fn send(&self, at: &Invocation, scene: &mut Scene<'_>, call: (&str, &str), body: Option<Value>) {
        let (method, path) = call;
        if self.dry && method != "GET" {
            return scene.effect(at, Effect::new("docker:compose:dry-run", Impact::Read, Scope::Local));
        }
        let host = self.host.clone().unwrap_or_else(|| "localhost".to_owned());
        let headers = match &body {
            Some(_) => vec![("content-type".to_owned(), "application/json".to_owned())],
            None => vec![],
        };
        let known = Known { provider: Some("docker".to_owned()), cluster: None };
        let body = Some(body.map(|body| body.to_string().into_bytes()).unwrap_or_default());
        let sent = Sent { method: method.to_owned(), url: format!("http://{host}{path}"), headers, body, known };
        let place = Place { context: self.context.clone(), loopback: self.is_local(), ..Place::default() };
        scene.sends_to(at, &sent, &place);
    }
}

/// Keeps what `docker context use` chooses for the commands after it.
pub(super) fn choose(scene: &mut Scene<'_>, context: &Word) {
    let name = context.text().map_or_else(|| "unknown".to_owned(), std::borrow::Cow::into_owned);
    scene.remember(CURRENT, name, "");
}

/// The engine of a context: what its file says, else its name.
fn named(context: &Word, at: &Invocation, scene: &Scene<'_>) -> Engine {
    let shown = context.to_string();
    let engine = |host: Option<String>| Engine { host, context: Some(shown.clone()), dry: false };
    let Some(name) = context.text() else {
        return engine(Some("unknown.docker-context".to_owned()));
    };
    let digest = data_encoding::HEXLOWER.encode(&Sha256::digest(name.as_bytes()));
    let file = format!("{}/contexts/meta/{digest}/meta.json", folder(at, scene));
    if let Contents::Whole(bytes) = scene.contents(&file)
        && let Ok(meta) = serde_json::from_slice::<Value>(&bytes)
        && let Some(host) = meta.pointer("/Endpoints/docker/Host").and_then(Value::as_str)
    {
        return engine(host_of(&Word::known(host)));
    }
    engine((!is_local(&name)).then(|| format!("{}.docker-context", label(&name))))
}

/// The client's folder of settings.
fn folder(at: &Invocation, scene: &Scene<'_>) -> String {
    let set = scene.variable(at, "DOCKER_CONFIG").and_then(|word| word.text().map(std::borrow::Cow::into_owned));
    set.unwrap_or_else(|| format!("{}/.docker", scene.around().home().unwrap_or("/unknown")))
}

/// The context that the client's settings choose.
fn current(at: &Invocation, scene: &Scene<'_>) -> Option<Word> {
    let Contents::Whole(bytes) = scene.contents(&format!("{}/config.json", folder(at, scene))) else {
        return None;
    };
    let settings: Value = serde_json::from_slice(&bytes).ok()?;
    let name = settings.get("currentContext")?.as_str()?;
    Some(Word::known(name))
}

/// The host of an engine's address; `None` for a socket or port of this machine.
fn host_of(word: &Word) -> Option<String> {
    let Some(text) = word.text() else {
        return Some("unknown.docker-host".to_owned());
    };
    let (scheme, rest) = text.split_once("://").unwrap_or(("tcp", &text));
    if matches!(scheme, "unix" | "npipe" | "fd") || text.starts_with('/') || text.is_empty() {
        return None;
    }
    let rest = rest.rsplit('@').next().unwrap_or(rest);
    let authority = rest.split('/').next().unwrap_or(rest);
    let (host, port) = authority.rsplit_once(':').map_or((authority, None), |(host, port)| (host, Some(port)));
    let loopback =
        host == "localhost" || host.starts_with("127.") || matches!(authority, "[::1]" | "0.0.0.0") || host == "[::1]";
    if loopback {
        return None;
    }
    let plain = host
        .split('.')
        .all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_'));
    let host = if plain { host.to_ascii_lowercase() } else { label(host) };
    match port.filter(|port| port.parse::<u16>().is_ok_and(|n| n > 0 && n.to_string() == *port)) {
        Some(port) => Some(format!("{host}:{port}")),
        None => Some(host),
    }
}

/// A name as a part of a host's name.
pub(super) fn label(name: &str) -> String {
    let plain: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).take(60).collect();
    let plain = plain.trim_matches('-');
    if plain.is_empty() { "unknown".to_owned() } else { plain.to_owned() }
}

/// A container, volume or network as a path's segment.
pub(super) fn segment(name: &str) -> String {
    let odd = |c: char| matches!(c, '/' | '\\' | '%' | ';' | '?' | '#') || c.is_control() || c.is_whitespace();
    let plain: String = name.trim_start_matches('/').chars().map(|c| if odd(c) { '_' } else { c }).collect();
    match plain.as_str() {
        "" | "." | ".." => "_".to_owned(),
        plain => percent_encoding::utf8_percent_encode(plain, PLAIN).to_string(),
    }
}

/// An image, whose name may have several segments.
pub(super) fn image(name: &str) -> String {
    name.split('/').map(segment).collect::<Vec<_>>().join("/")
}

/// All but what RFC 3986 calls unreserved, and `:` before a tag.
const PLAIN: &percent_encoding::AsciiSet =
    &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b':').remove(b'@');
