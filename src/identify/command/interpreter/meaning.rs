//! What calls of the common libraries do, as the commands and requests that do the same.

use super::calls::Call;
use super::cloud;
use super::lex::{Language, Token};
use super::names::{ALL_OF_IT, ARGV, FILE, MOVES, SHELL, STATEMENTS, TREE, WRITES};
use super::value::{Names, json, members, pair, shown};
use crate::identify::command::{Effect, Invocation, Part, Scene, Sent, Shell, Word, Written};
use crate::model::{Count, Hazard, Impact, Place, Scope};

/// A program's text while it is read.
pub(super) struct Program<'p> {
    pub(super) language: Language,
    /// All of its text: what it imports says what its calls are.
    pub(super) text: &'p str,
    /// It stands in a file: what is not known in it is the file's own affair.
    pub(super) is_file: bool,
}

/// Reads one call.
pub(super) fn read(call: &Call, names: &Names, program: &Program<'_>, at: &Invocation, scene: &mut Scene<'_>) {
    let is = |all: &[&str]| {
        all.iter()
            .any(|known| call.path == *known || (known.contains('.') && call.path.ends_with(&format!(".{known}"))))
    };
    let first = |scene: &Scene<'_>| names.text(call.arguments.first().map_or(&[], Vec::as_slice), (at, scene));
    let path_of = |scene: &Scene<'_>| match call.before.last().filter(|_| call.path.contains("()")) {
        Some(before) => names.text(before.first().map_or(&[], Vec::as_slice), (at, scene)),
        None => first(scene),
    };
    if call.path == "array_map" && matches!(first(scene).text().as_deref(), Some("unlink" | "rmdir")) {
        // `array_map("unlink", glob("…"))`
        let all = call.arguments.get(1).map_or(&[][..], Vec::as_slice);
        let path = all.iter().find_map(|token| match token {
            Token::Text(word) => Some(word.clone()),
            _ => None,
        });
        let path = path.unwrap_or_else(|| Word::unknown(shown(all), false));
        scene.invocation(&at.with_words(vec!["rm".into(), "-rf".into(), path]));
    } else if let Some(words) = piped(call, names, program, (at, scene)) {
        match words.as_slice() {
            [text] => command(text, program, at, scene),
            _ => scene.invocation(&at.with_words(words)),
        }
    } else if connection(call, names, (at, scene)) {
    } else if is_each(call, program) {
        scene.unknown(at, "it deletes what a pattern finds, one by one");
    } else if is_code(call, program) {
        let code = first(scene);
        match code.text() {
            Some(text) => super::code(&text, program, at, scene),
            None if !program.is_file => scene.unknown(at, "it runs a text as code that is not known"),
            None => {}
        }
    } else if is(SHELL) && is_shell(call, program) && is_listed(call, program) {
        // `exec "git", "push"`: a program and its arguments, without a shell.
        let words = call.arguments.iter().map(|one| names.text(one, (at, scene))).collect();
        scene.invocation(&at.with_words(words));
    } else if is(SHELL) && is_shell(call, program) {
        command(&first(scene), program, at, scene);
    } else if is(ARGV) {
        argv(call, names, program, at, scene);
    } else if is(TREE) {
        scene.invocation(&at.with_words(vec!["rm".into(), "-rf".into(), path_of(scene)]));
    } else if is(FILE) {
        scene.invocation(&at.with_words(vec!["rm".into(), path_of(scene)]));
    } else if is(WRITES) || is_opened_to_write(call, names, at, scene) {
        let path = path_of(scene);
        if !path.has_unknown() {
            scene.invocation(&Invocation { writes: vec![Written { path, appends: false }], ..at.with_words(vec![]) });
        }
    } else if is(MOVES) {
        let second = names.text(call.arguments.get(1).map_or(&[], Vec::as_slice), (at, scene));
        scene.invocation(&at.with_words(vec!["mv".into(), first(scene), second]));
    } else if !http(call, names, program, (at, scene)) && !database(call, names, program, (at, scene)) {
        cloud::read(call, names, program, (at, scene));
    }
}

/// `[f.unlink() for f in Path.home().rglob("*")]`, where nobody knows which files those are.
fn is_each(call: &Call, program: &Program<'_>) -> bool {
    let finds = ["rglob(", "glob(", "iterdir(", "os.walk("].iter().any(|word| program.text.contains(word));
    !program.is_file
        && finds
        && matches!(call.name(), "unlink" | "rmdir")
        && call.arguments.first().is_none_or(Vec::is_empty)
        && call.before.is_empty()
}

