//! `PowerShell`, as far as the incidents need it: statements and pipelines, quotes, cmdlets and their aliases, parameters cut
//! short, variables, `&`, `cmd /c`, `-EncodedCommand`, and .NET's own deletions.
//!
//! Facts: about_Parsing, about_Quoting_Rules, about_Aliases; the aliases of Windows PowerShell 5.1.

use std::collections::HashMap;

use super::windows;
use crate::identify::command::{Contents, Effect, Invocation, Part, Scene, Sent, Shell, Word, Written};
use crate::model::{Impact, Place, Scope};

/// `pwsh -Command TEXT`, `-EncodedCommand BASE64`, `-File PATH`.
pub(super) fn program(one: &Invocation, scene: &mut Scene<'_>) {
    let words = one.arguments();
    let mut place = 0;
    while let Some(word) = words.get(place) {
        let text = word.text().map(|text| text.to_ascii_lowercase()).unwrap_or_default();
        let is = |long: &str, least: usize| {
            text.len() > least && text.starts_with(['-', '/']) && long.starts_with(text.get(1..).unwrap_or(" "))
        };
        let rest = || words.iter().skip(place + 1).map(ToString::to_string).collect::<Vec<_>>().join(" ");
        if is("command", 1) {
            scene.script(&rest(), Shell::PowerShell, &one.with_words(vec![]));
            return;
        }
        if is("encodedcommand", 1) || text == "-ec" {
            match decoded(&rest()) {
                Some(text) => scene.script(&text, Shell::PowerShell, &one.with_words(vec![])),
                None => scene.unknown(one, "an encoded command that cannot be decoded"),
            }
            return;
        }
        if is("file", 1) {
            file(words.get(place + 1), one, scene);
            return;
        }
        let valued = is("executionpolicy", 2)
            || text == "-ep"
            || is("windowstyle", 1)
            || is("workingdirectory", 2)
            || is("inputformat", 2)
            || is("outputformat", 1);
        if valued {
            place += 1;
        } else if is("version", 1) || is("help", 0) || text == "-?" {
            break;
        } else if !text.starts_with(['-', '/']) {
            let all: Vec<String> = words.iter().skip(place).map(ToString::to_string).collect();
            if text.ends_with(".ps1") {
                file(Some(word), one, scene);
            } else {
                scene.script(&all.join(" "), Shell::PowerShell, &one.with_words(vec![]));
            }
            return;
        }
        place += 1;
    }
    match one.input.text() {
        Some(text) => scene.script(text, Shell::PowerShell, &one.with_words(vec![])),
        None => super::runs(one, scene),
    }
}

/// UTF-16 in base64.
fn decoded(text: &str) -> Option<String> {
    let bytes = data_encoding::BASE64.decode(text.trim().as_bytes()).ok()?;
    let units: Vec<u16> =
        bytes.chunks_exact(2).filter_map(|pair| Some(u16::from_le_bytes(pair.try_into().ok()?))).collect();
    String::from_utf16(&units).ok()
}

fn file(path: Option<&Word>, one: &Invocation, scene: &mut Scene<'_>) {
    super::runs(one, scene);
    let (Some(path), Some(folder)) = (path.and_then(|word| Some(word.text()?.into_owned())), one.directory.clone())
    else {
        return;
    };
    let path = path.replace('\\', "/");
    let path = if path.starts_with('/') { path } else { format!("{folder}/{}", path.trim_start_matches("./")) };
    if let Contents::Whole(bytes) = scene.contents(&path) {
        scene.script(&String::from_utf8_lossy(&bytes), Shell::PowerShell, &one.with_words(vec![]));
    }
}

/// Reads a text.
pub(in crate::identify::command) fn read(text: &str, at: &Invocation, scene: &mut Scene<'_>) {
    let mut variables: HashMap<String, Word> = HashMap::new();
    if let Some(home) = scene.around().home() {
        variables.insert("home".to_owned(), Word::known(home));
    }
    for statement in split(&text.replace("`\n", " ").replace("`\r\n", " "), &[';', '\n', '{', '}']) {
        let statement = statement.trim();
        if statement.is_empty() || statement.starts_with('#') {
            continue;
        }
        if let Some((name, value)) = assignment(statement) {
            let value = words(value, &variables);
            if let [one] = value.as_slice() {
                variables.insert(name, one.clone());
                continue;
            }
            variables.insert(name, Word::unknown(statement, false));
        }
        pipeline(statement, &variables, at, scene);
    }
}

