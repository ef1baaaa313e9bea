//! The product in one minute, without a cloud, an account or a network: a small cloud on loopback, an agent that goes
//! wrong, and between them the gate, loaded and started exactly as for `run`.
//!
//! What is shown of a call is what the gate recorded of it. Every verdict is checked against the script, against what
//! the client got, and against what reached the cloud.

pub mod agent;
pub mod cloud;
pub mod screen;
pub mod script;
pub mod stage;
pub mod upstream;

use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use agent::{Agent, AgentError, Answer};
use screen::{Line, Row, Screen};
use script::{Beat, Call, STORY, Verdict, Wire};
pub use stage::Scratch;
use upstream::Upstream;

use crate::app::{self, LoadError, Options, PrivateGate, StartError, SystemClock};
use crate::memory::{Boundary, Declared};
use crate::model::{Clock, Disposition, Effect, Timestamp};
use crate::record::query::{ReadError, Reader, Stored};
use crate::record::{DecisionEntry, Entry};

/// Where the session may change things: in the accounts and clusters that the story plays in.
const BOUNDARY: &[&str] = &["account=111122223333,444455556666", "cluster=prod,dev"];

/// The story could not be told to its end.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// Its configuration.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The gate.
    #[error(transparent)]
    Start(#[from] StartError),
    /// A call that could not be made.
    #[error(transparent)]
    Agent(#[from] AgentError),
    /// The log could not be read.
    #[error(transparent)]
    Log(#[from] ReadError),
    /// Files, the cloud's port, or the screen.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// Calls made.
    pub calls: usize,
    /// Of these, stopped.
    pub stopped: usize,
    /// What went otherwise than the script says; empty when all is well.
    pub surprises: Vec<String>,
}

/// Entries of the log that are shown.
const ROWS: usize = 10;

/// Tells the story on this screen; its files are kept in `folder` and are its caller's to remove.
///
/// # Errors
/// It could not be told to its end. A verdict that differs from the script is no error: see [`Told::surprises`].
pub async fn play<W: Write>(screen: &mut Screen<W>, folder: &Path) -> Result<Told, DemoError> {
    play_story(STORY, screen, folder).await
}

async fn play_story<W: Write>(story: &[Beat], screen: &mut Screen<W>, folder: &Path) -> Result<Told, DemoError> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let upstream = Upstream::start(Arc::clone(&clock)).await?;
    let (places, kubeconfigs) = stage::write(folder, &upstream)?;
    let loaded = app::load(places)?;
    let log = loaded.places.log();
    // What the story is about: both accounts and clusters, so that what is stopped is stopped for what it does.
    let declared = Declared {
        task: Some("the cost report shows the wrong month".to_owned()),
        boundary: Boundary::parse(BOUNDARY).unwrap_or_default(),
    };
    let options = Options { command: Some("demo".to_owned()), kubeconfigs, declared, ..Options::default() };
    let gate = app::start(loaded, options).await?;
    let told = match Play::new(&gate, &upstream, &log, clock) {
        Ok(play) => play.play(story, screen).await,
        Err(error) => Err(error),
    };
    gate.close();
    told
}

struct Play<'a> {
    agent: Agent,
    upstream: &'a Upstream,
    log: Reader,
    rows: Vec<Row>,
    told: Told,
}

impl<'a> Play<'a> {
    fn new(gate: &PrivateGate, upstream: &'a Upstream, log: &Path, clock: Arc<dyn Clock>) -> Result<Self, DemoError> {
        let (agent, log) = (Agent::new(gate, clock)?, Reader::open(log)?);
        Ok(Self { agent, upstream, log, rows: Vec::new(), told: Told::default() })
    }

    async fn play<W: Write>(mut self, story: &[Beat], screen: &mut Screen<W>) -> Result<Told, DemoError> {
        screen.open(TITLE, ABOUT).await?;
        for beat in story {
            match beat {
                Beat::Act(title) => screen.act(title).await?,
                Beat::Say(text) => screen.say(text).await?,
                Beat::Think(text) => screen.think(text).await?,
                Beat::Call(call) => self.call(screen, call).await?,
            }
        }
        self.end(screen).await?;
        Ok(self.told)
    }

    async fn call<W: Write>(&mut self, screen: &mut Screen<W>, call: &Call) -> Result<(), DemoError> {
        let before = self.upstream.cloud.received();
        let answer = self.agent.call(&call.wire).await?;
        let arrived = self.upstream.cloud.received() - before;
        self.told.calls += 1;
        let Some((stored, entry)) = self.recorded()? else {
            self.surprise(screen, format!("{}: the gate recorded no decision", call.operation))?;
            return Ok(());
        };
        let verdict = verdict(&entry);
        let action = entry.actions.first();
        let operation = action.map(|action| action.operation.as_str()).unwrap_or_default();
        let environment = action.map(|action| action.environment.name.as_str()).unwrap_or_default();
        let blast = action.map(|action| format!("{} · {}", action.blast.impact, action.blast.scope));
        let target = action.and_then(|action| action.resources.first()).map(|one| short(one.as_str()));
        let (target, blast) = (target.as_deref().unwrap_or("-"), blast.as_deref().unwrap_or_default());
        screen.call(&Line { verdict, operation, blast, target, environment }).await?;
        if verdict != Verdict::Passed {
            self.told.stopped += 1;
            screen.refusal(&as_client_shows(&call.wire, &answer), verdict).await?;
        }
        for (what, is, should) in [
            ("the operation is", operation, call.operation),
            ("the environment is", environment, call.wire.home().name()),
        ] {
            if is != should {
                self.surprise(screen, format!("{}: {what} `{is}`, not `{should}`", call.operation))?;
            }
        }
        if verdict != call.verdict {
            self.surprise(screen, format!("{}: {verdict:?}, not {:?}", call.operation, call.verdict))?;
        }
        let passed = usize::from(verdict == Verdict::Passed);
        if arrived != passed || (passed == 1) != (answer.status < 300) {
            let said = format!("{arrived} arrived at the cloud, the client got {}", answer.status);
            self.surprise(screen, format!("{}: {said}", call.operation))?;
        }
        self.rows.push(row(&stored, &entry, verdict));
        Ok(())
    }

