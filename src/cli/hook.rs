//! `blastgate hook AGENT`

use std::ffi::OsString;
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use super::{Failure, gate};
use crate::app::{self, Advisor, Asking, Environment, Places};
use crate::control::Client;
use crate::control::protocol::HookQuestion;
use crate::doors::hook::{self, Agent, Answer, INPUT_BYTES_MAX, Verdict};
use crate::sandbox;

/// Judge an agent's tool call: its hook's JSON in, the answer in the agent's own form out
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  blastgate hook claude-code < call.json
  echo '{\"tool_name\":\"Bash\",\"tool_input\":{\"command\":\"terraform destroy\"}}' |
    blastgate hook claude-code

Agents: claude-code, codex, gemini-cli, cursor, kiro-cli, kiro-ide, q-cli,
copilot, vscode, opencode, windsurf, cline, antigravity, claude-compatible.

The running gate is asked, and the call belongs to its session. Where none
answers in time the hook decides alone, by the same rules, and writes to a
log that `blastgate log` shows too. What cannot be judged is stopped.

Exits as the agent expects it: mostly with 0 and the answer on standard output;
with 2 and the reason on standard error where that is the agent's form, and
where something is wrong with the hook itself.")]
pub(crate) struct Hook {
    /// Whose hook
    agent: Agent,
    /// Configuration folder, or its config.yaml [default: $XDG_CONFIG_HOME/blastgate]
    #[arg(long, value_name = "PATH")]
    config: Option<PathBuf>,
    /// How long the running gate may take to answer before the hook decides alone
    #[arg(long, value_name = "TIME", default_value = WITHIN, value_parser = crate::config::duration)]
    within: Duration,
}

/// Also what an agent's configuration need not say.
const WITHIN: &str = "50ms";

impl Hook {
    /// `hook AGENT` and nothing else, as agents start it; all other spellings are for the one reader of command lines.
    pub(super) fn plain(mut words: impl Iterator<Item = OsString>) -> Option<Self> {
        let (first, agent, more) = (words.next()?, words.next()?, words.next());
        let agent = agent.to_str()?.parse().ok().filter(|_| first == "hook" && more.is_none())?;
        Some(Self { agent, config: None, within: crate::config::duration(WITHIN).ok()? })
    }
}

pub(crate) fn run(args: &Hook) -> Result<ExitCode, Failure> {
    let judged = std::panic::catch_unwind(|| judged(args));
    let answer = judged.unwrap_or_else(|_| app::fault(args.agent, "the hook itself failed"));
    // An answer that nobody reads stops nothing: then the exit code must.
    let written = std::io::stdout().write_all(answer.stdout.as_bytes()).and_then(|()| std::io::stdout().flush());
    let _ = std::io::stderr().write_all(answer.stderr.as_bytes());
    Ok(ExitCode::from(if written.is_ok() { answer.exit } else { super::EXIT_USAGE }))
}

fn judged(args: &Hook) -> Answer {
    let agent = args.agent;
    let mut input = String::new();
    let bound = INPUT_BYTES_MAX as u64 + 1;
    if let Err(error) = std::io::stdin().lock().take(bound).read_to_string(&mut input) {
        return app::fault(agent, &format!("its input cannot be read: {error}"));
    }
    // Most of what is wrong, or asks for nothing, needs no rules.
    match hook::decode(agent, &input) {
        Ok(asked) if asked.calls.is_empty() => return hook::answer(agent, asked.event, &Verdict::Pass),
        Ok(_) => {}
        Err(error) => return app::fault(agent, &error.to_string()),
    }
    // Not from `BLASTGATE_CONFIG`: the agent's environment says nothing about how it is judged.
    let places =
        Places::of(
            args.config.as_deref(),
            |name| {
                if name.starts_with("BLASTGATE_") { None } else { std::env::var_os(name) }
            },
        );
    let places = match places {
        Ok(places) => places,
        Err(error) => return app::fault(agent, &error.to_string()),
    };
    if let Some(answer) = asked(args, &input, &places) {
        return answer;
    }
    let directory = std::env::current_dir().unwrap_or_default();
    match app::load_judging(places, &directory) {
        Ok(loaded) => {
            let asking = Asking { principal: None, environment: Environment::Own };
            Advisor::alone(loaded).answer(agent, &input, asking)
        }
        Err(error) => app::fault(agent, &error.to_string()),
    }
}