/// `$name = …`.
fn assignment(statement: &str) -> Option<(String, &str)> {
    let (name, value) = statement.split_once('=')?;
    let name = name.trim().strip_prefix('$')?;
    let is_name = name.chars().all(|one| one.is_ascii_alphanumeric() || matches!(one, '_' | ':'));
    (is_name && !value.starts_with('=')).then(|| (name.to_ascii_lowercase(), value.trim()))
}

fn pipeline(statement: &str, variables: &HashMap<String, Word>, at: &Invocation, scene: &mut Scene<'_>) {
    let mut before: Vec<Word> = Vec::new();
    for stage in split(statement, &['|', '&']) {
        let stage = called(stage.trim());
        let stage = stage.as_str();
        if stage.is_empty() {
            continue;
        }
        net(stage, variables, at, scene);
        let all = words(stage, variables);
        command(&all, &before, at, scene);
        before = all;
    }
}

/// `& ('ri') …`, `. script.ps1`: what is called, without the sign and the brackets; texts in the brackets are put together.
fn called(stage: &str) -> String {
    let rest = stage.trim_start_matches(['&', '.', ' ']);
    let Some((inner, after)) = rest.strip_prefix('(').and_then(|rest| rest.split_once(')')) else {
        return rest.to_owned();
    };
    let is_text = |part: &str| part.trim().starts_with(['\'', '"']);
    if inner.split('+').all(is_text) {
        let text: String = inner.split('+').map(|part| part.trim().trim_matches(['\'', '"'])).collect();
        return format!("{text}{after}");
    }
    format!("{inner}{after}")
}

/// .NET's own: `[System.IO.Directory]::Delete($path, $true)`.
fn net(stage: &str, variables: &HashMap<String, Word>, at: &Invocation, scene: &mut Scene<'_>) {
    let lower = stage.to_ascii_lowercase();
    for (call, recursive) in
        [("io.directory]::delete(", true), ("io.file]::delete(", false), ("io.directoryinfo]", true)]
    {
        if let Some(place) = lower.find(call) {
            let rest = stage.get(place + call.len()..).unwrap_or_default();
            let inner = rest.split([',', ')']).next().unwrap_or_default();
            let path = words(inner, variables).into_iter().next().unwrap_or_else(|| Word::unknown(inner, false));
            windows::delete(&path, recursive, at, scene);
        }
    }
}

/// A parameter's full name by what is given of it.
fn parameter<'n>(text: &str, known: &[&'n str]) -> Option<&'n str> {
    let name = text.strip_prefix('-')?.split(':').next()?.to_ascii_lowercase();
    known.iter().find(|full| full.starts_with(&name)).copied()
}

const DELETES: [&str; 8] = ["remove-item", "rm", "ri", "del", "erase", "rd", "rmdir", "remove-itemproperty"];
const LISTS: [&str; 5] = ["get-childitem", "gci", "dir", "ls", "get-item"];
const REQUESTS: [&str; 4] = ["invoke-restmethod", "irm", "invoke-webrequest", "iwr"];

