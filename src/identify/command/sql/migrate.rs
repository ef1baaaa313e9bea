//! Migration tools and the object mappers' own commands: what they do to the database that their configuration names.

use super::postgres::local;
use super::source::{Source, find};
use super::tools::{Commands, Does, commands};
use crate::identify::command::{Effect, Input, Invocation, Scene, Word};
use crate::identify::statement::{Client, SqlDialect};
use crate::model::{BlastRadius, Hazard, Impact, Reversible, Scope};

/// Options with a value, of all these tools.
const VALUES: &[&str] = &[
    "--url",
    "--schema",
    "--config",
    "--env",
    "--file",
    "--database-url",
    "--datasource",
    "-d",
    "--dataSource",
    "-x",
    "-c",
    "--name",
    "-n",
    "-m",
    "--message",
    "--settings",
    "--pythonpath",
    "--database",
    "--knexfile",
    "--migrations-path",
    "--models-path",
    "--options-path",
    "--dir",
    "-dir",
    "-u",
    "--dev-url",
    "--to",
    "--connection",
    "--path",
    "--step",
    "--environment",
    "-e",
    "--class",
    "--out",
    "--from-url",
    "--to-url",
    "--project",
    "--changelog-file",
    "--defaults-file",
    "--endpoint",
    "--admin-secret",
    "--indent",
    "-o",
    "--output",
    "--port",
    "-r",
    "--repo",
    "--dialect",
    "--migrations-dir",
    "--source",
    "--database-name",
    "--username",
    "--password",
    "--rev-id",
    "-v",
    "--verbosity",
    "--latest",
    "--url-file",
];

/// A tool by its program's name.
pub(super) fn tool(one: &Invocation, scene: &mut Scene<'_>) {
    let program = one.program().unwrap_or_default();
    named(&program, one.arguments(), one, scene);
}

/// A tool by this name, with these arguments.
pub(super) fn named(program: &str, words: &[Word], one: &Invocation, scene: &mut Scene<'_>) {
    let Some(commands) = commands(program) else { return scene.unknown(one, "a tool that is not known") };
    let text = |word: &Word| word.to_string();
    let mut operands: Vec<Word> = Vec::new();
    let mut at = 0;
    while let Some(word) = words.get(at) {
        let shown = text(word);
        if VALUES.contains(&shown.as_str()) && !(shown == "-v" && words.len() == at + 1) {
            at += 1;
        } else if !shown.starts_with('-') && (program == "goose" || !shown.contains('=') || shown.contains(':')) {
            operands.push(word.clone());
        }
        at += 1;
    }
    let has = |names: &[&str]| words.iter().any(|word| names.iter().any(|name| word.is(name)));
    let shown: Vec<String> = operands.iter().map(text).collect();
    let asks = has(&["--help", "--version"])
        || shown.first().is_none_or(|first| first == "help")
        || (has(&["-h"]) && program != "diesel");
    if asks && !(program == "flyway" && !shown.is_empty() && !has(&["--help"])) {
        return local(one, scene, "help");
    }
    let source = find(program, words, one, scene);
    if program == "prisma" && shown.iter().map(String::as_str).take(2).eq(["db", "execute"]) {
        return executes(words, &source, one, scene);
    }
    if shown.first().is_some_and(|first| matches!(first.as_str(), "dbshell" | "dbconsole" | "db"))
        && operands.len() == 1
    {
        return shell(&source, one, scene);
    }
    if let Some(code) = code(program, &shown, words) {
        return runs(program, &code, &source, one, scene);
    }
    // Rake and flyway take several commands at once.
    let many = matches!(program, "rails" | "rake" | "flyway" | "mix");
    let lists: Vec<&[String]> = if many { shown.chunks(1).collect() } else { vec![&shown] };
    let mut some = false;
    for list in lists {
        let (does, is_unknown) = match list.first() {
            Some(_) if operands.iter().take(2).any(|word| word.has_unknown() && word.leading().is_empty()) => {
                (Does::Wipes, true)
            }
            _ => (of(commands, list), false),
        };
        if does == Does::Local && (some || many && list != lists_first(&shown)) {
            continue;
        }
        some = true;
        let does = exactly(program, does, list, words, one);
        add(program, (does, is_unknown), list, one, (&source, scene));
    }
}

fn lists_first(shown: &[String]) -> &[String] {
    shown.get(..1).unwrap_or_default()
}

/// The first of the commands that fits.
fn of(commands: Commands, words: &[String]) -> Does {
    let fits = |pattern: &str| {
        pattern.split(' ').enumerate().all(|(at, wanted)| {
            let Some(word) = words.get(at) else { return false };
            match wanted.strip_suffix('*') {
                Some(beginning) => word.starts_with(beginning),
                None => word == wanted,
            }
        })
    };
    commands.iter().find(|(pattern, _)| fits(pattern)).map_or(Does::Local, |(_, does)| *does)
}

/// What options make of a command.
fn exactly(program: &str, does: Does, list: &[String], words: &[Word], one: &Invocation) -> Does {
    let has = |names: &[&str]| words.iter().any(|word| names.iter().any(|name| word.is(name)));
    let first = list.first().map(String::as_str).unwrap_or_default();
    // Somebody says yes to whatever is asked.
    let answers = matches!(one.input, Input::Text(_) | Input::Unknown(_) | Input::File(_));
    match program {
        "prisma"
            if first == "db"
                && (has(&["--force-reset", "--accept-data-loss"]) || answers)
                && does == Does::Migrates =>
        {
            Does::Wipes
        }
        "prisma" if first == "migrate" && answers && does == Does::Migrates && has(&["dev"]) => Does::Wipes,
        "drizzle-kit" if first == "push" && (has(&["--force"]) || answers) => Does::Wipes,
        "alembic" | "hasura" if has(&["--sql", "--dry-run"]) => Does::Reads,
        "manage.py" | "django-admin" if first == "migrate" => match () {
            () if has(&["--plan", "--check"]) => Does::Reads,
            () if list.get(2).is_some_and(|name| name == "zero") => Does::Reverts,
            // A migration by its name may be one that is done already.
            () if list.len() > 2 && !has(&["--fake"]) => Does::Reverts,
            () => does,
        },
        "artisan" if has(&["--pretend"]) => Does::Reads,
        "atlas" | "sqlx" if has(&["--dry-run"]) => Does::Reads,
        "mikro-orm" if has(&["--dump"]) => Does::Reads,
        "knex" if first == "seed:run" => Does::Wipes,
        _ => does,
    }
}

