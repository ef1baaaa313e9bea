//! sqlite3 and duckdb: databases that are files.

use super::postgres::local;
use super::run::{Run, absolute};
use crate::identify::command::{Effect, Invocation, Machine, Scene, Word, place_of};
use crate::identify::statement::{Client, SqlDialect};
use crate::model::{Hazard, Impact, Place, Scope};

/// Options with a value.
const VALUES: &[&str] = &[
    "-cmd",
    "-init",
    "-separator",
    "-newline",
    "-nullvalue",
    "-lookaside",
    "-maxsize",
    "-mmap",
    "-pagecache",
    "-heap",
    "-vfs",
    "-escape",
    "-s",
    "-c",
    "-f",
    "-storage-version",
];
/// Folders of throw-aways.
const THROW_AWAY: &[&str] = &["/tmp/", "/var/tmp/", "/private/tmp/", "/dev/shm/"];

/// `sqlite3`.
pub(super) fn sqlite(one: &Invocation, scene: &mut Scene<'_>) {
    read(one, scene, SqlDialect::Sqlite);
}

/// `duckdb`.
pub(super) fn duckdb(one: &Invocation, scene: &mut Scene<'_>) {
    read(one, scene, SqlDialect::DuckDb);
}

fn read(one: &Invocation, scene: &mut Scene<'_>, dialect: SqlDialect) {
    let mut operands: Vec<&Word> = Vec::new();
    let mut said: Vec<(bool, &Word)> = Vec::new();
    let mut readonly = false;
    let mut words = one.arguments().iter();
    while let Some(word) = words.next() {
        let shown = word.leading();
        // `--name` is `-name` here.
        let name = if shown.starts_with("--") { shown.get(1..).unwrap_or_default() } else { shown };
        match name {
            "-help" | "-version" | "-h" => return local(one, scene, "help"),
            "-readonly" | "-safe" => readonly |= name == "-readonly",
            "-cmd" | "-c" | "-s" => said.extend(words.next().map(|word| (false, word))),
            "-init" | "-f" => said.extend(words.next().map(|word| (true, word))),
            name if VALUES.contains(&name) => {
                words.next();
            }
            name if name.starts_with('-') && name.len() > 1 => {}
            _ => operands.push(word),
        }
    }
    let place = operands.first().map_or_else(|| Some(here(one)), |word| of(one, scene, word));
    let mut run = Run::new(one, scene, dialect, Client::Dot);
    run.place = Some(place.unwrap_or_else(|| elsewhere("unknown")));
    run.is_readonly = readonly;
    let mut some = false;
    for (is_file, word) in said {
        some = true;
        if is_file { run.file(word) } else { run.word(word) }
    }
    for word in operands.iter().skip(1) {
        some = true;
        run.word(word);
    }
    if !some {
        run.input();
    }
}

/// The machine that it runs on.
fn here(one: &Invocation) -> Place {
    place_of(&one.machine)
}

pub(super) fn elsewhere(path: &str) -> Place {
    Place { host: Some("unknown".to_owned()), database: Some(format!("file:{path}")), ..Place::default() }
}

/// Where a file stands: the workspace and throw-aways are the agent's own.
pub(super) fn of(one: &Invocation, scene: &Scene<'_>, word: &Word) -> Option<Place> {
    if !matches!(one.machine, Machine::Own) {
        return Some(here(one));
    }
    let text = word.text()?;
    let bare = text.strip_prefix("file:").unwrap_or(&text);
    let bare = bare.split('?').next().unwrap_or(bare);
    if bare.is_empty() || bare.contains(":memory:") {
        return Some(here(one));
    }
    if bare.contains("://") || bare.starts_with("md:") {
        return Some(elsewhere(bare));
    }
    let path = absolute(one, scene, bare)?;
    let real = scene.around().real(&path).path;
    let is_own = |path: &str| {
        let in_workspace = scene
            .around()
            .workspace()
            .is_some_and(|root| path.strip_prefix(root).is_some_and(|rest| rest.starts_with('/')));
        in_workspace || THROW_AWAY.iter().any(|folder| path.starts_with(folder))
    };
    Some(if is_own(&path) && is_own(&real) { here(one) } else { elsewhere(&real) })
}

/// Commands with a dot.
pub(super) fn own(run: &mut Run<'_, '_>, command: &str) {
    let (name, rest) = command.split_once(char::is_whitespace).unwrap_or((command, ""));
    let rest = rest.trim();
    let bare = rest.trim_matches(['"', '\'']);
    let name = name.trim_start_matches('.').to_ascii_lowercase();
    let is = |whole: &str, least: usize| name.len() >= least && whole.starts_with(name.as_str());
    if is("shell", 2) || is("system", 2) {
        return run.shell(rest);
    }
    if let Some(shell) = bare.strip_prefix('|') {
        return run.shell(shell);
    }
    if is("read", 3) {
        return run.file(&Word::known(bare));
    }
    if is("open", 1) {
        let file = rest.split_whitespace().rfind(|word| !word.starts_with('-')).unwrap_or("").to_owned();
        run.place = Some(of(run.at, run.scene, &Word::known(file)).unwrap_or_else(|| elsewhere("unknown")));
        return run.says("connect", Impact::Read, Scope::Resource);
    }
    if is("restore", 3) {
        let effect = Effect::new(&format!("sql:{}:restore", run.dialect.as_str()), Impact::Destroy, Scope::Resource);
        return run.add(effect.hazard(Hazard::Replace));
    }
    if is("load", 1) && name.len() > 1 {
        return run.says("load_extension", Impact::Execute, Scope::Resource);
    }
    if is("import", 2) {
        return run.says("insert", Impact::Create, Scope::Resource);
    }
    run.says("show", Impact::Read, Scope::Resource);
}
