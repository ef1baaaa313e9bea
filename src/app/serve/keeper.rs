//! Keeps what the gate goes by: what the operator accepted, and what has only been tightened since.
//!
//! What was accepted stands in the state folder, so that a restart takes up nothing that waits.

use std::fs;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use sha2::{Digest, Sha256};

use crate::app::base::{StartError, person};
use crate::app::changes::{Outlook, compare};
use crate::app::files::{LoadError, Loaded, Places};
use crate::app::setup::{Setup, Texts};
use crate::approvals::Approvals;
use crate::config::Config;
use crate::enforce::Gate;
use crate::model::ApprovalId;
use crate::record::{ConfigurationEntry, ConfigurationStep, Entry, Ground, Ledger};

/// What was accepted, in the state folder.
const ACCEPTED: &str = "accepted";

/// See the module.
#[derive(Debug)]
pub(super) struct Keeper {
    pub(super) places: Places,
    pub(super) serving: OnceLock<Serving>,
    /// What needs a restart to change.
    pub(super) started: Config,
    /// Nothing had been accepted before: what stands in the folder counts.
    is_first: bool,
    /// The operator said at the start that it does.
    accept: bool,
    now: Mutex<Now>,
}

/// The gate that goes by it.
#[derive(Debug)]
pub(super) struct Serving {
    pub(super) gate: Arc<Gate>,
    pub(super) ledger: Ledger,
    pub(super) approvals: Arc<Approvals>,
}

#[derive(Debug)]
pub(super) struct Now {
    pub(super) accepted: Texts,
    /// What stood in the folder when it was last looked at.
    pub(super) found: Texts,
    pub(super) outlook: Outlook,
    /// Why what stands in the folder cannot be used.
    pub(super) wrong: Option<String>,
    /// Whether people are asked about what waits.
    pub(super) asked: Asked,
}

/// Whether people are asked about a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// The state has not been looked at since the start.
    Unknown,
    /// They are not.
    Nobody,
    /// By this request.
    By(ApprovalId),
}

/// What is told of a step.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) step: ConfigurationStep,
    pub(super) by: Option<String>,
    pub(super) ground: Option<Ground>,
}

impl Told {
    const fn step(step: ConfigurationStep) -> Self {
        Self { step, by: None, ground: None }
    }
}

impl Keeper {
    /// Reads the folder and what was accepted of it.
    ///
    /// # Errors
    /// What was accepted does not load any more, or there is nothing accepted and the folder does not load.
    pub(super) fn begin(mut places: Places, accept: bool) -> Result<(Self, Loaded), StartError> {
        let load = |error| StartError::Load(LoadError::Wrong(error));
        let found = read(&places).map_err(load)?;
        // The state folder is where the folder's own configuration says, accepted or not: there lies what was accepted. The
        // rest of the folder may be wrong just now.
        let config = found.config.as_ref().and_then(|text| Config::parse(&text.file, &text.text).ok());
        if let Some(state) = config.and_then(|config| config.state) {
            places.state = places.config.join(state);
        }
        let known = kept(&places);
        if let Some(known) = known.as_ref().filter(|_| accept) {
            may_accept(known, &found)?;
        }
        let kept = known.filter(|_| !accept);
        if kept.is_none() && !accept && has_served(&places) {
            return Err(unknown_baseline(&places));
        }
        let accepted = match &kept {
            Some(accepted) => accepted.clone(),
            None => found.clone(),
        };
        let outlook = compare(&accepted, &found);
        let (setup, wrong) = match outlook.effective.check() {
            Ok(setup) => (setup, setup_error(&found)),
            // What was added does not load together with the rest: the rest goes on.
            Err(error) if kept.is_some() => (accepted.check().map_err(load)?, Some(error.to_string())),
            Err(error) => return Err(load(error)),
        };
        let started = setup.config.clone();
        let is_first = kept.is_none();
        let now = Mutex::new(Now { accepted, found, outlook, wrong, asked: Asked::Unknown });
        let keeper = Self { places: places.clone(), serving: OnceLock::new(), is_first, accept, started, now };
        Ok((keeper, Loaded { places, setup }))
    }

