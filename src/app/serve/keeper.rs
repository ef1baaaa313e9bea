//! Keeps what the gate goes by: what the operator accepted, and what has only been tightened since.
//!
//! What was accepted stands in the state folder, so that a restart takes up nothing that waits.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::app::base::StartError;
use crate::app::changes::{ChangeKind, Outlook, compare};
use crate::app::files::{LoadError, Loaded, Places};
use crate::app::setup::{Setup, Texts};
use crate::config::Config;
use crate::control::ControlError;
use crate::control::protocol::{Changes, FileChange};
use crate::enforce::Gate;

/// What was accepted, in the state folder.
const ACCEPTED: &str = "accepted.json";

/// See the module.
#[derive(Debug)]
pub(super) struct Keeper {
    places: Places,
    gate: Mutex<Option<Arc<Gate>>>,
    /// What needs a restart to change.
    started: Config,
    now: Mutex<Now>,
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
    pub(super) fn begin(mut places: Places) -> Result<(Self, Loaded), StartError> {
        let load = |error| StartError::Load(LoadError::Wrong(error));
        let found = read(&places).map_err(load)?;
        let setup = found.check();
        // The state folder is where the folder's own configuration says, accepted or not: there lies what was accepted.
        if let Some(state) = setup.as_ref().ok().and_then(|setup| setup.config.state.clone()) {
            places.state = places.config.join(state);
        }
        let kept = kept(&places);
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
        if kept.is_none() {
            keep(&places, &accepted)?;
        }
        let started = setup.config.clone();
        let now = Mutex::new(Now { accepted, found, outlook, wrong });
        let keeper = Self { places: places.clone(), gate: Mutex::new(None), started, now };
        Ok((keeper, Loaded { places, setup }))
    }

    /// From now on changes are taken up by this gate.
    pub(super) fn serve(&self, gate: Arc<Gate>) {
        *self.gate.lock().unwrap_or_else(PoisonError::into_inner) = Some(gate);
    }

    /// Looks at the folder again, and takes up what only tightens.
    pub(super) fn look(&self) {
        let mut now = self.lock();
        let found = match read(&self.places) {
            Ok(found) => found,
            Err(error) => return now.wrong = Some(error.to_string()),
        };
        if found == now.found && now.wrong.is_none() {
            return;
        }
        let outlook = compare(&now.accepted, &found);
        match outlook.effective.check() {
            Ok(setup) => {
                if outlook.effective != now.outlook.effective {
                    self.take_up(setup);
                }
                now.wrong = setup_error(&found);
                now.outlook = outlook;
            }
            // What has been in force stays in force, and what changed is told.
            Err(error) => {
                now.wrong = Some(error.to_string());
                now.outlook = Outlook { effective: now.outlook.effective.clone(), changes: outlook.changes };
            }
        }
        now.found = found;
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
        self.take_up(setup);
        now.accepted = now.found.clone();
        now.outlook = compare(&now.accepted, &now.found);
        now.wrong = None;
        Ok(self.said(&now))
    }

    fn take_up(&self, setup: Setup) {
        if let Some(gate) = self.gate.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
            gate.replace(Arc::new(setup.rules), setup.inventory, setup.config.posture);
        }
    }

    fn said(&self, now: &Now) -> Changes {
        let file = |change: &crate::app::changes::Change| FileChange {
            file: change.file.clone(),
            kind: match change.kind {
                ChangeKind::Added => "added",
                ChangeKind::Removed => "removed",
                ChangeKind::Changed => "changed",
            }
            .to_owned(),
            taken: change.taken && now.wrong.is_none(),
            lines: change.lines.clone(),
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

fn read(places: &Places) -> Result<Texts, crate::config::Diagnostics> {
    if places.named || places.config.exists() { Texts::read(&places.file) } else { Ok(Texts::default()) }
}

fn setup_error(found: &Texts) -> Option<String> {
    found.check().err().map(|error| error.to_string())
}

fn path(places: &Places) -> PathBuf {
    places.state.join(ACCEPTED)
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
