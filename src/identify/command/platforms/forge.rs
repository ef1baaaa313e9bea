//! GitHub's and GitLab's command lines: which repository a command means, aliases, and `api`; the rest is tables.

use super::api::{self, Forge};
use crate::identify::command::face;
use crate::identify::command::http::{Grammar, Item, absolute, items, known_text, stand_in};
use crate::identify::command::{Contents, Invocation, Scene, Shell, Word};

/// The options that may stand before a word that counts, and `--repo`.
const GRAMMAR: Grammar = Grammar {
    valued: &[
        "repo",
        "hostname",
        "method",
        "field",
        "raw-field",
        "jq",
        "template",
        "json",
        "body",
        "title",
        "input",
        "group",
    ],
    plain: &[],
    short: &[('R', "repo")],
    flags: &[],
    equals: true,
    abbreviates: false,
    ends: true,
};
/// How many aliases are followed.
const ALIASES_MAX: usize = 4;
/// How many folders are climbed for a repository.
const CLIMB_MAX: usize = 24;

/// Reads a call of `gh`.
pub(super) fn github(one: &Invocation, scene: &mut Scene<'_>) -> bool {
    let mut one = one.clone();
    for _ in 0..ALIASES_MAX {
        match alias(&one, scene) {
            Some(Alias::Words(words)) => one = one.with_words(words),
            Some(Alias::Script(text)) => {
                scene.script(&text, Shell::Posix, &one);
                return true;
            }
            None => break,
        }
    }
    let (words, option) = plain(&one);
    let operand = match (words.first().map(String::as_str), words.get(2)) {
        (Some("repo"), Some(name)) if words.get(1).is_some_and(|word| word != "create") => Some(name.clone()),
        _ => None,
    };
    let repository = option
        .or(operand)
        .or_else(|| scene.variable(&one, "GH_REPO").map(|word| stand_in(&word)))
        .and_then(|text| repository_of(&text))
        .or_else(|| of_folder(&one, scene))
        .unwrap_or_else(|| "unknown/unknown".to_owned());
    if words.first().is_some_and(|word| word == "api") {
        let forge = Forge {
            base: "https://api.github.com",
            prefix: "/api/v3",
            graphql: "https://api.github.com/graphql",
            repository,
            host: "GH_HOST",
        };
        api::read(behind(&one, "api"), &forge, &one, scene);
        return true;
    }
    one.variables.push(("GH_REPO".to_owned(), Word::known(repository)));
    face::by_table("gh", &one, scene)
}

/// Reads a call of `glab`.
pub(super) fn gitlab(one: &Invocation, scene: &mut Scene<'_>) -> bool {
    let (words, option) = plain(one);
    if words.first().is_none_or(|word| word != "api") {
        return false;
    }
    let forge = Forge {
        base: "https://gitlab.com/api/v4",
        prefix: "/api/v4",
        graphql: "https://gitlab.com/api/graphql",
        repository: option.and_then(|text| repository_of(&text)).unwrap_or_else(|| "unknown/unknown".to_owned()),
        host: "GITLAB_HOST",
    };
    api::read(behind(one, "api"), &forge, one, scene);
    true
}

/// The operands as far as they are known, and what `--repo` says.
fn plain(one: &Invocation) -> (Vec<String>, Option<String>) {
    let mut option = None;
    let mut words = vec![];
    for item in items(one.arguments(), &GRAMMAR) {
        match item {
            Item::Operand(word) => words.push(stand_in(&word)),
            Item::Option(name, Some(value)) if name == "repo" => option = Some(stand_in(&value)),
            Item::Option(..) => {}
        }
    }
    (words, option)
}

/// The words behind this one.
fn behind<'w>(one: &'w Invocation, word: &str) -> &'w [Word] {
    let words = one.arguments();
    let at = words.iter().position(|one| one.is(word)).map_or(words.len(), |at| at + 1);
    words.get(at..).unwrap_or_default()
}

/// `owner/repo`, `host/owner/repo`, and addresses; a name alone is the caller's own.
fn repository_of(text: &str) -> Option<String> {
    let text = text.trim_end_matches('/').trim_end_matches(".git");
    let path = match text.split_once("://") {
        Some((_, rest)) => rest.split_once('/').map_or("", |(_, path)| path),
        None => match text.split_once(':') {
            Some((host, path)) if host.contains('@') => path,
            _ => text,
        },
    };
    let mut parts = path.rsplit('/').filter(|part| !part.is_empty());
    let name = parts.next()?;
    Some(format!("{}/{name}", parts.next().unwrap_or("unknown")))
}

