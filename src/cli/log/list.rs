//! The list of decisions: each joined with its outcome, the latest last.

use std::collections::{HashMap, HashSet, VecDeque};
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use anstyle::{AnsiColor, Style};

use super::{Log, Screen};
use crate::cli::table::{Cell, Column, widths, write_head, write_row};
use crate::model::{Disposition, Effect, Timestamp};
use crate::record::query::{Filter, ReadError, Reader, Stored};
use crate::record::{
    ApprovalEntry, ApprovalStep, ConfigurationEntry, ConfigurationStep, Damage, DecisionEntry, Entry, Ground, Outcome,
    RejectedEntry, Streamed,
};

/// A decision waits for its outcome until so many others have come; then it is shown as it is.
const WAITING_MAX: usize = 4096;
/// How often a followed log is looked at.
const POLL: Duration = Duration::from_millis(250);
/// The ids of so many shown decisions are kept, to show their outcomes when they come.
const SHOWN_MAX: usize = 16_384;

/// A decision or a rejected request, with how it ended; or a step of an approval request.
#[derive(Debug)]
pub(in crate::cli) struct Line {
    pub(in crate::cli) stored: Stored,
    pub(super) outcome: Option<Stored>,
}

impl Line {
    pub(super) fn outcome(&self) -> Option<Outcome> {
        outcome_of(self.outcome.as_ref()?)
    }

    /// A step of an approval request: it stands between the decisions and is not one of them.
    fn is_step(&self) -> bool {
        ["approval", "configuration", "session"].iter().any(|kind| self.stored.is(kind))
    }
}

/// How it ended, if this record says so.
pub(super) fn outcome_of(stored: &Stored) -> Option<Outcome> {
    match stored.entry().ok()? {
        Entry::Outcome(entry) => Some(entry.outcome),
        _ => None,
    }
}

/// Shows the list; 1 when a part of the log is damaged.
pub(super) fn list(
    args: &Log,
    filter: &Filter,
    folder: &Path,
    out: &mut dyn Write,
    screen: Screen,
) -> anyhow::Result<u8> {
    let mut reader = Reader::open_since(folder, filter.since())?;
    let mut join = Join::new(filter, if args.all { usize::MAX } else { args.last });
    let mut damages = Vec::new();
    let mut printer = Printer { json: args.json, screen, widths: Vec::new(), shown: HashSet::new() };
    for item in &mut reader {
        match item {
            Ok(stored) => join.take(stored),
            Err(ReadError::Damage(damage)) => damages.push(damage),
            Err(error) => return Err(error.into()),
        }
        if args.json && args.all {
            join.ready().try_for_each(|line| printer.json(out, &line))?;
        }
    }
    let (lines, matched) = join.finish();
    printer.print(out, &lines)?;
    printer.damage(out, &damages)?;
    if !args.json {
        let shown = lines.iter().filter(|line| !line.is_step()).count();
        writeln!(out, "{}", summary(shown, matched, filter))?;
    }
    out.flush()?;
    if args.follow {
        follow(&mut reader, filter, &mut printer, out, &mut || std::thread::sleep(POLL))?;
    }
    Ok(u8::from(!damages.is_empty()))
}

fn summary(shown: usize, matched: u64, filter: &Filter) -> String {
    let what = if filter.is_empty() { "decisions" } else { "matching decisions" };
    if shown as u64 == matched {
        format!("{matched} {what}")
    } else {
        format!("the last {shown} of {matched} {what}; --all shows every one")
    }
}

/// Joins outcomes to decisions, and keeps the last of those that are wanted.
#[derive(Debug)]
pub(super) struct Join<'a> {
    filter: &'a Filter,
    last: usize,
    /// Candidates, oldest first; the number of the first one is `gone`.
    waiting: VecDeque<Line>,
    gone: u64,
    /// Where a decision waits, by its id.
    places: HashMap<String, u64>,
    kept: VecDeque<Line>,
    matched: u64,
}

impl<'a> Join<'a> {
    pub(super) fn new(filter: &'a Filter, last: usize) -> Self {
        let (waiting, kept, places) = (VecDeque::new(), VecDeque::new(), HashMap::new());
        Self { filter, last, waiting, gone: 0, places, kept, matched: 0 }
    }

