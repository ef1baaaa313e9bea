//! TOML (Codex's `config.toml`): the same groups and handlers as arrays of tables.

use serde_json::Value as Json;
use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, TableLike, value};

use super::Wish;
use super::command::is_ours;
use super::entries::{Cell, Entries};
use super::json::{Merged, Wrong};

/// The text with our handlers as they should be, or without them.
pub(super) fn merged(text: &str, entries: &Entries, command: &str, wish: Wish) -> Result<Merged, Wrong> {
    let mut document = parsed(text)?;
    let mut work = Work { entries, command, text, stood: false, line: None };
    let mut table = document.as_table_mut();
    for key in entries.root {
        if wish == Wish::Uninstall && !table.contains_key(key) {
            return Ok(Merged { text: Some(text.to_owned()), stood: false, line: 1 });
        }
        let mut fresh = Table::new();
        fresh.set_implicit(true);
        let below = table.entry(key).or_insert(Item::Table(fresh));
        table = below.as_table_mut().ok_or_else(|| Wrong::Kind((*key).to_owned(), "a table of its own"))?;
    }
    match wish {
        Wish::Install => {
            for (event, matcher) in entries.events {
                let list = table.entry(event).or_insert(Item::ArrayOfTables(ArrayOfTables::new()));
                let list = list.as_array_of_tables_mut();
                work.put(list.ok_or_else(|| Wrong::Kind((*event).to_owned(), "an array of tables"))?, *matcher)?;
            }
        }
        Wish::Uninstall => {
            let events: Vec<String> = table.iter().map(|(key, _)| key.to_owned()).collect();
            for event in events {
                let Some(list) = table.get_mut(&event).and_then(Item::as_array_of_tables_mut) else { continue };
                let before = list.len();
                work.drop_from(list)?;
                if before > 0 && list.is_empty() {
                    table.remove(&event);
                }
            }
        }
    }
    Ok(Merged { text: Some(document.to_string()), stood: work.stood, line: work.line.unwrap_or(1) })
}

/// Whether there is a value at these keys.
pub(super) fn value_at(text: &str, keys: &[&str]) -> Option<Json> {
    let document = text.parse::<DocumentMut>().ok()?;
    let mut item: &Item = document.as_item();
    for key in keys {
        item = item.get(key)?;
    }
    Some(match (item.as_bool(), item.as_str()) {
        (Some(bool), _) => bool.into(),
        (_, Some(text)) => text.into(),
        _ => Json::Null,
    })
}

fn parsed(text: &str) -> Result<DocumentMut, Wrong> {
    text.parse::<DocumentMut>().map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        Wrong::Broken { line: before.matches('\n').count() + 1, what: error.message().replace('\n', " ") }
    })
}

struct Work<'a> {
    entries: &'a Entries,
    command: &'a str,
    text: &'a str,
    stood: bool,
    line: Option<usize>,
}

impl Work<'_> {
    fn put(&mut self, list: &mut ArrayOfTables, matcher: Option<&str>) -> Result<(), Wrong> {
        let mut right = 0;
        let mut all = 0;
        for group in list.iter() {
            let is_grouped_right = group.get("matcher").and_then(Item::as_str) == matcher;
            for handler in handlers(group)? {
                if self.is_ours(handler) {
                    all += 1;
                    right += usize::from(is_grouped_right && self.is_right(handler));
                }
            }
        }
        self.stood |= all > 0;
        if (right, all) == (1, 1) {
            return Ok(());
        }
        self.drop_from(list)?;
        let mut handler = Table::new();
        for (key, cell) in self.entries.handler {
            handler.insert(
                key,
                match cell {
                    Cell::Command => value(self.command),
                    Cell::Text(text) => value(*text),
                    Cell::Number(number) => value(i64::from(*number)),
                    Cell::Yes => value(true),
                },
            );
        }
        let mut hooks = ArrayOfTables::new();
        hooks.push(handler);
        let mut group = Table::new();
        if let Some(matcher) = matcher {
            group.insert("matcher", value(matcher));
        }
        group.insert("hooks", Item::ArrayOfTables(hooks));
        list.push(group);
        Ok(())
    }

    /// Takes ours out, and the groups that are empty then.
    fn drop_from(&mut self, list: &mut ArrayOfTables) -> Result<(), Wrong> {
        let mut emptied = vec![];
        for group in list.iter_mut() {
            let count = |group: &Table| handlers(group).map(|found| found.len());
            let before = count(group)?;
            for handler in handlers(group)? {
                if self.is_ours(handler) {
                    self.stood = true;
                    let line = handler.get("command").and_then(Item::as_str).unwrap_or_default();
                    let at = self.text.lines().position(|text| text.contains(line));
                    self.line = self.line.or(at.map(|index| index + 1));
                }
            }
            match group.get_mut("hooks") {
                Some(Item::ArrayOfTables(hooks)) => hooks.retain(|handler| !self.is_ours(handler)),
                Some(item) => {
                    if let Some(hooks) = item.as_array_mut() {
                        hooks.retain(|value| value.as_inline_table().is_none_or(|handler| !self.is_ours(handler)));
                    }
                }
                None => {}
            }
            emptied.push(before > 0 && count(group)? == 0);
        }
        let mut emptied = emptied.into_iter();
        list.retain(|_| !emptied.next().unwrap_or(false));
        Ok(())
    }

    fn is_ours(&self, handler: &dyn TableLike) -> bool {
        handler.get("command").and_then(Item::as_str).is_some_and(|line| line == self.command || is_ours(line))
    }

    fn is_right(&self, handler: &dyn TableLike) -> bool {
        let says = |item: &Item, cell: &Cell| match cell {
            Cell::Command => item.as_str() == Some(self.command),
            Cell::Text(text) => item.as_str() == Some(text),
            Cell::Number(number) => item.as_integer() == Some(i64::from(*number)),
            Cell::Yes => item.as_bool() == Some(true),
        };
        let wanted = self.entries.handler;
        handler.len() == wanted.len()
            && wanted.iter().all(|(key, cell)| handler.get(key).is_some_and(|item| says(item, cell)))
    }
}

fn handlers(group: &Table) -> Result<Vec<&dyn TableLike>, Wrong> {
    match group.get("hooks") {
        None => Ok(vec![]),
        Some(Item::ArrayOfTables(hooks)) => Ok(hooks.iter().map(|table| table as &dyn TableLike).collect()),
        Some(item) => {
            let array = item.as_array().ok_or_else(|| Wrong::Kind("hooks".to_owned(), "a list"))?;
            Ok(array.iter().filter_map(|one| one.as_inline_table()).map(|table| table as &dyn TableLike).collect())
        }
    }
}