/// The repository that the folder was cloned from: the remote that gh was told to take, else `upstream`, `github`, `origin`.
fn of_folder(one: &Invocation, scene: &Scene<'_>) -> Option<String> {
    let mut folder = one.directory.clone()?;
    for _ in 0..CLIMB_MAX {
        if let Contents::Whole(bytes) = scene.contents(&format!("{}/.git/config", folder.trim_end_matches('/'))) {
            return remote(&String::from_utf8_lossy(&bytes));
        }
        let (parent, _) = folder.rsplit_once('/')?;
        folder = parent.to_owned();
    }
    None
}

fn remote(config: &str) -> Option<String> {
    let mut best: Option<(u8, String)> = None;
    let mut name = String::new();
    let mut chosen = false;
    for line in config.lines().map(str::trim) {
        if let Some(section) = line.strip_prefix('[') {
            let inner = section.trim_end_matches(']').strip_prefix("remote ").unwrap_or_default();
            name = inner.trim().trim_matches('"').to_owned();
            chosen = false;
        }
        let Some((key, value)) = line.split_once('=') else { continue };
        chosen |= key.trim() == "gh-resolved" && !name.is_empty();
        if chosen && let Some((rank, _)) = best.as_mut().filter(|(_, _)| key.trim() == "gh-resolved") {
            *rank = 0;
        }
        if key.trim() != "url" || name.is_empty() {
            continue;
        }
        let rank = match name.as_str() {
            "upstream" => 1,
            "github" => 2,
            "origin" => 3,
            _ => 4,
        };
        if let Some(found) = repository_of(value.trim()).filter(|_| best.as_ref().is_none_or(|(held, _)| rank < *held))
        {
            best = Some((rank, found));
        }
    }
    best.map(|(_, found)| found)
}

/// What an alias stands for.
enum Alias {
    Words(Vec<Word>),
    Script(String),
}

/// The alias that the first word is, from gh's settings.
fn alias(one: &Invocation, scene: &Scene<'_>) -> Option<Alias> {
    let name = one.arguments().first()?.text()?.into_owned();
    let variable = |name: &str| scene.variable(one, name).and_then(|word| known_text(&word));
    let folders = [
        variable("GH_CONFIG_DIR"),
        variable("XDG_CONFIG_HOME").map(|folder| format!("{folder}/gh")),
        variable("HOME").map(|folder| format!("{folder}/.config/gh")),
        scene.around().home().map(|home| format!("{home}/.config/gh")),
    ];
    let path = |folder: String| absolute(one, &format!("{folder}/config.yml"));
    let text = folders.into_iter().flatten().filter_map(path).find_map(|path| match scene.contents(&path) {
        Contents::Whole(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
        _ => None,
    })?;
    let mut inside = false;
    let mut expansion = None;
    for line in text.lines() {
        if !line.starts_with([' ', '\t']) {
            inside = line.trim_end() == "aliases:";
        } else if let Some((key, value)) = line.trim().split_once(':').filter(|_| inside)
            && key.trim().trim_matches(['"', '\'']) == name
        {
            expansion = Some(value.trim().trim_matches(['"', '\'']).to_owned());
        }
    }
    let expansion = expansion?;
    let rest = one.arguments().get(1..).unwrap_or_default();
    if let Some(script) = expansion.strip_prefix('!') {
        let rest: Vec<String> =
            rest.iter().map(|word| format!("'{}'", stand_in(word).replace('\'', "'\\''"))).collect();
        return Some(Alias::Script(format!("set -- {}; {script}", rest.join(" "))));
    }
    let mut words = vec![one.words.first()?.clone()];
    let mut used = 0;
    for part in expansion.split_whitespace() {
        match part.strip_prefix('$').and_then(|number| number.parse::<usize>().ok()) {
            Some(number) => {
                words.extend(rest.get(number.wrapping_sub(1)).cloned());
                used = used.max(number);
            }
            None => words.push(Word::known(part.trim_matches(['"', '\'']))),
        }
    }
    words.extend(rest.get(used..).unwrap_or_default().iter().cloned());
    (words.get(1).is_none_or(|word| !word.is(&name))).then_some(Alias::Words(words))
}