    /// From now on changes are taken up by this gate, and stand in its log.
    ///
    /// # Errors
    /// What counts as accepted cannot be kept.
    pub(super) fn serve(&self, serving: Serving) -> Result<(), StartError> {
        let mut now = self.lock();
        // What only tightens is what was accepted from now on.
        let tightened = now.outlook.effective != now.accepted && now.outlook.effective.check().is_ok();
        if tightened {
            now.accepted = now.outlook.effective.clone();
        }
        if tightened || self.is_first {
            keep(&self.places, &now.accepted)?;
        }
        let _ = self.serving.set(serving);
        // A start may have loosened anything: the log says on what ground, and how strict the gate is now.
        let told = match (self.accept, self.is_first) {
            (true, _) => Told { step: ConfigurationStep::Accepted, by: Some(operator()), ground: Some(Ground::Start) },
            (false, true) => {
                Told { step: ConfigurationStep::Started, by: Some(operator()), ground: Some(Ground::First) }
            }
            (false, false) => Told::step(ConfigurationStep::Started),
        };
        let before = if self.is_first { String::new() } else { now.accepted.revision() };
        self.tell(&now, told, (before, self.rules()));
        Ok(())
    }

    /// Looks at the folder again, and takes up what only tightens, and what people have approved.
    pub(super) fn look(&self) {
        let mut now = self.lock();
        let found = match read(&self.places) {
            Ok(found) => found,
            Err(error) => {
                let why = error.to_string();
                if now.wrong.as_deref() != Some(&*why) {
                    now.wrong = Some(why);
                    let (revision, rules) = (now.found.revision(), self.rules());
                    self.tell(&now, Told::step(ConfigurationStep::Wrong), (revision, rules));
                }
                return;
            }
        };
        if found == now.found && now.wrong.is_none() {
            self.settle(&mut now);
            return;
        }
        let before = (now.found.revision(), self.rules());
        let is_new = found != now.found;
        let outlook = compare(&now.accepted, &found);
        let is_taken = outlook.effective != now.outlook.effective;
        match outlook.effective.check() {
            Ok(setup) => {
                if is_taken {
                    self.take_up(setup);
                }
                now.wrong = setup_error(&found);
                self.ratchet(&mut now, &outlook);
                now.outlook = outlook;
            }
            // What has been in force stays in force, and what changed is told.
            Err(error) => {
                now.wrong = Some(error.to_string());
                now.outlook = Outlook { effective: now.outlook.effective.clone(), changes: outlook.changes };
            }
        }
        now.found = found;
        if is_new {
            let step = match &now.wrong {
                Some(_) => ConfigurationStep::Wrong,
                None if now.outlook.is_pending() => ConfigurationStep::Waiting,
                None => ConfigurationStep::TakenUp,
            };
            self.tell(&now, Told::step(step), before);
        }
        self.settle(&mut now);
    }

    /// What only tightens is what was accepted from now on: taking it back would loosen, and waits.
    fn ratchet(&self, now: &mut Now, outlook: &Outlook) {
        if outlook.effective == now.accepted {
            return;
        }
        match keep(&self.places, &outlook.effective) {
            Ok(()) => now.accepted = outlook.effective.clone(),
            // It is in force; that a restart would not know it is told.
            Err(error) => now.wrong = Some(error.to_string()),
        }
    }

    /// The log says what became of a change. `before`: the folder's content and the rules.
    pub(super) fn tell(&self, now: &Now, told: Told, before: (String, String)) {
        let Some(Serving { gate, ledger, .. }) = self.serving.get() else { return };
        let files = now.outlook.changes.iter().map(|change| format!("{} {}", change.file, change.kind));
        let entry = ConfigurationEntry {
            id: now.found.revision(),
            at: gate.clock().now(),
            step: told.step,
            by: told.by,
            files: files.collect(),
            before: before.0,
            rules_before: before.1,
            rules_after: self.rules(),
            posture: gate.posture(),
            why: now.wrong.clone(),
            ground: told.ground,
        };
        ledger.note(&Entry::Configuration(Box::new(entry)));
    }

