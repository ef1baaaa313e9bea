//! Files that reach the guard through its folder: `cp settings.json .claude` writes `.claude/settings.json`.

use super::super::{Effect, Invocation, Part, RealKind, Scene, Word};
use super::standing::{Reach, Where, standing};
use crate::model::{Hazard, Impact, Scope};

/// How sources come into a folder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Into {
    /// Folders come with everything in them.
    pub(super) deep: bool,
    /// The target is the new name itself, never a folder that takes it in.
    pub(super) exact: bool,
    /// The target is a folder for certain.
    pub(super) folder: bool,
}

/// What guards the agent is changed.
pub(super) fn tampered(path: impl std::fmt::Display, at: &Invocation, scene: &mut Scene<'_>) {
    let effect = Effect::new("shell:fs:write", Impact::Update, Scope::Resource).hazard(Hazard::GuardTamper);
    scene.effect(at, effect.on(path.to_string()).with("where", "guard"));
}

/// Whether the guard's files stand at or below it.
pub(super) fn holds_guard(word: &Word, at: &Invocation, scene: &Scene<'_>) -> bool {
    standing(word, at, Reach { whole: true, link: false }, scene).place == Where::Guard
}

/// Says so when one of the sources lands on the guard; the target itself is judged where it is written.
pub(super) fn lands(sources: &[Word], target: &Word, how: Into, at: &Invocation, scene: &mut Scene<'_>) {
    let whole = holds_guard(target, at, scene);
    let it = standing(target, at, Reach::default(), scene);
    let named_folder = how.folder || target.to_string().ends_with('/') || it.kind == RealKind::Directory;
    if how.deep && whole && (how.exact || sources.len() == 1 && !named_folder) {
        return tampered(target, at, scene);
    }
    if how.exact {
        return;
    }
    for source in sources {
        let Some(name) = last_name(source) else {
            if whole {
                return tampered(target, at, scene);
            }
            continue;
        };
        let is_pattern = matches!(name, Part::Glob(_));
        let joined = below(target, name);
        let reach = Reach { whole: how.deep, link: true };
        // Patterns fit much: they say something where the folder is the guard's.
        if (whole || !is_pattern) && standing(&joined, at, reach, scene).place == Where::Guard {
            return tampered(joined, at, scene);
        }
    }
}

/// A name in a folder.
pub(super) fn below(folder: &Word, name: Part) -> Word {
    let mut word = folder.clone();
    word.parts.push(Part::Text("/".to_owned()));
    word.parts.push(name);
    word
}

/// The name that a source keeps; `None` when nobody knows, or when it is everything in a folder.
fn last_name(source: &Word) -> Option<Part> {
    if let Some(text) = source.text() {
        let name = text.trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_owned();
        return (!matches!(name.as_str(), "" | "." | "..")).then_some(Part::Text(name));
    }
    let tail = match source.parts.last()? {
        Part::Unknown { .. } => return None,
        Part::Text(text) | Part::Glob(text) => text,
    };
    if source.has_unknown() {
        let (_, name) = tail.trim_end_matches('/').rsplit_once('/')?;
        return (!name.is_empty()).then(|| Part::Text(name.to_owned()));
    }
    let shown = source.to_string();
    let name = shown.trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_owned();
    (!name.is_empty()).then_some(Part::Glob(name))
}