    fn surprise<W: Write>(&mut self, screen: &mut Screen<W>, text: String) -> io::Result<()> {
        screen.surprise(&format!("not as the script says: {text}"))?;
        self.told.surprises.push(text);
        Ok(())
    }

    /// The decision that was recorded since the last call.
    fn recorded(&mut self) -> Result<Option<(Stored, DecisionEntry)>, ReadError> {
        self.log.refresh()?;
        let mut last = None;
        for stored in self.log.by_ref() {
            let stored = stored?;
            if let Entry::Decision(entry) = stored.entry()? {
                last = Some((stored, *entry));
            }
        }
        Ok(last)
    }

    async fn end<W: Write>(&mut self, screen: &mut Screen<W>) -> Result<(), DemoError> {
        screen.act("3  The record").await?;
        screen.say("Each decision was in the log before anything was forwarded. The last entries:").await?;
        screen.table(self.rows.get(self.rows.len().saturating_sub(ROWS)..).unwrap_or_default()).await?;
        let Told { calls, stopped, .. } = self.told;
        let arrived = self.upstream.cloud.received();
        let stands = self.upstream.cloud.production_stands();
        let fate = if stands { "Production lost nothing." } else { "Production lost something." };
        screen.say(&format!("{calls} calls: {arrived} reached the cloud, {stopped} were stopped. {fate}")).await?;
        if !stands {
            self.surprise(screen, "something of production is gone".to_owned())?;
        }
        screen.act("Next").await?;
        screen.say("What is prod and what is dev stands in ~/.config/blastgate/inventory.yaml:").await?;
        screen.verbatim(stage::INVENTORY)?;
        screen.say("What no line names counts as prod. Then:").await?;
        for (command, what) in NEXT {
            screen.command(command, what).await?;
        }
        Ok(())
    }
}

const TITLE: &str = "blastgate demo";
const ABOUT: &str = "A coding agent, a cloud, and a gate between them. Agent and cloud are played, on this machine; \
                     the gate, its rules and its log are the real ones.";

/// Where to go from here.
pub const NEXT: &[(&str, &str)] = &[
    ("blastgate run -- claude", "your agent behind a gate of its own"),
    ("blastgate run --observe -- claude", "the same, stopping nothing"),
    ("blastgate log", "what it did, and what was stopped"),
    ("blastgate explain --help", "ask what would be decided about a call"),
    ("blastgate rules check", "check rules of your own"),
];

fn verdict(entry: &DecisionEntry) -> Verdict {
    match (entry.disposition, entry.decision) {
        (Disposition::Forwarded, _) => Verdict::Passed,
        (Disposition::Refused, Effect::Escalate) => Verdict::ApprovalNeeded,
        (Disposition::Refused, Effect::Deny) => Verdict::Denied,
        _ => Verdict::Other,
    }
}

fn row(stored: &Stored, entry: &DecisionEntry, verdict: Verdict) -> Row {
    let finding = entry.findings.first();
    let action = entry.actions.get(finding.map_or(0, |finding| finding.action));
    Row {
        sequence: stored.sequence(),
        time: time(entry.at),
        verdict,
        operation: action.map_or_else(String::new, |action| action.operation.to_string()),
        environment: action.map_or_else(String::new, |action| action.environment.name.clone()),
        rule: finding.map_or_else(String::new, |finding| finding.rule.clone()),
    }
}

/// `10:35:02`.
fn time(at: Timestamp) -> String {
    at.to_string().split('T').nth(1).and_then(|time| time.split('.').next()).unwrap_or_default().to_owned()
}

/// The name at an identifier's end: what tells two targets apart at a glance. An object of S3 keeps its bucket, a
/// collection its kind.
fn short(resource: &str) -> String {
    if let Some((_, object)) = resource.split_once(":::") {
        return object.to_owned();
    }
    let mut parts = resource.rsplit(['/', ':']);
    match (parts.next(), parts.next()) {
        (Some("*"), Some(kind)) => format!("{kind}/*"),
        (Some(name), _) => name.to_owned(),
        (None, _) => resource.to_owned(),
    }
}

/// What the AWS command line and kubectl print when an API says no.
fn as_client_shows(wire: &Wire, answer: &Answer) -> String {
    let text = String::from_utf8_lossy(&answer.body);
    let json: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
    let member = |name: &str| json.get(name).and_then(serde_json::Value::as_str).map(str::to_owned);
    let action = match wire {
        Wire::Kube { .. } => {
            let (reason, message) = (member("reason").unwrap_or_default(), member("message").unwrap_or_default());
            return format!("Error from server ({reason}): {message}");
        }
        Wire::Query { action, .. } => action,
        Wire::Json { target, .. } => target.rsplit('.').next().unwrap_or_default(),
        Wire::Object { method, .. } => method,
    };
    let code = member("__type").or_else(|| element(&text, "Code")).unwrap_or_default();
    let message = member("message").or_else(|| element(&text, "Message")).unwrap_or_default();
    format!("An error occurred ({code}) when calling the {action} operation: {message}")
}

/// The text of an XML element that holds text only.
fn element(xml: &str, name: &str) -> Option<String> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    quick_xml::escape::unescape(text).ok().map(std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests;