    /// Which set of rules counts.
    pub(super) fn rules(&self) -> String {
        self.serving.get().map(|serving| serving.gate.rules().revision().to_owned()).unwrap_or_default()
    }

    /// How many files wait, and what is wrong with them, as it was last seen.
    pub(super) fn waiting(&self) -> (usize, Option<String>) {
        let now = self.lock();
        (now.outlook.changes.iter().filter(|change| !change.taken).count(), now.wrong.clone())
    }

    pub(super) fn take_up(&self, setup: Setup) {
        if let Some(Serving { gate, .. }) = self.serving.get() {
            gate.replace(Arc::new(setup.rules), setup.inventory, setup.people, setup.config.posture);
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Who says so: the gate's own user.
pub(super) fn operator() -> String {
    person().unwrap_or_else(|| "operator".to_owned())
}

fn read(places: &Places) -> Result<Texts, crate::config::Diagnostics> {
    if places.named || places.config.exists() { Texts::read(&places.file) } else { Ok(Texts::default()) }
}

fn setup_error(found: &Texts) -> Option<String> {
    found.check().err().map(|error| error.to_string())
}

/// One file for each configuration folder: gates that take turns on a state folder do not forget for each other.
fn path(places: &Places) -> PathBuf {
    let digest = Sha256::digest(places.config.as_os_str().as_bytes());
    let name = data_encoding::HEXLOWER.encode(digest.get(..8).unwrap_or_default());
    places.state.join(format!("{ACCEPTED}-{name}.json"))
}

/// Whether a shared gate has kept its log in this state folder before.
fn has_served(places: &Places) -> bool {
    let logs = fs::read_dir(places.log()).into_iter().flatten().flatten();
    logs.into_iter().any(|entry| entry.file_name().as_encoded_bytes().starts_with(b"g_"))
}

/// A gate that went by something has run here, and what it was is not known: whoever removed it, or came with another
/// folder, may have loosened everything.
fn unknown_baseline(places: &Places) -> StartError {
    StartError::Running(format!(
        "a shared gate has run with the state in `{}`, and what was accepted of the configuration in `{}` is not known \
         there; look at it, then start once with `blastgate serve --accept`",
        places.state.display(),
        places.config.display()
    ))
}

/// SECURITY: a start is no way around people. Where what was accepted lists keys, what waits is theirs to approve; only what
/// does not load any more may be replaced by the operator alone.
fn may_accept(accepted: &Texts, found: &Texts) -> Result<(), StartError> {
    let signs = accepted.check().is_ok_and(|setup| setup.people.has_keys());
    if signs && compare(accepted, found).is_pending() {
        return Err(StartError::Running(
            "the people.yaml that was accepted lists keys, so `--accept` is not the operator's alone: start without it, then \
             `blastgate changes accept` asks these people"
                .to_owned(),
        ));
    }
    Ok(())
}

/// What was accepted of this folder. Something else in that file counts as nothing accepted.
fn kept(places: &Places) -> Option<Texts> {
    let text = fs::read(path(places)).ok()?;
    let (folder, texts): (PathBuf, Texts) = serde_json::from_slice(&text).ok()?;
    (folder == places.config).then_some(texts)
}

pub(super) fn keep(places: &Places, texts: &Texts) -> Result<(), StartError> {
    let io = |source| StartError::Io { doing: "keep what was accepted of the configuration", source };
    let written = |path: &Path| -> std::io::Result<()> {
        fs::create_dir_all(&places.state)?;
        let fresh = path.with_extension("new");
        let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
        serde_json::to_writer(&mut file, &(&places.config, texts))?;
        file.flush()?;
        file.sync_all()?;
        fs::rename(fresh, path)
    };
    written(&path(places)).map_err(io)
}
