//! What a push changes at its remote: the same ids and effects as of the request that carries it out.

use super::super::files::{Given, options};
use super::super::{Effect, Scene, Word, alone};
use super::{Command, runs};
use crate::identify::protocol::git::{Seen, is_long_lived, told};
use crate::model::{Impact, Place, Scope};

/// Reads a push; `false` when it is none.
pub(super) fn read(command: &Command<'_>, scene: &mut Scene<'_>) -> bool {
    if !matches!(command.name, "push" | "send-pack") {
        return false;
    }
    let given = options(
        command.words,
        "v/verbose q/quiet repo= all branches mirror d/delete tags n/dry-run porcelain f/force force-with-lease=? force-if-includes \
         recurse-submodules= thin exec/receive-pack= u/set-upstream progress prune no-verify verify follow-tags signed=? atomic \
         o/push-option= 4/ipv4 6/ipv6 stdin",
    );
    if given.has("dry-run") {
        scene.effect(
            command.at,
            Effect::new("git:remote:push", Impact::Read, Scope::Resource)
                .at(Place { host: Some("remote".to_owned()), ..Place::default() }),
        );
        return true;
    }
    runs::transport(&given, command, scene);
    let (remote, specs) = target(&given, command, scene);
    let updates = updates(&given, &remote, &specs, command, scene);
    let (place, base) = stands(&remote, command);
    for reading in told(&place, &base, &updates) {
        scene.push(alone(reading));
    }
    true
}

/// The remote's name or URL, and what is pushed there.
fn target(given: &Given, command: &Command<'_>, scene: &Scene<'_>) -> (String, Vec<Word>) {
    let config = command.config;
    let named = given.operands.first().or_else(|| given.value("repo"));
    let specs = given.operands.get(1..).unwrap_or_default().to_vec();
    let usual = || {
        let branch = config.branch(scene);
        let of = |key: &str| branch.as_ref().and_then(|branch| config.value(&format!("branch.{branch}.{key}")));
        of("pushremote")
            .or_else(|| config.value("remote.pushdefault"))
            .or_else(|| of("remote"))
            .unwrap_or("origin")
            .to_owned()
    };
    (named.map_or_else(usual, ToString::to_string), specs)
}

/// What happens to each ref.
fn updates(
    given: &Given,
    remote: &str,
    specs: &[Word],
    command: &Command<'_>,
    scene: &Scene<'_>,
) -> Vec<(String, Seen)> {
    let config = command.config;
    let lease = given.has("force-with-lease");
    let forced = given.has("force") || lease;
    let mirror = given.has("mirror") || config.value(&format!("remote.{remote}.mirror")) == Some("true");
    let every = || "refs/heads/*".to_owned();
    let mut all = vec![];
    if mirror {
        // Whatever is not here goes there.
        return vec![(every(), Seen::Unproven { long_lived: true }), (every(), Seen::Delete { long_lived: true })];
    }
    if given.has("prune") {
        all.push((every(), Seen::Delete { long_lived: true }));
    }
    if given.any(&["all", "branches"]) {
        all.push((every(), if forced { Seen::Unproven { long_lived: true } } else { Seen::Forward }));
    }
    if given.has("tags") {
        all.push(("refs/tags/*".to_owned(), if forced { Seen::Rewrite { long_lived: false } } else { Seen::Create }));
    }
    let mut specs = specs.to_vec();
    if specs.is_empty() && all.is_empty() {
        specs = config.values(&format!("remote.{remote}.push")).map(Word::known).collect();
        if specs.is_empty() {
            specs.push(Word::unknown("HEAD", false));
        }
    }
    let mut words = specs.iter().peekable();
    while let Some(word) = words.next() {
        if word.is("tag") && words.peek().is_some() {
            let name = words.next().map(ToString::to_string).unwrap_or_default();
            let seen = if given.has("delete") {
                Seen::Delete { long_lived: false }
            } else if forced {
                Seen::Rewrite { long_lived: false }
            } else {
                Seen::Create
            };
            all.push((format!("refs/tags/{name}"), seen));
            continue;
        }
        all.push(one(word, given.has("delete"), (forced, lease && !given.has("force")), command, scene));
    }
    all
}

