//! The walk through a script: lists, pipelines and compound commands.

use std::rc::Rc;

use brush_parser::ast;

use super::super::{Contents, Input, Invocation, Part, Scene};
use super::redirect::Redirected;
use super::state::{State, Stop, VALUE_BYTES_MAX, Value};
use super::{parse, pattern};

/// How deep the walk goes: functions, substitutions, texts that are read in turn.
const DEPTH_MAX: usize = 20;
/// How many values of a loop are followed one by one.
const ROUNDS_MAX: usize = 32;

/// A walk through a script.
pub(super) struct Walk<'s, 'a> {
    pub(super) scene: &'s mut Scene<'a>,
    /// The circumstances of every command.
    pub(super) at: Invocation,
    pub(super) state: State,
    pub(super) depth: usize,
    /// What was printed so far; `None` when nobody knows.
    pub(super) out: Option<String>,
}

/// How a command ended, as far as it can be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    /// It is certain.
    Success,
    /// It most likely does what it should.
    Likely,
    /// It asks a question.
    Maybe,
    /// It is certain.
    Failure,
}

impl<'s, 'a> Walk<'s, 'a> {
    pub(super) const fn new(scene: &'s mut Scene<'a>, at: Invocation, state: State) -> Self {
        Self { scene, at, state, depth: 0, out: Some(String::new()) }
    }

    /// Walks through a text.
    pub(super) fn text(&mut self, text: &str) -> Status {
        if self.depth >= DEPTH_MAX {
            self.scene.unknown(&self.at, "commands in commands, too deep to be read");
            return Status::Maybe;
        }
        self.depth += 1;
        let parsed = parse::program(text);
        let mut status = Status::Success;
        for list in parsed.programs.iter().flat_map(|program| &program.complete_commands) {
            status = self.list(list);
        }
        if parsed.breaks_off && self.state.stop.is_none() {
            self.scene.unknown(&self.at, "a script that cannot be read");
        }
        self.depth -= 1;
        status
    }

    /// The shell ends: what its traps say is run.
    pub(super) fn leave(&mut self) {
        self.state.stop = None;
        for text in std::mem::take(&mut self.state.traps) {
            self.text(&text);
            self.state.stop = None;
        }
    }

    /// Something is printed.
    pub(super) fn prints(&mut self, text: Option<&str>) {
        match (&mut self.out, text) {
            (Some(out), Some(text)) if out.len() + text.len() <= VALUE_BYTES_MAX => out.push_str(text),
            (out, _) => *out = None,
        }
    }

    /// Carries out what changes nothing here, and gives what it prints.
    pub(super) fn aside<T>(&mut self, run: impl FnOnce(&mut Self) -> T) -> (T, Option<String>) {
        let state = self.state.clone();
        let out = self.out.replace(String::new());
        self.state.traps.clear();
        let result = run(self);
        self.leave();
        self.state = state;
        (result, std::mem::replace(&mut self.out, out))
    }

    pub(super) fn list(&mut self, list: &ast::CompoundList) -> Status {
        let mut status = Status::Success;
        for ast::CompoundListItem(item, separator) in &list.0 {
            if self.state.stop.is_some() || !self.scene.step() {
                break;
            }
            if matches!(separator, ast::SeparatorOperator::Async) {
                let (_, printed) = self.aside(|walk| walk.and_or(item));
                self.prints(printed.as_deref());
                status = Status::Likely;
            } else {
                status = self.and_or(item);
            }
        }
        status
    }

    fn and_or(&mut self, list: &ast::AndOrList) -> Status {
        let mut status = self.pipeline(&list.first);
        for next in &list.additional {
            if self.state.stop.is_some() {
                break;
            }
            let (pipeline, wanted) = match next {
                ast::AndOr::And(pipeline) => (pipeline, Status::Success),
                ast::AndOr::Or(pipeline) => (pipeline, Status::Failure),
            };
            let before = self.state.clone();
            let after = self.pipeline(pipeline);
            let runs = match status {
                // That most likely something ends here does not mean that what follows is never run.
                Status::Likely if wanted == Status::Success && self.state.stop.is_some() => None,
                Status::Likely => Some(wanted == Status::Success),
                Status::Maybe => None,
                certain => Some(certain == wanted),
            };
            match runs {
                Some(true) => status = after,
                Some(false) => {
                    let traps = std::mem::take(&mut self.state.traps);
                    self.state = before;
                    self.state.traps = traps;
                }
                None => {
                    let after_it = std::mem::replace(&mut self.state, before.clone());
                    self.state = before.merge(after_it, self.scene);
                    status = Status::Maybe;
                }
            }
        }
        status
    }

