//! Shells, and what takes a text or a list of words to run in a way of its own: env, ssh.

use super::super::face::Reader;
use super::super::shell;
use super::super::{Effect, Input, Invocation, Machine, Scene, Shell, Word};
use super::{assignment, joined};
use crate::model::{Impact, Scope};

/// The program's reader.
pub(super) fn reader(program: &str) -> Option<Reader> {
    Some(match program {
        "sh" | "bash" | "zsh" | "dash" | "ksh" | "ash" | "mksh" | "rbash" | "yash" | "fish" => runs_text,
        "env" | "genv" => env,
        "ssh" | "mosh" | "autossh" | "dbclient" | "et" => ssh,
        "su" | "runuser" => su,
        "flock" => flock,
        "eval" => eval,
        "source" | "." => source,
        "at" | "batch" => at,
        "crontab" => crontab,
        "sudo" | "doas" => sudo,
        _ => return None,
    })
}

fn tells(one: &Invocation, scene: &mut Scene<'_>) {
    shell::tells(one, scene);
}

/// `bash`, with a text, a file, or what it reads.
fn runs_text(one: &Invocation, scene: &mut Scene<'_>) {
    let (mut takes_text, mut from_input, mut only_checks) = (false, false, false);
    let mut startup: Option<&Word> = None;
    let mut words = one.arguments().iter();
    let mut operands: Vec<Word> = vec![];
    while let Some(word) = words.next() {
        let text = word.leading();
        match text {
            "--" | "-" if word.is(text) => {
                operands.extend(words.by_ref().cloned());
            }
            "--version" | "--help" => return tells(one, scene),
            "--rcfile" | "--init-file" => startup = words.next(),
            option if option.starts_with("--") => {
                takes_text |= option == "--command";
            }
            option if option.len() > 1 && (option.starts_with('-') || option.starts_with('+')) => {
                let on = option.starts_with('-');
                for letter in option.chars().skip(1) {
                    match letter {
                        'c' if on => takes_text = true,
                        's' if on => from_input = true,
                        'n' if on => only_checks = true,
                        'o' | 'O' => drop(words.next()),
                        _ => {}
                    }
                }
            }
            _ => {
                operands.push(word.clone());
                operands.extend(words.by_ref().cloned());
            }
        }
    }
    if only_checks {
        return tells(one, scene);
    }
    super::carried::starts(one, scene);
    if let Some(path) = startup.filter(|path| !path.is("/dev/null")) {
        file(path, &[], one, scene);
    }
    let inner = one.with_words(vec![]);
    if takes_text {
        let Some(text) = operands.first() else { return tells(one, scene) };
        if text.text().is_none() && text.leading().trim().is_empty() && is_all_unknown(text) {
            scene.unknown(one, "runs a text that nobody knows");
            return;
        }
        let text = scene.veiled(text);
        let name = operands.get(1).map_or_else(|| "bash".to_owned(), ToString::to_string);
        return shell_text(&text, &name, operands.get(2..).unwrap_or_default(), &inner, scene);
    }
    match operands.first() {
        Some(path) if !from_input => file(path, operands.get(1..).unwrap_or_default(), one, scene),
        _ => {
            let text = shell::input(one, scene);
            given(text.as_deref(), if from_input { &operands } else { &[] }, one, scene);
        }
    }
}

fn is_all_unknown(word: &Word) -> bool {
    word.parts.iter().all(|part| match part {
        super::super::Part::Text(text) => text.trim().is_empty(),
        _ => true,
    })
}

/// Reads a text within the bounds of the scene, with its own name and arguments.
fn shell_text(text: &str, name: &str, arguments: &[Word], inner: &Invocation, scene: &mut Scene<'_>) {
    // Arguments that may be several, or none, shift all those after them.
    if arguments.iter().any(Word::splits) || arguments.is_empty() && name != "bash" {
        let known: &[Word] = &[];
        if arguments.is_empty() {
            return scene.nested(inner, |scene| shell::read_with(text, name, known, inner, scene));
        }
        return scene.script(text, Shell::Posix, inner);
    }
    scene.nested(inner, |scene| shell::read_with(text, name, arguments, inner, scene));
}

/// What a shell reads is what it runs.
fn given(text: Option<&str>, arguments: &[Word], one: &Invocation, scene: &mut Scene<'_>) {
    match (text, &one.input) {
        (Some(text), _) => {
            let inner = Invocation { input: Input::Text(String::new()), ..one.with_words(vec![]) };
            shell_text(text, "bash", arguments, &inner, scene);
        }
        (None, Input::Inherited) => {
            scene.effect(one, Effect::new("shell:exec:session", Impact::Execute, Scope::Local));
        }
        (None, Input::File(path)) => file(&path.clone(), arguments, one, scene),
        (None, from) => {
            let why = format!("runs what nobody knows: {}", shell::origin(from));
            scene.unknown(one, why.trim_end_matches(": "));
        }
    }
}