fn command(all: &[Word], before: &[Word], at: &Invocation, scene: &mut Scene<'_>) {
    let Some(first) = all.first() else { return };
    let Some(name) = first.text().map(|text| text.to_ascii_lowercase()) else {
        scene.unknown(at, "the program's name is not known");
        return;
    };
    let here = |impact, scope| Effect::new(&format!("shell:exec:{name}"), impact, scope);
    let is_cmdlet = |text: &str, verb: &str| text.starts_with(verb);
    match name.as_str() {
        name if DELETES.contains(&name) => delete(all, before, at, scene),
        name if REQUESTS.contains(&name) => request(all, at, scene),
        "clear-content" | "clear-item" | "clear-recyclebin" => scene.effect(at, here(Impact::Destroy, Scope::Item)),
        "format-volume" | "clear-disk" | "remove-partition" | "initialize-disk" => {
            scene.effect(at, Effect::new("shell:disk:format", Impact::Destroy, Scope::Account));
        }
        "stop-computer" | "restart-computer" | "stop-service" | "disable-netadapter" => stop(&name, all, at, scene),
        "invoke-expression" | "iex" => match all.get(1).and_then(|word| Some(word.text()?.into_owned())) {
            Some(_) => {
                let rest: Vec<String> = all.iter().skip(1).map(ToString::to_string).collect();
                let text = called(&rest.join(" "));
                scene.script(&text, Shell::PowerShell, at);
            }
            None => scene.unknown(at, "it runs a text that is not known"),
        },
        "start-process" | "saps" => start(all, at, scene),
        "invoke-command" | "icm" => remote(all, at, scene),
        "foreach-object" | "foreach" | "%" | "where-object" | "?" | "if" | "else" | "while" | "for" | "try"
        | "catch" | "function" | "param" => {
            // What stands in its braces was parted from it and is read by itself.
        }
        name if name.starts_with('$') || name.starts_with('[') => {}
        name if is_cmdlet(name, "remove-") => {
            let effect = here(Impact::Destroy, Scope::Resource);
            scene.effect(at, effect.at(Place { host: Some("unknown".to_owned()), ..Place::default() }));
        }
        name if LISTS.contains(&name)
            || [
                "get-", "select-", "write-", "test-", "measure-", "format-", "out-host", "convert", "sort-",
                "compare-", "resolve-", "join-", "split-",
            ]
            .iter()
            .any(|verb| is_cmdlet(name, verb)) =>
        {
            scene.effect(at, here(Impact::Read, Scope::Local));
        }
        "set-content" | "add-content" | "out-file" | "sc" | "ac" | "tee-object" => write(&name, all, at, scene),
        name if [
            "new-",
            "set-",
            "add-",
            "copy-",
            "move-",
            "rename-",
            "out-",
            "import-",
            "export-",
            "install-",
            "start-sleep",
        ]
        .iter()
        .any(|verb| is_cmdlet(name, verb)) =>
        {
            scene.effect(at, here(Impact::Update, Scope::Local));
        }
        "echo" | "cd" | "sl" | "pwd" | "cat" | "type" | "gc" | "cls" | "sleep" | "md" | "mkdir" | "ni" => {
            scene.effect(at, here(Impact::Read, Scope::Local))
        }
        _ => scene.invocation(&at.with_words(all.to_vec())),
    }
}

fn delete(all: &[Word], before: &[Word], at: &Invocation, scene: &mut Scene<'_>) {
    const KNOWN: [&str; 12] = [
        "path",
        "literalpath",
        "recurse",
        "force",
        "filter",
        "include",
        "exclude",
        "confirm",
        "whatif",
        "verbose",
        "erroraction",
        "stream",
    ];
    let has = |wanted: &str, words: &[Word]| {
        words.iter().any(|word| {
            parameter(word.leading(), &KNOWN) == Some(wanted)
                && !word.to_string().to_ascii_lowercase().ends_with(":$false")
        })
    };
    if has("whatif", all) {
        scene.effect(at, Effect::new("shell:exec:remove-item", Impact::Read, Scope::Local));
        return;
    }
    let recursive = has("recurse", all) || has("recurse", before);
    let paths = operands(all, &KNOWN);
    let piped = before
        .first()
        .is_some_and(|word| word.text().is_some_and(|text| LISTS.contains(&text.to_ascii_lowercase().as_str())));
    let from = if paths.is_empty() && piped { operands(before, &KNOWN) } else { vec![] };
    if paths.is_empty() && piped {
        let is_narrow = has("filter", before) || has("include", before);
        let listed = if from.is_empty() { vec![Word::known("*")] } else { from };
        for path in listed {
            // A pattern narrows what is listed, not where.
            let narrowed = is_narrow && !path.leading().contains(':') && !path.leading().starts_with('\\');
            windows::delete(&path, recursive && !narrowed, at, scene);
        }
        return;
    }
    if paths.is_empty() {
        scene.unknown(at, "it deletes what the pipeline before it names");
    }
    for path in paths {
        windows::delete(&path, recursive, at, scene);
    }
}

