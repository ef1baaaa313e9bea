//! From what is known of an agent and what its files say to what they will say.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::agents::{BY_HAND, Facts, Form, Switch, Target};
use super::command::{self, NotSayable};
use super::entries::Entries;
use super::json::{Merged, Wrong};
use super::{File, Ground, Plan, Scope, State, Wish, json, toml};

/// What an agent's files would become. Nothing is written.
///
/// # Errors
/// This program's path cannot be said in them.
pub fn plan(facts: &'static Facts, ground: &Ground<'_>, wish: Wish) -> Result<Plan, NotSayable> {
    let words = command::words(ground.binary, ground.config, facts.form)?;
    let line = format!("{}{}", command::line(&words), facts.otherwise);
    let mut plan = Plan {
        agent: facts.agent,
        state: State::Unsupported,
        refusal: None,
        files: vec![],
        notes: facts.notes.iter().map(|note| (*note).to_owned()).collect(),
    };
    if let Some(never) = facts.never {
        plan.refusal = Some(format!("{never}:\n{}", snippet(BY_HAND, &line)));
        return Ok(plan);
    }
    if let Some(why) = unsupported(facts, ground).filter(|_| wish == Wish::Install) {
        plan.refusal = Some(why);
        return Ok(plan);
    }
    let mut is_before_there = false;
    for target in facts.targets {
        let Some(path) = place(target, ground) else { continue };
        let work = Work { words: &words, line: &line, wish };
        match target.form {
            Form::Entries(entries) => {
                is_before_there = path.exists();
                plan.files.push(work.entries(path, entries));
            }
            Form::TomlInstead(entries) => instead(&mut plan, &work, path, entries, is_before_there),
            Form::Each(entries) => plan.files.extend(each(&path).into_iter().map(|path| work.entries(path, entries))),
            Form::Whole { text, executable } => plan.files.push(work.whole(path, text, executable)),
        }
    }
    if plan.files.is_empty() {
        let what = if wish == Wish::Install { State::Manual } else { State::Missing };
        plan.state = what;
        plan.refusal = (wish == Wish::Install).then(|| {
            format!(
                "{} keeps hooks in the files of its agents, and there is none here: make one, and run this again",
                facts.title
            )
        });
        return Ok(plan);
    }
    if wish == Wish::Install {
        switch_off(facts, ground, &mut plan);
    }
    plan.state = plan.files.iter().map(|file| file.state).max().unwrap_or(State::Missing);
    if ground.scope == Scope::Project && wish == Wish::Install {
        plan.notes
            .push("A project's file goes to everybody who has the project, and holds this machine's path.".to_owned());
    }
    Ok(plan)
}

/// Files that hold TOML hooks already go on doing so: two files of hooks in one place are warned of.
fn instead(plan: &mut Plan, work: &Work<'_>, path: PathBuf, entries: &'static Entries, is_before_there: bool) {
    let Ok(Some(text)) = read(&path) else { return };
    let holds = toml::value_at(&text, entries.root).is_some();
    let file = work.toml(path, &text, entries);
    match work.wish {
        Wish::Uninstall => plan.files.push(file),
        Wish::Install if holds && !is_before_there => plan.files = vec![file],
        Wish::Install => {}
    }
}

/// What an agent of this version cannot do.
fn unsupported(facts: &Facts, ground: &Ground<'_>) -> Option<String> {
    if facts.agent != "kiro-ide" {
        return None;
    }
    let path = (ground.variable)("PATH").unwrap_or_default();
    let program = std::env::split_paths(&path).map(|folder| folder.join("kiro")).find(|file| file.is_file())?;
    let program = program.canonicalize().ok()?;
    let package =
        program.ancestors().map(|folder| folder.join("resources/app/package.json")).find(|file| file.is_file())?;
    let version = json::value_at(&fs::read_to_string(package).ok()?, &["version"])?.as_str()?.to_owned();
    version.starts_with("0.").then(|| {
        format!("this is Kiro {version}, whose hooks are not told what the tool is asked to do: nothing could be judged. Kiro 1.x can")
    })
}

fn place(target: &Target, ground: &Ground<'_>) -> Option<PathBuf> {
    match ground.scope {
        Scope::User => target.user.map(|user| below_home(user, ground)),
        Scope::Project => target.project.map(|path| ground.project.join(path)),
    }
}

fn below_home((path, variable): (&str, Option<&str>), ground: &Ground<'_>) -> PathBuf {
    let (folder, rest) = path.split_once('|').unwrap_or(("", path));
    let moved = variable.and_then(|name| (ground.variable)(name)).map(PathBuf::from).filter(|path| path.is_absolute());
    moved.unwrap_or_else(|| ground.home.join(folder)).join(rest)
}

/// The agents' files of a folder, in order.
fn each(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> =
        fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    found.retain(|path| path.extension().is_some_and(|end| end == "json") && path.is_file());
    found.sort();
    found
}

