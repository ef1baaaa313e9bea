//! What well-known programs print, where it is certain: so that `echo … | base64 -d | sh` is read as what it runs.

use super::super::{Contents, Input, Invocation, Machine, RealKind, Scene, Word};
use super::expand::ansi;
use super::fold_text;
use super::state::VALUE_BYTES_MAX;

/// Programs that print nothing when they do what they should.
const SILENT: &[&str] = &[
    ":", "true", "false", "test", "[", "sleep", "wait", "mkdir", "touch", "rm", "rmdir", "cp", "mv", "ln", "chmod",
    "chown", "shopt", "ulimit", "umask", "hash",
];

/// What the command prints, with characters for what nobody knows; `None` when nothing of it is known.
pub(in crate::identify::command) fn printed(one: &Invocation, scene: &mut Scene<'_>) -> Option<String> {
    let program = one.program()?;
    let arguments = one.arguments();
    if matches!(program.as_str(), "echo" | "printf") {
        let texts: Vec<String> = arguments.iter().map(|word| splitting(word, scene)).collect();
        return if program == "echo" { Some(echoed(&texts)) } else { formatted(&texts) };
    }
    if SILENT.contains(&program.as_str()) {
        return Some(String::new());
    }
    let texts: Vec<String> = arguments.iter().map(|word| scene.veiled(word)).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let text = match program.as_str() {
        "cat" | "bat" | "tee" | "tac" | "rev" | "head" | "tail" | "sort" | "uniq" | "nl" => {
            filtered(&program, &texts, one, scene)
        }
        "base64" | "base32" | "xxd" | "tr" | "openssl" => {
            let input = operand_or_input(&program, &texts, one, scene)?;
            fold_text::decoded(&program, &texts, &input)
        }
        "pwd" => one.directory.as_ref().map(|path| format!("{path}\n")),
        "basename" => fold_text::basename(&texts),
        "dirname" => fold_text::dirname(&texts),
        "seq" => fold_text::sequence(&texts),
        "mktemp" => temporary(&texts, one, scene),
        "realpath" | "readlink" => real(&texts, one, scene),
        "which" => names(&texts),
        "find" => {
            let prints =
                !texts.iter().any(|text| matches!(*text, "-exec" | "-execdir" | "-ok" | "-delete" | "-printf" | "-ls"));
            let paths = super::super::wrapper::found_paths(one);
            prints.then(|| paths.iter().map(|path| scene.veiled(path) + "\n").collect())
        }
        "command" if matches!(texts.first(), Some(&"-v")) => names(texts.get(1..)?),
        "whoami" => scene.around().variable("USER").map(|user| format!("{user}\n")),
        "git" if texts == ["rev-parse", "--show-toplevel"] => {
            let root = scene.around().workspace()?;
            one.directory
                .as_ref()
                .is_some_and(|path| std::path::Path::new(path).starts_with(root))
                .then(|| format!("{root}\n"))
        }
        _ => None,
    };
    text.filter(|text| text.len() <= VALUE_BYTES_MAX)
}

/// A word that may become several stands for something that nobody knows.
fn splitting(word: &Word, scene: &mut Scene<'_>) -> String {
    scene.veiled(word)
}

fn echoed(texts: &[String]) -> String {
    let (mut newline, mut escapes) = (true, false);
    let mut texts = texts;
    while let Some((first, rest)) = texts.split_first() {
        let flags = first.strip_prefix('-').filter(|flags| !flags.is_empty());
        let Some(flags) = flags.filter(|flags| flags.chars().all(|flag| "neE".contains(flag))) else { break };
        for flag in flags.chars() {
            match flag {
                'n' => newline = false,
                'e' => escapes = true,
                _ => escapes = false,
            }
        }
        texts = rest;
    }
    let mut line = texts.join(" ");
    if escapes {
        line = ansi(&line, true);
    }
    if newline {
        line.push('\n');
    }
    line
}