/// What is no parameter, and no parameter's value but a path's.
fn operands(all: &[Word], known: &[&str]) -> Vec<Word> {
    let mut out = Vec::new();
    let mut words = all.iter().skip(1);
    while let Some(word) = words.next() {
        match parameter(word.leading(), known) {
            Some("path" | "literalpath" | "filepath") => out.extend(words.next().cloned()),
            Some("value" | "encoding" | "filter" | "include" | "exclude" | "erroraction" | "stream") => {
                words.next();
            }
            Some(_) => {}
            None if word.leading().starts_with('-') => {}
            None => out.extend(commas(word)),
        }
    }
    out
}

/// `a, b`: one list.
fn commas(word: &Word) -> Vec<Word> {
    match word.text() {
        Some(text) => {
            text.split(',').filter(|part| !part.trim().is_empty()).map(|part| Word::known(part.trim())).collect()
        }
        None => vec![word.clone()],
    }
}

/// What stops a machine or its services: this one, or the one that is named.
fn stop(name: &str, all: &[Word], at: &Invocation, scene: &mut Scene<'_>) {
    let operation = if name.ends_with("computer") { "shell:system:shutdown" } else { "shell:system:service_stop" };
    let effect = Effect::new(operation, Impact::Disrupt, Scope::Resource);
    match computer(all) {
        Some(host) => scene.effect(at, effect.at(Place { host: Some(host), ..Place::default() })),
        None => scene.effect(at, effect),
    }
}

/// `-ComputerName HOST`.
fn computer(all: &[Word]) -> Option<String> {
    let is = |word: &Word| parameter(word.leading(), &["computername"]).is_some();
    let place = all.iter().position(is)?;
    all.get(place + 1).map(ToString::to_string)
}

/// `Invoke-Command -ComputerName HOST { … }`: what stands in its braces was parted from it and is read by itself, so that
/// the host is all that is told here.
fn remote(all: &[Word], at: &Invocation, scene: &mut Scene<'_>) {
    let effect = Effect::new("shell:exec:session", Impact::Execute, Scope::Item);
    match computer(all) {
        Some(host) => scene.effect(at, effect.at(Place { host: Some(host), ..Place::default() })),
        None => start(all, at, scene),
    }
}

/// A cmdlet that writes a file.
fn write(name: &str, all: &[Word], at: &Invocation, scene: &mut Scene<'_>) {
    const KNOWN: [&str; 8] = ["path", "literalpath", "value", "filepath", "encoding", "force", "append", "nonewline"];
    if let Some(path) = operands(all, &KNOWN).into_iter().next() {
        let path = Word { parts: path.parts.into_iter().map(slashes).collect() };
        let writes = vec![Written { path, appends: name.starts_with('a') }];
        scene.invocation(&Invocation { writes, ..at.with_words(vec![]) });
    }
}

/// Windows' separators as those of all others.
fn slashes(part: Part) -> Part {
    match part {
        Part::Text(text) => Part::Text(text.replace('\\', "/")),
        other => other,
    }
}

fn request(all: &[Word], at: &Invocation, scene: &mut Scene<'_>) {
    const KNOWN: [&str; 9] =
        ["uri", "method", "body", "headers", "contenttype", "outfile", "usebasicparsing", "token", "infile"];
    let value = |wanted: &str| {
        let place = all.iter().position(|word| parameter(word.leading(), &KNOWN) == Some(wanted))?;
        all.get(place + 1)
    };
    let method = value("method").map_or_else(|| "GET".to_owned(), |word| word.to_string().to_ascii_uppercase());
    let url = value("uri").or_else(|| all.iter().skip(1).find(|word| word.leading().starts_with("http")));
    let Some(url) = url.and_then(|word| Some(word.text()?.into_owned())) else {
        if method == "GET" {
            scene.effect(at, Effect::new("shell:exec:invoke-webrequest", Impact::Read, Scope::Local));
        } else {
            scene.unknown(at, "a request to a host that is not known");
        }
        return;
    };
    let body = value("body").map_or_else(String::new, ToString::to_string).into_bytes();
    let headers =
        if body.is_empty() { vec![] } else { vec![("content-type".to_owned(), "application/json".to_owned())] };
    scene.sends(at, Sent { method, url, headers, body: Some(body), ..Sent::default() });
}