/// A text that is run in the program's own language.
fn is_code(call: &Call, program: &Program<'_>) -> bool {
    match program.language {
        Language::Python => matches!(call.path.as_str(), "exec" | "eval"),
        Language::JavaScript => {
            matches!(call.path.as_str(), "eval" | "Function" | "new.Function" | "vm.runInNewContext")
        }
        _ => call.path == "eval",
    }
}

/// Perl's and Ruby's `system` and `exec` take a list too.
fn is_listed(call: &Call, program: &Program<'_>) -> bool {
    let takes = matches!(program.language, Language::Perl | Language::Ruby) && matches!(call.name(), "system" | "exec");
    takes && call.arguments.len() > 1 && call.arguments.iter().all(|one| super::value::pair(one).is_none())
}

/// Perl's `open F, "CMD|"` and `open F, "-|", "CMD", …`, and Ruby's `open("|CMD")`: one word is a text for the shell.
fn piped(
    call: &Call,
    names: &Names,
    program: &Program<'_>,
    (at, scene): (&Invocation, &Scene<'_>),
) -> Option<Vec<Word>> {
    if call.path != "open" || !matches!(program.language, Language::Perl | Language::Ruby) {
        return None;
    }
    let text = |position: usize| call.arguments.get(position).map(|one| names.text(one, (at, scene)));
    if program.language == Language::Ruby {
        let command = text(0)?.text()?.strip_prefix('|')?.to_owned();
        return Some(vec![Word::known(command)]);
    }
    let mode = text(1)?.to_string();
    if matches!(mode.trim(), "-|" | "|-") {
        let words = call.arguments.iter().skip(2).map(|one| names.text(one, (at, scene))).collect();
        return Some(words);
    }
    let mode = mode.trim();
    let command = mode.strip_suffix('|').or_else(|| mode.strip_prefix('|'))?;
    Some(vec![Word::known(command.trim())])
}

/// `HTTPSConnection("host").request("DELETE", "/path")`.
fn connection(call: &Call, names: &Names, (at, scene): (&Invocation, &mut Scene<'_>)) -> bool {
    if !call.path.ends_with("HTTPSConnection().request") && !call.path.ends_with("HTTPConnection().request") {
        return false;
    }
    let text = |one: Option<&Vec<Token>>, scene: &Scene<'_>| {
        names.text(one.map_or(&[], Vec::as_slice), (at, scene)).to_string()
    };
    let host = text(call.before.last().and_then(|before| before.first()), scene);
    let method = text(call.arguments.first(), scene).to_ascii_uppercase();
    let path = text(call.arguments.get(1), scene);
    request(&method, &Word::known(format!("https://{host}{path}")), None, (at, scene));
    true
}

/// `re.exec(text)` is no command, nor is another library's `run`.
fn is_shell(call: &Call, program: &Program<'_>) -> bool {
    match call.path.as_str() {
        "system" | "popen" | "exec" | "sh" | "passthru" | "shell_exec" | "`" => {
            matches!(program.language, Language::Perl | Language::Ruby | Language::Php)
                || program.text.contains("import system")
        }
        _ => true,
    }
}

fn command(text: &Word, program: &Program<'_>, at: &Invocation, scene: &mut Scene<'_>) {
    match text.text() {
        Some(known) => scene.script(&known, Shell::Posix, at),
        // What is known of it is read; the holes are variables that nobody sets.
        None if text.parts.iter().any(|part| matches!(part, Part::Text(text) if !text.trim().is_empty())) => {
            let known: String = text
                .parts
                .iter()
                .map(|part| match part {
                    Part::Text(text) | Part::Glob(text) => text.clone(),
                    Part::Unknown { .. } => "\"$NOT_KNOWN\"".to_owned(),
                })
                .collect();
            scene.script(&known, Shell::Posix, at);
        }
        None if !program.is_file => scene.unknown(at, "it runs a command that is not known"),
        None => {}
    }
}

fn argv(call: &Call, names: &Names, program: &Program<'_>, at: &Invocation, scene: &mut Scene<'_>) {
    if call.path == "run" && !program.text.contains("subprocess") {
        return;
    }
    let Some(first) = call.arguments.first() else { return };
    let has_shell = call
        .arguments
        .iter()
        .any(|one| pair(one).is_some_and(|(name, value)| name == "shell" && shown(value) != "False"));
    match names.list(first, (at, scene)) {
        Some(words) => scene.invocation(&at.with_words(words)),
        None => {
            let text = names.text(first, (at, scene));
            if has_shell || call.path == "execSync" {
                command(&text, program, at, scene);
                return;
            }
            let mut words = vec![text];
            if let Some(more) = call.arguments.get(1) {
                match names.list(more, (at, scene)) {
                    Some(further) if !call.path.starts_with("os.exec") && !call.path.starts_with("os.spawn") => {
                        words.extend(further)
                    }
                    Some(further) => words = further,
                    None => {}
                }
            }
            let is_text = words.len() == 1 && words.first().is_some_and(|word| word.to_string().contains(' '));
            match words.first() {
                Some(word) if is_text => command(&word.clone(), program, at, scene),
                Some(word) if word.text().is_none() && program.is_file => {}
                _ => scene.invocation(&at.with_words(words)),
            }
        }
    }
}

fn is_opened_to_write(call: &Call, names: &Names, at: &Invocation, scene: &Scene<'_>) -> bool {
    let Some(mode) =
        call.arguments.get(1).filter(|_| matches!(call.path.as_str(), "open" | "io.open" | "fopen" | "File.open"))
    else {
        return false;
    };
    let mode = pair(mode).map_or(mode.as_slice(), |(_, value)| value);
    names.text(mode, (at, scene)).text().is_some_and(|mode| mode.starts_with(['w', 'a', 'x']) || mode.starts_with('>'))
}

const METHODS: [&str; 7] = ["get", "head", "options", "post", "put", "patch", "delete"];

/// Requests: `requests.delete(url)`, `fetch(url, {method})`, `axios.post(url, body)`.
fn http(call: &Call, names: &Names, program: &Program<'_>, (at, scene): (&Invocation, &mut Scene<'_>)) -> bool {
    let name = call.name().to_ascii_lowercase();
    let owner = call.path.rsplit_once('.').map_or("", |(owner, _)| owner);
    let is_client = [
        "requests",
        "httpx",
        "axios",
        "session",
        "client",
        "http",
        "got",
        "s",
        "requests.Session()",
        "httpx.Client()",
        "Faraday",
        "HTTParty",
        "Net.HTTP",
    ]
    .contains(&owner)
        || owner == "require()" && ["axios", "got", "superagent"].iter().any(|library| program.text.contains(library));
    let text = |tokens: &[Token], scene: &Scene<'_>| names.text(tokens, (at, scene));
    let argument = |position: usize| call.arguments.get(position).map_or(&[][..], Vec::as_slice);
    let named = |wanted: &str| {
        let mut all = call.arguments.iter().filter_map(|one| pair(one));
        all.find(|(name, _)| name == wanted).map(|(_, value)| value)
    };
    let options = call.arguments.iter().rev().find(|one| one.first() == Some(&Token::Sign('{')));
    let option = |wanted: &str, scene: &Scene<'_>| {
        let map = json(options?, names, (at, scene))?;
        map.get(wanted).cloned()
    };
    let (method, url) = if is_client && METHODS.contains(&name.as_str()) {
        (name.to_ascii_uppercase(), text(argument(0), scene))
    } else if is_client && name == "request" {
        (text(argument(0), scene).to_string().to_ascii_uppercase(), text(argument(1), scene))
    } else if call.path == "fetch"
        || call.path == "axios"
        || call.path == "request" && program.language == Language::JavaScript
    {
        let method = option("method", scene).and_then(|value| Some(value.as_str()?.to_ascii_uppercase()));
        let url = option("url", scene).and_then(|value| Some(Word::known(value.as_str()?)));
        (method.unwrap_or_else(|| "GET".to_owned()), url.unwrap_or_else(|| text(argument(0), scene)))
    } else if call.path.ends_with("urllib.request.Request") || call.path == "Request" {
        let has_body = named("data").is_some() || call.arguments.get(1).is_some_and(|one| pair(one).is_none());
        let method = named("method").map(|value| text(value, scene).to_string().to_ascii_uppercase());
        (method.unwrap_or_else(|| if has_body { "POST" } else { "GET" }.to_owned()), text(argument(0), scene))
    } else {
        return false;
    };
    let body = named("json").or_else(|| named("data")).and_then(|value| json(value, names, (at, scene)));
    let body = body.or_else(|| option("body", scene)).or_else(|| {
        let plain = call.arguments.get(1).filter(|one| pair(one).is_none() && is_client && owner != "requests");
        plain.and_then(|one| json(one, names, (at, scene)))
    });
    request(&method, &url, body, (at, scene));
    true
}

