//! The form of agents' hook lists, as data, and what ours look like in it.

use jsonc_parser::cst::CstInputValue;
use serde_json::Value;

/// Handlers in lists below a key of a JSON or TOML file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entries {
    /// The keys that lead to the events.
    pub(super) root: &'static [&'static str],
    /// What the file must say besides, where it says nothing.
    pub(super) first: &'static [(&'static str, Cell)],
    /// The events that are asked about, and for which tools.
    pub(super) events: &'static [(&'static str, Option<&'static str>)],
    /// An event's list holds groups `{matcher, hooks: […]}`, not the handlers themselves.
    pub(super) grouped: bool,
    /// A handler.
    pub(super) handler: &'static [(&'static str, Cell)],
}

/// A value in it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Cell {
    /// The command line.
    Command,
    /// A text.
    Text(&'static str),
    /// A number.
    Number(u32),
    /// `true`.
    Yes,
}

impl Cell {
    pub(super) fn value(self, command: &str) -> Value {
        match self {
            Self::Command => command.into(),
            Self::Text(text) => text.into(),
            Self::Number(number) => number.into(),
            Self::Yes => true.into(),
        }
    }

    pub(super) fn written(self, command: &str) -> CstInputValue {
        match self {
            Self::Command => command.into(),
            Self::Text(text) => text.into(),
            Self::Number(number) => number.into(),
            Self::Yes => true.into(),
        }
    }
}

impl Entries {
    /// The key of a handler that holds the command line.
    pub(super) fn command_key(&self) -> &'static str {
        self.handler.iter().find(|(_, cell)| matches!(cell, Cell::Command)).map_or("command", |(key, _)| key)
    }

    /// The keys of one handler, in the order in which they are written.
    pub(super) fn cells(&self, matcher: Option<&'static str>) -> Vec<(&'static str, Cell)> {
        let own = matcher.filter(|_| !self.grouped).map(|matcher| ("matcher", Cell::Text(matcher)));
        own.into_iter().chain(self.handler.iter().copied()).collect()
    }

    /// The same as a value.
    pub(super) fn handler(&self, matcher: Option<&'static str>, command: &str) -> Value {
        self.cells(matcher).into_iter().map(|(key, cell)| (key.to_owned(), cell.value(command))).collect()
    }

    /// The same, to be written.
    pub(super) fn input(&self, matcher: Option<&'static str>, command: &str) -> CstInputValue {
        let cells = self.cells(matcher).into_iter();
        CstInputValue::Object(cells.map(|(key, cell)| (key.to_owned(), cell.written(command))).collect())
    }

    /// What an event's list gets: the handler, in a group where they are grouped.
    pub(super) fn element(&self, matcher: Option<&'static str>, command: &str) -> CstInputValue {
        let handler = self.input(matcher, command);
        if !self.grouped {
            return handler;
        }
        let matcher = matcher.map(|matcher| ("matcher".to_owned(), matcher.into()));
        let hooks = ("hooks".to_owned(), CstInputValue::Array(vec![handler]));
        CstInputValue::Object(matcher.into_iter().chain([hooks]).collect())
    }
}
