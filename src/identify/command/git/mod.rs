//! git on this machine, and what it sends to others.
//!
//! Commits can be had back; work that was never committed cannot. So what loses such work has names of its own
//! (`git:local:reset_hard`, …) and the hazard `data-loss`, which `rules/git` stops; a push has the same ids and the same
//! effects as the request that carries it out (`identify::protocol::git`).

mod config;
mod local;
mod push;
mod runs;
mod work;

use super::face::Reader;
use super::files::{self, Where};
use super::{Effect, Invocation, Scene, Shell, Word};
use crate::model::{Hazard, Impact, Reversible, Scope};

use config::Config;
pub(super) use runs::is_usual;

/// The programs that are read here.
pub(super) const FACES: &[(&str, Reader)] = &[("git", git), ("git-filter-repo", filter_repo), ("bfg", filter_repo)];

/// How deep aliases may name aliases.
const ALIASES_MAX: usize = 8;

/// A command of git.
struct Command<'a> {
    /// Its name.
    name: &'a str,
    /// Its arguments.
    words: &'a [Word],
    /// Where it runs, after `-C`.
    at: &'a Invocation,
    config: &'a Config,
    /// `--git-dir` names another repository than the one that stands there.
    foreign: bool,
}

impl Command<'_> {
    /// It only looks.
    fn reads(&self, scene: &mut Scene<'_>) {
        scene.effect(self.at, Effect::new(&format!("git:local:{}", self.name), Impact::Read, Scope::Local));
    }

    /// It changes the repository, its work tree or both, and what was committed stays.
    fn updates(&self, scene: &mut Scene<'_>) {
        scene.effect(self.at, Effect::new(&format!("git:local:{}", self.name), Impact::Update, Scope::Local));
    }

    /// It takes away what other commits or the reflog still hold.
    fn drops(&self, name: &str, scene: &mut Scene<'_>) {
        let effect = Effect::new(&format!("git:local:{name}"), Impact::Destroy, Scope::Local);
        scene.effect(self.at, effect.reversible(Reversible::Partly).on(self.at.shown()));
    }

    /// Work that no commit holds is lost. In a throw-away there is none.
    fn loses(&self, name: &str, scene: &mut Scene<'_>) {
        let here = files::place(&Word::known("."), self.at, scene).place;
        if here == Where::ThrowAway {
            return self.drops(name, scene);
        }
        let effect = Effect::new(&format!("git:local:{name}"), Impact::Destroy, Scope::Local);
        let effect = effect.hazard(Hazard::DataLoss).reversible(Reversible::No).on(self.at.shown());
        scene.effect(self.at, effect);
    }

    /// The paths that are changed are those of the guard.
    fn guards(&self, paths: &[Word], scene: &mut Scene<'_>) {
        for path in paths.iter().filter(|path| files::guards(path, true, self.at, scene)).cloned().collect::<Vec<_>>() {
            let effect = Effect::new("shell:fs:write", Impact::Update, Scope::Resource).hazard(Hazard::GuardTamper);
            scene.effect(self.at, effect.on(path.to_string()).with("where", "guard"));
        }
    }
}

/// `git [GLOBAL OPTIONS] COMMAND …`.
fn git(at: &Invocation, scene: &mut Scene<'_>) {
    spoken(at, &[], ALIASES_MAX, scene);
}

/// `git filter-repo` under its own name.
fn filter_repo(at: &Invocation, scene: &mut Scene<'_>) {
    let mut words = vec![Word::known("git"), Word::known("filter-repo")];
    words.extend(at.arguments().iter().cloned());
    spoken(&at.with_words(words), &[], ALIASES_MAX, scene);
}

