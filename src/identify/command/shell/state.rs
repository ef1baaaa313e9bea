//! What a shell knows at a point of its script.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use brush_parser::ast::{Command, FunctionBody};

use super::super::{Input, Invocation, Machine, Part, Scene, Word};

/// A longer value is not kept.
pub(super) const VALUE_BYTES_MAX: usize = 64 * 1024;

/// The variables, the directory and everything else that a command can change for those after it.
#[derive(Clone)]
pub(super) struct State {
    /// Where it is, absolute; `None` when nobody knows.
    pub(super) directory: Option<String>,
    /// Where it was before.
    pub(super) earlier: Option<String>,
    /// `pushd`'s.
    pub(super) stack: Vec<Option<String>>,
    /// Those that the text sets, or takes away.
    pub(super) variables: BTreeMap<String, Variable>,
    /// What each call of a function puts back when it ends.
    pub(super) locals: Vec<BTreeMap<String, Option<Variable>>>,
    /// Every body that a name may stand for.
    pub(super) functions: BTreeMap<String, Vec<Rc<FunctionBody>>>,
    /// Those that cannot be set again (`readonly`).
    pub(super) fixed: BTreeSet<String>,
    /// Names that stand for other names (`declare -n`).
    pub(super) references: BTreeMap<String, String>,
    /// Texts that stand for names.
    pub(super) aliases: BTreeMap<String, String>,
    /// `$1` and the rest; `None` when nobody knows.
    pub(super) arguments: Option<Vec<String>>,
    /// `$0`.
    pub(super) name: String,
    /// What commands read.
    pub(super) input: Input,
    /// What is run when it ends.
    pub(super) traps: Vec<String>,
    /// `set -a`.
    pub(super) exports: bool,
    /// Nothing after this point is run.
    pub(super) stop: Option<Stop>,
}

/// Why nothing after a point is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// The shell ends.
    Exit,
    /// The function, or the sourced file, ends.
    Return,
    /// The loop, or its round.
    Loop,
}

/// A variable that the text sets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Variable {
    pub(super) value: Value,
    pub(super) exported: bool,
}

/// Texts hold characters for what nobody knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// A text.
    Scalar(String),
    /// Texts with their indices or keys, in order.
    Array(Vec<(String, String)>),
    /// Taken away.
    Unset,
}

impl State {
    /// A new shell's.
    pub(super) fn new(name: &str, arguments: Option<&[Word]>, at: &Invocation, scene: &mut Scene<'_>) -> Self {
        let (mut variables, mut functions) = (BTreeMap::new(), BTreeMap::new());
        for (name, value) in &at.variables {
            if let Some(function) = name.strip_prefix("BASH_FUNC_").and_then(|name| name.strip_suffix("%%")) {
                functions.extend(exported_function(function, &scene.veiled(value)));
            }
            let value = Value::Scalar(scene.veiled(value));
            variables.insert(name.clone(), Variable { value, exported: true });
        }
        let arguments = arguments.map(|all| all.iter().map(|word| scene.veiled(word)).collect());
        Self {
            directory: at.directory.clone(),
            earlier: None,
            stack: vec![],
            variables,
            locals: vec![],
            functions,
            fixed: BTreeSet::new(),
            references: BTreeMap::new(),
            aliases: BTreeMap::new(),
            arguments,
            name: name.to_owned(),
            input: at.input.clone(),
            traps: vec![],
            exports: false,
            stop: None,
        }
    }

    /// Sets a variable, keeping whether it is exported.
    pub(super) fn set(&mut self, name: &str, value: Value) {
        if self.fixed.contains(name) {
            return;
        }
        // What the other name stands for changes; the name itself stays what nobody knows.
        if let Some(to) = self.references.get(name).filter(|to| *to != name).cloned() {
            let exported = self.variables.get(&to).is_some_and(|old| old.exported);
            self.variables.insert(to, Variable { value, exported });
            return;
        }
        let exported = self.exports || self.variables.get(name).is_some_and(|old| old.exported);
        self.variables.insert(name.to_owned(), Variable { value, exported });
    }