/// Says so where the agent is told to run no hooks.
fn switch_off(facts: &Facts, ground: &Ground<'_>, plan: &mut Plan) {
    let project = |switch: &Switch| ground.project.join(switch.project);
    for switch in facts.switches {
        let user = below_home(switch.user, ground);
        let paths = match ground.scope {
            Scope::User => vec![user],
            Scope::Project => vec![user, project(switch)],
        };
        for path in paths {
            let Ok(Some(text)) = read(&path) else { continue };
            let is_toml = path.extension().is_some_and(|end| end == "toml");
            let value = if is_toml { toml::value_at(&text, switch.keys) } else { json::value_at(&text, switch.keys) };
            let is_off = match &value {
                Some(Value::Bool(value)) => *value == switch.off,
                Some(Value::Array(names)) => names.iter().any(|name| name == "blastgate"),
                _ => false,
            };
            if !is_off {
                continue;
            }
            let last = switch.keys.last().copied().unwrap_or_default();
            let line = text.lines().position(|line| line.contains(last)).map_or(1, |index| index + 1);
            let setting = match &value {
                Some(Value::Bool(_)) => format!("{} = {}", switch.keys.join("."), switch.off),
                _ => format!("{} = [blastgate]", switch.keys.join(".")),
            };
            plan.notes.push(format!("{}:{line}: `{setting}` turns the hook off.", path.display()));
            for file in plan.files.iter_mut().filter(|file| file.state < State::Off) {
                if file.state == State::Installed {
                    file.line = line;
                }
                file.state = State::Off;
                file.why.get_or_insert_with(|| format!("`{setting}` in {} turns the hook off", path.display()));
            }
        }
    }
}

fn read(path: &Path) -> io::Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The lines that a person adds.
fn snippet(entries: &Entries, line: &str) -> String {
    let bare = Entries { first: &[], ..*entries };
    json::merged("", &bare, line, Wish::Install).ok().and_then(|merged| merged.text).unwrap_or_default()
}

struct Work<'a> {
    words: &'a [String],
    line: &'a str,
    wish: Wish,
}

impl Work<'_> {
    fn entries(&self, path: PathBuf, entries: &'static Entries) -> File {
        match read(&path) {
            Ok(None) if self.wish == Wish::Uninstall => nothing(path),
            Ok(before) => {
                let merged = json::merged(before.as_deref().unwrap_or_default(), entries, self.line, self.wish);
                self.file(path, before, merged, entries)
            }
            Err(error) => by_hand(path, &error.to_string(), snippet(entries, self.line)),
        }
    }

    fn toml(&self, path: PathBuf, text: &str, entries: &'static Entries) -> File {
        let merged = toml::merged(text, entries, self.line, self.wish);
        self.file(path, Some(text.to_owned()), merged, entries)
    }

    fn file(&self, path: PathBuf, before: Option<String>, merged: Result<Merged, Wrong>, entries: &Entries) -> File {
        let merged = match merged {
            Ok(merged) => merged,
            Err(wrong) => {
                let mut file = by_hand(path, &wrong.to_string(), snippet(entries, self.line));
                file.line = wrong.line();
                file.before.clone_from(&before);
                file.after = before;
                return file;
            }
        };
        let is_same = before == merged.text;
        let is_link = path.symlink_metadata().is_ok_and(|meta| meta.is_symlink());
        let after = match merged.text {
            // A link is somebody's arrangement: it stays.
            None if is_link => Some("{}\n".to_owned()),
            text => text,
        };
        self.seen(File { before, after, line: merged.line, ..nothing(path) }, is_same, merged.stood)
    }

    fn whole(&self, path: PathBuf, template: &str, executable: bool) -> File {
        let wanted = template
            .replace("{argv}", &Value::from(self.words).to_string())
            .replace("{text}", &Value::from(self.line).to_string())
            .replace("{line}", self.line);
        let before = match read(&path) {
            Ok(before) => before,
            Err(error) => return by_hand(path, &error.to_string(), wanted),
        };
        let is_named = path.file_stem().is_some_and(|name| name == "blastgate");
        let is_ours = |text: &String| is_named || text.lines().any(command::is_ours);
        let stood = before.as_ref().is_some_and(is_ours);
        if before.is_some() && !stood {
            if self.wish == Wish::Uninstall {
                return nothing(path);
            }
            let line = format!("{}\n", self.line);
            let mut file =
                by_hand(path, "another hook of yours stands there, and there can be one only: call ours from it", line);
            file.before.clone_from(&before);
            file.after = before;
            return file;
        }
        let is_runnable = !executable || before.is_none() || is_executable(&path);
        let after = (self.wish == Wish::Install).then_some(wanted);
        let is_same = before == after && is_runnable;
        // A file of ours that is as it should be but for its mode is written anew.
        self.seen(File { before, after, executable, ..nothing(path) }, is_same, stood)
    }

    /// How it stands.
    fn seen(&self, mut file: File, is_same: bool, stood: bool) -> File {
        (file.state, file.why) = match (self.wish, is_same, stood) {
            (_, true, true) => (State::Installed, None),
            (Wish::Install, _, false) => (State::Missing, Some("the hook is not there".to_owned())),
            (Wish::Install, false, true) => (State::Differs, Some("the hook is not as it would be written".to_owned())),
            (Wish::Uninstall, _, false) => (State::Missing, None),
            (Wish::Uninstall, false, true) => (State::Installed, None),
        };
        file
    }
}

fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    path.metadata().is_ok_and(|meta| meta.permissions().mode() & 0o100 != 0)
}

fn nothing(path: PathBuf) -> File {
    File {
        path,
        state: State::Missing,
        line: 1,
        why: None,
        by_hand: None,
        before: None,
        after: None,
        executable: false,
    }
}

fn by_hand(path: PathBuf, why: &str, lines: String) -> File {
    File { state: State::Manual, why: Some(why.to_owned()), by_hand: Some(lines), ..nothing(path) }
}