/// One request; a hole in its path is a segment that nobody knows.
fn request(method: &str, url: &Word, body: Option<serde_json::Value>, (at, scene): (&Invocation, &mut Scene<'_>)) {
    let is_known = url.leading().split_once("://").is_some_and(|(_, rest)| rest.contains('/') || url.text().is_some());
    if !is_known {
        if !matches!(method, "GET" | "HEAD" | "OPTIONS") {
            scene.unknown(at, "a request to a host that is not known");
        }
        return;
    }
    let parts = url.parts.iter().map(|part| match part {
        Part::Text(text) | Part::Glob(text) => text.clone(),
        Part::Unknown { .. } => "unknown".to_owned(),
    });
    let body = match body {
        None => Vec::new(),
        Some(serde_json::Value::String(text)) => text.into_bytes(),
        Some(other) => other.to_string().into_bytes(),
    };
    let headers =
        if body.is_empty() { vec![] } else { vec![("content-type".to_owned(), "application/json".to_owned())] };
    scene.sends(
        at,
        Sent { method: method.to_owned(), url: parts.collect(), headers, body: Some(body), ..Sent::default() },
    );
}

/// Statements and calls that hand them to a database.
fn database(call: &Call, names: &Names, program: &Program<'_>, (at, scene): (&Invocation, &mut Scene<'_>)) -> bool {
    let name = call.name();
    if ALL_OF_IT.contains(&name) || is_query_set(call, names, at, scene) {
        let effect = Effect::new("sql:generic:delete", Impact::Destroy, Scope::Resource)
            .hazard(Hazard::DataLoss)
            .count(Count::Unbounded);
        scene.effect(at, effect.on(call.path.clone()).at(database_of(program)));
        return true;
    }
    if !STATEMENTS.contains(&name) || !call.path.contains('.') && !matches!(name, "mysqli_query" | "pg_query") {
        return false;
    }
    let text = call.arguments.iter().find_map(|one| {
        let word = names.text(one, (at, scene));
        let inner = word.to_string();
        let first = inner.split_whitespace().next()?.to_ascii_lowercase();
        VERBS.contains(&first.as_str()).then_some(inner)
    });
    let Some(text) = text else { return false };
    let target = target_of(program);
    match crate::identify::statement(dialect_of(program), &text, target.as_deref()) {
        Ok(all) => all.into_iter().for_each(|one| scene.push(one)),
        Err(unreadable) => scene.refuse(at, unreadable),
    }
    true
}

