//! The page of a person who is to answer: the request, and what the log knows of it.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;

use super::{Desk, show};
use crate::app::{self, Places, SystemClock};
use crate::approvals::{Subject, View};
use crate::cli::{Failure, moment};
use crate::model::{Clock as _, Disposition, Timestamp};
use crate::record::query::{Did, Past, Sought, past};

/// So far back the log is read.
const LOOKS_BACK: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// A request, and what was before.
#[derive(Debug, Serialize)]
pub(super) struct Page {
    #[serde(flatten)]
    pub view: View,
    /// Nothing where no log can be read, or no session asks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub past: Option<Past>,
}

impl Desk<'_> {
    /// The whole page of one request.
    pub(super) fn page(&self, id: &str) -> Result<Page, Failure> {
        let view = self.show(id)?;
        let past = match view.subject {
            Subject::Call => self.log().and_then(|log| {
                let operations = view.about.iter().map(|one| (one.operation.as_str(), one.resources.as_slice()));
                let since = Timestamp::from_millis(
                    SystemClock.now().millis().saturating_sub(u64::try_from(LOOKS_BACK.as_millis()).unwrap_or(0)),
                );
                past(&log, &Sought { session: view.session, operations: operations.collect(), since }).ok()
            }),
            Subject::Change(_) => None,
        };
        Ok(Page { view, past })
    }

    fn log(&self) -> Option<PathBuf> {
        let places = Places::of(self.config, |name| std::env::var_os(name)).ok()?;
        Some(app::settings(places).0.log()).filter(|log| log.is_dir())
    }
}

/// Everything that a person needs who answers.
pub(super) fn whole(page: &Page) -> String {
    let mut out = show::whole(&page.view);
    for (rule, instead) in &page.view.instead {
        let _ = writeln!(out, "  safer      {} ({rule})", instead.trim());
    }
    raw(&page.view, &mut out);
    match &page.past {
        Some(past) => told(past, &mut out),
        None if page.view.subject.is_call() => {
            out.push_str("\nNo log can be read here: what was before is not known.\n")
        }
        None => {}
    }
    out
}

fn raw(view: &View, out: &mut String) {
    if view.raw.is_empty() {
        return;
    }
    out.push_str("\nAs it came, secrets masked:\n");
    for (at, call) in view.raw.iter().enumerate() {
        if at > 0 {
            out.push('\n');
        }
        for line in call.lines() {
            let _ = writeln!(out, "  {line}");
        }
    }
}

fn told(past: &Past, out: &mut String) {
    match past.session.is_empty() {
        true => out.push_str("\nThe session has done nothing else in the last 7 days.\n"),
        false => {
            let _ = writeln!(out, "\nThe last of what the session did:");
            past.session.iter().for_each(|did| line(did, false, out));
        }
    }
    match past.refusals {
        0 => out.push_str("\nThe same was never refused before.\n"),
        times => {
            let often = if times == 1 { "once".to_owned() } else { format!("{times} times") };
            let _ = writeln!(out, "\nThe same was refused {often} in the last 7 days:");
            past.refused.iter().for_each(|did| line(did, true, out));
        }
    }
    if past.has_gaps {
        out.push_str("\nParts of the log cannot be read: `blastgate log` says which.\n");
    }
}

fn line(did: &Did, names_agent: bool, out: &mut String) {
    let became = match (did.disposition, did.status) {
        (Disposition::Forwarded, Some(status)) => format!("forwarded, {status}"),
        (other, _) => other.as_str().to_owned(),
    };
    let agent = did.agent.as_deref().filter(|_| names_agent).map(|agent| format!("{agent}: ")).unwrap_or_default();
    let on = if did.on.is_empty() { String::new() } else { format!(" on {}", did.on.join(", ")) };
    let _ = writeln!(out, "  {}  {became:<14} {agent}{}{on}", moment(did.at), did.what);
}