/// A script in a file.
fn file(path: &Word, arguments: &[Word], one: &Invocation, scene: &mut Scene<'_>) {
    if let Some(text) = shell::file(path, one, scene) {
        let name = path.to_string();
        let inner = one.with_words(vec![]);
        scene.nested(&inner, |scene| shell::read_with(&text, &name, arguments, &inner, scene));
        return;
    }
    let is_stream = path.text().is_some_and(|path| path.starts_with("/dev/fd/") || path == "/dev/stdin");
    let comes = path.text().is_some_and(|path| scene.comes_from_elsewhere(&path, one));
    if is_stream || comes {
        scene.unknown(one, "runs a text that nobody knows");
    } else {
        scene.effect(one, Effect::new("shell:exec:script", Impact::Execute, Scope::Local).on(path.to_string()));
    }
}

/// `sudo`: `-s` and `-i` run a shell, `-l` and `-v` nothing.
fn sudo(one: &Invocation, scene: &mut Scene<'_>) {
    let Some(row) = super::rows::ROWS.iter().find(|row| Some(row.command) == one.program().as_deref()) else { return };
    let rest = row.after_options(one.arguments(), &mut vec![]);
    let options = one.arguments().get(..one.arguments().len() - rest.len()).unwrap_or_default();
    let edits = |word: &Word| word.is("-e") || word.is("--edit");
    if options.iter().any(edits) {
        let mut words = vec![Word::known("tee")];
        words.extend(rest.iter().filter(|word| !word.is("--")).cloned());
        scene.invocation(&one.with_words(words));
        return;
    }
    let shell = options.iter().any(|word| word.is("-s") || word.is("-i") || word.is("--shell") || word.is("--login"));
    let rest = match rest.split_first() {
        Some((word, others)) if word.is("--") => others,
        _ => rest,
    };
    if shell && rest.is_empty() {
        let text = shell::input(one, scene);
        given(text.as_deref(), &[], one, scene);
        return;
    }
    let there = super::sockets::moved(options, "-D", one, scene);
    super::wraps(row, there.as_ref().unwrap_or(one), scene);
}

/// `su USER -c TEXT`, `runuser -u USER CMD…`: options and operands stand in any order.
fn su(one: &Invocation, scene: &mut Scene<'_>) {
    let mut words = one.arguments().iter();
    let (mut text, mut operands, mut names_user) = (None, vec![], false);
    while let Some(word) = words.next() {
        match word.leading() {
            "-c" | "--command" | "--session-command" | "-lc" => text = words.next().cloned(),
            "-u" | "--user" => {
                names_user = true;
                words.next();
            }
            "-s" | "--shell" | "-g" | "--group" | "-G" | "-w" | "-T" => drop(words.next()),
            option if option.starts_with("--command=") => {
                let inline = scene.veiled(word);
                text = inline.strip_prefix("--command=").map(|inline| scene.unveil(inline, false));
            }
            "--" if word.is("--") => operands.extend(words.by_ref().cloned()),
            option if option.len() > 1 && option.starts_with('-') => {}
            _ if names_user => {
                operands.push(word.clone());
                operands.extend(words.by_ref().cloned());
            }
            _ => operands.push(word.clone()),
        }
    }
    match text {
        Some(text) if is_all_unknown(&text) => scene.unknown(one, "runs a text that nobody knows"),
        Some(text) => {
            let text = scene.veiled(&text);
            scene.script(&text, Shell::Posix, &one.with_words(vec![]));
        }
        None if names_user && !operands.is_empty() => scene.invocation(&one.with_words(operands)),
        None => {
            let text = shell::input(one, scene);
            given(text.as_deref(), &[], one, scene);
        }
    }
}