const VERBS: [&str; 16] = [
    "select", "insert", "update", "delete", "drop", "truncate", "alter", "create", "grant", "revoke", "replace",
    "merge", "with", "pragma", "vacuum", "explain",
];

/// `Model.objects.all().delete()`, `collection.deleteMany({})`.
fn is_query_set(call: &Call, names: &Names, at: &Invocation, scene: &Scene<'_>) -> bool {
    let all = call.path.ends_with(".all().delete")
        || call.path.ends_with(".objects.delete")
        || call.path.ends_with("().drop");
    let many = matches!(call.name(), "deleteMany" | "delete_many" | "remove")
        && call.arguments.first().is_none_or(|one| {
            one.is_empty() || json(one, names, (at, scene)).is_some_and(|value| value == serde_json::json!({}))
        });
    all || many && call.path.contains('.') && call.name() != "remove"
}

/// Where a program's database stands, as far as a text in it says.
fn target_of(program: &Program<'_>) -> Option<String> {
    let text = program.text;
    if text.contains("sqlite3")
        || text.contains("better-sqlite3")
        || text.contains("SQLite3")
        || text.contains("sqlite://")
    {
        return Some("localhost/file".to_owned());
    }
    for scheme in ["postgres://", "postgresql://", "mysql://", "mongodb://", "mongodb+srv://", "redis://"] {
        if let Some((_, rest)) = text.split_once(scheme) {
            let rest = rest.split(['"', '\'', '`', '?', ' ']).next().unwrap_or_default();
            let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
            return Some(rest.to_owned());
        }
    }
    let host = text.split_once("host=").map(|(_, rest)| rest.trim_start_matches(['"', '\'']))?;
    Some(host.split(['"', '\'', ' ', ',', ')']).next().unwrap_or_default().to_owned())
}

fn dialect_of(program: &Program<'_>) -> &'static str {
    let text = program.text;
    [("sqlite", "sqlite"), ("mysql", "mysql"), ("psycopg", "postgres"), ("pg", "postgres"), ("postgres", "postgres")]
        .into_iter()
        .find(|(word, _)| text.contains(word))
        .map_or("generic", |(_, dialect)| dialect)
}

fn database_of(program: &Program<'_>) -> Place {
    match target_of(program) {
        Some(target) => {
            let host = target.split(['/', ':']).next().unwrap_or_default().to_owned();
            let loopback = crate::model::http::Authority { host: host.clone(), port: 0 }.is_loopback();
            Place { host: Some(host), database: Some(target), loopback, ..Place::default() }
        }
        None => Place { host: Some("unknown".to_owned()), ..Place::default() },
    }
}

/// Named arguments as one map.
pub(super) fn named(call: &Call, names: &Names, at: (&Invocation, &Scene<'_>)) -> serde_json::Value {
    match call.arguments.first() {
        Some(first) if first.first() == Some(&Token::Sign('{')) => json(first, names, at).unwrap_or_default(),
        _ => members(&call.arguments, names, at),
    }
}