fn spoken(at: &Invocation, earlier: &[(String, String)], aliases: usize, scene: &mut Scene<'_>) {
    let mut settings = earlier.to_vec();
    settings.extend(runs::from_variables(at));
    let mut there = at.clone();
    let mut words = at.arguments().iter();
    let mut foreign = false;
    let name = loop {
        let Some(word) = words.next() else { return prints(at, scene) };
        let Some(text) = word.text() else {
            return scene.unknown(at, "which git command it is is not known");
        };
        match text.as_ref() {
            "-C" | "--work-tree" => {
                let Some(to) = words.next() else { return prints(at, scene) };
                there.directory = moved(to, &there, scene);
            }
            "-c" => {
                let Some(setting) = words.next() else { return prints(at, scene) };
                settings.push(setting_of(setting));
            }
            "--config-env" => {
                let Some(setting) = words.next() else { return prints(at, scene) };
                settings.extend(runs::from_variable(&setting.to_string(), at, scene));
            }
            option if option.starts_with("--config-env=") => {
                settings.extend(runs::from_variable(option.trim_start_matches("--config-env="), at, scene));
            }
            option if option.starts_with("--git-dir") => {
                foreign = true;
                if option == "--git-dir" {
                    words.next();
                }
            }
            "--namespace" | "--super-prefix" | "--attr-source" => {
                words.next();
            }
            "--version" | "-v" | "--help" | "-h" | "--html-path" | "--man-path" | "--info-path" | "--exec-path" => {
                return prints(at, scene);
            }
            option if option.starts_with("--work-tree=") => {
                there.directory = moved(&files::without(word, "--work-tree=".len()), &there, scene);
            }
            option if option.starts_with('-') => {}
            name => break name.to_owned(),
        }
    };
    runs::settings(&settings, at, scene);
    let config = Config::of(&there, &settings, scene);
    let command = Command { name: &name, words: words.as_slice(), at: &there, config: &config, foreign };
    if dispatch(&command, scene) {
        return;
    }
    match config.value(&format!("alias.{}", name.to_lowercase())).map(ToOwned::to_owned) {
        Some(alias) if aliases > 0 => aliased(&alias, &command, &settings, aliases, scene),
        Some(_) => scene.unknown(at, "an alias of itself"),
        None => {
            let effect = Effect::new(&format!("shell:exec:git-{name}"), Impact::Execute, Scope::Local);
            scene.effect(&there, effect);
        }
    }
}

/// What the alias stands for, with the arguments behind it.
fn aliased(alias: &str, command: &Command<'_>, settings: &[(String, String)], left: usize, scene: &mut Scene<'_>) {
    if let Some(script) = alias.strip_prefix('!') {
        // git runs it at the top of the work tree, with the arguments after it.
        let rest: String = command.words.iter().map(|word| format!(" {word}")).collect();
        let directory = scene.around().workspace().map(ToOwned::to_owned).or_else(|| command.at.directory.clone());
        let at = Invocation { directory, ..command.at.with_words(vec![]) };
        return scene.script(&format!("{script}{rest}"), Shell::Posix, &at);
    }
    let mut words = vec![Word::known("git")];
    words.extend(split(alias).into_iter().map(Word::known));
    words.extend(command.words.iter().cloned());
    spoken(&command.at.with_words(words), settings, left - 1, scene);
}

/// An alias' words: blanks part, quotes keep together.
fn split(alias: &str) -> Vec<String> {
    let (mut all, mut word, mut quote, mut any) = (vec![], String::new(), None, false);
    for letter in alias.chars() {
        match (quote, letter) {
            (Some(mark), letter) if letter == mark => quote = None,
            (None, '\'' | '"') => (quote, any) = (Some(letter), true),
            (None, letter) if letter.is_whitespace() => {
                if any || !word.is_empty() {
                    all.push(std::mem::take(&mut word));
                }
                any = false;
            }
            (_, letter) => word.push(letter),
        }
    }
    if any || !word.is_empty() {
        all.push(word);
    }
    all
}

/// The folder that a word leads to from there.
fn moved(to: &Word, at: &Invocation, scene: &Scene<'_>) -> Option<String> {
    let there = files::place(to, at, scene);
    (there.place != Where::Unknown).then_some(there.path)
}

/// `-c name=value`; without a value it is true.
fn setting_of(word: &Word) -> (String, String) {
    let text = word.to_string();
    let (name, value) = text.split_once('=').unwrap_or((&text, "true"));
    (key(name), value.to_owned())
}

/// Section and key in lower case, a subsection as it is.
fn key(name: &str) -> String {
    match (name.split_once('.'), name.rsplit_once('.')) {
        (Some((section, _)), Some((front, last))) if front.len() > section.len() => {
            let middle = front.get(section.len() + 1..).unwrap_or_default();
            format!("{}.{middle}.{}", section.to_lowercase(), last.to_lowercase())
        }
        _ => name.to_lowercase(),
    }
}

fn prints(at: &Invocation, scene: &mut Scene<'_>) {
    scene.effect(at, Effect::new("git:local:help", Impact::Read, Scope::Local));
}

/// Reads one of git's own commands; `false` when it is none.
fn dispatch(command: &Command<'_>, scene: &mut Scene<'_>) -> bool {
    let help =
        command.words.first().is_some_and(|word| word.is("--help")) || matches!(command.words, [only] if only.is("-h"));
    if help {
        prints(command.at, scene);
        return true;
    }
    push::read(command, scene)
        || work::read(command, scene)
        || runs::read(command, scene)
        || local::read(command, scene)
}

#[cfg(test)]
mod tests;