    pub(super) fn take(&mut self, stored: Stored) {
        let Some(id) = stored.id() else { return };
        if stored.is("outcome") {
            let place = self.places.get(id).and_then(|place| usize::try_from(place - self.gone).ok());
            if let Some(line) = place.and_then(|place| self.waiting.get_mut(place)) {
                line.outcome = Some(stored);
            } else if let Some(line) = self.kept.iter_mut().rev().find(|line| line.stored.id() == Some(id)) {
                line.outcome = Some(stored);
            }
            return;
        }
        if !may_want(self.filter, &stored) {
            return;
        }
        self.places.insert(id.to_owned(), self.gone + self.waiting.len() as u64);
        self.waiting.push_back(Line { stored, outcome: None });
        if self.waiting.len() > WAITING_MAX {
            self.settle();
        }
    }

    /// The longest waiting one waits no longer.
    fn settle(&mut self) {
        let Some(line) = self.waiting.pop_front() else { return };
        self.gone += 1;
        if let Some(id) = line.stored.id() {
            self.places.remove(id);
        }
        if !wants(self.filter, &line) {
            return;
        }
        self.matched += u64::from(!line.is_step());
        self.kept.push_back(line);
        if self.kept.len() > self.last {
            self.kept.pop_front();
        }
    }

    /// Those that wait no longer, handed out.
    fn ready(&mut self) -> impl Iterator<Item = Line> {
        self.kept.drain(..)
    }

    /// The last ones, and how many were wanted in all.
    pub(super) fn finish(mut self) -> (Vec<Line>, u64) {
        while !self.waiting.is_empty() {
            self.settle();
        }
        (self.kept.into(), self.matched)
    }
}

/// Whether a record may be wanted. One that cannot be read is: a reviewer must see that it is there.
fn may_want(filter: &Filter, stored: &Stored) -> bool {
    ["decision", "rejected", "approval", "configuration", "session"].iter().any(|kind| stored.is(kind))
        && (filter.is_empty() || stored.entry().map_or(true, |entry| filter.may_want(&entry)))
}

fn wants(filter: &Filter, line: &Line) -> bool {
    !filter.asks_for_outcome()
        || line.stored.entry().map_or(true, |entry| filter.wants(&entry, line.outcome().as_ref()))
}

