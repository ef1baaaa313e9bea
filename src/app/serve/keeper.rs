//! Keeps what the gate goes by: what the operator accepted, and what has only been tightened since.
//!
//! What was accepted stands in the state folder, so that a restart takes up nothing that waits.

use std::fs;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use sha2::{Digest, Sha256};

use crate::app::base::{StartError, person};
use crate::app::changes::{ChangeKind, Outlook, compare};
use crate::app::files::{LoadError, Loaded, Places};
use crate::app::setup::{Setup, Texts};
use crate::config::Config;
use crate::control::ControlError;
use crate::control::protocol::{Changes, FileChange};
use crate::enforce::Gate;
use crate::record::{ConfigurationEntry, ConfigurationStep, Entry, Ledger};

/// What was accepted, in the state folder.
const ACCEPTED: &str = "accepted";

/// See the module.
#[derive(Debug)]
pub(super) struct Keeper {
    places: Places,
    serving: OnceLock<Serving>,
    /// What needs a restart to change.
    started: Config,
    /// Nothing had been accepted before: what stands in the folder counts.
    is_first: bool,
    /// The operator said at the start that it does.
    accept: bool,
    now: Mutex<Now>,
}

/// The gate that goes by it.
#[derive(Debug)]
struct Serving {
    gate: Arc<Gate>,
    ledger: Ledger,
}

#[derive(Debug)]
struct Now {
    accepted: Texts,
    /// What stood in the folder when it was last looked at.
    found: Texts,
    outlook: Outlook,
    /// Why what stands in the folder cannot be used.
    wrong: Option<String>,
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
        let kept = kept(&places).filter(|_| !accept);
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
        let now = Mutex::new(Now { accepted, found, outlook, wrong });
        let keeper = Self { places: places.clone(), serving: OnceLock::new(), is_first, accept, started, now };
        Ok((keeper, Loaded { places, setup }))
    }

    /// From now on changes are taken up by this gate, and stand in its log.
    ///
    /// # Errors
    /// What counts as accepted cannot be kept.
    pub(super) fn serve(&self, gate: Arc<Gate>, ledger: Ledger) -> Result<(), StartError> {
        let mut now = self.lock();
        // What only tightens is what was accepted from now on.
        let tightened = now.outlook.effective != now.accepted && now.outlook.effective.check().is_ok();
        if tightened {
            now.accepted = now.outlook.effective.clone();
        }
        if tightened || self.is_first {
            keep(&self.places, &now.accepted)?;
        }
        let _ = self.serving.set(Serving { gate, ledger });
        // It may have loosened anything, so the log says who did it.
        if self.accept {
            let before = (String::new(), self.rules());
            self.tell(&now, ConfigurationStep::Accepted, Some(operator()), before);
        }
        Ok(())
    }

    /// Looks at the folder again, and takes up what only tightens.
    pub(super) fn look(&self) {
        let mut now = self.lock();
        let found = match read(&self.places) {
            Ok(found) => found,
            Err(error) => {
                let why = error.to_string();
                if now.wrong.as_deref() != Some(&*why) {
                    now.wrong = Some(why);
                    let (revision, rules) = (now.found.revision(), self.rules());
                    self.tell(&now, ConfigurationStep::Wrong, None, (revision, rules));
                }
                return;
            }
        };
        if found == now.found && now.wrong.is_none() {
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
            self.tell(&now, step, None, before);
        }
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
    fn tell(&self, now: &Now, step: ConfigurationStep, by: Option<String>, before: (String, String)) {
        let Some(Serving { gate, ledger }) = self.serving.get() else { return };
        let files = now.outlook.changes.iter().map(|change| format!("{} {}", change.file, word(change.kind)));
        let entry = ConfigurationEntry {
            id: now.found.revision(),
            at: gate.clock().now(),
            step,
            by,
            files: files.collect(),
            before: before.0,
            rules_before: before.1,
            rules_after: self.rules(),
            posture: gate.posture(),
            why: now.wrong.clone(),
        };
        ledger.note(&Entry::Configuration(Box::new(entry)));
    }

    /// Which set of rules counts.
    fn rules(&self) -> String {
        self.serving.get().map(|serving| serving.gate.rules().revision().to_owned()).unwrap_or_default()
    }

    /// What differs.
    pub(super) fn changes(&self) -> Changes {
        self.look();
        self.said(&self.lock())
    }

    /// How many files wait, and what is wrong with them, as it was last seen.
    pub(super) fn waiting(&self) -> (usize, Option<String>) {
        let now = self.lock();
        (now.outlook.changes.iter().filter(|change| !change.taken).count(), now.wrong.clone())
    }

    /// Goes by the folder as it stands, if it is still what was seen.
    pub(super) fn accept(&self, revision: &str) -> Result<Changes, ControlError> {
        self.look();
        let mut now = self.lock();
        if now.found.revision() != revision {
            let why = format!(
                "the configuration is not what `{revision}` names any more; look at it again with `blastgate changes`"
            );
            return Err(ControlError::Refused(why));
        }
        let setup = now.found.check().map_err(|error| ControlError::Refused(error.to_string()))?;
        keep(&self.places, &now.found).map_err(|error| ControlError::Fault(error.to_string()))?;
        let before = (now.accepted.revision(), self.rules());
        self.take_up(setup);
        now.wrong = None;
        self.tell(&now, ConfigurationStep::Accepted, Some(operator()), before);
        now.accepted = now.found.clone();
        now.outlook = compare(&now.accepted, &now.found);
        Ok(self.said(&now))
    }

    fn take_up(&self, setup: Setup) {
        if let Some(Serving { gate, .. }) = self.serving.get() {
            gate.replace(Arc::new(setup.rules), setup.inventory, setup.people, setup.config.posture);
        }
    }

    fn said(&self, now: &Now) -> Changes {
        let file = |change: &crate::app::changes::Change| FileChange {
            file: change.file.clone(),
            kind: word(change.kind).to_owned(),
            taken: change.taken && now.wrong.is_none(),
            lines: change.lines.iter().map(|line| crate::record::redact::mask(line).into_owned()).collect(),
        };
        let config = now.found.check().ok().map(|setup| setup.config);
        let needs_restart = config.is_some_and(|config| {
            let posture = config.posture;
            config != Config { posture, ..self.started.clone() }
        });
        Changes {
            revision: now.found.revision(),
            files: now.outlook.changes.iter().map(file).collect(),
            wrong: now.wrong.clone(),
            needs_restart,
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Who says so: the gate's own user.
fn operator() -> String {
    person().unwrap_or_else(|| "operator".to_owned())
}

const fn word(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Added => "added",
        ChangeKind::Removed => "removed",
        ChangeKind::Changed => "changed",
    }
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

/// What was accepted of this folder. Something else in that file counts as nothing accepted.
fn kept(places: &Places) -> Option<Texts> {
    let text = fs::read(path(places)).ok()?;
    let (folder, texts): (PathBuf, Texts) = serde_json::from_slice(&text).ok()?;
    (folder == places.config).then_some(texts)
}

fn keep(places: &Places, texts: &Texts) -> Result<(), StartError> {
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