/// `env`: variables, `-S` and then a command.
fn env(one: &Invocation, scene: &mut Scene<'_>) {
    let mut inner = one.with_words(vec![]);
    let mut words: std::collections::VecDeque<Word> = one.arguments().iter().cloned().collect();
    let mut splits_left = 4;
    while let Some(word) = words.front().cloned() {
        let text = scene.veiled(&word);
        let split = text
            .strip_prefix("--split-string=")
            .or_else(|| text.strip_prefix("-S"))
            .or_else(|| text.strip_prefix("-vS"));
        if let Some(inline) = split {
            words.pop_front();
            let joined = if inline.is_empty() {
                let next = words.pop_front().unwrap_or_default();
                scene.veiled(&next)
            } else {
                inline.to_owned()
            };
            splits_left -= 1;
            if splits_left == 0 {
                scene.unknown(one, "`env -S` in itself");
                return;
            }
            for (n, piece) in split_string(&joined).into_iter().enumerate() {
                words.insert(n, scene.unveil(&piece, false));
            }
            continue;
        }
        match text.as_str() {
            "--" => drop(words.pop_front()),
            "-u" | "--unset" => {
                words.pop_front();
                if let Some(name) = words.pop_front() {
                    inner.variables.push((name.to_string(), Word::known("")));
                }
            }
            "-C" | "--chdir" => {
                words.pop_front();
                let to = words.pop_front().unwrap_or_default();
                inner.directory = to.text().and_then(|to| shell::path_from(one.directory.as_deref(), &to));
            }
            option if option.starts_with('-') => {
                words.pop_front();
                let there = super::sockets::moved(std::slice::from_ref(&word), "-C", one, scene);
                inner.directory = there.map_or(inner.directory, |there| there.directory);
            }
            _ => match assignment(&word, scene) {
                Some(set) => {
                    inner.variables.push(set);
                    words.pop_front();
                }
                None => break,
            },
        }
    }
    if words.is_empty() {
        return tells(one, scene);
    }
    scene.invocation(&inner.with_words(words.into()));
}

/// The words of a text with quotes, as `env -S` splits it.
fn split_string(text: &str) -> Vec<String> {
    match brush_parser::tokenize_str(text) {
        Ok(tokens) => tokens.iter().map(|token| brush_parser::unquote_str(token.to_str())).collect(),
        Err(_) => text.split_whitespace().map(ToOwned::to_owned).collect(),
    }
}

/// Options of ssh that take a value.
const SSH: &[char] =
    &['B', 'b', 'c', 'D', 'E', 'e', 'F', 'I', 'i', 'J', 'L', 'l', 'm', 'O', 'o', 'p', 'P', 'Q', 'R', 'S', 'W', 'w'];

/// `ssh HOST COMMAND`: the words are joined, and the shell over there reads them.
fn ssh(one: &Invocation, scene: &mut Scene<'_>) {
    let mut words = one.arguments().iter();
    let mut operands: Vec<Word> = vec![];
    let (mut forwards, mut tells_only) = (false, false);
    let mut real: Option<String> = None;
    while let Some(word) = words.next() {
        let text = word.leading();
        if operands.is_empty() && word.is("--") {
            continue;
        }
        if text.starts_with("--") && one.program().as_deref() != Some("ssh") {
            continue;
        }
        if text.len() > 1 && text.starts_with('-') && operands.len() < 2 && !word.is("--") {
            for (n, letter) in text.chars().enumerate().skip(1) {
                forwards |= matches!(letter, 'N' | 'W');
                tells_only |= matches!(letter, 'V' | 'G' | 'Q' | 'O');
                if SSH.contains(&letter) {
                    if letter == 'o' {
                        let named = proxied(word, n, words.clone().next(), one, scene);
                        real = real.or(named);
                    }
                    if n + 1 == text.chars().count() {
                        words.next();
                    }
                    break;
                }
            }
            continue;
        }
        if operands.len() == 1 && word.is("--") {
            operands.extend(words.by_ref().cloned());
            break;
        }
        operands.push(word.clone());
        if operands.len() == 2 {
            operands.extend(words.by_ref().cloned());
        }
    }
    let Some((host, command)) = operands.split_first() else { return tells(one, scene) };
    if tells_only || forwards && command.is_empty() {
        return tells(one, scene);
    }
    let shown = host.to_string();
    let name = shown.trim_start_matches("ssh://").rsplit('@').next().unwrap_or(&shown).to_owned();
    let is_own = |name: &str| matches!(name, "localhost" | "127.0.0.1" | "::1");
    // The name that is really called, unless it is this machine: a forwarded port there may lead anywhere.
    let name = real.filter(|real| !is_own(real) && !real.contains('%')).unwrap_or(name);
    let is_loopback = is_own(&name);
    let machine = if is_loopback { one.machine.clone() } else { Machine::Remote(name) };
    let there = Invocation { variables: vec![], directory: None, machine, writes: vec![], ..one.clone() };
    if !command.is_empty() {
        let text = joined(command, scene);
        if is_all_unknown(&Word { parts: command.iter().flat_map(|word| word.parts.clone()).collect() }) {
            scene.unknown(&there, "runs a text that nobody knows over there");
            return;
        }
        return scene.script(&text, Shell::Posix, &there.with_words(vec![]));
    }
    let text = shell::input(one, scene);
    match (&text, shown.starts_with("git@")) {
        // A forge only says who one is.
        (None, true) => tells(one, scene),
        _ => given(text.as_deref(), &[], &there, scene),
    }
}