/// Shows what comes, until writing fails; `pause` waits between two looks.
pub(super) fn follow(
    reader: &mut Reader,
    filter: &Filter,
    printer: &mut Printer,
    out: &mut dyn Write,
    pause: &mut dyn FnMut(),
) -> anyhow::Result<()> {
    let mut waiting: HashMap<String, Line> = HashMap::new();
    loop {
        pause();
        reader.refresh()?;
        for item in &mut *reader {
            let stored = match item {
                Ok(stored) => stored,
                Err(ReadError::Damage(damage)) => {
                    printer.damage(out, &[damage])?;
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            let Some(id) = stored.id().map(str::to_owned) else { continue };
            if stored.is("outcome") {
                match waiting.remove(&id) {
                    Some(mut line) => {
                        line.outcome = Some(stored);
                        if wants(filter, &line) {
                            printer.print(out, &[line])?;
                        }
                    }
                    None => printer.outcome(out, &stored)?,
                }
            } else if may_want(filter, &stored) {
                let line = Line { stored, outcome: None };
                if filter.asks_for_outcome() {
                    waiting.insert(id, line);
                } else {
                    printer.print(out, &[line])?;
                }
            }
        }
        out.flush()?;
    }
}

/// Writes lines, in one of two forms.
#[derive(Debug)]
pub(super) struct Printer {
    pub(super) json: bool,
    pub(super) screen: Screen,
    /// Of the columns, once the first rows are known.
    pub(super) widths: Vec<usize>,
    /// Decisions without an outcome that were shown.
    pub(super) shown: HashSet<String>,
}

const COLUMNS: [Column; 7] = [
    Column { heading: "TIME (UTC)", narrowest: 14, middle: false },
    Column { heading: "DECISION", narrowest: 8, middle: false },
    Column { heading: "OPERATION", narrowest: 14, middle: true },
    Column { heading: "ENV", narrowest: 4, middle: false },
    Column { heading: "RESOURCE", narrowest: 10, middle: true },
    Column { heading: "RULE OR OUTCOME", narrowest: 10, middle: false },
    Column { heading: "ID", narrowest: 8, middle: false },
];

/// From this width on, ids stand whole.
const WIDE: usize = 180;

impl Printer {
    pub(super) fn print(&mut self, out: &mut dyn Write, lines: &[Line]) -> io::Result<()> {
        for line in lines.iter().filter(|line| line.outcome.is_none() && !line.is_step()) {
            if self.shown.len() >= SHOWN_MAX {
                self.shown.clear();
            }
            self.shown.extend(line.stored.id().map(str::to_owned));
        }
        if self.json {
            return lines.iter().try_for_each(|line| self.json(out, line));
        }
        let rows: Vec<Vec<Cell>> = lines.iter().map(|line| self.row(line)).collect();
        if self.widths.is_empty() && !rows.is_empty() {
            self.widths = widths(&COLUMNS, &rows, self.screen.width);
            write_head(out, &COLUMNS, &self.widths)?;
        }
        rows.iter().try_for_each(|row| write_row(out, &COLUMNS, &self.widths, row))
    }

    /// The record as it stands, and beside it its log, its sequence, and its outcome.
    pub(super) fn json(&self, out: &mut dyn Write, line: &Line) -> io::Result<()> {
        write_json(out, &line.stored, Some(line.outcome.as_ref()))
    }

    /// The outcome of a decision that was shown without one.
    fn outcome(&mut self, out: &mut dyn Write, stored: &Stored) -> io::Result<()> {
        let Some(id) = stored.id().filter(|id| self.shown.remove(*id)) else { return Ok(()) };
        if self.json {
            return write_json(out, stored, None);
        }
        let outcome = outcome_of(stored);
        let row = [
            Cell::new(&self.time(stored.at())),
            Cell::new(""),
            Cell::new("↳ outcome"),
            Cell::new(""),
            Cell::new(""),
            outcome_cell(outcome.as_ref()),
            Cell::new(self.id(id)),
        ];
        write_row(out, &COLUMNS, &self.widths, &row)
    }

    fn damage(&self, out: &mut dyn Write, damages: &[Damage]) -> io::Result<()> {
        for damage in damages {
            if self.json {
                let line = serde_json::json!({ "kind": "damage", "why": damage.to_string() });
                writeln!(out, "{line}")?;
            } else {
                let style = Style::new().bold().fg_color(Some(AnsiColor::Red.into()));
                writeln!(out, "{style}damaged{style:#} {}", crate::cli::table::visible(&damage.to_string()))?;
            }
        }
        Ok(())
    }

    fn time(&self, at: Timestamp) -> String {
        let text = at.to_string().replace('T', " ");
        // On a terminal without the year and the fraction of a second.
        let (from, to) = if self.screen.width.is_some() { (5, 19) } else { (0, 23) };
        text.get(from..to).unwrap_or(&text).to_owned()
    }

    fn id<'t>(&self, id: &'t str) -> &'t str {
        let short = self.screen.width.is_some_and(|width| width < WIDE);
        if short { id.get(id.len().saturating_sub(8)..).unwrap_or(id) } else { id }
    }

    fn row(&self, line: &Line) -> Vec<Cell> {
        let time = Cell::new(&self.time(line.stored.at())).style(Style::new().dimmed());
        let id = Cell::new(self.id(line.stored.id().unwrap_or_default())).style(Style::new().dimmed());
        let mut row = vec![time];
        match line.stored.entry() {
            Ok(Entry::Decision(entry)) => row.extend(decision_cells(&entry, line.outcome().as_ref())),
            Ok(Entry::Rejected(entry)) => row.extend(rejected_cells(&entry)),
            Ok(Entry::Approval(entry)) => row.extend(approval_cells(&entry)),
            Ok(Entry::Configuration(entry)) => row.extend(configuration_cells(&entry)),
            Ok(Entry::Session(entry)) => row.extend(super::session::cells(&entry)),
            Ok(_) => {}
            Err(damage) => {
                row.extend([
                    Cell::new("?"),
                    Cell::new(""),
                    Cell::new(""),
                    Cell::new(""),
                    Cell::new(&damage.to_string()),
                ]);
            }
        }
        row.push(id);
        row
    }
}

