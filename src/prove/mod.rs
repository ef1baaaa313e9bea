//! Runs the tests inside packs, and judges a single request from text: what `explain` shows is what the gate does.

mod capture;
pub mod gameday;
pub mod import;
mod skeleton;
mod trace;
mod trials;
mod what_if;

use vec1::Vec1;

pub use capture::capture;
pub use skeleton::{Seed, SkeletonError, skeleton};
pub use trace::{Outcome, Traced, trace};
pub use trials::{Expected, Reading, Trial, count, run, trials};
pub use what_if::{Alternative, WhatIf};

use crate::classify::{Action, classify};
use crate::config::{Bodies, Inventory};
use crate::decide::{Decision, Facts, decide};
use crate::head::text::head_from_parts;
use crate::identify::command::{Heard, Shell, Surroundings, command};
use crate::identify::tool::{ToolCall, tool};
use crate::identify::{Known, identify, route, statement};
use crate::model::http::Unreadable;
use crate::model::{Context, Door, Evidence, Posture, Principal, SessionId, Timestamp};
use crate::rules::RuleSet;

/// A request as text.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The method.
    pub method: &'a str,
    /// The whole URL.
    pub url: &'a str,
    /// The headers.
    pub headers: &'a [(String, String)],
    /// The body, as it would go over the wire.
    pub body: &'a [u8],
}

/// A command line, or a whole script.
#[derive(Clone, Copy)]
pub struct Command<'a> {
    /// The text.
    pub text: &'a str,
    /// Its language.
    pub shell: Shell,
    /// Where it would run.
    pub around: &'a dyn Surroundings,
}

/// A text in SQL, and where it would run.
#[derive(Clone, Copy, Debug)]
pub struct Statement<'a> {
    /// The dialect: `postgres`, `mysql`, …
    pub dialect: &'a str,
    /// One statement or several.
    pub text: &'a str,
    /// `host/database`, as far as it is known.
    pub target: Option<&'a str>,
}

/// How each action of a command was reached.
pub type Trails = Vec1<Vec<String>>;

/// What a request is judged with.
#[derive(Clone, Copy, Debug)]
pub struct Bench<'a> {
    /// The rules.
    pub rules: &'a RuleSet,
    /// What is prod, and whose.
    pub inventory: &'a Inventory,
    /// How much of a body is read.
    pub bodies: &'a Bodies,
    /// How strict.
    pub posture: Posture,
}

/// What a request asks for, and the answer.
#[derive(Clone, Debug)]
pub struct Judged {
    /// What it asks for.
    pub actions: Vec1<Action>,
    /// The answer.
    pub decision: Decision,
}

impl Bench<'_> {
    /// Route, identify, classify, decide: exactly what the gate does, without its memory.
    ///
    /// # Errors
    /// The request has more than one reading: the gate would refuse it.
    pub fn judge(&self, request: &Request<'_>, known: &Known, context: &Context) -> Result<Judged, Unreadable> {
        let actions = self.read(request, known)?;
        let decision = decide(&actions, context, self.rules, &Facts::default(), self.posture);
        Ok(Judged { actions, decision })
    }

    /// The same for a command line, or a script.
    ///
    /// # Errors
    /// It has more than one reading: the gate would refuse it.
    pub fn hear(&self, asked: &Command<'_>, context: &Context) -> Result<(Judged, Trails), Unreadable> {
        let Heard { identified, trail } = command(asked.text, asked.shell, asked.around)?;
        let actions = classify(identified, self.inventory, Evidence::Parsed);
        let decision = decide(&actions, context, self.rules, &Facts::default(), self.posture);
        Ok((Judged { actions, decision }, trail))
    }

    /// The same for an agent's tool call.
    ///
    /// # Errors
    /// It has more than one reading: the gate would refuse it.
    pub fn use_tool(
        &self,
        call: &ToolCall,
        around: &dyn Surroundings,
        context: &Context,
    ) -> Result<(Judged, Trails), Unreadable> {
        let Heard { identified, trail } = tool(std::slice::from_ref(call), around)?;
        let actions = classify(identified, self.inventory, Evidence::Parsed);
        let decision = decide(&actions, context, self.rules, &Facts::default(), self.posture);
        Ok((Judged { actions, decision }, trail))
    }

    /// The same for a statement in SQL.
    ///
    /// # Errors
    /// It has more than one reading.
    pub fn judge_statement(&self, asked: &Statement<'_>, context: &Context) -> Result<Judged, Unreadable> {
        let identified = statement(asked.dialect, asked.text, asked.target)?;
        let actions = classify(identified, self.inventory, Evidence::Parsed);
        let decision = decide(&actions, context, self.rules, &Facts::default(), self.posture);
        Ok(Judged { actions, decision })
    }

    fn read(&self, request: &Request<'_>, known: &Known) -> Result<Vec1<Action>, Unreadable> {
        let head = head_from_parts(request.method, request.url, request.headers)?;
        let route = route(&head, known)?;
        let body = capture(&head, request.body, route.need(), self.bodies);
        Ok(classify(identify(&route, &head, &body)?, self.inventory, Evidence::Observed))
    }
}

/// A context for requests that nobody sends: of `explain` and of tests.
#[must_use]
pub fn nobody(at: Timestamp) -> Context {
    let principal = Principal { session: SessionId::new(at, 0), agent: None, person: None, anonymous: false };
    Context { principal, door: Door::Http, at }
}

#[cfg(test)]
mod tests;