/// The answer of a gate that runs, if one answers in time.
fn asked(args: &Hook, input: &str, places: &Places) -> Option<Answer> {
    let agent = args.agent;
    let outer = sandbox::outer_gate();
    let mut question = HookQuestion {
        input: input.to_owned(),
        credentials: credentials(),
        // The gate of a `run` is the right one, whatever it was configured with.
        config: outer.is_none().then(|| places.config.clone()),
    };
    for Answering { client, stream, run } in answering(places, outer) {
        if run.is_some() {
            question.credentials = None;
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
        let path = format!("/v1/hook/{agent}");
        let answer = runtime
            .block_on(async { tokio::time::timeout(args.within, client.post_on(stream, &path, &question)).await });
        // Left behind: what it still does is nobody's to wait for.
        runtime.shutdown_background();
        if let Ok(Ok(answer)) = answer {
            return Some(answer);
        }
    }
    None
}

/// A gate that listens.
pub(super) struct Answering {
    pub(super) client: Client,
    pub(super) stream: UnixStream,
    /// The `run` whose own it is.
    pub(super) run: Option<u32>,
}

/// The gates that an agent may ask: that of the `run` above it, then the shared one.
pub(super) fn answering(places: &Places, outer: Option<u32>) -> impl Iterator<Item = Answering> {
    let (located, config) = app::settings(places.clone());
    let shared = app::control_socket(&config.listen, &located, gate::runtime_folder().as_deref());
    let private = outer.into_iter().flat_map(move |run| {
        private_sockets(run, &located.state).map(move |path| (path, Some(run))).collect::<Vec<_>>()
    });
    private.chain([(shared, None)]).filter_map(|(path, run)| {
        let client = Client::new(&path);
        let stream = client.connect().ok()?;
        // SECURITY: an agent could leave a socket of its own there. Only this program's gates are asked.
        let process = peer(&stream)?;
        let is_gate = run.map_or_else(|| sandbox::is_this_program(process), |run| run == process);
        is_gate.then_some(Answering { client, stream, run })
    })
}

/// Where the private gate of this `run` may listen: where its child's variables say, and in the state folder.
fn private_sockets(run: u32, state: &Path) -> impl Iterator<Item = PathBuf> {
    let prefix = format!("{run}-");
    let told = std::env::var_os("SSL_CERT_FILE").and_then(|bundle| Some(Path::new(&bundle).parent()?.to_owned()));
    let folders = std::fs::read_dir(state.join("run")).into_iter().flatten().flatten().map(|entry| entry.path());
    let is_its = move |folder: &PathBuf| {
        folder.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(&prefix))
    };
    told.into_iter().chain(folders).filter(is_its).map(|folder| folder.join(app::PRIVATE_SOCKET))
}

/// The process at the other end.
fn peer(stream: &UnixStream) -> Option<u32> {
    let credentials = rustix::net::sockopt::socket_peercred(stream).ok()?;
    u32::try_from(credentials.pid.as_raw_nonzero().get()).ok()
}

/// What proves the session: user and password of the proxy that `run` set.
pub(super) fn credentials() -> Option<String> {
    let proxy = std::env::var("HTTPS_PROXY").or_else(|_| std::env::var("https_proxy")).ok()?;
    let (credentials, _) = proxy.split_once("://")?.1.rsplit_once('@')?;
    credentials.starts_with("s_").then(|| credentials.to_owned())
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(Debug, clap::Parser)]
    struct Slow {
        #[command(flatten)]
        hook: Hook,
    }

    #[test]
    fn the_short_way_reads_what_the_long_one_reads() {
        let plain = |words: &[&str]| Hook::plain(words.iter().map(OsString::from));
        let quick = plain(&["hook", "claude-code"]).unwrap();
        let Slow { hook } = Slow::parse_from(["hook", "claude-code"]);
        assert_eq!((quick.agent, quick.config, quick.within), (hook.agent, hook.config, hook.within));
        let slow: [&[&str]; 6] = [
            &[],
            &["hook"],
            &["hook", "--help"],
            &["hook", "nobody"],
            &["run", "codex"],
            &["hook", "codex", "--config"],
        ];
        for words in slow {
            assert!(plain(words).is_none(), "{words:?}");
        }
    }
}
