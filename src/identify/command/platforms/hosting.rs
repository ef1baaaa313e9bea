//! Commands of hosting platforms that run a command there, or hold a request in their words.

use serde_json::Value;

use crate::identify::command::http::{
    Body, Grammar, Item, PLACEHOLDER, Request, file, items, known_text, request, stand_in,
};
use crate::identify::command::{Invocation, Machine, Scene, Shell, Word};

/// Options of these commands that take a value, as far as they may stand before a word that counts.
const GRAMMAR: Grammar = Grammar {
    valued: &[
        "app",
        "config",
        "command",
        "machine",
        "region",
        "org",
        "process-group",
        "select",
        "user",
        "address",
        "access-token",
        "token",
        "data",
        "file",
        "env",
        "name",
        "auth",
        "filter",
        "site",
        "container",
        "size",
        "type",
        "cwd",
        "persist-to",
        "group",
        "credential",
    ],
    plain: &[],
    short: &[
        ('a', "app"),
        ('C', "command"),
        ('c', "config"),
        ('r', "region"),
        ('o', "org"),
        ('g', "process-group"),
        ('u', "user"),
        ('t', "token"),
        ('d', "data"),
        ('e', "env"),
        ('s', "size"),
    ],
    flags: &[('y', "yes")],
    equals: true,
    abbreviates: false,
    ends: false,
};

/// heroku's `-c` is a statement, where others have a file of settings.
const HEROKU: Grammar = Grammar { short: &[('a', "app"), ('c', "command"), ('f', "file"), ('r', "remote")], ..GRAMMAR };

/// Options and operands of a call.
struct Asked {
    words: Vec<Word>,
    options: Vec<(String, Option<Word>)>,
}

impl Asked {
    fn of(one: &Invocation, grammar: &Grammar) -> Self {
        let (mut words, mut options) = (vec![], vec![]);
        for item in items(one.arguments(), grammar) {
            match item {
                Item::Operand(word) => words.push(word),
                Item::Option(name, value) => options.push((name, value)),
            }
        }
        Self { words, options }
    }

    fn word(&self, at: usize) -> String {
        self.words.get(at).map(stand_in).unwrap_or_default()
    }

    fn value(&self, name: &str) -> Option<&Word> {
        self.options.iter().rev().find(|(known, _)| known == name).and_then(|(_, value)| value.as_ref())
    }

    fn has(&self, name: &str) -> bool {
        self.options.iter().any(|(known, _)| known == name)
    }

    fn asks_for_help(&self) -> bool {
        self.has("help") || self.has("h")
    }
}

/// `fly ssh console -C COMMAND`, `fly machine exec ID COMMAND`: what runs there.
pub(super) fn fly(one: &Invocation, scene: &mut Scene<'_>) -> bool {
    let asked = Asked::of(one, &GRAMMAR);
    let command = match (asked.word(0).as_str(), asked.word(1).as_str()) {
        ("ssh", "console") => asked.value("command").cloned(),
        ("console", _) => asked.value("command").cloned(),
        ("machine" | "machines" | "m", "exec") => asked.words.get(3).cloned(),
        _ => None,
    };
    let Some(command) = command.filter(|_| !asked.asks_for_help()) else { return false };
    let app = asked.value("app").and_then(known_text).unwrap_or_else(|| PLACEHOLDER.to_owned());
    there(&command, &format!("{app}.fly.dev"), one, scene)
}

/// `heroku run COMMAND` and `heroku pg:psql -c STATEMENT`.
pub(super) fn heroku(one: &Invocation, scene: &mut Scene<'_>) -> bool {
    let asked = Asked::of(one, &HEROKU);
    let app = asked.value("app").and_then(known_text).unwrap_or_else(|| PLACEHOLDER.to_owned());
    match (asked.word(0).as_str(), asked.value("command")) {
        ("pg:psql" | "psql" | "pg:sql", Some(statement)) if !asked.asks_for_help() => {
            statements(statement, &format!("{app}.herokuapp.com"), "postgres", one, scene)
        }
        _ => false,
    }
}

/// A command on a platform's machine.
fn there(command: &Word, host: &str, one: &Invocation, scene: &mut Scene<'_>) -> bool {
    let mut inside = one.with_words(vec![]);
    inside.machine = Machine::Remote(host.to_owned());
    match known_text(command) {
        Some(text) => scene.script(&text, Shell::Posix, &inside),
        None => scene.unknown(one, "a command on the platform's machine that is not known"),
    }
    true
}

/// Statements for a platform's database, as the client that speaks its language would send them.
fn statements(text: &Word, host: &str, database: &str, one: &Invocation, scene: &mut Scene<'_>) -> bool {
    let words = ["psql", &format!("postgresql://{host}/{database}"), "-c"].map(Word::known);
    let mut words = words.to_vec();
    words.push(text.clone());
    scene.invocation(&one.with_words(words));
    true
}

/// `netlify api OPERATION --data JSON`: the call of that name.
pub(super) fn netlify(one: &Invocation, scene: &mut Scene<'_>) -> bool {
    let asked = Asked::of(one, &GRAMMAR);
    if asked.word(0) != "api" || asked.asks_for_help() || asked.has("list") {
        return false;
    }
    let Some(name) = asked.words.get(1).and_then(known_text) else {
        scene.unknown(one, "the operation is not known");
        return true;
    };
    let data: Value = asked
        .value("data")
        .and_then(known_text)
        .and_then(|text| serde_json::from_str(&text).ok())
        .unwrap_or(Value::Null);
    let Some((method, path)) = operation(&name) else {
        scene.unknown(one, "no operation of this API has that name");
        return true;
    };
    let path: Vec<String> = path
        .split('/')
        .map(|part| match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
            Some(label) => match data.get(label.trim_end_matches('+')) {
                Some(Value::String(text)) => text.replace('/', "%2F"),
                Some(other) => other.to_string(),
                None => PLACEHOLDER.to_owned(),
            },
            None => part.to_owned(),
        })
        .collect();
    let method = Word::known(method);
    let url = Word::known(format!("https://api.netlify.com/api/v1{}", path.join("/")));
    let body = data.get("body").map_or_else(Body::default, |body| Body::of(body.to_string()));
    let headers = vec![("content-type".to_owned(), Word::known("application/json"))];
    request(&Request { method, url, headers, body, ..Request::default() }, one, scene);
    true
}

/// Method and path of an operation of Netlify's API.
fn operation(name: &str) -> Option<(&'static str, &'static str)> {
    let row = crate::catalog::described::book("netlify")?.operations().iter().find(|row| row.name.get() == name)?;
    Some((row.method.get(), row.path.get()))
}

/// `wrangler d1 execute NAME --command STATEMENT`: locally, unless it says `--remote`.
pub(super) fn wrangler(one: &Invocation, scene: &mut Scene<'_>) -> bool {
    let asked = Asked::of(one, &GRAMMAR);
    if asked.word(0) != "d1" || asked.word(1) != "execute" || asked.asks_for_help() || !asked.has("remote") {
        return false;
    }
    let name = asked.words.get(2).map_or_else(|| PLACEHOLDER.to_owned(), stand_in);
    if let Some(statement) = asked.value("command") {
        return statements(statement, "d1.cloudflarestorage.com", &name, one, scene);
    }
    let held = asked.value("file").map(|path| file(path, one, scene)).filter(|body| body.known);
    match held {
        Some(body) => {
            let text = Word::known(String::from_utf8_lossy(&body.bytes).into_owned());
            statements(&text, "d1.cloudflarestorage.com", &name, one, scene)
        }
        None => false,
    }
}
