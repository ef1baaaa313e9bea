//! A time of the log, for the commands that look back at what was decided.

use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::Context as _;

use crate::app::{self, Places};
use crate::model::Timestamp;
use crate::record::query::{Filter, ReadError, Reader, Stored, parse_time};

/// No rule looks back further than a day.
const LOOK_BACK_MILLIS: u64 = 24 * 60 * 60 * 1_000;

/// Which decisions are looked at.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct Period {
    /// Only what came since then: 30m, 2h, 7d, a date, a date with a time, or `all`.
    #[arg(long, value_name = "TIME", default_value = "7d")]
    since: String,
    /// Only what came before then.
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Another folder of logs than that of the configuration.
    #[arg(long, value_name = "DIR")]
    log: Option<PathBuf>,
    /// Configuration folder, or its config.yaml [default: $XDG_CONFIG_HOME/blastgate]
    #[arg(long, value_name = "PATH")]
    config: Option<PathBuf>,
}

impl Period {
    /// Where the configuration is.
    pub(super) fn places(&self) -> anyhow::Result<Places> {
        Ok(Places::of(self.config.as_deref(), |name| std::env::var_os(name))?)
    }

    /// The decisions that are wanted.
    pub(super) fn filter(&self, now: Timestamp) -> anyhow::Result<Filter> {
        let wrong = |text: &str| {
            anyhow::anyhow!("`{text}` is not a time: `30m`, `7d`, `2026-11-22`, `2026-11-22T06:00` and `all` are")
        };
        let until: Vec<String> = self.until.iter().map(|until| format!("until:{until}")).collect();
        let mut filter = Filter::parse(&until, now).map_err(|_| wrong(self.until.as_deref().unwrap_or_default()))?;
        if self.since != "all" {
            filter.set_since(parse_time(&self.since, now).ok_or_else(|| wrong(&self.since))?);
        }
        Ok(filter)
    }

    /// `in the last 7 days`.
    pub(super) fn words(&self, filter: &Filter, now: Timestamp) -> String {
        let since = crate::cli::report::period(&self.since, filter, now);
        match self.until.as_deref().and_then(|until| parse_time(until, now)) {
            Some(until) => format!("{since} until {}", crate::cli::sheet::minute(until)),
            None => since,
        }
    }

    /// Hands every record of the period and of the day before it to `take`, in the order of the log; `None` for a place that cannot be read.
    pub(super) fn read(
        &self,
        places: Places,
        filter: &Filter,
        mut take: impl FnMut(Option<&Stored>),
    ) -> anyhow::Result<()> {
        let log = match &self.log {
            Some(log) if !log.exists() => anyhow::bail!("there is no log in `{}`", log.display()),
            Some(log) => log.clone(),
            None => app::located(places)?.log(),
        };
        if !log.exists() {
            return Ok(());
        }
        // What sessions did before the period, as far back as a rule may look.
        let since = filter.since().map(|since| Timestamp::from_millis(since.millis().saturating_sub(LOOK_BACK_MILLIS)));
        for item in Reader::open_since(&log, since).context("the log cannot be read")? {
            match item {
                Ok(stored) => take(Some(&stored)),
                Err(ReadError::Damage(_)) => take(None),
                Err(error) => return Err(error).context("the log cannot be read"),
            }
        }
        Ok(())
    }
}

/// The exit code; what a person did wrong is said.
///
/// # Errors
/// The output cannot be written.
pub(super) fn ended(result: anyhow::Result<u8>, err: &mut impl Write) -> io::Result<u8> {
    match result.map_err(anyhow::Error::downcast::<io::Error>) {
        Ok(code) => Ok(code),
        Err(Ok(error)) => Err(error),
        Err(Err(error)) => {
            writeln!(err, "error: {}", crate::cli::said(&error))?;
            Ok(crate::cli::EXIT_USAGE)
        }
    }
}
