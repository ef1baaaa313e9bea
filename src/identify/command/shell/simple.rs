//! Simple commands: assignments, words, redirections; and what the name stands for.

use brush_parser::ast::{
    Assignment, AssignmentName, AssignmentValue, Command, CommandPrefixOrSuffixItem as Item, SimpleCommand,
};

use super::super::{Invocation, Word};
use super::redirect::Redirected;
use super::state::{Stop, VALUE_BYTES_MAX, Value, Variable};
use super::walk::{Status, Walk};
use super::{fields, parse};

/// Built-ins whose arguments may be assignments, of arrays too.
pub(super) const DECLARING: [&str; 5] = ["declare", "typeset", "local", "export", "readonly"];

/// A simple command after expansion.
pub(super) struct Expanded {
    /// The name and its arguments.
    pub(super) words: Vec<Word>,
    /// What stands before it.
    pub(super) assigned: Vec<(String, Value)>,
    /// What a declaration among its arguments sets.
    pub(super) declared: Vec<(String, Value)>,
    /// Its redirections.
    pub(super) redirected: Redirected,
}

impl Walk<'_, '_> {
    /// A simple command in these circumstances.
    pub(super) fn invocation(&self, words: Vec<Word>) -> Invocation {
        let mut variables = vec![];
        for (name, variable) in self.state.variables.iter().filter(|(_, variable)| variable.exported) {
            if let Value::Scalar(text) = &variable.value {
                variables.push((name.clone(), self.scene.unveil(text, true)));
            } else if matches!(variable.value, Value::Unset) {
                variables.push((name.clone(), Word::known("")));
            }
        }
        let (directory, input) = (self.state.directory.clone(), self.state.input.clone());
        Invocation { words, variables, directory, input, ..self.at.clone() }
    }

    pub(super) fn simple(&mut self, command: &SimpleCommand) -> Status {
        if let Some(name) = &command.word_or_name
            && let Some(text) = self.state.aliases.get(&name.value).cloned()
        {
            return self.perhaps_alias(&name.value, &text, command);
        }
        let expanded = self.expand(command);
        if expanded.words.is_empty() {
            return self.nameless(expanded);
        }
        let redirected = expanded.redirected.clone();
        if redirected.output.is_none() {
            return self.run(expanded);
        }
        let out = self.out.replace(String::new());
        let status = self.run(expanded);
        let printed = std::mem::replace(&mut self.out, out);
        self.wrote(&redirected, printed.as_deref());
        status
    }

    /// A shell that nobody types into knows aliases only after `shopt -s expand_aliases`, and then from the next line on:
    /// both are read, the alias and the program of that name.
    fn perhaps_alias(&mut self, name: &str, text: &str, command: &SimpleCommand) -> Status {
        let before = self.state.clone();
        let first = self.alias(name, text, command);
        let after_alias = std::mem::replace(&mut self.state, before);
        let hidden = self.state.aliases.remove(name);
        let second = self.simple(command);
        if let Some(text) = hidden {
            self.state.aliases.entry(name.to_owned()).or_insert(text);
        }
        let after_program = self.state.clone();
        self.state = after_alias.merge(after_program, self.scene);
        self.prints(None);
        if first == second { first } else { Status::Maybe }
    }

    /// The alias' text in place of its name.
    fn alias(&mut self, name: &str, text: &str, command: &SimpleCommand) -> Status {
        let hidden = self.state.aliases.remove(name);
        let parsed = parse::program(text);
        let lists = parsed.programs.iter().flat_map(|program| &program.complete_commands);
        let mut items: Vec<&Command> = lists.flat_map(|list| &list.0).flat_map(|item| &item.0.first.seq).collect();
        let status = match (items.pop(), items.is_empty()) {
            (Some(Command::Simple(first)), true) if !parsed.breaks_off => {
                let mut whole = first.clone();
                let suffix = whole.suffix.get_or_insert_with(|| brush_parser::ast::CommandSuffix(vec![]));
                suffix.0.extend(command.suffix.iter().flat_map(|suffix| suffix.0.iter().cloned()));
                let prefix = command.prefix.iter().flat_map(|prefix| prefix.0.iter().cloned());
                let own = whole.prefix.take().map(|prefix| prefix.0).unwrap_or_default();
                let all: Vec<Item> = prefix.chain(own).collect();
                whole.prefix = (!all.is_empty()).then_some(brush_parser::ast::CommandPrefix(all));
                self.simple(&whole)
            }
            _ => {
                let rest = command.suffix.as_ref().map(ToString::to_string).unwrap_or_default();
                self.text(&format!("{text} {rest}"))
            }
        };
        if let Some(text) = hidden {
            self.state.aliases.entry(name.to_owned()).or_insert(text);
        }
        status
    }