/// What a refspec does: `[+]SOURCE:DESTINATION`, `:DESTINATION`.
fn one(
    word: &Word,
    deletes: bool,
    (forced, lease): (bool, bool),
    command: &Command<'_>,
    scene: &Scene<'_>,
) -> (String, Seen) {
    let shown = word.to_string();
    let bare = shown.strip_prefix('+').unwrap_or(&shown);
    let forced = forced || bare.len() < shown.len();
    let (source, destination) = bare.split_once(':').map_or((bare, None), |(source, to)| (source, Some(to)));
    let deletes = deletes || destination.is_some() && source.is_empty();
    let current = |text: &str| {
        let inner = text.trim_matches('"').trim_start_matches("$(").trim_end_matches(')').trim();
        matches!(text, "HEAD" | "@" | "")
            || matches!(
                inner,
                "git branch --show-current" | "git rev-parse --abbrev-ref HEAD" | "git symbolic-ref --short HEAD"
            )
    };
    let named = destination.filter(|to| !to.is_empty()).unwrap_or(source);
    let (name, known) = if current(named) {
        match branch(command, destination.is_none() && word.has_unknown(), scene) {
            Some(name) => (name, true),
            None => ("HEAD".to_owned(), false),
        }
    } else {
        let unknown = word.has_unknown() && (destination.is_none() || named.contains(['$', '`']));
        (named.to_owned(), !unknown)
    };
    let full = if name.starts_with("refs/") {
        name
    } else if is_version(&name) {
        format!("refs/tags/{name}")
    } else {
        format!("refs/heads/{}", name.strip_prefix("heads/").unwrap_or(&name))
    };
    // A branch that nobody knows may be the one that others build on; a lease at least loses nothing unseen.
    let long_lived = if known {
        is_long_lived(&full) || full.contains('*') && full.starts_with("refs/heads/")
    } else {
        !(lease && current(named))
    };
    let seen = match () {
        () if deletes => Seen::Delete { long_lived },
        () if full == "refs/meta/config" => Seen::Access,
        () if ["refs/for/", "refs/drafts/"].iter().any(|review| full.starts_with(review)) => Seen::Create,
        () if full.starts_with("refs/tags/") && forced => Seen::Rewrite { long_lived },
        () if full.starts_with("refs/tags/") => Seen::Create,
        () if forced => Seen::Unproven { long_lived },
        () => Seen::Forward,
    };
    (full, seen)
}

/// The branch that a push without a name goes to.
fn branch(command: &Command<'_>, upstream: bool, scene: &Scene<'_>) -> Option<String> {
    let config = command.config;
    if upstream && config.value("push.default") == Some("matching") {
        return None;
    }
    let name = config.branch(scene)?;
    let tracked = upstream && matches!(config.value("push.default"), Some("upstream" | "tracking"));
    let merge = config.value(&format!("branch.{name}.merge")).filter(|_| tracked);
    Some(merge.map_or(name, ToOwned::to_owned))
}

/// A name that people give to releases only.
fn is_version(name: &str) -> bool {
    let bare = name.strip_prefix('v').unwrap_or(name);
    bare.contains('.') && bare.starts_with(|letter: char| letter.is_ascii_digit()) && !bare.ends_with(".x")
}

/// Where the remote stands: host and repository as the HTTP door names them.
fn stands(remote: &str, command: &Command<'_>) -> (Place, String) {
    let config = command.config;
    let configured =
        config.value(&format!("remote.{remote}.pushurl")).or_else(|| config.value(&format!("remote.{remote}.url")));
    let url = configured.unwrap_or(remote);
    let of = |host: &str, path: &str| {
        let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
        let host = host.split(':').next().unwrap_or(host).to_lowercase();
        let path = path.trim_matches('/').trim_end_matches(".git");
        let loopback = matches!(host.as_str(), "localhost" | "127.0.0.1" | "::1");
        (Place { host: Some(host.clone()), loopback, ..Place::default() }, format!("{host}/{path}"))
    };
    if let Some((scheme, rest)) = url.split_once("://") {
        return match (scheme, rest.split_once('/')) {
            ("file", _) => {
                (Place { loopback: true, ..Place::default() }, format!("localhost/{}", rest.trim_matches('/')))
            }
            (_, Some((host, path))) => of(host, path),
            (_, None) => of(rest, ""),
        };
    }
    if url.starts_with(['/', '.']) {
        return (Place { loopback: true, ..Place::default() }, format!("localhost/{}", url.trim_matches(['/', '.'])));
    }
    match url.split_once(':').filter(|(host, _)| !host.contains('/')) {
        Some((host, path)) => of(host, path),
        None => (Place { host: Some(url.to_owned()), ..Place::default() }, url.to_owned()),
    }
}
