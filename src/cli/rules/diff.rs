//! `rules diff`: which decisions of a recorded period would be others under other rules.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anstyle::Style;
use clap::Args;
use unicode_width::UnicodeWidthStr as _;

use super::period::{Period, ended};
use crate::app::{self, Setup, SystemClock, rule_sources};
use crate::cli::count;
use crate::cli::log::Screen;
use crate::cli::sheet::{Sheet, effect_style, minute};
use crate::cli::table::{Cell, Column, fit, visible, widths, write_row};
use crate::config::Diagnostics;
use crate::model::{Clock as _, Posture};
use crate::report::{Again, Diff, DiffCollector, Flip, FlipGroup};
use crate::rules::{RuleSet, Source, builtin_sources};

/// With so many flips or fewer, each is shown.
const EACH_MAX: u64 = 24;
/// Of more, so many of each kind.
const FEW: usize = 3;

/// Say which recorded decisions would change under another set of rules.
#[derive(Args, Clone, Debug)]
#[command(group(clap::ArgGroup::new("other").required(true).multiple(true).args(["against", "rules", "posture"])))]
#[command(after_help = "\
Every recorded decision is made again, by the present rules and by the others: on the same action, for the
same person, at the same time, in the environment that was recorded. Nothing is sent and nothing is changed.
What a session did before is what the log tells, from a day before the period on; limits take no part.

Examples:
  blastgate rules diff --rules drafts/            with these files added to your rules, or in place of those
                                                  with the same ids
  blastgate rules diff --against ../next          under the rules of another configuration folder
  blastgate rules diff --posture strict           under the same rules, but strictly
  blastgate rules diff --rules new.yaml --since 30d --exit-code")]
pub(super) struct DiffArgs {
    /// Another configuration folder: its rules instead of the present ones.
    #[arg(long, value_name = "DIR", conflicts_with = "rules")]
    against: Option<PathBuf>,
    /// Files or folders of rules: added to the present ones; of one with the same id the place is taken.
    #[arg(long, value_name = "PATHS", num_args = 1..)]
    rules: Vec<PathBuf>,
    /// Judge under another posture [default: as it was then]
    #[arg(long, value_name = "WORD")]
    posture: Option<Posture>,
    /// Ask the inventory anew for each environment (with `--against`, each folder its own).
    #[arg(long)]
    inventory: bool,
    /// Exit with 1 when anything would change.
    #[arg(long)]
    exit_code: bool,
    /// Show every decision, however many.
    #[arg(long)]
    all: bool,
    /// Print one JSON object, with every decision.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    period: Period,
}

pub(super) fn run(args: &DiffArgs, out: &mut impl Write, err: &mut impl Write) -> io::Result<u8> {
    let result = diff(args, out);
    ended(result, err)
}

fn diff(args: &DiffArgs, out: &mut impl Write) -> anyhow::Result<u8> {
    let places = args.period.places()?;
    let present = app::load(places.clone())?.setup;
    let other = match &args.against {
        Some(folder) => Setup::read(folder)?,
        None => {
            let folder = Some(places.file.as_path()).filter(|_| places.named || places.config.exists());
            let rules = with(folder, &args.rules)?;
            Setup {
                rules,
                config: present.config.clone(),
                inventory: present.inventory.clone(),
                people: present.people.clone(),
            }
        }
    };
    let now = SystemClock.now();
    let filter = args.period.filter(now)?;
    let inventory = |setup: &'_ Setup| args.inventory.then(|| setup.inventory.clone());
    let (mine, theirs) = (inventory(&present), inventory(&other));
    let before = Again { rules: &present.rules, posture: None, inventory: mine.as_ref() };
    let after = Again { rules: &other.rules, posture: args.posture, inventory: theirs.as_ref() };
    let mut collector = DiffCollector::new(&filter, before, after);
    args.period.read(places, &filter, |stored| match stored {
        Some(stored) => collector.take(stored),
        None => collector.damage(),
    })?;
    let diff = collector.finish();
    if args.json {
        writeln!(out, "{}", serde_json::to_string(&diff)?)?;
    } else {
        let period = args.period.words(&filter, now);
        let is_long = args.all || diff.flips <= EACH_MAX;
        let rows = if is_long { usize::MAX } else { FEW };
        let sheet = Sheet { width: Screen::stdout().width };
        Page { diff: &diff, period: &period, rows, sheet }.write(out)?;
    }
    Ok(u8::from(args.exit_code && diff.flips > 0))
}

/// The present rules with these files: a file whose id is taken takes its place.
fn with(folder: Option<&Path>, paths: &[PathBuf]) -> Result<RuleSet, Diagnostics> {
    let mut sources = folder.map_or_else(|| Ok(Vec::new()), Setup::sources)?;
    let builtin = builtin_sources();
    for path in paths {
        for source in rule_sources(path)? {
            sources.retain(|other| name(other) != name(&source));
            // An exported pack that nobody changed is the built-in one.
            if super::loaded::copied(&source, &builtin).is_none() {
                sources.push(source);
            }
        }
    }
    RuleSet::load(&sources)
}

/// The last two parts of its path, which are its id.
fn name(source: &Source) -> Vec<&str> {
    let mut parts: Vec<&str> = source.file.rsplit(['/', '\\']).take(2).collect();
    parts.reverse();
    parts
}

/// Everything that the page shows.
struct Page<'a> {
    diff: &'a Diff,
    /// `in the last 7 days`.
    period: &'a str,
    /// Decisions of each kind that are shown.
    rows: usize,
    sheet: Sheet,
}

