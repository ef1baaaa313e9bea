//! Deletions on Windows: by where their paths stand.

use crate::identify::command::{Effect, Invocation, Scene, Word};
use crate::model::{Count, Hazard, Impact, Scope};

/// Folders that are made anew by the tools that filled them.
const OUTPUT: [&str; 14] = [
    "node_modules",
    "dist",
    "build",
    "out",
    "bin",
    "obj",
    "target",
    ".next",
    "coverage",
    "__pycache__",
    ".cache",
    ".pytest_cache",
    "tmp",
    "temp",
];

/// A deletion. Paths of the workspace are those without a drive; all others stand outside.
pub(super) fn delete(path: &Word, recursive: bool, at: &Invocation, scene: &mut Scene<'_>) {
    let Some(text) = path.text() else {
        let unix = path.leading();
        if unix.is_empty() || is_outside(unix) {
            scene.unknown(at, "it deletes a path that is not known");
            return;
        }
        scene.effect(at, Effect::new("shell:fs:delete", Impact::Destroy, Scope::Local).on(path.to_string()));
        return;
    };
    let text = text.trim_matches('"').to_owned();
    let plain = text.replace('\\', "/");
    // `where` is what the rules of the pack `shell` ask for.
    let lost = |scope, place: &str| {
        let effect = Effect::new("shell:fs:delete", Impact::Destroy, scope).hazard(Hazard::DataLoss);
        effect.on(text.clone()).with("where", place)
    };
    let outside = |scope| lost(scope, "system");
    if !is_outside(&text) {
        if plain.trim_end_matches(['/', '*', '.']).is_empty()
            || plain.starts_with("..")
            || plain.contains("/../")
            || plain == ".git"
        {
            scene.effect(at, lost(Scope::Resource, "workspace-root").count(Count::Unbounded));
            return;
        }
        let last = plain.trim_end_matches("/*").rsplit('/').next().unwrap_or_default().to_owned();
        let is_output = OUTPUT.contains(&last.to_ascii_lowercase().as_str());
        if plain.contains('*') && recursive && !is_output {
            let mut effect =
                Effect::new("shell:fs:delete", Impact::Destroy, Scope::Item).on(text).count(Count::Unbounded);
            effect = effect.hazard(Hazard::DataLoss);
            scene.effect(at, effect);
            return;
        }
        let mut words: Vec<Word> = vec!["rm".into()];
        words.extend(recursive.then(|| "-rf".into()));
        words.push(Word::known(plain));
        scene.invocation(&at.with_words(words));
        return;
    }
    let depth = plain
        .trim_end_matches('/')
        .split('/')
        .filter(|part| !part.is_empty() && *part != "*" && *part != "*.*")
        .count();
    let is_temporary =
        plain.to_ascii_lowercase().contains("/temp/") || plain.to_ascii_lowercase().contains("/appdata/local/temp");
    match depth {
        _ if is_temporary => scene.effect(at, Effect::new("shell:fs:delete", Impact::Destroy, Scope::Local).on(text)),
        0 | 1 => scene.effect(at, outside(Scope::Account).count(Count::Unbounded)),
        _ if recursive => scene.effect(at, outside(Scope::Resource).count(Count::Unbounded)),
        _ => scene.effect(at, outside(Scope::Item)),
    }
}

/// A drive, a share, a device, a home or the root of all.
fn is_outside(text: &str) -> bool {
    let mut letters = text.chars();
    let drive = letters.next().is_some_and(|one| one.is_ascii_alphabetic()) && letters.next() == Some(':');
    drive
        || text.starts_with('\\')
        || text.starts_with('/')
        || text.starts_with('~')
        || text.starts_with('%')
        || text.starts_with("$env:")
        || text.starts_with("$HOME")
}
