//! JSON, with comments and trailing commas: our handlers go in and out, all else stays letter for letter.

use jsonc_parser::ParseOptions;
use jsonc_parser::cst::{CstArray, CstContainerNode, CstInputValue, CstNode, CstObject, CstObjectProp, CstRootNode};
use serde_json::Value;

use super::Wish;
use super::command::is_ours;
use super::entries::Entries;

/// Why a file is left alone.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(super) enum Wrong {
    /// It is no JSON.
    #[error("it does not parse: {what}")]
    Broken {
        /// Counted from 1.
        line: usize,
        /// What the parser says.
        what: String,
    },
    /// The agent would take one of them, and nobody knows which.
    #[error("`{0}` stands in it twice")]
    Twice(String),
    /// Something of another kind stands where the hooks belong.
    #[error("`{0}` is not what it must be: {1}")]
    Kind(String, &'static str),
    /// A change would touch what is not ours.
    #[error("it is written in a way that cannot be changed without touching what is not ours")]
    Others,
}

impl Wrong {
    pub(super) const fn line(&self) -> usize {
        match self {
            Self::Broken { line, .. } => *line,
            _ => 1,
        }
    }
}

/// What came of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Merged {
    /// The file's text; `None`: nothing is left in it.
    pub(super) text: Option<String>,
    /// Something of ours stood in it.
    pub(super) stood: bool,
    /// The first line of ours that is not as it should be, or that goes.
    pub(super) line: usize,
}

/// Only what agents' own readers take too.
const OPTIONS: ParseOptions = ParseOptions {
    allow_comments: true,
    allow_loose_object_property_names: false,
    allow_trailing_commas: true,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

/// The text with our handlers as they should be, or without them.
pub(super) fn merged(text: &str, entries: &Entries, command: &str, wish: Wish) -> Result<Merged, Wrong> {
    let root = parsed(text)?;
    let mut work = Work { entries, command, text, stood: false, line: None };
    let object = match root.object_value() {
        Some(object) => object,
        None if root.value().is_some() => return Err(Wrong::Kind("the file".to_owned(), "an object")),
        None if wish == Wish::Uninstall => return Ok(Merged { text: Some(text.to_owned()), stood: false, line: 1 }),
        None => root.object_value_or_set(),
    };
    match wish {
        Wish::Install => work.install(&object)?,
        Wish::Uninstall => work.uninstall(&object)?,
    }
    let new = root.to_string();
    let is_new = text.trim().is_empty();
    let new = if is_new && !new.ends_with('\n') { format!("{new}\n") } else { new };
    if others(text, entries)? != others(&new, entries)? {
        return Err(Wrong::Others);
    }
    let nothing_left = wish == Wish::Uninstall && work.stood && is_bare(&new, entries);
    Ok(Merged { text: (!nothing_left).then_some(new), stood: work.stood, line: work.line.unwrap_or(1) })
}

/// The value at the end of `keys`, as the agent reads it.
pub(super) fn value_at(text: &str, keys: &[&str]) -> Option<Value> {
    let root = parsed(text).ok()?.to_serde_value()?;
    keys.iter().try_fold(root, |value, key| value.get(key).cloned())
}

fn parsed(text: &str) -> Result<CstRootNode, Wrong> {
    CstRootNode::parse(text, &OPTIONS).map_err(|error| Wrong::Broken {
        line: error.line_display(),
        what: format!("{} (column {})", error.kind(), error.column_display()),
    })
}

struct Work<'a> {
    entries: &'a Entries,
    command: &'a str,
    text: &'a str,
    stood: bool,
    line: Option<usize>,
}

/// One of our handlers, and the group that it stands in.
struct Standing {
    handler: CstObject,
    group: Option<CstObject>,
}

