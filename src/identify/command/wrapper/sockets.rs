//! What is sent over a bare connection: `nc`, `socat`, `telnet`, `openssl s_client`, bash's `/dev/tcp`.

use super::super::shell;
use super::super::{Effect, Input, Invocation, Machine, Scene, Shell, Word, place_of};
use crate::model::{Impact, Place, Scope};

/// Something is sent to this host; `None` when nobody knows what. To look whether somebody answers changes nothing.
pub(in crate::identify::command) fn sent(host: &str, text: Option<&str>, one: &Invocation, scene: &mut Scene<'_>) {
    let own = one.machine == Machine::Own && matches!(host, "localhost" | "127.0.0.1" | "::1" | "[::1]");
    let place = if own { place_of(&one.machine) } else { Place { host: Some(host.to_owned()), ..Place::default() } };
    let scope = if own { Scope::Local } else { Scope::Resource };
    if text.is_some_and(only_asks) {
        scene.effect(one, Effect::new("shell:network:connect", Impact::Read, scope).on(host).at(place));
        return;
    }
    // The other side may do anything with it.
    let impact = if own { Impact::Execute } else { Impact::Unknown };
    scene.effect(one, Effect::new("shell:network:send", impact, scope).on(host).at(place));
}

/// Nothing, or words of common protocols that only ask.
fn only_asks(text: &str) -> bool {
    const ASKING: &[&str] = &[
        "PING", "INFO", "STATS", "STAT", "RUOK", "SRVR", "MNTR", "QUIT", "Q", "EHLO", "HELO", "VERSION", "NOOP", "EXIT",
    ];
    let mut lines = text.lines().map(|line| line.trim().trim_matches('\0')).filter(|line| !line.is_empty()).peekable();
    let asks_web = |line: &&str| {
        let mut words = line.split_whitespace();
        matches!(words.next(), Some("GET" | "HEAD" | "OPTIONS")) && line.contains(" HTTP/")
    };
    if lines.peek().is_some_and(asks_web) {
        let headers = lines.skip(1).all(|line| line.split_once(':').is_some_and(|(name, _)| !name.contains(' ')));
        return headers;
    }
    lines.all(|line| {
        let first = line.split_whitespace().next().unwrap_or_default().to_ascii_uppercase();
        ASKING.contains(&first.as_str())
    })
}

/// Reads the program where it sends what it reads; `false` when it does not.
pub(super) fn read(program: &str, one: &Invocation, scene: &mut Scene<'_>) -> bool {
    let host = match program {
        "nc" | "ncat" | "netcat" | "telnet" => netcat(one, scene),
        "socat" => socat(one, scene),
        "openssl" if one.arguments().first().is_some_and(|word| word.is("s_client")) => {
            let words = one.arguments();
            let at = words.iter().position(|word| word.is("-connect") || word.is("-host"));
            at.and_then(|at| words.get(at + 1)).map(|word| without_port(&word.to_string()))
        }
        _ => None,
    };
    let Some(host) = host else { return false };
    if one.input == Input::Inherited {
        return false;
    }
    let text = shell::input(one, scene);
    let text = match &one.input {
        Input::File(path) if path.is("/dev/null") => Some(String::new()),
        _ => text,
    };
    sent(&host, text.as_deref(), one, scene);
    true
}

fn without_port(address: &str) -> String {
    address.rsplit_once(':').map_or(address, |(host, _)| host).to_owned()
}

/// The host that is called; `None` where it only listens, or only looks whether a port is open.
fn netcat(one: &Invocation, scene: &mut Scene<'_>) -> Option<String> {
    let mut words = one.arguments().iter();
    while let Some(word) = words.next() {
        let text = word.leading();
        if text.len() < 2 || !text.starts_with('-') {
            return Some(word.to_string());
        }
        if matches!(text, "-e" | "-c" | "--exec" | "--sh-exec") {
            if let Some(run) = words.next() {
                let run = scene.veiled(run);
                scene.script(&run, Shell::Posix, &one.with_words(vec![]));
            }
            continue;
        }
        let short = !text.starts_with("--");
        if text == "--listen" || short && text.contains(['l', 'z']) {
            return None;
        }
        let takes = ['w', 'p', 's', 'q', 'i', 'x', 'X', 'I', 'O', 'T', 'V', 'P', 'G', 'g', 'm'];
        if short && text.ends_with(takes)
            || matches!(text, "--wait" | "--idle-timeout" | "--source-port" | "--source" | "--delay" | "--proxy")
        {
            words.next();
        }
    }
    None
}

/// The host among socat's addresses; what its addresses run is read.
fn socat(one: &Invocation, scene: &mut Scene<'_>) -> Option<String> {
    let mut host = None;
    for word in one.arguments().to_vec() {
        let text = scene.veiled(&word);
        let Some((kind, rest)) = text.split_once(':') else { continue };
        let kind = kind.to_ascii_uppercase();
        match kind.as_str() {
            "EXEC" | "SYSTEM" | "SHELL" => {
                let run = rest.split(',').next().unwrap_or(rest);
                scene.script(run, Shell::Posix, &one.with_words(vec![]));
            }
            kind if kind.contains("LISTEN") || kind.contains("RECV") || kind.starts_with("UNIX") => {}
            kind if ["TCP", "UDP", "OPENSSL", "SSL", "SCTP"].iter().any(|one| kind.starts_with(one)) => {
                let shown = word.to_string();
                let address = shown.split_once(':').map_or("", |(_, address)| address);
                host = Some(without_port(address.split(',').next().unwrap_or(address)));
            }
            _ => {}
        }
    }
    host
}

/// Where an option of a program says in which folder it starts: `sudo -D`, `env --chdir=`.
pub(super) fn moved(options: &[Word], short: &str, one: &Invocation, scene: &mut Scene<'_>) -> Option<Invocation> {
    let mut to = None;
    for (at, word) in options.iter().enumerate() {
        let text = scene.veiled(word);
        if word.is("--chdir") || word.is(short) {
            to = options.get(at + 1).cloned();
        } else if let Some(inline) = text.strip_prefix("--chdir=").or_else(|| text.strip_prefix(short)) {
            to = Some(scene.unveil(inline, false));
        }
    }
    let directory = to?.text().and_then(|to| shell::path_from(one.directory.as_deref(), &to));
    Some(Invocation { directory, ..one.clone() })
}
