//! Game days: what agents have done to others, played against the operator's own rules and inventory. Nothing is sent.
//!
//! An incident is one YAML file: the steps of a story, each with what the gate must say. Its readings and decisions are
//! the gate's own; of the gate's memory the limits and what sequences ask for take part, as if all steps of a story came at
//! once. What only a longer memory could stop is told as a known gap and never as stopped.

mod advice;
mod library;
mod play;
mod targets;
mod text;

use serde::{Deserialize, Serialize};

use crate::config::{Diagnostics, Inventory};
use crate::identify::Known;
use crate::identify::command::{Shell, Stated};
use crate::identify::tool::ToolCall;
use crate::model::{EnvironmentKind, blast_words as words};
use crate::rules;

pub use library::library_sources;
pub use play::{Outcome, Played, PlayedStep, PlayedWay, Stop};
pub use targets::Target;

/// One incident: a story, and what of it must be stopped.
#[derive(Clone, Debug)]
pub struct Incident {
    /// Its file's name without the ending.
    pub id: String,
    /// The file as a person would name it.
    pub file: String,
    /// In one line.
    pub title: String,
    /// When it happened: `2025-12` or `2026-02-26`.
    pub date: Option<String>,
    /// What happened.
    pub what: String,
    /// Where it was told.
    pub source: Option<String>,
    /// What it teaches.
    pub lesson: Option<String>,
    /// What the story's targets are played as.
    pub targets: Vec<Target>,
    /// In the order in which they came.
    pub steps: Vec<Step>,
}

/// One step of a story.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its line in the file.
    pub line: usize,
    /// In a few words.
    pub say: String,
    /// What the gate must say.
    pub expect: Expect,
    /// Everything in it belongs to this environment, whatever the inventory says.
    pub environment: Option<EnvironmentKind>,
    /// The ways in which it is attempted: as in the story first, then the same by other doors.
    pub ways: Vec<Way>,
}

/// One way of attempting a step.
#[derive(Clone, Debug)]
pub struct Way {
    /// Its line in the file.
    pub line: usize,
    /// How it differs from the step's first way.
    pub say: String,
    /// What it would take to stop it, where what is built in does not.
    pub needs: Option<Need>,
    /// Never empty; several where the step is repeated.
    pub attempts: Vec<Attempt>,
}

/// What is attempted.
#[derive(Clone, Debug)]
pub enum Attempt {
    /// A request.
    Http {
        /// As text.
        request: rules::Request,
        /// What a listener or a kubeconfig would say of the host.
        known: Known,
    },
    /// A command line or a script, in a workspace at `/repo`.
    Command {
        /// The text.
        text: String,
        /// In whose language.
        shell: Shell,
        /// What stands around it.
        around: Box<Stated>,
    },
    /// A text in SQL.
    Sql {
        /// `postgres`, `mysql`, …
        dialect: String,
        /// One statement or several.
        text: String,
        /// `host/database`.
        target: Option<String>,
    },
    /// A call of an MCP server's tool.
    Tool {
        /// The call.
        call: Box<ToolCall>,
        /// What stands around it.
        around: Box<Stated>,
    },
}

words! {
    /// What the gate must say of a step.
    Expect {
        /// It must not go on without people.
        Stop = "stop",
        /// It must go on: a gate that stops everything is none.
        Pass = "pass",
    }
}

words! {
    /// What it takes to stop a call, where the built-in rules and limits do not.
    Need {
        /// A memory of what the session did before: bursts and sequences.
        Memory = "memory",
        /// To know what a click or an answer typed into a program means; no door sees that.
        Meaning = "meaning",
        /// A reading of the gate that is not there yet.
        Reading = "reading",
        /// A rule or a freeze of the operator's own: nothing in the call tells that it is dangerous here.
        Rule = "rule",
    }
}

impl Need {
    /// For people: what is missing.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Memory => "only a memory of what the session did before could tell",
            Self::Meaning => "the call does not say what it means",
            Self::Reading => "this version of the gate does not read that far",
            Self::Rule => "only you know that it is dangerous here: it takes a rule or a freeze of your own",
        }
    }
}

impl Incident {
    /// Parses and checks one file. Placeholders such as `{prod.account}` are filled from the inventory's first entry of that
    /// kind, where there is one.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(file: &str, text: &str, inventory: &Inventory) -> Result<Self, Diagnostics> {
        text::parse(file, text, inventory)
    }
}

/// Which kinds of environment a placeholder can name.
const KINDS: &[EnvironmentKind] =
    &[EnvironmentKind::Local, EnvironmentKind::Dev, EnvironmentKind::Staging, EnvironmentKind::Prod];

#[cfg(test)]
mod tests;
