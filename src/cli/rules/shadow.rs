//! `rules shadow-report`: what rules that do not count yet would have done, and whether they can be enforced.

use std::io::{self, Write};

use anstyle::Style;
use clap::Args;

use super::period::{Period, ended};
use crate::app::{self, SystemClock};
use crate::cli::count;
use crate::cli::log::Screen;
use crate::cli::sheet::{Sheet, effect_style, minute};
use crate::cli::table::visible;
use crate::config::nearest;
use crate::model::{Clock as _, Mode};
use crate::report::{Kind, Promotion, Shadow, ShadowCollector, ShadowReport};
use crate::rules::RuleSet;

/// Operations, people and environments that are named.
const KINDS_MAX: usize = 4;
/// Examples that are named.
const EXAMPLES_MAX: usize = 3;

/// Say what rules in the mode `shadow` would have done, and whether to enforce them.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Every recorded decision is made again by the rules as they stand now: a rule that was written a minute ago is
told of the whole period. Where the gate only watched (posture `observe`), what would have been stopped is told
too; `blastgate report` tells more of that.

Examples:
  blastgate rules shadow-report                         all rules in the mode `shadow`, the last 7 days
  blastgate rules shadow-report --rule acme/no-friday-deploys --since 30d")]
pub(super) struct ShadowArgs {
    /// Only this rule, whatever its mode.
    #[arg(long, value_name = "ID")]
    rule: Option<String>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    period: Period,
}

pub(super) fn run(args: &ShadowArgs, out: &mut impl Write, err: &mut impl Write) -> io::Result<u8> {
    let result = report(args, out);
    ended(result, err)
}

fn report(args: &ShadowArgs, out: &mut impl Write) -> anyhow::Result<u8> {
    let places = args.period.places()?;
    let rules = app::load(places.clone())?.setup.rules;
    if let Some(id) = &args.rule {
        look_up(&rules, id)?;
    }
    let now = SystemClock.now();
    let filter = args.period.filter(now)?;
    let mut collector = ShadowCollector::new(&filter, &rules, args.rule.as_deref());
    args.period.read(places, &filter, |stored| match stored {
        Some(stored) => collector.take(stored),
        None => collector.damage(),
    })?;
    let report = collector.finish();
    if args.json {
        writeln!(out, "{}", serde_json::to_string(&report)?)?;
    } else {
        let period = args.period.words(&filter, now);
        Page { report: &report, period: &period, sheet: Sheet { width: Screen::stdout().width } }.write(out)?;
    }
    Ok(0)
}

/// Whether there is such a rule that can match.
pub(super) fn look_up(rules: &RuleSet, id: &str) -> anyhow::Result<()> {
    match rules.rule(id).map(|rule| rule.mode) {
        Some(Mode::Off) => anyhow::bail!("`{id}` has the mode `off`: it is not evaluated; set `mode: shadow` first"),
        Some(_) => Ok(()),
        None => {
            let all = rules.rules();
            let help = nearest(id, all.iter().map(|rule| rule.id.as_str()))
                .unwrap_or_else(|| "`blastgate rules list` names them all".to_owned());
            anyhow::bail!("there is no rule `{id}`\n  help: {help}")
        }
    }
}

/// Everything that the page shows.
struct Page<'a> {
    report: &'a ShadowReport,
    /// `in the last 7 days`.
    period: &'a str,
    sheet: Sheet,
}