/// Of an id, its end: `log show` and `rules explain` find the decision by it.
const ID_CHARS: usize = 8;

const COLUMNS: [Column; 4] = [
    Column { heading: "", narrowest: 18, middle: false },
    Column { heading: "", narrowest: 6, middle: false },
    Column { heading: "", narrowest: 8, middle: true },
    Column { heading: "", narrowest: ID_CHARS, middle: false },
];

impl Page<'_> {
    fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let Diff { decisions, flips, stricter, milder, damaged, .. } = self.diff;
        let bold = Style::new().bold();
        if *damaged > 0 {
            let places = count(*damaged, "place");
            self.say(
                out,
                &format!("damaged: {places} of the log cannot be read, and what stood there is not counted"),
            )?;
        }
        if *decisions == 0 {
            return writeln!(out, "there is no decision on record {}", self.period);
        }
        let parts = match (*stricter, *milder) {
            (0, 0) => String::new(),
            (_, 0) => ", all to something stricter".to_owned(),
            (0, _) => ", all to something milder".to_owned(),
            (stricter, milder) => format!(": {stricter} to something stricter, {milder} to something milder"),
        };
        let head = format!("{flips} of {} would flip {}{parts}", count(*decisions, "decision"), self.period);
        for line in self.sheet.wrap(&head, 0, "  ") {
            writeln!(out, "{bold}{line}{bold:#}")?;
        }
        writeln!(out, "{} → {}", self.diff.before, self.diff.after)?;
        self.doubts(out)?;
        for group in &self.diff.groups {
            writeln!(out)?;
            self.group(group, out)?;
        }
        if let Some(flip) = self.diff.groups.first().and_then(|group| group.flips.first()) {
            let id = flip.id.to_string();
            writeln!(out, "\nblastgate log show {0}, blastgate rules explain d_{0}: more of one", end(&id))?;
        }
        if self.diff.untold > 0 {
            writeln!(out, "\n… and {} that flip; a shorter period shows them", count(self.diff.untold, "decision"))?;
        }
        Ok(())
    }

    fn doubts(&self, out: &mut impl Write) -> io::Result<()> {
        if self.diff.asks_otherwise > 0 {
            let text = "that need an approval would ask for it otherwise (of whom, or with which obligations)";
            self.say(out, &format!("{} {text}", count(self.diff.asks_otherwise, "decision")))?;
        }
        for unsayable in &self.diff.unsaid {
            let example = unsayable.examples.first().map_or_else(String::new, |id| format!(" (such as {id})"));
            self.say(out, &format!("{} cannot be said: {}{example}", unsayable.count, unsayable.why))?;
        }
        if let Some(id) = self.diff.unlike_record.first() {
            let text = format!(
                "in doubt: the present rules decided {id} too, and say something else of it now; another version of blastgate may have decided then"
            );
            self.say(out, &text)?;
        }
        Ok(())
    }

    fn say(&self, out: &mut impl Write, text: &str) -> io::Result<()> {
        self.sheet.wrap(text, 0, "  ").iter().try_for_each(|line| writeln!(out, "{line}"))
    }

    fn group(&self, group: &FlipGroup, out: &mut impl Write) -> io::Result<()> {
        let (from, to, bold) = (effect_style(group.from), effect_style(group.to), Style::new().bold());
        let flip = format!("{} → {}", group.from, group.to).width();
        let times = format!("×{}", group.count);
        let what = format!("{} in {}", visible(&group.operation), visible(&group.environment));
        let room = self.sheet.width().saturating_sub(flip + times.width() + 4);
        let what = fit(&what, room, true);
        writeln!(
            out,
            "{from}{}{from:#} → {to}{}{to:#}  {bold}{what}{bold:#}  {times}",
            group.from.as_str(),
            group.to.as_str()
        )?;
        let label = if group.to > group.from { "by" } else { "no more by" };
        self.sheet.field(out, label, &group.by.join(", "))?;
        self.sheet.field(out, "why", &group.message)?;
        let rows: Vec<Vec<Cell>> = group.flips.iter().take(self.rows).map(row).collect();
        let widths = widths(&COLUMNS, &rows, Some(self.sheet.width()));
        for row in &rows {
            write_row(out, &COLUMNS, &widths, row)?;
        }
        let more = group.flips.len().saturating_sub(rows.len());
        if more > 0 {
            writeln!(out, "  … and {more} more; --all shows each")?;
        }
        Ok(())
    }
}

fn end(id: &str) -> &str {
    id.char_indices().rev().nth(ID_CHARS - 1).and_then(|(at, _)| id.get(at..)).unwrap_or(id)
}

fn row(flip: &Flip) -> Vec<Cell> {
    let who = match (&flip.person, &flip.agent) {
        (Some(person), Some(agent)) => format!("{person} ({agent})"),
        (Some(who), None) | (None, Some(who)) => who.clone(),
        (None, None) => "nobody known".to_owned(),
    };
    let more = if flip.more_resources > 0 { format!(" +{}", flip.more_resources) } else { String::new() };
    let resource = flip.resource.as_deref().unwrap_or("–");
    vec![
        Cell::new(&format!("  {}", minute(flip.at))),
        Cell::new(&who),
        Cell::new(&format!("{resource}{more}")),
        Cell::new(end(&flip.id.to_string())).style(Style::new().dimmed()),
    ]
}

#[cfg(test)]
mod tests;