    fn pipeline(&mut self, pipeline: &ast::Pipeline) -> Status {
        let status = match pipeline.seq.as_slice() {
            [] => Status::Success,
            [one] => self.command(one),
            several => self.stages(several),
        };
        match (pipeline.bang, status) {
            (false, status) => status,
            (true, Status::Success) => Status::Failure,
            (true, Status::Failure) => Status::Success,
            (true, _) => Status::Maybe,
        }
    }

    fn stages(&mut self, stages: &[ast::Command]) -> Status {
        let mut status = Status::Success;
        let mut piped: Option<Input> = None;
        for (n, stage) in stages.iter().enumerate() {
            let input = piped.take();
            let (ended, printed) = self.aside(|walk| {
                if let Some(input) = input {
                    walk.state.input = input;
                }
                walk.command(stage)
            });
            status = ended;
            if n + 1 == stages.len() {
                self.prints(printed.as_deref());
            } else {
                piped = Some(printed.map_or_else(|| Input::Unknown(stage.to_string()), Input::Text));
            }
        }
        status
    }

    fn command(&mut self, command: &ast::Command) -> Status {
        if !self.scene.step() {
            self.scene.unknown(&self.at, "a script with more steps than are read");
            return Status::Maybe;
        }
        match command {
            ast::Command::Simple(simple) => self.simple(simple),
            ast::Command::Compound(compound, None) => self.compound(compound),
            ast::Command::Compound(compound, Some(redirects)) => {
                self.redirected(redirects, |walk| walk.compound(compound))
            }
            ast::Command::Function(function) => {
                let name = function.fname.value.clone();
                self.state.functions.insert(name, vec![Rc::new(function.body.clone())]);
                Status::Success
            }
            ast::Command::ExtendedTest(test, None) => self.extended_test(&test.expr),
            ast::Command::ExtendedTest(test, Some(redirects)) => {
                self.redirected(redirects, |walk| walk.extended_test(&test.expr))
            }
        }
    }

    /// Runs with these redirections.
    pub(super) fn redirected(&mut self, list: &ast::RedirectList, run: impl FnOnce(&mut Self) -> Status) -> Status {
        let redirected = self.redirections(&list.0);
        if !redirected.writes.is_empty() {
            let one = Invocation { writes: redirected.writes.clone(), ..self.invocation(vec![]) };
            self.scene.invocation(&one);
        }
        let input = redirected.input.clone().map(|input| std::mem::replace(&mut self.state.input, input));
        let out = redirected.output.is_some().then(|| self.out.replace(String::new()));
        let status = run(self);
        if let Some(input) = input {
            self.state.input = input;
        }
        if let Some(out) = out {
            let printed = std::mem::replace(&mut self.out, out);
            self.wrote(&redirected, printed.as_deref());
        }
        status
    }

    /// What was printed went where the redirections say.
    pub(super) fn wrote(&mut self, redirected: &Redirected, printed: Option<&str>) {
        let Some(Some((path, appends))) = &redirected.output else { return };
        if let Some(to) = super::redirect::network(path) {
            let host = to.split('/').nth(3).unwrap_or_default().to_owned();
            let one = self.invocation(vec![]);
            super::super::wrapper::sent(&host, printed, &one, self.scene);
            return;
        }
        let Some(path) = path.text().and_then(|path| super::path_from(self.state.directory.as_deref(), &path)) else {
            return;
        };
        if self.at.machine != super::Machine::Own {
            return;
        }
        let before = match appends {
            true => self.scene.contents(&path),
            false => Contents::Absent,
        };
        let contents = match (before, printed) {
            (Contents::Absent, Some(text)) => Contents::Whole(text.as_bytes().to_vec()),
            (Contents::Whole(mut bytes), Some(text)) => {
                bytes.extend_from_slice(text.as_bytes());
                Contents::Whole(bytes)
            }
            _ => Contents::Unknown,
        };
        self.scene.wrote(&path, contents);
    }