/// What `printf` prints.
pub(super) fn formatted(texts: &[String]) -> Option<String> {
    let texts = match texts.first().map(String::as_str) {
        Some("--") => texts.get(1..)?,
        Some("-v") => return Some(String::new()),
        _ => texts,
    };
    let (format, arguments) = texts.split_first()?;
    let mut out = String::new();
    let mut left = arguments.iter();
    loop {
        let before = left.len();
        one_format(format, &mut left, &mut out)?;
        if left.len() == 0 || left.len() == before || out.len() > VALUE_BYTES_MAX {
            return Some(out);
        }
    }
}

/// One round of a format.
fn one_format<'t>(format: &str, arguments: &mut impl Iterator<Item = &'t String>, out: &mut String) -> Option<()> {
    let mut plain = String::new();
    let mut rest = format.chars().peekable();
    while let Some(character) = rest.next() {
        if character != '%' {
            plain.push(character);
            if character == '\\'
                && let Some(next) = rest.next()
            {
                plain.push(next);
            }
            continue;
        }
        out.push_str(&ansi(&std::mem::take(&mut plain), true));
        let mut flags = String::new();
        while let Some(flag) = rest.next_if(|flag| "-+ #0123456789.".contains(*flag)) {
            flags.push(flag);
        }
        let kind = rest.next()?;
        if kind == '%' {
            out.push('%');
            continue;
        }
        let argument = arguments.next().cloned().unwrap_or_default();
        let text = match kind {
            's' => argument,
            'b' => ansi(&argument, true),
            'q' => format!("'{}'", argument.replace('\'', "'\\''")),
            'd' | 'i' | 'u' if argument.is_empty() => "0".to_owned(),
            'd' | 'i' | 'u' => argument,
            'c' => argument.chars().take(1).collect(),
            'x' => format!("{:x}", argument.parse::<i64>().ok()?),
            'o' => format!("{:o}", argument.parse::<i64>().ok()?),
            _ => return None,
        };
        out.push_str(&padded(&text, &flags)?);
    }
    out.push_str(&ansi(&plain, true));
    Some(())
}

fn padded(text: &str, flags: &str) -> Option<String> {
    if flags.is_empty() {
        return Some(text.to_owned());
    }
    let left = flags.starts_with('-');
    let (width, precision) = flags.trim_start_matches(['-', '+', ' ', '#']).split_once('.').map_or_else(
        || (flags.trim_start_matches(['-', '+', ' ', '#']), None),
        |(width, precision)| (width, Some(precision)),
    );
    let zeros = width.starts_with('0');
    let width: usize = if width.is_empty() { 0 } else { width.parse().ok()? };
    let text: String = match precision {
        Some(precision) => text.chars().take(precision.parse().unwrap_or(0)).collect(),
        None => text.to_owned(),
    };
    let missing = width.min(4096).saturating_sub(text.chars().count());
    Some(match (left, zeros) {
        (true, _) => text + &" ".repeat(missing),
        (false, true) => "0".repeat(missing) + &text,
        (false, false) => " ".repeat(missing) + &text,
    })
}

/// What the program reads: its operands, or standard input.
fn operand_or_input(program: &str, texts: &[&str], one: &Invocation, scene: &Scene<'_>) -> Option<String> {
    let is_option = |text: &str| text.starts_with('-') && text.len() > 1;
    let operand = match program {
        "base64" | "base32" | "xxd" => texts.iter().rfind(|text| !is_option(text) && text.parse::<u32>().is_err()),
        _ => None,
    };
    match operand {
        Some(path) => super::file(&Word::known(*path), one, scene),
        None => super::input(one, scene),
    }
}