fn add(
    program: &str,
    (does, is_unknown): (Does, bool),
    list: &[String],
    one: &Invocation,
    (source, scene): (&Source, &mut Scene<'_>),
) {
    let verb: Vec<String> = list
        .iter()
        .take(2)
        .map(|word| word.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect())
        .collect();
    let verb = if matches!(program, "prisma" | "atlas" | "sqlx" | "diesel" | "hasura" | "sea-orm-cli") {
        verb.join("_")
    } else {
        verb.first().cloned().unwrap_or_default()
    };
    let tool = program.trim_end_matches(".py");
    let id = format!("sql:{tool}:{verb}");
    let (impact, scope) = match does {
        Does::Wipes => (Impact::Destroy, Scope::Environment),
        Does::Reverts => (Impact::Destroy, Scope::Resource),
        Does::Migrates => (Impact::Update, Scope::Resource),
        Does::Seeds => (Impact::Create, Scope::Item),
        Does::Creates => (Impact::Create, Scope::Resource),
        Does::Reads => (Impact::Read, Scope::Resource),
        Does::Local => {
            let effect = Effect::new(&format!("shell:exec:{program}"), Impact::Execute, Scope::Local);
            return scene.effect(one, effect);
        }
    };
    let impact = if is_unknown { Impact::Unknown } else { impact };
    let mut effect = Effect { blast: BlastRadius::new(impact, scope), ..Effect::new(&id, impact, scope) };
    if impact == Impact::Destroy {
        effect = effect.hazard(Hazard::DataLoss).reversible(Reversible::No);
    }
    effect = effect.with("command", list.join(" "));
    scene.effect(one, effect.at(source.place(one)));
}

/// `prisma db execute --file f | --stdin`.
fn executes(words: &[Word], source: &Source, one: &Invocation, scene: &mut Scene<'_>) {
    let dialect = source.dialect();
    let client = Client::None;
    let file = words.windows(2).find_map(|pair| match pair {
        [name, value] if name.is("--file") => Some(value.clone()),
        _ => None,
    });
    let place = source.place(one);
    let mut run = super::run::Run::new(one, scene, dialect, client);
    run.place = Some(place);
    match file {
        Some(file) => run.file(&file),
        None => run.input(),
    }
}

/// The database's own client, with what stands on its input.
fn shell(source: &Source, one: &Invocation, scene: &mut Scene<'_>) {
    let dialect = source.dialect();
    let client = match dialect {
        SqlDialect::Mysql => Client::Mysql,
        SqlDialect::Sqlite => Client::Dot,
        _ => Client::Psql,
    };
    let dialect = if dialect == SqlDialect::Generic { SqlDialect::Postgres } else { dialect };
    let place = source.place(one);
    let mut run = super::run::Run::new(one, scene, dialect, client);
    run.place = Some(place);
    run.input();
}

/// The code that `rails runner`, `manage.py shell -c`, `artisan tinker --execute` and `mix run -e` are given.
fn code(program: &str, shown: &[String], words: &[Word]) -> Option<String> {
    let first = shown.first()?.as_str();
    let value = |names: &[&str]| {
        words.iter().enumerate().find_map(|(at, word)| {
            let text = word.to_string();
            if names.contains(&text.as_str()) {
                return words.get(at + 1).map(ToString::to_string);
            }
            names.iter().find_map(|name| text.strip_prefix(&format!("{name}=")).map(ToOwned::to_owned))
        })
    };
    match (program, first) {
        ("rails", "runner" | "r") => Some(shown.get(1..)?.join(" ")),
        ("manage.py" | "django-admin", "shell" | "shell_plus") => value(&["-c", "--command"]),
        ("artisan", "tinker") => value(&["--execute"]),
        ("mix", "run") => value(&["-e", "--eval"]),
        _ => None,
    }
}

/// Code in another language, which reaches the database through the project's models.
fn runs(program: &str, code: &str, source: &Source, one: &Invocation, scene: &mut Scene<'_>) {
    let lower = code.to_ascii_lowercase();
    let calls = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    let loses = [
        "delete",
        "destroy",
        "drop",
        "truncate",
        "purge",
        "wipe",
        ".remove",
        "flush",
        "raw(",
        "execute",
        "exec(",
        "eval",
        "system",
        "popen",
        "subprocess",
        "unlink",
    ];
    let (name, impact) = match () {
        () if calls(&loses) => ("destroy", Impact::Destroy),
        () if calls(&["update", ".save", "set_password", "create", "insert"]) => ("update", Impact::Update),
        () => {
            let effect = Effect::new(&format!("shell:exec:{program}"), Impact::Execute, Scope::Local);
            return scene.effect(one, effect);
        }
    };
    let tool = program.trim_end_matches(".py");
    let effect = Effect::new(&format!("sql:{tool}:{name}"), impact, Scope::Resource);
    let effect = if impact == Impact::Destroy { effect.hazard(Hazard::DataLoss) } else { effect };
    scene.effect(one, effect.at(source.place(one)));
}