    pub(super) fn compound(&mut self, compound: &ast::CompoundCommand) -> Status {
        match compound {
            ast::CompoundCommand::Arithmetic(arithmetic) => self.arithmetic_command(&arithmetic.expr.value),
            ast::CompoundCommand::ArithmeticForClause(clause) => self.arithmetic_for(clause),
            ast::CompoundCommand::BraceGroup(group) => self.list(&group.list),
            ast::CompoundCommand::Subshell(subshell) => self.subshell(&subshell.list),
            ast::CompoundCommand::ForClause(clause) => self.for_clause(clause),
            ast::CompoundCommand::CaseClause(clause) => self.case(clause),
            ast::CompoundCommand::IfClause(clause) => self.if_clause(clause),
            ast::CompoundCommand::WhileClause(clause) => self.while_clause(clause, Status::Failure),
            ast::CompoundCommand::UntilClause(clause) => self.while_clause(clause, Status::Success),
            ast::CompoundCommand::Coprocess(coprocess) => {
                self.aside(|walk| walk.command(&coprocess.body));
                Status::Likely
            }
        }
    }

    pub(super) fn subshell(&mut self, list: &ast::CompoundList) -> Status {
        let (status, printed) = self.aside(|walk| walk.list(list));
        self.prints(printed.as_deref());
        status
    }

    fn for_clause(&mut self, clause: &ast::ForClauseCommand) -> Status {
        let name = clause.variable_name.as_str();
        let values: Option<Vec<super::Word>> = match &clause.values {
            Some(words) => Some(words.iter().flat_map(|word| self.words(&word.value)).collect()),
            None => {
                let arguments = self.state.arguments.clone();
                arguments.map(|all| all.iter().map(|text| self.scene.unveil(text, false)).collect())
            }
        };
        let known = values.filter(|values| values.len() <= ROUNDS_MAX);
        let Some(values) = known else {
            let unknown = self.scene.veil(Part::Unknown { shown: format!("${name}"), splits: true });
            return self.unknown_rounds(&clause.body.list, Some((name, unknown.to_string())));
        };
        let mut status = Status::Success;
        for value in &values {
            if self.state.stop.is_some() {
                break;
            }
            let text = self.scene.veiled(value);
            if value.splits() {
                status = self.unknown_rounds(&clause.body.list, Some((name, text)));
            } else {
                self.state.set(name, Value::Scalar(text));
                status = self.list(&clause.body.list);
                self.round_ends();
            }
        }
        status
    }

    /// `for ((i = 0; i < 3; i++))`, round by round where they can be counted.
    fn arithmetic_for(&mut self, clause: &ast::ArithmeticForClauseCommand) -> Status {
        if let Some(initializer) = &clause.initializer {
            self.arithmetic_command(&initializer.value);
        }
        for _ in 0..ROUNDS_MAX {
            let condition = clause.condition.as_ref().map(|condition| condition.value.trim());
            match condition.filter(|text| *text != "1").map(|text| self.arithmetic_command(text)) {
                Some(Status::Success) => {}
                Some(Status::Failure) => return Status::Success,
                _ => break,
            }
            self.list(&clause.body.list);
            self.round_ends();
            if self.state.stop.is_some() {
                return Status::Success;
            }
            if let Some(updater) = &clause.updater {
                self.arithmetic_command(&updater.value);
            }
        }
        for part in [&clause.initializer, &clause.updater].into_iter().flatten() {
            self.forget_assigned(&part.value);
        }
        self.unknown_rounds(&clause.body.list, None)
    }

    /// A round of a loop ended.
    fn round_ends(&mut self) {
        if self.state.stop == Some(Stop::Loop) {
            self.state.stop = None;
        }
    }

    /// A loop whose rounds nobody counts, with this value of its variable.
    fn unknown_rounds(&mut self, body: &ast::CompoundList, value: Option<(&str, String)>) -> Status {
        let repeats = std::mem::replace(&mut self.at.repeats, true);
        for _ in 0..2 {
            let before = self.state.clone();
            if let Some((name, value)) = &value {
                self.state.set(name, Value::Scalar(value.clone()));
            }
            let same = self.state.clone();
            self.list(body);
            self.round_ends();
            let changed = !self.state.sees_the_same(&same, &self.at, self.scene);
            let after = self.state.clone();
            self.state = before.merge(after, self.scene);
            if !changed || self.state.stop.is_some() {
                break;
            }
        }
        self.at.repeats = repeats;
        Status::Maybe
    }