impl Page<'_> {
    fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let ShadowReport { decisions, rules, observed, unsaid, damaged, .. } = self.report;
        let bold = Style::new().bold();
        let shadows = rules.iter().filter(|rule| rule.mode == Mode::Shadow).count() as u64;
        let mut parts = vec![count(*decisions, "decision")];
        if shadows > 0 || *observed == 0 && rules.is_empty() {
            parts.push(format!("{} in the mode `shadow`", count(shadows, "rule")));
        }
        if *observed > 0 {
            parts.push(format!("{observed} went on because the gate only watched"));
        }
        self.say(out, bold, &format!("{}: {}", self.period, parts.join(" · ")))?;
        for (n, words) in [
            (*damaged, "of the log cannot be read, and what stood there is not counted"),
            (*unsaid, "cannot be made again (values in them were masked), and is not counted"),
        ] {
            if n > 0 {
                let noun = if words.starts_with("of the log") { "place" } else { "decision" };
                self.say(out, Style::new(), &format!("{} {words}", count(n, noun)))?;
            }
        }
        for rule in rules {
            writeln!(out)?;
            self.rule(rule, out)?;
        }
        if !self.report.observing.is_empty() {
            let text = "The gate only watched. To have it stop what these rules say, run without `--observe` (`posture: guarded` in config.yaml).";
            writeln!(out)?;
            self.say(out, bold, text)?;
        }
        for rule in &self.report.observing {
            writeln!(out)?;
            self.rule(rule, out)?;
        }
        Ok(())
    }

    fn say(&self, out: &mut impl Write, style: Style, text: &str) -> io::Result<()> {
        self.sheet.wrap(text, 0, "  ").iter().try_for_each(|line| writeln!(out, "{style}{line}{style:#}"))
    }

    fn rule(&self, rule: &Shadow, out: &mut impl Write) -> io::Result<()> {
        let (style, bold) = (effect_style(rule.decision), Style::new().bold());
        let mode = if rule.mode == Mode::Enforce { String::new() } else { format!("  ({})", rule.mode) };
        writeln!(out, "{bold}{}{bold:#}  {style}{}{style:#}{mode}", visible(&rule.rule), rule.decision)?;
        let sheet = self.sheet;
        if !rule.owner.is_empty() {
            sheet.field(out, "owner", &format!("{} in {}", rule.owner, rule.file))?;
        }
        sheet.field(out, "matched", &matched(rule))?;
        if rule.unsure > 0 {
            let why = rule.why_unsure.as_deref().unwrap_or_default();
            sheet.field(out, "unsure", &format!("{}: {why}", rule.unsure))?;
        }
        if rule.lifted > 0 {
            sheet.field(out, "lifted", &format!("{} of them, by an exception", rule.lifted))?;
        }
        if rule.stricter > 0 {
            sheet.field(out, "stricter", &stricter(rule))?;
            sheet.field(out, "what", &kinds(&rule.operations))?;
            sheet.field(out, "for", &kinds(&rule.people))?;
            sheet.field(out, "in", &kinds(&rule.environments))?;
        }
        if !rule.already.is_empty() {
            sheet.field(out, "already", &format!("by {}", kinds(&rule.already)))?;
        }
        for (index, id) in rule.examples.iter().take(EXAMPLES_MAX).enumerate() {
            sheet.line(out, if index == 0 { "examples" } else { "" }, &format!("blastgate log show {id}"))?;
        }
        if rule.mode != Mode::Enforce || rule.promotion != Promotion::Enforced {
            sheet.field(out, "promote", &promote(rule, self.report.decisions))?;
        }
        Ok(())
    }
}

fn matched(rule: &Shadow) -> String {
    let (Some(first), Some(last)) = (rule.first, rule.last) else { return "nothing".to_owned() };
    let (first, last) = (minute(first), minute(last));
    let when = if first == last { first } else { format!("{first} to {last}") };
    let then = match rule.recorded {
        recorded if recorded == rule.matched || rule.mode == Mode::Enforce => String::new(),
        0 => "; none on record: the rule is newer, or was another then".to_owned(),
        recorded => format!("; {recorded} on record: the rule was another then, or newer"),
    };
    format!("{}, {when}{then}", count(rule.matched, "call"))
}

fn stricter(rule: &Shadow) -> String {
    let is = if rule.mode == Mode::Enforce { "because of it" } else { "if it counted" };
    match (rule.stricter, rule.went_on) {
        (n, went) if n == went => format!("{} {is}; every one went on", count(n, "call")),
        (n, 0) => format!("{} {is}; none of them went on", count(n, "call")),
        (n, went) => format!("{} {is}; {went} of them went on", count(n, "call")),
    }
}

fn kinds(kinds: &[Kind]) -> String {
    let mut parts: Vec<String> =
        kinds.iter().take(KINDS_MAX).map(|kind| format!("{} ×{}", kind.name, kind.count)).collect();
    if kinds.len() > KINDS_MAX {
        parts.push(format!("and {} more", kinds.len() - KINDS_MAX));
    }
    parts.join(", ")
}

/// Whether to enforce it, and what to do first.
fn promote(rule: &Shadow, decisions: u64) -> String {
    let how = format!("set `mode: enforce` in {}", rule.file);
    match rule.promotion {
        Promotion::Inert => format!(
            "not yet: of {} it matched nothing, perhaps it never can. `blastgate rules explain` says of any call why a rule does not match",
            count(decisions, "decision")
        ),
        Promotion::Unsure => {
            "not yet: it never certainly matched, it only could not be excluded. Name in it what the requests tell"
                .to_owned()
        }
        Promotion::Harmless => {
            format!(
                "{how}. So far it changes nothing: others say as much of every call that it matched, or an exception lifts it"
            )
        }
        Promotion::Stops if rule.went_on == 0 => format!("{how}. What it would have stopped was stopped anyway"),
        Promotion::Stops => format!(
            "{how}, if {} should have been stopped. People did that anyway: where it was right, narrow the rule with `unless:` first",
            match rule.went_on {
                1 => "the call that went on".to_owned(),
                n => format!("the {n} calls that went on"),
            }
        ),
        Promotion::Enforced => "nothing to do: it counts already".to_owned(),
    }
}

#[cfg(test)]
mod tests;