    fn expand(&mut self, command: &SimpleCommand) -> Expanded {
        let mut expanded =
            Expanded { words: vec![], assigned: vec![], declared: vec![], redirected: Redirected::default() };
        let mut redirects = vec![];
        for item in command.prefix.iter().flat_map(|prefix| &prefix.0) {
            match item {
                Item::AssignmentWord(assignment, _) => {
                    let assigned = self.assignment(assignment);
                    expanded.assigned.push(assigned);
                }
                Item::IoRedirect(redirect) => redirects.push(redirect),
                Item::Word(word) => expanded.words.extend(self.words(&word.value)),
                Item::ProcessSubstitution(kind, subshell) => {
                    let path = self.process_substitution(kind, subshell);
                    expanded.words.push(path);
                }
            }
        }
        if let Some(name) = &command.word_or_name {
            let words = self.words(&name.value);
            expanded.words.extend(words);
        }
        let declares = expanded.words.first().and_then(Word::text).is_some_and(|name| DECLARING.contains(&&*name));
        for item in command.suffix.iter().flat_map(|suffix| &suffix.0) {
            match item {
                Item::AssignmentWord(assignment, word) => {
                    if declares {
                        let (name, value) = self.assignment(assignment);
                        expanded.declared.push((name, value));
                    } else {
                        expanded.words.extend(self.words(&word.value));
                    }
                }
                Item::IoRedirect(redirect) => redirects.push(redirect),
                Item::Word(word) => expanded.words.extend(self.words(&word.value)),
                Item::ProcessSubstitution(kind, subshell) => {
                    let path = self.process_substitution(kind, subshell);
                    expanded.words.push(path);
                }
            }
        }
        for redirect in redirects {
            self.redirection(redirect, &mut expanded.redirected);
        }
        expanded
    }

    /// The name and the new value of an assignment.
    fn assignment(&mut self, assignment: &Assignment) -> (String, Value) {
        let (name, key) = match &assignment.name {
            AssignmentName::VariableName(name) => (name.clone(), None),
            AssignmentName::ArrayElementName(name, index) => {
                let key = self.value(index);
                (name.clone(), Some(self.arithmetic(&key).map_or(key, |number| number.to_string())))
            }
        };
        let before = self.state.variables.get(&name).map(|variable| variable.value.clone());
        let mut all = match before {
            Some(Value::Array(all)) if key.is_some() || assignment.append => all,
            Some(Value::Scalar(text)) if key.is_some() || assignment.append => vec![("0".to_owned(), text)],
            _ => vec![],
        };
        match (&assignment.value, key) {
            (AssignmentValue::Scalar(word), None) => {
                let added = self.value(&word.value);
                if !assignment.append {
                    return (name, Value::Scalar(self.bounded(added)));
                }
                let before = match self.state.scalar(&name, &self.at, self.scene) {
                    Ok(text) => text.unwrap_or_default(),
                    Err(()) => self.unknown(format!("${name}")).to_string(),
                };
                (name, Value::Scalar(self.bounded(before + &added)))
            }
            (AssignmentValue::Scalar(word), Some(key)) => {
                let text = self.value(&word.value);
                match all.iter_mut().find(|(known, _)| *known == key) {
                    Some((_, old)) if assignment.append => old.push_str(&text),
                    Some((_, old)) => *old = text,
                    None => all.push((key, text)),
                }
                (name, Value::Array(all))
            }
            (AssignmentValue::Array(elements), _) => {
                for (key, word) in elements {
                    let key = key.as_ref().map(|key| self.value(&key.value));
                    for word in self.words(&word.value) {
                        let text = self.scene.veiled(&word);
                        let key = key.clone().unwrap_or_else(|| all.len().to_string());
                        all.push((key, text));
                    }
                }
                all.truncate(2000);
                (name, Value::Array(all))
            }
        }
    }

    fn bounded(&mut self, text: String) -> String {
        if text.len() > VALUE_BYTES_MAX { self.unknown("…").to_string() } else { text }
    }

    /// Only assignments and redirections.
    fn nameless(&mut self, expanded: Expanded) -> Status {
        for (name, value) in expanded.assigned {
            self.sets_prompt(&name, &value);
            self.state.set(&name, value);
        }
        let writes = expanded.redirected.writes.clone();
        if !writes.is_empty() {
            let one = Invocation { writes, ..self.invocation(vec![]) };
            self.scene.invocation(&one);
        }
        match &expanded.redirected {
            // `$(<file)`.
            Redirected { input: Some(input), output: None, .. } => {
                let one = Invocation { input: input.clone(), ..self.invocation(vec![]) };
                let text = super::input(&one, self.scene);
                self.prints(text.as_deref());
            }
            redirected => self.wrote(redirected, Some("")),
        }
        Status::Success
    }