impl Work<'_> {
    fn install(&mut self, file: &CstObject) -> Result<(), Wrong> {
        for (key, cell) in self.entries.first {
            if only(file, key)?.is_none() {
                file.insert(0, key, cell.written(self.command));
            }
        }
        let mut object = file.clone();
        for key in self.entries.root {
            object = match only(&object, key)? {
                Some(prop) => prop.object_value().ok_or_else(|| Wrong::Kind((*key).to_owned(), "an object"))?,
                None => {
                    let prop = object.append(key, CstInputValue::Object(vec![]));
                    prop.object_value_or_set()
                }
            };
        }
        for (event, matcher) in self.entries.events {
            let list = match only(&object, event)? {
                Some(prop) => prop.array_value().ok_or_else(|| Wrong::Kind((*event).to_owned(), "a list"))?,
                None => {
                    let element = self.entries.element(*matcher, self.command);
                    object.append(event, CstInputValue::Array(vec![element]));
                    continue;
                }
            };
            self.put(&list, *matcher)?;
        }
        Ok(())
    }

    /// Exactly one of ours stands in the list, as it should be.
    fn put(&mut self, list: &CstArray, matcher: Option<&'static str>) -> Result<(), Wrong> {
        let standing = self.standing(list)?;
        self.stood |= !standing.is_empty();
        let wanted = self.entries.handler(matcher, self.command);
        if let [one] = standing.as_slice() {
            let is_grouped_right = match &one.group {
                Some(group) => text_of(group, "matcher")?.as_deref() == matcher,
                None => true,
            };
            if is_grouped_right && one.handler.to_serde_value().as_ref() == Some(&wanted) {
                return Ok(());
            }
            self.point_at(one);
            if is_grouped_right {
                let hooks = one.group.as_ref().map(|group| only(group, "hooks")).transpose()?.flatten();
                let list = hooks.and_then(|prop| prop.array_value()).unwrap_or_else(|| list.clone());
                let at = CstNode::from(CstContainerNode::from(one.handler.clone())).element_index().unwrap_or(0);
                list.insert(at, self.entries.input(matcher, self.command));
                one.handler.clone().remove();
                return Ok(());
            }
        }
        for one in standing {
            self.point_at(&one);
            drop_standing(one)?;
        }
        list.append(self.entries.element(matcher, self.command));
        Ok(())
    }

    fn uninstall(&mut self, file: &CstObject) -> Result<(), Wrong> {
        let mut way = vec![];
        let mut object = file.clone();
        for key in self.entries.root {
            let Some(prop) = only(&object, key)? else { return Ok(()) };
            let Some(below) = prop.object_value() else { return Ok(()) };
            way.push(prop);
            object = below;
        }
        for prop in object.properties() {
            let Some(list) = prop.array_value() else { continue };
            let standing = self.standing(&list)?;
            if standing.is_empty() {
                continue;
            }
            self.stood = true;
            for one in standing {
                self.point_at(&one);
                drop_standing(one)?;
            }
            if list.elements().is_empty() {
                prop.remove();
            }
        }
        for prop in way.into_iter().rev().filter(|_| self.stood) {
            if prop.object_value().is_some_and(|object| object.properties().is_empty()) {
                prop.remove();
            }
        }
        Ok(())
    }

    /// Ours in an event's list.
    fn standing(&self, list: &CstArray) -> Result<Vec<Standing>, Wrong> {
        let mut found = vec![];
        for element in list.elements() {
            let Some(object) = element.as_object() else { continue };
            if !self.entries.grouped {
                if self.is_ours(&object)? {
                    found.push(Standing { handler: object, group: None });
                }
                continue;
            }
            let Some(hooks) = only(&object, "hooks")?.and_then(|prop| prop.array_value()) else { continue };
            for handler in hooks.elements().iter().filter_map(|node| node.as_object()) {
                if self.is_ours(&handler)? {
                    found.push(Standing { handler, group: Some(object.clone()) });
                }
            }
        }
        Ok(found)
    }

    fn is_ours(&self, handler: &CstObject) -> Result<bool, Wrong> {
        let line = text_of(handler, self.entries.command_key())?;
        Ok(line.is_some_and(|line| line == self.command || is_ours(&line)))
    }

    /// The first line of ours that changes.
    fn point_at(&mut self, one: &Standing) {
        let command = one.handler.get(self.entries.command_key()).and_then(|prop| prop.value());
        let raw = command.map(|value| value.to_string()).unwrap_or_default();
        let at = self.text.lines().position(|line| !raw.is_empty() && line.contains(&raw));
        self.line = self.line.or(at.map(|index| index + 1));
    }
}

/// With the group that it leaves empty.
fn drop_standing(one: Standing) -> Result<(), Wrong> {
    one.handler.remove();
    if let Some(group) = one.group
        && only(&group, "hooks")?.and_then(|prop| prop.array_value()).is_none_or(|hooks| hooks.elements().is_empty())
        && group.parent().is_some()
    {
        group.remove();
    }
    Ok(())
}

/// The property of this name, if exactly one is there.
fn only(object: &CstObject, name: &str) -> Result<Option<CstObjectProp>, Wrong> {
    let mut named = object.properties().into_iter().filter(|prop| prop.decoded_name().as_deref() == Some(name));
    let first = named.next();
    if named.next().is_some() { Err(Wrong::Twice(name.to_owned())) } else { Ok(first) }
}

fn text_of(object: &CstObject, name: &str) -> Result<Option<String>, Wrong> {
    let value = only(object, name)?.and_then(|prop| prop.value()).and_then(|node| node.to_serde_value());
    Ok(value.and_then(|value| value.as_str().map(str::to_owned)))
}

/// What stands in the file besides what is ours, and besides the empty lists around it.
fn others(text: &str, entries: &Entries) -> Result<Value, Wrong> {
    let mut value = parsed(text)?.to_serde_value().unwrap_or_else(|| Value::Object(serde_json::Map::new()));
    if let Some(file) = value.as_object_mut() {
        for (key, cell) in entries.first {
            if file.get(*key) == Some(&cell.value("")) {
                file.remove(*key);
            }
        }
    }
    strip(&mut value, entries.root, entries);
    Ok(value)
}

/// Takes ours out of the lists at the end of `keys`, and what is empty on the way.
fn strip(value: &mut Value, keys: &[&str], entries: &Entries) {
    let Some(object) = value.as_object_mut() else { return };
    if let Some((key, rest)) = keys.split_first() {
        if let Some(below) = object.get_mut(*key) {
            strip(below, rest, entries);
            if below.as_object().is_some_and(serde_json::Map::is_empty) {
                object.remove(*key);
            }
        }
        return;
    }
    let is_own = |handler: &Value| handler.get(entries.command_key()).and_then(Value::as_str).is_some_and(is_ours);
    object.retain(|_, list| {
        let Some(list) = list.as_array_mut() else { return true };
        if entries.grouped {
            list.retain_mut(|group| {
                let Some(hooks) = group.get_mut("hooks").and_then(Value::as_array_mut) else { return true };
                hooks.retain(|handler| !is_own(handler));
                !hooks.is_empty()
            });
        } else {
            list.retain(|handler| !is_own(handler));
        }
        !list.is_empty()
    });
}

/// Whether a file says nothing but what we would have begun it with.
fn is_bare(text: &str, entries: &Entries) -> bool {
    let has_comments = text.contains("//") || text.contains("/*");
    let rest = others(text, entries).ok();
    !has_comments && rest.is_some_and(|rest| rest.as_object().is_some_and(serde_json::Map::is_empty))
}
