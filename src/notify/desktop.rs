//! The operator's own terminal and desktop: a bell and the terminal's notification where the gate has a terminal,
//! `notify-send` where there is one.

use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use super::channel::{Failure, Sent};
use super::letter::Letter;

/// `notify-send` waits for the desktop's service.
const TIME_MAX: Duration = Duration::from_secs(5);

/// Whether there is anything to show it on: other gates of this user may have something.
pub(super) fn is_there() -> bool {
    std::io::stderr().is_terminal() || notify_send().is_some()
}

pub(super) async fn send(letter: &Letter) -> Result<Sent, Failure> {
    let title = letter.title();
    let mut shown = Vec::new();
    if std::io::stderr().is_terminal() {
        let variable = |name: &str| std::env::var(name).unwrap_or_default();
        let bytes = sequence(&variable("TERM"), &variable("TERM_PROGRAM"), &title);
        let mut terminal = std::io::stderr().lock();
        if terminal.write_all(bytes.as_bytes()).and_then(|()| terminal.flush()).is_ok() {
            shown.push("terminal");
        }
    }
    if let Some(program) = notify_send() {
        let body = format!("{}\n{}", markup(&title), markup(&letter.command()));
        let mut command = tokio::process::Command::new(program);
        command.args(["--app-name=blastgate", "--", "blastgate", &body]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
        if matches!(tokio::time::timeout(TIME_MAX, command.status()).await, Ok(Ok(status)) if status.success()) {
            shown.push("desktop");
        }
    }
    if shown.is_empty() {
        return Err(Failure::new("there is neither a terminal nor a desktop here".to_owned()));
    }
    Ok(Sent { said: format!("shown on the {}", shown.join(" and the ")) })
}

/// A bell, and OSC 9 (iTerm2, `WezTerm`, Ghostty, kitty) or OSC 777 (urxvt, foot, VTE): terminals that know both would show it
/// twice. None of it moves the cursor or prints.
pub(super) fn sequence(term: &str, program: &str, title: &str) -> String {
    // SECURITY: the only bytes that end or begin a sequence are ours.
    let title: String = title.chars().filter(|c| !c.is_control()).collect();
    if matches!(term, "" | "dumb" | "linux") {
        return "\x07".to_owned();
    }
    let knows_9 = matches!(program, "iTerm.app" | "WezTerm" | "ghostty") || term.contains("kitty");
    if knows_9 {
        format!("\x07\x1b]9;blastgate: {title}\x1b\\")
    } else {
        format!("\x07\x1b]777;notify;blastgate;{}\x1b\\", title.replace(';', ","))
    }
}

/// Some desktops read the body as markup.
fn markup(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn notify_send() -> Option<PathBuf> {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if !["DISPLAY", "WAYLAND_DISPLAY"].into_iter().any(is_set) {
        return None;
    }
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join("notify-send"))
        .find(|file| file.is_file())
}