/// `-o ProxyCommand=…` and its like run a command here; the host of `-o HostName=…` is given back.
fn proxied(word: &Word, at: usize, next: Option<&Word>, one: &Invocation, scene: &mut Scene<'_>) -> Option<String> {
    let inline: String = word.leading().chars().skip(at + 1).collect();
    let option = if inline.is_empty() { next.map(|next| scene.veiled(next)).unwrap_or_default() } else { inline };
    let (name, text) = option.split_once(['=', ' '])?;
    let (name, text) = (name.trim(), text.trim_start_matches(['=', ' ']));
    let runs = ["proxycommand", "localcommand", "knownhostscommand"].iter().any(|one| name.eq_ignore_ascii_case(one));
    if runs && text != "none" {
        scene.script(text, Shell::Posix, &one.with_words(vec![]));
    }
    name.eq_ignore_ascii_case("hostname").then(|| scene.unveil(text, false).to_string())
}

/// `flock FILE CMD…`, `flock FILE -c TEXT`.
fn flock(one: &Invocation, scene: &mut Scene<'_>) {
    let mut rest: &[Word] = one.arguments();
    let mut operands = 0;
    while let Some((word, others)) = rest.split_first() {
        let text = word.leading();
        match text {
            "-c" | "--command" => {
                let text = others.first().map(|text| scene.veiled(text)).unwrap_or_default();
                return scene.script(&text, Shell::Posix, &one.with_words(vec![]));
            }
            "-w" | "--timeout" | "--wait" | "-E" | "--conflict-exit-code" => rest = others.get(1..).unwrap_or_default(),
            option if option.len() > 1 && option.starts_with('-') => rest = others,
            _ if operands == 0 => {
                operands = 1;
                rest = others;
            }
            _ => return scene.invocation(&one.with_words(rest.to_vec())),
        }
    }
    tells(one, scene);
}

/// `eval` where it is not the shell's own walk that meets it.
fn eval(one: &Invocation, scene: &mut Scene<'_>) {
    let text = joined(one.arguments(), scene);
    scene.script(&text, Shell::Posix, &one.with_words(vec![]));
}

/// The same of `source`.
fn source(one: &Invocation, scene: &mut Scene<'_>) {
    match one.arguments().split_first() {
        Some((path, arguments)) => file(path, arguments, one, scene),
        None => tells(one, scene),
    }
}

/// `at`: what it reads is run later.
fn at(one: &Invocation, scene: &mut Scene<'_>) {
    let lists = one.arguments().iter().any(|word| word.is("-l") || word.is("-c") || word.is("-V") || word.is("-d"));
    let from = one.arguments().iter().position(|word| word.is("-f")).and_then(|at| one.arguments().get(at + 1));
    match from {
        _ if lists => tells(one, scene),
        Some(path) => file(path, &[], one, scene),
        None => {
            let text = shell::input(one, scene);
            given(text.as_deref(), &[], one, scene);
        }
    }
}

/// `crontab`: what it is given is run again and again.
fn crontab(one: &Invocation, scene: &mut Scene<'_>) {
    let words = one.arguments();
    if words.iter().any(|word| word.is("-l")) {
        return tells(one, scene);
    }
    if words.iter().any(|word| word.is("-r")) {
        let effect = Effect::new("shell:crontab:remove", Impact::Destroy, Scope::Resource);
        return scene.effect(one, effect.hazard(crate::model::Hazard::DataLoss));
    }
    let path = words.iter().find(|word| !word.leading().starts_with('-') || word.is("-"));
    let text = match path {
        Some(path) => shell::file(path, one, scene),
        None => shell::input(one, scene),
    };
    scene.effect(one, Effect::new("shell:crontab:set", Impact::Update, Scope::Resource));
    let Some(text) = text else { return };
    let inner = Invocation { repeats: true, ..one.with_words(vec![]) };
    for line in text.lines().filter(|line| !line.trim_start().starts_with('#')).take(100) {
        let times = if line.trim_start().starts_with('@') { 1 } else { 5 };
        let mut rest = line.trim_start();
        for _ in 0..times {
            rest = rest.split_once(char::is_whitespace).map_or("", |(_, rest)| rest).trim_start();
        }
        if !rest.is_empty() {
            scene.script(rest, Shell::Posix, &inner);
        }
    }
}
