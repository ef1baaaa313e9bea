//! Where a command reads from and writes to.

use brush_parser::ast;

use super::super::{Contents, Input, Part, Word, Written};
use super::walk::Walk;

/// What redirections say.
#[derive(Clone, Debug, Default)]
pub(super) struct Redirected {
    /// Files that are written.
    pub(super) writes: Vec<Written>,
    /// Where standard input comes from, if they say.
    pub(super) input: Option<Input>,
    /// Where standard output goes, if they say: a file (and whether it is added to), or away.
    pub(super) output: Option<Option<(Word, bool)>>,
}

impl Walk<'_, '_> {
    pub(super) fn redirections(&mut self, all: &[ast::IoRedirect]) -> Redirected {
        let mut found = Redirected::default();
        for one in all {
            self.redirection(one, &mut found);
        }
        found
    }

    pub(super) fn redirection(&mut self, one: &ast::IoRedirect, found: &mut Redirected) {
        match one {
            ast::IoRedirect::File(fd, kind, target) => self.file_redirection(*fd, kind, target, found),
            ast::IoRedirect::HereDocument(fd, document) => {
                let text = if document.requires_expansion {
                    self.document(&document.doc.value)
                } else {
                    document.doc.value.clone()
                };
                let text = match document.remove_tabs {
                    true => text.split_inclusive('\n').map(|line| line.trim_start_matches('\t')).collect(),
                    false => text,
                };
                if fd.unwrap_or(0) == 0 {
                    found.input = Some(Input::Text(text));
                }
            }
            ast::IoRedirect::HereString(fd, word) => {
                let text = self.value(&word.value);
                if fd.unwrap_or(0) == 0 {
                    found.input = Some(Input::Text(format!("{text}\n")));
                }
            }
            ast::IoRedirect::OutputAndError(word, appends) => {
                let path = self.path_word(&word.value);
                writes(path, *appends, 1, found);
            }
        }
    }

    fn file_redirection(
        &mut self,
        fd: Option<i32>,
        kind: &ast::IoFileRedirectKind,
        target: &ast::IoFileRedirectTarget,
        found: &mut Redirected,
    ) {
        let reads = matches!(kind, ast::IoFileRedirectKind::Read | ast::IoFileRedirectKind::DuplicateInput);
        match target {
            ast::IoFileRedirectTarget::ProcessSubstitution(kind, subshell) => {
                let path = self.process_substitution(kind, subshell);
                if reads && fd.unwrap_or(0) == 0 {
                    found.input = Some(Input::File(path));
                } else if fd.unwrap_or(1) == 1 {
                    found.output = Some(None);
                }
            }
            ast::IoFileRedirectTarget::Fd(to) => {
                if !reads && fd.unwrap_or(1) == 1 {
                    found.output = Some(self.socket(&to.to_string()));
                }
            }
            ast::IoFileRedirectTarget::Duplicate(word) => {
                let to = self.value(&word.value);
                let is_number = to == "-" || to.trim_end_matches('-').chars().all(|digit| digit.is_ascii_digit());
                if reads || is_number {
                    if !reads && fd.unwrap_or(1) == 1 && to != "1" {
                        found.output = Some(self.socket(&to));
                    }
                } else {
                    // `>&file` is `&>file`.
                    let path = self.path_word(&word.value);
                    writes(path, false, fd.unwrap_or(1), found);
                }
            }
            ast::IoFileRedirectTarget::Filename(word) => {
                let path = self.path_word(&word.value);
                if reads {
                    if fd.unwrap_or(0) == 0 {
                        found.input =
                            Some(if path.is("/dev/stdin") { self.state.input.clone() } else { self.opened(path) });
                    }
                } else if let (true, Some(to)) = (fd.is_some_and(|fd| fd != 1), network(&path)) {
                    let number = fd.unwrap_or_default().to_string();
                    self.scene.remember("socket", number, to);
                } else if matches!(kind, ast::IoFileRedirectKind::ReadAndWrite) {
                    writes(path, true, fd.unwrap_or(0).max(2), found);
                } else {
                    let appends = matches!(kind, ast::IoFileRedirectKind::Append);
                    writes(path, appends, fd.unwrap_or(1), found);
                }
            }
        }
    }

    /// The connection that this number was opened for, as a file to be added to.
    fn socket(&self, number: &str) -> Option<(Word, bool)> {
        let mut opened = self.scene.recalled("socket");
        opened.find(|(name, _)| *name == number).map(|(_, to)| (Word::known(to), true))
    }

    /// A file that is read: absolute, so that it stays the same wherever the script goes.
    fn opened(&self, path: Word) -> Input {
        if path.is("/dev/null") {
            return Input::Text(String::new());
        }
        match path.text().and_then(|text| super::path_from(self.state.directory.as_deref(), &text)) {
            Some(absolute) => Input::File(Word::known(absolute)),
            None => Input::File(path),
        }
    }

    /// The word of a redirection: one file.
    fn path_word(&mut self, text: &str) -> Word {
        let text = self.value(text);
        self.scene.unveil(&text, false)
    }

    /// Runs what stands in `<( )` or `>( )`, and gives the name by which the command knows it.
    pub(super) fn process_substitution(
        &mut self,
        kind: &ast::ProcessSubstitutionKind,
        subshell: &ast::SubshellCommand,
    ) -> Word {
        let is_read = matches!(kind, ast::ProcessSubstitutionKind::Read);
        let (_, printed) = self.aside(|walk| {
            if !is_read {
                walk.state.input = Input::Unknown("what is written to it".to_owned());
            }
            walk.list(&subshell.list)
        });
        if !is_read {
            return Word { parts: vec![Part::Text("/dev/fd/62".to_owned())] };
        }
        let free = (63..200).find(|n| self.scene.contents(&format!("/dev/fd/{n}/")) == Contents::Unknown || *n == 199);
        let path = format!("/dev/fd/{}", free.unwrap_or(199));
        self.scene.wrote(&format!("{path}/"), Contents::Absent);
        let contents = printed.map_or(Contents::Unknown, |text| Contents::Whole(text.into_bytes()));
        self.scene.wrote(&path, contents);
        Word::known(path)
    }
}

/// The path where it is a connection that bash opens: `/dev/tcp/HOST/PORT`.
pub(super) fn network(path: &Word) -> Option<String> {
    let leading = path.leading();
    (leading.starts_with("/dev/tcp/") || leading.starts_with("/dev/udp/")).then(|| path.to_string())
}

fn writes(path: Word, appends: bool, fd: i32, found: &mut Redirected) {
    let is_nothing = path.text().is_some_and(|path| {
        matches!(&*path, "/dev/null" | "/dev/stdout" | "/dev/stderr" | "/dev/tty") || path.starts_with("/dev/fd/")
    });
    if fd == 1 {
        found.output = Some((!is_nothing).then(|| (path.clone(), appends)));
    }
    if !is_nothing && network(&path).is_none() {
        found.writes.push(Written { path, appends });
    }
}
