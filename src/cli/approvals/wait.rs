//! Waiting for people.

use std::io::IsTerminal as _;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use super::{Desk, show};
use crate::approvals::{State, View};
use crate::cli::Failure;

/// How often it is looked.
const LOOK: Duration = Duration::from_millis(500);

/// Waits until the request is not pending any more: 0 when it may be used, 1 otherwise.
pub(super) fn wait(desk: &Desk<'_>, id: &str, lasts: Duration) -> Result<ExitCode, Failure> {
    let end = Instant::now() + lasts;
    let mut told = String::new();
    let mut view = desk.show(id)?;
    while view.state == State::Pending && Instant::now() < end {
        let now = progress(&view);
        if now != told && std::io::stderr().is_terminal() {
            anstream::eprintln!("{now}");
            told = now;
        }
        std::thread::sleep(LOOK.min(end.saturating_duration_since(Instant::now())));
        view = desk.show(id)?;
    }
    desk.print(&view, || format!("{}\n", show::standing(&view)))?;
    Ok(ExitCode::from(u8::from(view.state != State::Approved)))
}

fn progress(view: &View) -> String {
    let voters = if view.voters.is_empty() { "nobody yet".to_owned() } else { view.voters.join(", ") };
    format!("{} waits for {}; approved by {voters}", view.id, view.who)
}
