//! `blastgate report`: what was stopped or would have been, for people who decide whether to switch the gate on.

#[cfg(test)]
mod tests;
mod text;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;

use super::Failure;
use super::log::Screen;
use super::sheet::minute;
use crate::app::{self, Places, SystemClock};
use crate::model::{Clock as _, Timestamp};
use crate::record::query::{Filter, ReadError, Reader, parse_time};
use crate::report::Collector;
use crate::rules::RuleSet;

/// Say what was stopped or would have been, by what it is, and how to keep or allow it
#[derive(clap::Args, Clone, Debug)]
#[command(after_help = "\
Calls that were stopped by the same rule, for the same operation, in the same environment stand together, \
the strictest first. Filters are those of `blastgate log`, without `outcome:`.

Examples:
  blastgate report                               the last day
  blastgate report --since 7d env:prod           production, this week
  blastgate report --since all rule:aws/*        everything that the AWS rules stopped
  blastgate report session:s_…                   one session
  blastgate report --since 30d --json            for programs

Times are UTC.")]
pub(super) struct ReportArgs {
    /// Which calls: `key:value`, or any text
    #[arg(value_name = "FILTER")]
    filter: Vec<String>,
    /// Only what came since then: 30m, 2h, 7d, a date, a date with a time, or `all`
    #[arg(long, value_name = "TIME", default_value = "1d")]
    since: String,
    /// Show at most so many groups, and so many rules
    #[arg(short = 'n', long, value_name = "N", default_value_t = 20)]
    top: usize,
    /// One JSON object
    #[arg(long)]
    json: bool,
    /// Configuration folder, or its config.yaml [default: $XDG_CONFIG_HOME/blastgate]
    #[arg(long, value_name = "PATH")]
    config: Option<PathBuf>,
}

pub(super) fn run(args: &ReportArgs) -> Result<ExitCode, Failure> {
    let places = Places::of(args.config.as_deref(), |name| std::env::var_os(name)).map_err(Failure::usage)?;
    // What is recorded is told whatever state the rules are in; they only help to say what could be done.
    let rules = match app::load(places.clone()) {
        Ok(loaded) => loaded.setup.rules,
        Err(error) => {
            anstream::eprintln!(
                "warning: the advice goes by the built-in rules alone, since yours do not load:\n{error}"
            );
            RuleSet::builtin()
        }
    };
    let log = app::located(places).map_err(Failure::usage)?.log();
    let now = SystemClock.now();
    let filter = args.filter(now).map_err(Failure::usage)?;
    match report(args, (&filter, now), (&log, &rules), Screen::stdout().width, &mut super::out()) {
        Ok(code) => Ok(ExitCode::from(code)),
        Err(error) => match error.downcast::<std::io::Error>() {
            Ok(error) => super::finish(Err(error)),
            Err(error) => Err(Failure::fault(error)),
        },
    }
}

/// Reads the logs in the folder and writes the report; the exit code: 1 when a part of the log is damaged.
fn report(
    args: &ReportArgs,
    (filter, now): (&Filter, Timestamp),
    (log, rules): (&Path, &RuleSet),
    width: Option<usize>,
    out: &mut dyn Write,
) -> anyhow::Result<u8> {
    let mut collector = Collector::new(filter);
    if log.exists() {
        for item in Reader::open_since(log, filter.since()).context("the log cannot be read")? {
            match item {
                Ok(stored) => collector.take(&stored),
                Err(ReadError::Damage(_)) => collector.damage(),
                Err(error) => return Err(error).context("the log cannot be read"),
            }
        }
    }
    let report = collector.finish(rules);
    if args.json {
        writeln!(out, "{}", serde_json::to_string(&report)?)?;
    } else {
        let period = period(&args.since, filter, now);
        let page =
            text::Page { report: &report, period: &period, top: args.top, width, is_filtered: !filter.is_only_since() };
        page.write(out)?;
    }
    out.flush()?;
    Ok(u8::from(report.damaged > 0))
}

impl ReportArgs {
    fn filter(&self, now: Timestamp) -> anyhow::Result<Filter> {
        let help = "`blastgate log --help` lists the keys";
        let mut filter = Filter::parse(&self.filter, now).map_err(|error| anyhow::anyhow!("{error}\n\n{help}"))?;
        if filter.asks_for_outcome() {
            anyhow::bail!("a report does not know `outcome:`; `blastgate log` does");
        }
        // A time among the filters is more than the default, and not more than what was asked for.
        let is_default = self.since == "1d" && filter.since().is_some();
        if self.since != "all" && !is_default {
            let Some(since) = parse_time(&self.since, now) else {
                anyhow::bail!(
                    "`{}` is not a time: `30m`, `7d`, `2026-11-22`, `2026-11-22T06:00` and `all` are",
                    self.since
                );
            };
            filter.set_since(since);
        }
        Ok(filter)
    }
}

/// `in the last day`, `in the last 7 days`, `since 2026-11-22 06:00`, `so far`.
pub(super) fn period(since: &str, filter: &Filter, now: Timestamp) -> String {
    let Some(from) = filter.since() else { return "so far".to_owned() };
    let asked = parse_time(since, now) == Some(from);
    let length = asked.then(|| since.char_indices().next_back()).flatten().and_then(|(at, unit)| {
        let unit = match unit {
            's' => "second",
            'm' => "minute",
            'h' => "hour",
            'd' => "day",
            'w' => "week",
            _ => return None,
        };
        Some((since.get(..at)?.parse::<u64>().ok()?, unit))
    });
    match length {
        Some((1, unit)) => format!("in the last {unit}"),
        Some((n, unit)) => format!("in the last {n} {unit}s"),
        None => format!("since {}", minute(from)),
    }
}