/// Programs that print the lines that they read, in some order, or some of them.
fn filtered(program: &str, texts: &[&str], one: &Invocation, scene: &mut Scene<'_>) -> Option<String> {
    let options: Vec<&str> = texts.iter().copied().filter(|text| text.starts_with('-') && text.len() > 1).collect();
    let operands: Vec<&str> = texts.iter().copied().filter(|text| !text.starts_with('-') || *text == "-").collect();
    if program == "tee" {
        let input = super::input(one, scene);
        for path in &operands {
            if let Some(path) = super::path_from(one.directory.as_deref(), path)
                && one.machine == Machine::Own
            {
                let known = input.clone().filter(|_| options.is_empty());
                scene.wrote(&path, known.map_or(Contents::Unknown, |text| Contents::Whole(text.into_bytes())));
            }
        }
        return input;
    }
    let mut lines_wanted = 10;
    let mut paths = operands.clone();
    match program {
        "cat" | "bat" | "tac" | "rev" if options.iter().all(|option| matches!(*option, "-u" | "-p" | "-pp")) => {}
        "head" | "tail" => match texts {
            [option, rest @ ..] if option.starts_with("-n") || option.starts_with("--lines=") => {
                let inline = option.trim_start_matches("--lines=").trim_start_matches("-n");
                let (count, rest) = if inline.is_empty() {
                    rest.split_first().map(|(one, rest)| (*one, rest))?
                } else {
                    (inline, rest)
                };
                lines_wanted = count.parse().ok()?;
                paths = rest.to_vec();
            }
            [option, rest @ ..] if option.strip_prefix('-').is_some_and(|n| n.parse::<usize>().is_ok()) => {
                lines_wanted = option.strip_prefix('-')?.parse().ok()?;
                paths = rest.to_vec();
            }
            _ if options.is_empty() => {}
            _ => return None,
        },
        _ if options.is_empty() && matches!(program, "sort" | "uniq") => {}
        _ => return None,
    }
    let mut text = String::new();
    if paths.is_empty() {
        text = super::input(one, scene)?;
    }
    for path in paths {
        let word = scene.unveil(path, false);
        text.push_str(&super::file(&word, one, scene)?);
    }
    arranged(program, text, lines_wanted)
}

/// The lines as the program prints them.
fn arranged(program: &str, text: String, lines_wanted: usize) -> Option<String> {
    let lines = || text.lines().collect::<Vec<_>>();
    let ended = |lines: Vec<&str>| lines.iter().map(|line| format!("{line}\n")).collect::<String>();
    Some(match program {
        "cat" | "bat" => text,
        "tac" => ended(lines().into_iter().rev().collect()),
        "rev" => text.lines().map(|line| line.chars().rev().chain(['\n']).collect::<String>()).collect(),
        "head" => ended(lines().into_iter().take(lines_wanted).collect()),
        "tail" => {
            let all = lines();
            let skipped = all.len().saturating_sub(lines_wanted);
            ended(all.into_iter().skip(skipped).collect())
        }
        "sort" => {
            let mut all = lines();
            all.sort_unstable();
            ended(all)
        }
        "uniq" => {
            let mut all = lines();
            all.dedup();
            ended(all)
        }
        _ => return None,
    })
}

/// A throw-away that did not exist before.
fn temporary(texts: &[&str], one: &Invocation, scene: &mut Scene<'_>) -> Option<String> {
    let folder = match one.set("TMPDIR").map(|word| scene.veiled(word)).or_else(|| scene.around().variable("TMPDIR")) {
        Some(folder) if !folder.is_empty() => folder.trim_end_matches('/').to_owned(),
        _ => "/tmp".to_owned(),
    };
    let mut template = None;
    let (mut inside, mut dry) = (None, false);
    let mut rest = texts.iter();
    while let Some(text) = rest.next() {
        match *text {
            "-d" | "-q" | "--directory" | "--quiet" => {}
            "-u" | "--dry-run" => dry = true,
            "-t" | "-dt" | "-td" => inside = Some(folder.clone()),
            "-p" => inside = Some((*rest.next()?).to_owned()),
            option if option.starts_with("--tmpdir=") => {
                inside = option.strip_prefix("--tmpdir=").map(ToOwned::to_owned)
            }
            "--tmpdir" => inside = Some(folder.clone()),
            option if option.starts_with('-') => {}
            name => template = Some(name),
        }
    }
    let _ = dry;
    let path = match (template, inside) {
        (Some(name), Some(inside)) => format!("{inside}/{name}"),
        (Some(name), None) => name.to_owned(),
        (None, inside) => format!("{}/tmp.XXXXXXXXXX", inside.unwrap_or(folder)),
    };
    let absolute = |path: &str| super::path_from(one.directory.as_deref(), path);
    let stem = path.trim_end_matches('X').to_owned();
    let fresh = (1..1000).map(|n| format!("{stem}{n:06}")).find(|path| match absolute(path) {
        Some(path) => !matches!(scene.contents(&path), Contents::Whole(_)),
        None => true,
    })?;
    if let Some(path) = absolute(&fresh)
        && one.machine == Machine::Own
    {
        scene.wrote(&path, Contents::Whole(vec![]));
    }
    Some(format!("{fresh}\n"))
}