    /// The scalar's text. `Ok(None)` when it is certain that there is none; `Err` when nobody knows.
    pub(super) fn scalar(&self, name: &str, at: &Invocation, scene: &Scene<'_>) -> Result<Option<String>, ()> {
        if let Some(variable) = self.variables.get(name) {
            return Ok(match &variable.value {
                Value::Scalar(text) => Some(text.clone()),
                Value::Array(all) => all.iter().find(|(key, _)| key == "0").map(|(_, text)| text.clone()),
                Value::Unset => None,
            });
        }
        match name {
            "PWD" => return self.directory.clone().map(Some).ok_or(()),
            "OLDPWD" => return self.earlier.clone().map(Some).ok_or(()),
            "IFS" => return Ok(Some(" \t\n".to_owned())),
            "BASH_SOURCE" => return Ok(Some(self.name.clone())),
            // Numbers, whichever.
            "RANDOM" | "BASHPID" | "PPID" | "SECONDS" | "EPOCHSECONDS" => return Ok(Some("4194305".to_owned())),
            _ => {}
        }
        if at.machine != Machine::Own {
            return Err(());
        }
        match scene.around().variable(name) {
            Some(text) => Ok(Some(text)),
            None if name == "HOME" => scene.around().home().map(|home| Some(home.to_owned())).ok_or(()),
            None => Err(()),
        }
    }

    /// The state after one of two ways: what differs is not known.
    pub(super) fn merge(mut self, other: Self, scene: &mut Scene<'_>) -> Self {
        match (self.stop, other.stop) {
            (Some(Stop::Exit), _) => {
                let mut other = other;
                other.traps.extend(self.traps);
                return other;
            }
            (_, Some(Stop::Exit)) => {
                self.traps.extend(other.traps);
                return self;
            }
            (Some(a), Some(b)) if a == b => {}
            _ => self.stop = None,
        }
        if self.directory != other.directory {
            self.directory = None;
        }
        if self.earlier != other.earlier {
            self.earlier = None;
        }
        if self.stack != other.stack {
            self.stack = vec![None; self.stack.len().max(other.stack.len())];
        }
        let names: Vec<String> = self.variables.keys().chain(other.variables.keys()).cloned().collect();
        for name in names {
            let (one, two) = (self.variables.get(&name), other.variables.get(&name));
            if one == two {
                continue;
            }
            let exported = one.is_some_and(|one| one.exported) || two.is_some_and(|two| two.exported);
            let unknown = scene.veil(Part::Unknown { shown: format!("${name}"), splits: true });
            let value = Value::Scalar(unknown.to_string());
            self.variables.insert(name, Variable { value, exported });
        }
        for (name, bodies) in other.functions {
            let mine = self.functions.entry(name).or_default();
            for body in bodies {
                if mine.len() < 4 && !mine.iter().any(|known| Rc::ptr_eq(known, &body)) {
                    mine.push(body);
                }
            }
        }
        self.fixed.retain(|name| other.fixed.contains(name));
        self.references.extend(other.references);
        for (name, text) in other.aliases {
            self.aliases.entry(name).or_insert(text);
        }
        if self.arguments != other.arguments {
            self.arguments = None;
        }
        if self.input != other.input {
            self.input = Input::Unknown("what is left to be read".to_owned());
        }
        for trap in other.traps {
            if !self.traps.contains(&trap) {
                self.traps.push(trap);
            }
        }
        self
    }

    /// Whether another round of a loop would see what this one, which began with `before`, has seen. A variable that nobody
    /// knew before is not known again.
    pub(super) fn sees_the_same(&self, before: &Self, at: &Invocation, scene: &Scene<'_>) -> bool {
        let new = |name: &String| before.scalar(name, at, scene).is_err();
        let mut names = self.variables.keys().chain(before.variables.keys());
        names.all(|name| self.variables.get(name) == before.variables.get(name) || new(name))
            && self.directory == before.directory
            && self.arguments == before.arguments
    }
}

/// A function that another shell exported as a variable.
fn exported_function(name: &str, text: &str) -> Option<(String, Vec<Rc<FunctionBody>>)> {
    let parsed = super::parse::program(&format!("{name} {text}"));
    let list = parsed.programs.first()?.complete_commands.first()?.0.first()?;
    match list.0.first.seq.first()? {
        Command::Function(function) => Some((name.to_owned(), vec![Rc::new(function.body.clone())])),
        _ => None,
    }
}
