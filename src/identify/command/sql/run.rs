//! Statements and files of statements, as a client would send them.

use std::collections::BTreeMap;

use super::target::Target;
use crate::identify::command::{Contents, Effect, Input, Invocation, Part, Scene, Shell, Word};
use crate::identify::statement::{self, Client, Piece, Pieces, Splitter, SqlDialect, Statement};
use crate::model::{Impact, Place, Scope};

/// How deep files may include files.
const INCLUDES_MAX: usize = 8;

/// A client at work.
pub(super) struct Run<'r, 'a> {
    pub(super) at: &'r Invocation,
    pub(super) scene: &'r mut Scene<'a>,
    pub(super) dialect: SqlDialect,
    pub(super) client: Client,
    pub(super) target: Target,
    /// Where the target stands, where that is not the host's to say: a file.
    pub(super) place: Option<Place>,
    pub(super) variables: BTreeMap<String, String>,
    /// The server refuses whatever would write.
    pub(super) is_readonly: bool,
    pub(super) depth: usize,
}

impl<'r, 'a> Run<'r, 'a> {
    pub(super) fn new(at: &'r Invocation, scene: &'r mut Scene<'a>, dialect: SqlDialect, client: Client) -> Self {
        let (target, variables) = (Target::default(), BTreeMap::new());
        Self { at, scene, dialect, client, target, place: None, variables, is_readonly: false, depth: 0 }
    }

    fn place(&self) -> Place {
        self.place.clone().unwrap_or_else(|| self.target.place(self.at))
    }

    /// Adds an operation of the dialect on the database.
    pub(super) fn says(&mut self, name: &str, impact: Impact, scope: Scope) {
        let effect = Effect::new(&format!("sql:{}:{name}", self.dialect.as_str()), impact, scope);
        self.add(effect);
    }

    /// Adds an operation on the database.
    pub(super) fn add(&mut self, effect: Effect) {
        let place = self.place();
        self.scene.effect(self.at, effect.at(place));
    }

    fn statement(&mut self, one: Statement) {
        let Statement { operation, mut blast, resources, parameters } = one;
        if self.is_readonly && blast.impact != Impact::Execute {
            blast = crate::model::BlastRadius::new(Impact::Read, blast.scope);
        }
        // What a file is attached to is changed through it.
        if operation.name() == "attach" && self.client == Client::Dot {
            let path = resources.first().map_or("", |path| path.as_str());
            let word = Word::known(path);
            let attached = if path.is_empty() { None } else { super::sqlite::of(self.at, self.scene, &word) };
            if attached.as_ref().is_some_and(|place| place.loopback) {
                return self.says("attach", Impact::Read, Scope::Resource);
            }
            self.place = Some(attached.unwrap_or_else(|| super::sqlite::elsewhere("unknown")));
        }
        let place = self.place();
        self.scene.effect(self.at, Effect { operation, blast, resources, place, parameters });
    }

    /// A text that cannot be read, but is run.
    pub(super) fn script(&mut self, name: &str) {
        let effect = Effect::new(&format!("sql:{}:script", self.dialect.as_str()), Impact::Execute, Scope::Resource);
        self.add(effect.on(name));
    }

    /// Statements in a word.
    pub(super) fn word(&mut self, word: &Word) {
        match word.text() {
            Some(text) => self.text(&text),
            None => {
                let text = filled(word);
                self.text(&text);
            }
        }
    }

    /// Statements in a text.
    pub(super) fn text(&mut self, text: &str) {
        if text.len() > statement::TEXT_BYTES_MAX {
            return self.script("a text too long to be read");
        }
        for escapes in statement::escapes(self.dialect, text) {
            let splitter =
                Splitter { dialect: self.dialect, client: self.client, variables: self.variables.clone(), text };
            let mut pieces = Pieces::new(self.dialect);
            for piece in splitter.pieces(*escapes) {
                match piece {
                    Piece::Statement(tokens) => {
                        for one in pieces.statement(&tokens) {
                            self.statement(one);
                        }
                    }
                    Piece::Own(command) => self.own(&command),
                }
            }
        }
    }

    /// Statements in a file.
    pub(super) fn file(&mut self, word: &Word) {
        let shown = word.to_string();
        if matches!(shown.as_str(), "-" | "/dev/stdin" | "/dev/fd/0" | "/proc/self/fd/0") {
            return self.input();
        }
        let Some(path) = word.text() else { return self.script(&shown) };
        match self.contents(&path) {
            Some(text) if self.depth < INCLUDES_MAX => {
                self.depth += 1;
                self.text(&text);
                self.depth -= 1;
            }
            _ => self.script(&shown),
        }
    }

    /// What the client reads when nothing else is said.
    pub(super) fn input(&mut self) {
        match self.at.input.clone() {
            Input::Inherited => self.says("connect", Impact::Read, Scope::Resource),
            Input::Text(text) => {
                self.text(&text);
                if text.trim().is_empty() {
                    self.says("connect", Impact::Read, Scope::Resource);
                }
            }
            Input::File(word) => self.file(&word),
            Input::Unknown(from) => self.script(&from),
        }
    }

    fn contents(&self, path: &str) -> Option<String> {
        contents(self.at, self.scene, path)
    }

    /// A shell's command out of the client.
    pub(super) fn shell(&mut self, command: &str) {
        self.scene.script(command, Shell::Posix, self.at);
    }

    fn own(&mut self, command: &str) {
        match self.client {
            Client::Psql => super::postgres::own(self, command),
            Client::Mysql => super::mysql::own(self, command),
            Client::Dot => super::sqlite::own(self, command),
            Client::Sqlcmd => super::others::own(self, command),
            Client::None => {}
        }
    }
}

/// A text of which parts are not known: each stands as a name.
pub(super) fn filled(word: &Word) -> String {
    let name = |shown: &str| shown.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').collect::<String>();
    word.parts
        .iter()
        .map(|part| match part {
            Part::Text(text) | Part::Glob(text) => text.clone(),
            Part::Unknown { shown, .. } => format!(":unknown_{}", name(shown)),
        })
        .collect()
}

/// What a file holds, by a path as the command has it.
pub(super) fn contents(at: &Invocation, scene: &Scene<'_>, path: &str) -> Option<String> {
    let path = absolute(at, scene, path)?;
    match scene.contents(&path) {
        Contents::Whole(bytes) => String::from_utf8(bytes).ok(),
        Contents::Absent | Contents::Unknown => None,
    }
}

/// A path from the root on, `.` and `..` undone.
pub(super) fn absolute(at: &Invocation, scene: &Scene<'_>, path: &str) -> Option<String> {
    let path = match path.strip_prefix("~/") {
        Some(rest) => format!("{}/{rest}", scene.around().home()?),
        None if path.starts_with('/') => path.to_owned(),
        None => format!("{}/{path}", at.directory.as_deref()?),
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    Some(format!("/{}", parts.join("/")))
}