fn real(texts: &[&str], one: &Invocation, scene: &Scene<'_>) -> Option<String> {
    let operands: Vec<&&str> = texts.iter().filter(|text| !text.starts_with('-')).collect();
    let [path] = operands.as_slice() else { return None };
    if path.contains(super::super::is_veiled) || one.machine != Machine::Own {
        return None;
    }
    let path = super::path_from(one.directory.as_deref(), path)?;
    Some(format!("{}\n", scene.around().real(&path).path))
}

/// Where programs stand, wherever that is: the name is what matters.
fn names(texts: &[&str]) -> Option<String> {
    match texts {
        [name] if !name.starts_with('-') => Some(format!("/usr/bin/{}\n", name.rsplit('/').next().unwrap_or(name))),
        _ => None,
    }
}

/// What a program makes of files that scripts may be read from afterwards: a copy, a download.
pub(super) fn moved(one: &Invocation, scene: &mut Scene<'_>) {
    if one.machine != Machine::Own {
        return;
    }
    let Some(program) = one.program() else { return };
    let absolute = |path: &str| super::path_from(one.directory.as_deref(), path);
    let texts: Vec<String> = one.arguments().iter().filter_map(Word::text).map(std::borrow::Cow::into_owned).collect();
    match program.as_str() {
        "cp" | "mv" | "ln" | "install" => {
            let operands: Vec<&String> = texts.iter().filter(|text| !text.starts_with('-')).collect();
            let [from, to] = operands.as_slice() else { return };
            let (Some(from), Some(mut to)) = (absolute(from), absolute(to)) else { return };
            if scene.around().real(&to).kind == RealKind::Directory || operands.iter().any(|text| text.ends_with('/')) {
                to = format!("{to}/{}", from.rsplit('/').next().unwrap_or_default());
            }
            if let Contents::Whole(bytes) = scene.contents(&from) {
                scene.wrote(&to, Contents::Whole(bytes));
            }
        }
        "curl" | "wget" => {
            let option = if program == "curl" { ["-o", "--output"] } else { ["-O", "--output-document"] };
            let mut all = texts.iter();
            while let Some(text) = all.next() {
                let cluster = !text.starts_with("--")
                    && text.starts_with('-')
                    && text.ends_with(option[0].trim_start_matches('-'));
                let path = if option.contains(&text.as_str()) || cluster {
                    all.next().map(String::as_str)
                } else {
                    text.strip_prefix(option[1]).and_then(|rest| rest.strip_prefix('='))
                };
                if let Some(path) = path.filter(|path| *path != "-").and_then(absolute) {
                    scene.wrote(&path, Contents::Unknown);
                }
            }
        }
        _ => {}
    }
}

/// What a command reads, for a person.
pub(in crate::identify::command) fn origin(input: &Input) -> String {
    match input {
        Input::Unknown(from) => from.clone(),
        Input::File(path) => path.to_string(),
        Input::Text(_) | Input::Inherited => String::new(),
    }
}