    fn run(&mut self, mut expanded: Expanded) -> Status {
        // `command` and `builtin` only say which of those with a name is meant.
        let mut bypasses = false;
        while expanded.words.len() > 1
            && expanded.words.first().is_some_and(|word| word.is("command") || word.is("builtin"))
            && expanded.words.get(1).is_some_and(|next| !next.leading().starts_with('-'))
        {
            expanded.words.remove(0);
            bypasses = true;
        }
        let name = expanded.words.first().and_then(Word::text).map(|name| name.into_owned());
        if let Some(name) = &name {
            if !bypasses && let Some(bodies) = self.state.functions.get(name).cloned() {
                return self.call(&expanded, &bodies);
            }
            self.evaluates_arguments(name, &expanded);
            if let Some(status) = self.builtin(name, &expanded) {
                if !expanded.redirected.writes.is_empty() {
                    let one = Invocation { writes: expanded.redirected.writes.clone(), ..self.invocation(vec![]) };
                    self.scene.invocation(&one);
                }
                return status;
            }
        }
        let mut one = self.invocation(expanded.words);
        for (name, value) in &expanded.assigned {
            if let Value::Scalar(text) = value {
                one.variables.push((name.clone(), self.scene.unveil(text, true)));
            }
        }
        if let Some(input) = expanded.redirected.input {
            one.input = input;
        }
        one.writes = expanded.redirected.writes;
        let asks = self.asks(&one);
        self.scene.invocation(&one);
        super::fold::moved(&one, self.scene);
        let printed = super::printed(&one, self.scene);
        self.prints(printed.as_deref());
        asks
    }

    /// Whether a program answers a question by how it ends.
    fn asks(&self, one: &Invocation) -> Status {
        match one.program().as_deref() {
            Some(":" | "true" | "echo" | "printf") => Status::Success,
            Some("false") => Status::Failure,
            Some("[") => super::condition::test(one.arguments().split_last().map_or(&[][..], |(_, rest)| rest)),
            Some("test") => super::condition::test(one.arguments()),
            Some(
                "grep" | "rg" | "egrep" | "fgrep" | "diff" | "cmp" | "which" | "type" | "command" | "hash" | "pgrep"
                | "curl" | "ping" | "nc" | "ls" | "stat" | "read" | "id" | "getent" | "expr" | "let",
            ) => Status::Maybe,
            _ => Status::Likely,
        }
    }

    /// Calls a function.
    fn call(&mut self, expanded: &Expanded, bodies: &[std::rc::Rc<brush_parser::ast::FunctionBody>]) -> Status {
        if self.depth >= 16 {
            let one = self.invocation(expanded.words.clone());
            self.scene.unknown(&one, "functions in functions, too deep to be read");
            return Status::Maybe;
        }
        if !expanded.redirected.writes.is_empty() {
            let one = Invocation { writes: expanded.redirected.writes.clone(), ..self.invocation(vec![]) };
            self.scene.invocation(&one);
        }
        let words = expanded.words.get(1..).unwrap_or_default();
        let arguments = (!words.iter().any(Word::splits)).then(|| {
            let texts = words.iter().map(|word| self.scene.veiled(word));
            texts.collect::<Vec<_>>()
        });
        let before = std::mem::replace(&mut self.state.arguments, arguments);
        let references = self.state.references.clone();
        let input = expanded.redirected.input.clone().map(|input| std::mem::replace(&mut self.state.input, input));
        let mut kept: std::collections::BTreeMap<String, Option<Variable>> = std::collections::BTreeMap::new();
        for (name, value) in &expanded.assigned {
            kept.insert(name.clone(), self.state.variables.get(name).cloned());
            self.state.variables.insert(name.clone(), Variable { value: value.clone(), exported: true });
        }
        self.state.locals.push(kept);
        self.depth += 1;
        let mut status = Status::Likely;
        for body in bodies {
            let brush_parser::ast::FunctionBody(compound, redirects) = &**body;
            status = match redirects {
                Some(redirects) => self.redirected(redirects, |walk| walk.compound(compound)),
                None => self.compound(compound),
            };
            if self.state.stop == Some(Stop::Return) {
                self.state.stop = None;
            }
        }
        self.depth -= 1;
        for (name, variable) in self.state.locals.pop().unwrap_or_default() {
            match variable {
                Some(variable) => self.state.variables.insert(name, variable),
                None => self.state.variables.remove(&name),
            };
        }
        self.state.arguments = before;
        self.state.references = references;
        if let Some(input) = input {
            self.state.input = input;
        }
        if status == Status::Success { Status::Likely } else { status }
    }
}

/// The word's text with nothing unknown in it.
pub(super) fn known(word: &Word) -> Option<String> {
    word.text().filter(|text| fields::is_known(text)).map(std::borrow::Cow::into_owned)
}