/// `Start-Process FILE -ArgumentList a, b`.
fn start(all: &[Word], at: &Invocation, scene: &mut Scene<'_>) {
    const KNOWN: [&str; 8] =
        ["filepath", "argumentlist", "wait", "nonewwindow", "passthru", "verb", "workingdirectory", "scriptblock"];
    let mut words = Vec::new();
    let mut rest = all.iter().skip(1);
    while let Some(word) = rest.next() {
        match parameter(word.leading(), &KNOWN) {
            Some("verb" | "workingdirectory") => drop(rest.next()),
            Some(_) => {}
            None => words.extend(commas(word)),
        }
    }
    let words: Vec<Word> = words
        .iter()
        .flat_map(|word| match word.text() {
            Some(text) => text.split_whitespace().map(Word::known).collect::<Vec<_>>(),
            None => vec![word.clone()],
        })
        .collect();
    if !words.is_empty() {
        scene.invocation(&at.with_words(words));
    }
}

/// Parted at these signs outside quotes.
fn split(text: &str, at: &[char]) -> Vec<String> {
    let mut out = vec![String::new()];
    let mut quote: Option<char> = None;
    for letter in text.chars() {
        match quote {
            Some(open) if open == letter => quote = None,
            None if matches!(letter, '"' | '\'') => quote = Some(letter),
            None if at.contains(&letter) => {
                out.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(last) = out.last_mut() {
            last.push(letter);
        }
    }
    out
}

/// Words: blanks part; variables that are known are filled in, in double quotes too.
fn words(text: &str, variables: &HashMap<String, Word>) -> Vec<Word> {
    let mut out: Vec<Word> = Vec::new();
    let mut parts: Vec<Part> = Vec::new();
    let mut quote: Option<char> = None;
    let mut any = false;
    let mut letters = text.chars().peekable();
    let push = |parts: &mut Vec<Part>, letter: char| match parts.last_mut() {
        Some(Part::Text(text)) => text.push(letter),
        _ => parts.push(Part::Text(letter.to_string())),
    };
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (None, '"' | '\'') => {
                quote = Some(letter);
                any = true;
            }
            (Some(open), letter) if open == letter => quote = None,
            (Some('"') | None, '`') => {
                if let Some(next) = letters.next() {
                    push(&mut parts, next);
                }
            }
            (None, letter) if letter.is_whitespace() => {
                if any || !parts.is_empty() {
                    out.push(Word { parts: std::mem::take(&mut parts) });
                }
                any = false;
            }
            (None | Some('"'), '$')
                if letters.peek().is_some_and(|next| next.is_alphanumeric() || matches!(next, '_' | '{' | '(')) =>
            {
                let mut name = String::new();
                let braced = letters.next_if(|next| matches!(next, '{' | '(')).is_some();
                while let Some(next) = letters.next_if(|next| {
                    next.is_alphanumeric() || matches!(next, '_' | ':') || braced && !matches!(next, '}' | ')')
                }) {
                    name.push(next);
                }
                if braced {
                    letters.next();
                }
                match variables.get(&name.to_ascii_lowercase()) {
                    Some(word) => parts.extend(word.parts.clone()),
                    None if matches!(name.to_ascii_lowercase().as_str(), "true" | "false" | "null") => {
                        format!("${name}").chars().for_each(|one| push(&mut parts, one));
                    }
                    None => parts.push(Part::Unknown { shown: format!("${name}"), splits: false }),
                }
            }
            (_, letter) => push(&mut parts, letter),
        }
    }
    if any || !parts.is_empty() {
        out.push(Word { parts });
    }
    out
}
