//! From a word to the path that it names.
//!
//! Purely by text: `.` and `..` are taken away, patterns stay, links are followed as far as the surroundings know them. A
//! tilde has been expanded by the shell before a program sees its words; one that is left is a file's name.

use super::super::{Invocation, Part, Scene, Word};

/// A path as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Path {
    /// From the root.
    pub(super) steps: Vec<Step>,
    /// Something unknown follows.
    pub(super) open: bool,
    /// It ends with a slash: what a link leads to, not the link.
    pub(super) slash: bool,
}

/// One name in a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Exactly this.
    Name(String),
    /// Every name that fits: `*.rs`; `**` stands for any number of names.
    Pattern(String),
}

impl Step {
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Name(text) | Self::Pattern(text) => text,
        }
    }

    /// Whether every name, or every name without a dot, fits.
    pub(super) fn is_everything(&self) -> bool {
        matches!(self, Self::Pattern(text) if text.chars().all(|letter| matches!(letter, '*' | '?' | '.')))
    }

    /// Whether a name fits, as shells read patterns.
    pub(super) fn fits(&self, name: &str) -> bool {
        match self {
            Self::Name(text) => text == name,
            Self::Pattern(pattern) if pattern == "**" => true,
            Self::Pattern(pattern) => (!name.starts_with('.') || pattern.starts_with('.')) && fits(pattern, name),
        }
    }
}

/// `*`, `?` and `[…]` (which fits any letter: the stricter).
pub(super) fn fits(pattern: &str, name: &str) -> bool {
    let mut pattern_rest = pattern.chars();
    match pattern_rest.next() {
        None => name.is_empty(),
        Some('*') => {
            let after = pattern_rest.as_str();
            let starts = name.char_indices().map(|(at, _)| at).chain([name.len()]);
            starts.into_iter().any(|at| fits(after, name.get(at..).unwrap_or_default()))
        }
        Some(letter) => {
            let mut name_rest = name.chars();
            let Some(found) = name_rest.next() else { return false };
            match letter {
                '?' => fits(pattern_rest.as_str(), name_rest.as_str()),
                '[' => pattern_rest.as_str().split_once(']').is_some_and(|(_, after)| fits(after, name_rest.as_str())),
                _ => letter == found && fits(pattern_rest.as_str(), name_rest.as_str()),
            }
        }
    }
}

impl Path {
    /// A known absolute path.
    pub(super) fn absolute(text: &str) -> Self {
        let mut path = Self { slash: text.ends_with('/'), ..Self::default() };
        text.split('/').for_each(|name| path.step(name, false));
        path
    }

    /// The path that the word names; `None` when not even its beginning is known.
    pub(super) fn of(word: &Word, at: &Invocation) -> Option<Self> {
        let lead = match word.parts.first() {
            None => return None,
            Some(Part::Unknown { .. }) => return None,
            Some(Part::Text(text) | Part::Glob(text)) => text.as_str(),
        };
        if lead.is_empty() && word.parts.len() == 1 {
            return None;
        }
        let mut path = if lead.starts_with('/') { Self::default() } else { Self::absolute(at.directory.as_deref()?) };
        path.slash = false;
        let (mut name, mut pattern) = (String::new(), false);
        for part in &word.parts {
            let (text, glob) = match part {
                Part::Unknown { .. } => {
                    path.open = true;
                    continue;
                }
                Part::Text(text) => (text, false),
                Part::Glob(text) => (text, true),
            };
            if path.open {
                // What follows an unknown name stands below it, unless it leads out again.
                if text.split('/').any(|step| step == "..") {
                    return None;
                }
                continue;
            }
            let mut steps = text.split('/').peekable();
            while let Some(step) = steps.next() {
                name.push_str(step);
                pattern |= glob && step.contains(['*', '?', '[', '{']);
                if steps.peek().is_some() {
                    path.step(&std::mem::take(&mut name), std::mem::take(&mut pattern));
                    path.slash = true;
                }
            }
        }
        if !name.is_empty() && !path.open {
            path.slash = matches!(name.as_str(), "." | "..");
            path.step(&name, pattern);
        } else if !name.is_empty() {
            // `.claude/set$X`: a name of which the beginning is known.
            path.open = false;
            path.step(&format!("{name}*"), true);
        }
        Some(path)
    }

    fn step(&mut self, name: &str, pattern: bool) {
        match name {
            "" | "." => {}
            ".." => {
                self.steps.pop();
            }
            _ if pattern => self.steps.push(Step::Pattern(name.to_owned())),
            _ => self.steps.push(Step::Name(name.to_owned())),
        }
    }

    /// The same with links followed; the last name's own link only where the program follows it.
    pub(super) fn real(mut self, last: bool, scene: &Scene<'_>) -> Self {
        let named = self.steps.iter().take_while(|step| matches!(step, Step::Name(_))).count();
        let whole = named == self.steps.len() && !self.open;
        let follow = if whole && !last && !self.slash { named.saturating_sub(1) } else { named };
        let tail = self.steps.split_off(follow);
        let mut text = Self { steps: self.steps.clone(), ..Self::default() }.shown();
        // Links that the same text has made before.
        for _ in 0..8 {
            let Some((from, to)) = scene
                .recalled("link")
                .find(|(from, _)| text == *from || text.strip_prefix(from).is_some_and(|rest| rest.starts_with('/')))
            else {
                break;
            };
            text = format!("{to}{}", text.strip_prefix(from).unwrap_or_default());
        }
        let real = if text == "/" { text } else { scene.around().real(&text).path };
        let followed = Self::absolute(&real);
        self.steps = followed.steps;
        self.steps.extend(tail);
        self
    }

    /// The known names from the root, before any pattern.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.steps.iter().map_while(|step| match step {
            Step::Name(name) => Some(name.as_str()),
            Step::Pattern(_) => None,
        })
    }

    /// Whether every name is known.
    pub(super) fn is_exact(&self) -> bool {
        !self.open && self.steps.iter().all(|step| matches!(step, Step::Name(_)))
    }

    /// What is below `base`: the steps after it; `None` when it does not stand there.
    pub(super) fn below(&self, base: &str) -> Option<&[Step]> {
        let base = Self::absolute(base);
        let (head, tail) = self.steps.split_at_checked(base.steps.len())?;
        let is = |(step, name): (&Step, &Step)| matches!(step, Step::Name(text) if text == name.text());
        head.iter().zip(&base.steps).all(is).then_some(tail)
    }

    /// Whether `inner` stands at or below it.
    pub(super) fn holds(&self, inner: &str) -> bool {
        let inner = Self::absolute(inner);
        let mut steps = self.steps.iter().peekable();
        let mut names = inner.steps.iter();
        while let Some(step) = steps.next() {
            if step.text() == "**" && matches!(step, Step::Pattern(_)) {
                return match steps.next() {
                    None => names.next().is_some(),
                    Some(last) => names.any(|name| last.fits(name.text())),
                };
            }
            match names.next() {
                Some(name) if step.fits(name.text()) => {}
                _ => return false,
            }
        }
        true
    }

    /// As a person would write it.
    pub(super) fn shown(&self) -> String {
        let mut text = String::new();
        for step in &self.steps {
            text.push('/');
            text.push_str(step.text());
        }
        if self.open {
            text.push_str("/…");
        }
        if text.is_empty() { "/".to_owned() } else { text }
    }
}
