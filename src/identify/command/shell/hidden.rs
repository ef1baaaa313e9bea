//! Texts that commands evaluate besides: indices of arrays, prompts, and what callbacks run.

use super::super::{Invocation, Word};
use super::simple::{Expanded, known};
use super::state::Value;
use super::walk::Walk;

/// How deep such texts may stand in each other.
const DEPTH_MAX: usize = 12;

impl Walk<'_, '_> {
    /// A text that is taken for a name or a number: the substitutions in the index of an array are carried out, quoted or
    /// not, whatever comes of it.
    pub(super) fn subscripts(&mut self, text: &str) {
        let Some((_, index)) = text.split_once('[') else { return };
        if !index.contains("$(") && !index.contains('`') {
            return;
        }
        self.deeper(|walk| drop(walk.value(index.trim_end_matches(']'))));
    }

    /// The variables that an expression names may hold expressions with indices of their own.
    pub(super) fn named_subscripts(&mut self, text: &str) {
        self.subscripts(text);
        let names = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|name| !name.is_empty());
        for name in names.take(16) {
            if let Ok(Some(value)) = self.state.scalar(name, &self.at, self.scene)
                && value != text
            {
                self.subscripts(&value);
            }
        }
    }

    /// A prompt: its substitutions are carried out when it is shown.
    pub(super) fn prompt(&mut self, text: &str) {
        if text.contains("$(") || text.contains('`') {
            self.deeper(|walk| drop(walk.document(text)));
        }
    }

    fn deeper(&mut self, run: impl FnOnce(&mut Self)) {
        if self.depth >= DEPTH_MAX {
            self.scene.unknown(&self.at, "texts in texts, too deep to be read");
            return;
        }
        self.depth += 1;
        run(self);
        self.depth -= 1;
    }

    /// What a variable's new value makes the shell run later.
    pub(super) fn sets_prompt(&mut self, name: &str, value: &Value) {
        let texts: Vec<String> = match value {
            Value::Scalar(text) => vec![text.clone()],
            Value::Array(all) => all.iter().map(|(_, text)| text.clone()).collect(),
            Value::Unset => vec![],
        };
        for text in texts.iter().filter(|text| !text.trim().is_empty()) {
            match name {
                "PS4" | "PS0" => self.prompt(text),
                "PROMPT_COMMAND" if !text.chars().all(super::super::is_veiled) => {
                    self.aside(|walk| walk.text(text));
                }
                _ => {}
            }
        }
    }

    /// What a built-in evaluates of its arguments.
    pub(super) fn evaluates_arguments(&mut self, name: &str, expanded: &Expanded) {
        let words = expanded.words.get(1..).unwrap_or_default();
        let after = |options: &[&str]| {
            let at = words.iter().position(|word| options.iter().any(|option| word.is(option)))?;
            words.get(at + 1).cloned()
        };
        match name {
            "test" | "[" => after(&["-v", "-R"]).into_iter().for_each(|word| self.taken_for_name(&word)),
            "printf" => after(&["-v"]).into_iter().for_each(|word| self.taken_for_name(&word)),
            "read" | "unset" | "getopts" | "declare" | "typeset" | "local" | "export" | "readonly" | "wait" => {
                words.iter().for_each(|word| self.taken_for_name(word));
            }
            "mapfile" | "readarray" => {
                words.iter().for_each(|word| self.taken_for_name(word));
                after(&["-C"]).into_iter().for_each(|word| self.called_back(&word));
            }
            "compgen" => {
                after(&["-C", "-F"]).into_iter().for_each(|word| self.called_back(&word));
                if let Some(words) = after(&["-W"]) {
                    let text = self.scene.veiled(&words);
                    self.prompt(&text);
                }
            }
            "jobs" if words.first().is_some_and(|word| word.is("-x")) => {
                let one = self.invocation(words.get(1..).unwrap_or_default().to_vec());
                self.scene.invocation(&Invocation { writes: vec![], ..one });
            }
            "hash" if words.first().is_some_and(|word| word.is("-p")) => {
                if let (Some(path), Some(name)) = (words.get(1).and_then(known), words.get(2).and_then(known)) {
                    self.state.aliases.insert(name, path);
                }
            }
            _ => {}
        }
    }

    fn taken_for_name(&mut self, word: &Word) {
        let text = self.scene.veiled(word);
        // What follows `=` is the value, which is not taken for a name.
        self.subscripts(text.split_once("]=").map_or(text.as_str(), |(name, _)| name));
    }

    fn called_back(&mut self, word: &Word) {
        let text = self.scene.veiled(word);
        self.aside(|walk| walk.text(&text));
    }
}