/// One record as a line of JSON. A record is an object, so what stands beside it goes before its last brace.
pub(super) fn write_json(out: &mut dyn Write, stored: &Stored, outcome: Option<Option<&Stored>>) -> io::Result<()> {
    let payload = stored.payload();
    out.write_all(payload.strip_suffix(b"}").unwrap_or(payload))?;
    write!(out, r#","log":"{}","sequence":{}"#, stored.log(), stored.sequence())?;
    if let Some(outcome) = outcome {
        out.write_all(br#","outcome":"#)?;
        out.write_all(outcome.map_or(b"null".as_slice(), Stored::payload))?;
    }
    out.write_all(b"}\n")
}

pub(super) fn effect_style(effect: Effect) -> Style {
    let colour = match effect {
        Effect::Allow => AnsiColor::Green,
        Effect::Throttle => AnsiColor::Cyan,
        Effect::Escalate => AnsiColor::Yellow,
        Effect::Deny => AnsiColor::Red,
    };
    Style::new().fg_color(Some(colour.into()))
}

fn decision_cells(entry: &DecisionEntry, outcome: Option<&Outcome>) -> Vec<Cell> {
    let deciding: Vec<_> = entry.deciding().collect();
    // The action that decided stands for the others.
    let action = deciding.first().and_then(|finding| entry.actions.get(finding.action)).or(entry.actions.first());
    let more = |count: usize| if count > 1 { format!(" +{}", count - 1) } else { String::new() };
    let operation =
        action.map_or_else(String::new, |action| format!("{}{}", action.operation, more(entry.actions.len())));
    let resource = action
        .and_then(|action| Some(format!("{}{}", action.resources.first()?.as_str(), more(action.resources.len()))));
    let rules = || {
        let mut rules: Vec<&str> = deciding.iter().map(|finding| finding.rule.as_str()).collect();
        // A rule says more than the matrix.
        rules.sort_by_key(|rule| rule.starts_with("matrix:"));
        rules.dedup();
        rules.first().map_or_else(String::new, |first| format!("{first}{}", more(rules.len())))
    };
    let result = match entry.disposition {
        Disposition::Forwarded => match entry.approval {
            Some(_) => Cell::new(&format!("approved, {}", outcome_text(outcome))),
            None => outcome_cell(outcome),
        },
        Disposition::Observed => Cell::new(&format!("observed, {}: {}", outcome_text(outcome), rules())),
        Disposition::Refused => Cell::new(&rules()),
        Disposition::Throttled => Cell::new(&format!("limit {}", entry.limit.as_deref().unwrap_or("used up"))),
        Disposition::Pending => {
            Cell::new(&entry.approval.map_or_else(rules, |approval| format!("waits for {approval}: {}", rules())))
        }
    };
    vec![
        Cell::new(entry.decision.as_str()).style(effect_style(entry.decision)),
        Cell::new(&operation),
        Cell::new(action.map_or("", |action| &action.environment.name)),
        Cell::new(&resource.unwrap_or_default()),
        result,
    ]
}

fn configuration_cells(entry: &ConfigurationEntry) -> Vec<Cell> {
    let style = match entry.step {
        ConfigurationStep::Wrong => effect_style(Effect::Deny),
        ConfigurationStep::Waiting => effect_style(Effect::Escalate),
        ConfigurationStep::TakenUp | ConfigurationStep::Accepted | ConfigurationStep::Started => {
            effect_style(Effect::Allow)
        }
    };
    let file = entry.files.first().map_or("", String::as_str);
    let file = file.rsplit('/').next().unwrap_or(file);
    let more = if entry.files.len() > 1 { format!(" +{}", entry.files.len() - 1) } else { String::new() };
    let result = match (&entry.by, &entry.why) {
        _ if entry.step == ConfigurationStep::Started => {
            let ground = entry.ground.as_ref().map(|ground| format!(": {ground}")).unwrap_or_default();
            format!("posture {}, {}{ground}", entry.posture, entry.rules_after)
        }
        _ if let Some(Ground::Approval { voters, .. }) = &entry.ground => {
            format!("approved by {}: {} → {}", voters.join(", "), entry.rules_before, entry.rules_after)
        }
        (Some(by), _) => format!("by {by}: {} → {}", entry.rules_before, entry.rules_after),
        (None, Some(why)) => why.lines().next().unwrap_or_default().to_owned(),
        (None, None) if entry.rules_before == entry.rules_after => entry.rules_after.clone(),
        (None, None) => format!("{} → {}", entry.rules_before, entry.rules_after),
    };
    vec![
        Cell::new(entry.step.as_str()).style(style),
        Cell::new("configuration"),
        Cell::new(""),
        Cell::new(&format!("{file}{more}")),
        Cell::new(&result),
    ]
}

fn rejected_cells(entry: &RejectedEntry) -> Vec<Cell> {
    let target = entry.target.as_deref().unwrap_or_default();
    let word = Cell::new("rejected").style(effect_style(Effect::Deny));
    vec![word, Cell::new(""), Cell::new(""), Cell::new(target), Cell::new(&format!("{} {}", entry.status, entry.why))]
}

fn approval_cells(entry: &ApprovalEntry) -> Vec<Cell> {
    let colour = match entry.step {
        ApprovalStep::Approved | ApprovalStep::Used | ApprovalStep::Reviewed => AnsiColor::Green,
        ApprovalStep::Opened | ApprovalStep::Joined | ApprovalStep::Voted | ApprovalStep::Withdrawn => {
            AnsiColor::Yellow
        }
        ApprovalStep::Denied
        | ApprovalStep::Expired
        | ApprovalStep::Voided
        | ApprovalStep::BrokenGlass
        | ApprovalStep::Refused => AnsiColor::Red,
    };
    let word = Cell::new(entry.step.as_str()).style(Style::new().fg_color(Some(colour.into())));
    let said = match (&entry.by, &entry.reason, &entry.decision) {
        (Some(by), Some(reason), _) => format!("approval request, by {by}: {reason}"),
        (Some(by), None, _) => format!("approval request, by {by}"),
        (None, Some(reason), _) => format!("approval request: {reason}"),
        (None, None, Some(decision)) => format!("approval request, by {decision}"),
        (None, None, None) => "approval request".to_owned(),
    };
    vec![word, Cell::new(&entry.operation), Cell::new(""), Cell::new(""), Cell::new(&said)]
}

fn outcome_cell(outcome: Option<&Outcome>) -> Cell {
    let colour = match outcome {
        Some(Outcome::Answered { status, .. }) if *status < 400 => None,
        Some(Outcome::Tunnelled { streamed, broken: None, .. }) if !is_cut(streamed.as_ref()) => None,
        _ => Some(AnsiColor::Yellow.into()),
    };
    Cell::new(&outcome_text(outcome)).style(Style::new().fg_color(colour))
}

/// Whether the gate ended a connection for what its client sent.
fn is_cut(streamed: Option<&Streamed>) -> bool {
    streamed.is_some_and(|streamed| streamed.cut.is_some())
}

/// How it ended, in few words.
pub(super) fn outcome_text(outcome: Option<&Outcome>) -> String {
    match outcome {
        Some(Outcome::Answered { status, .. }) => format!("answered {status}"),
        Some(Outcome::Tunnelled { streamed, .. }) if is_cut(streamed.as_ref()) => "tunnel cut".to_owned(),
        Some(Outcome::Tunnelled { broken: Some(_), .. }) => "tunnel broken".to_owned(),
        Some(Outcome::Tunnelled { .. }) => "tunnel closed".to_owned(),
        Some(Outcome::Unreachable { .. }) => "unreachable".to_owned(),
        Some(Outcome::Broken { status: Some(status), .. }) => format!("broken after {status}"),
        Some(Outcome::Broken { status: None, .. }) => "broken".to_owned(),
        Some(Outcome::Abandoned) => "abandoned".to_owned(),
        None => "no outcome".to_owned(),
    }
}