    fn while_clause(&mut self, clause: &ast::WhileOrUntilClauseCommand, ends: Status) -> Status {
        let ast::WhileOrUntilClauseCommand(condition, body, _) = clause;
        for _ in 0..ROUNDS_MAX {
            let before = self.state.clone();
            let status = self.list(condition);
            if self.state.stop.is_some() || status == ends {
                return Status::Success;
            }
            let certain = matches!(status, Status::Success | Status::Failure);
            if certain && matches!(self.state.input, Input::Text(_)) && self.state.input != before.input {
                self.list(&body.list);
                self.round_ends();
                if self.state.stop.is_some() {
                    return Status::Success;
                }
                continue;
            }
            let repeats = std::mem::replace(&mut self.at.repeats, true);
            let mut seen = before;
            for round in 0..2 {
                if round > 0 {
                    self.list(condition);
                }
                self.list(&body.list);
                self.round_ends();
                let changed = !self.state.sees_the_same(&seen, &self.at, self.scene);
                let after = self.state.clone();
                self.state = seen.merge(after, self.scene);
                seen = self.state.clone();
                if !changed || self.state.stop.is_some() {
                    break;
                }
            }
            self.at.repeats = repeats;
            return Status::Maybe;
        }
        // More rounds than are followed: what is left is read once, whatever it reads.
        self.state.input = Input::Unknown("what is left to be read".to_owned());
        self.list(condition);
        self.unknown_rounds(&body.list, None)
    }

    fn if_clause(&mut self, clause: &ast::IfClauseCommand) -> Status {
        let mut ways: Vec<State> = vec![];
        let mut open = true;
        let first = std::iter::once((Some(&clause.condition), &clause.then));
        let others = clause.elses.iter().flatten().map(|way| (way.condition.as_ref(), &way.body));
        let mut status = Status::Likely;
        for (condition, body) in first.chain(others) {
            if !open || self.state.stop.is_some() {
                break;
            }
            let answer = condition.map_or(Status::Success, |condition| self.list(condition));
            if self.state.stop.is_some() {
                break;
            }
            if answer == Status::Failure {
                continue;
            }
            let before = self.state.clone();
            status = self.list(body);
            ways.push(std::mem::replace(&mut self.state, before));
            open = answer != Status::Success;
        }
        if open {
            ways.push(self.state.clone());
        }
        self.state = self.merged(ways);
        if open { Status::Maybe } else { status }
    }

    fn merged(&mut self, ways: Vec<State>) -> State {
        let mut ways = ways.into_iter();
        let first = ways.next().unwrap_or_else(|| self.state.clone());
        ways.fold(first, |one, two| one.merge(two, self.scene))
    }

    fn case(&mut self, clause: &ast::CaseClauseCommand) -> Status {
        let value = self.value(&clause.value.value);
        let mut ways: Vec<State> = vec![];
        let (mut open, mut falls) = (true, false);
        for case in &clause.cases {
            if !open && !falls {
                break;
            }
            let mut answer = Some(false);
            for text in &case.patterns {
                let wanted = self.pattern(&text.value);
                match wanted.and_then(|wanted| pattern::matches(&wanted, &value)) {
                    Some(true) => answer = Some(true),
                    Some(false) => {}
                    None if answer == Some(false) => answer = None,
                    None => {}
                }
                if answer == Some(true) {
                    break;
                }
            }
            if answer == Some(false) && !falls {
                continue;
            }
            let before = self.state.clone();
            if let Some(list) = &case.cmd {
                self.list(list);
            }
            falls = matches!(case.post_action, ast::CaseItemPostAction::UnconditionallyExecuteNextCaseItem);
            let goes_on = !matches!(case.post_action, ast::CaseItemPostAction::ExitCase);
            if !goes_on {
                ways.push(std::mem::replace(&mut self.state, before));
            }
            open &= answer != Some(true) || goes_on;
        }
        if open {
            ways.push(self.state.clone());
        }
        self.state = self.merged(ways);
        Status::Maybe
    }
}
