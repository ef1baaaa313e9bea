//! What waits is accepted: by people where `people.yaml` lists keys, else by the operator's word.
//!
//! SECURITY: whose answers count, and how many, is what was *accepted* before; a change has no say about itself. What is
//! taken up is the very content that the request was bound to, with the approval used up first: a crash in between leaves
//! a used approval and the old configuration.

use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt as _;

use super::keeper::{Asked, Keeper, Now, Serving, Told, keep, operator};
use crate::app::base::login;
use crate::app::changes::{self, Change, compare};
use crate::app::setup::Setup;
use crate::approvals::{Adoption, Answer, Proposal, Question, Request, State};
use crate::config::Config;
use crate::control::ControlError;
use crate::control::protocol::{Changes, FileChange};
use crate::model::ApprovalId;
use crate::record::{ConfigurationStep, Ground};

fn fault(error: impl std::fmt::Display) -> ControlError {
    ControlError::Fault(error.to_string())
}

impl Keeper {
    /// What differs.
    pub(super) fn changes(&self) -> Changes {
        self.look();
        let now = self.lock();
        let open = match now.asked {
            Asked::By(id) => Some(id),
            Asked::Unknown | Asked::Nobody => None,
        };
        self.said(&now, open)
    }

    /// Goes by the folder as it stands, if it is still what was seen: at once where nobody signs, else when people have
    /// approved it.
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
        if !now.outlook.is_pending() {
            // Nothing waits; people may have approved it since it was shown.
            return Ok(self.said(&now, None));
        }
        let Some((serving, question)) = self.serving.get().zip(self.question(&now)) else {
            self.go_by(&mut now, setup, (Some(operator()), Ground::Operator)).map_err(fault)?;
            return Ok(self.said(&now, None));
        };
        match serving.approvals.propose(&question).map_err(fault)? {
            Answer::Denied(request) => Err(ControlError::Refused(denied(&request))),
            Answer::Approved(request) | Answer::Waiting(request) => {
                now.asked = Asked::By(request.id);
                self.settle(&mut now);
                Ok(self.said(&now, Some(request.id)))
            }
            other => Err(fault(format!("the request was not opened: {other:?}"))),
        }
    }

    /// Takes up what waits when people have approved it. What they were asked about other content is void.
    pub(super) fn settle(&self, now: &mut Now) {
        let Some(serving) = self.serving.get().filter(|_| now.asked != Asked::Nobody) else { return };
        let Some((question, setup)) = self.question(now).zip(now.found.check().ok()) else {
            // What cannot be noted now is void at the next question all the same.
            let _ = serving.approvals.forgo(&self.folder());
            now.asked = Asked::Nobody;
            return;
        };
        match serving.approvals.adopt(&question) {
            Ok(Adoption::Due(request)) => {
                now.asked = Asked::Nobody;
                let voters = serving.approvals.count(&request).voters;
                let ground = Ground::Approval { id: request.id, voters };
                if let Err(error) = self.go_by(now, setup, (None, ground)) {
                    now.wrong = Some(error);
                }
            }
            Ok(Adoption::Waiting(id)) => now.asked = Asked::By(id),
            Ok(Adoption::Unasked) => now.asked = Asked::Nobody,
            // Looked at again.
            Err(_) => {}
        }
    }

    /// From now on what stands in the folder counts.
    fn go_by(&self, now: &mut Now, setup: Setup, (by, ground): (Option<String>, Ground)) -> Result<(), String> {
        keep(&self.places, &now.found).map_err(|error| error.to_string())?;
        let before = (now.accepted.revision(), self.rules());
        self.take_up(setup);
        now.wrong = None;
        self.tell(now, Told { step: ConfigurationStep::Accepted, by, ground: Some(ground) }, before);
        now.accepted = now.found.clone();
        now.outlook = compare(&now.accepted, &now.found);
        Ok(())
    }

    /// What people are asked about what waits; `None` where nothing waits that loads, or nobody signs.
    fn question(&self, now: &Now) -> Option<Question> {
        let Serving { approvals, .. } = self.serving.get()?;
        if !approvals.signs() || !now.outlook.is_pending() || now.wrong.is_some() {
            return None;
        }
        let asks = match &now.accepted.config {
            Some(text) => Config::parse(&text.file, &text.text).ok().map(|config| config.approvals.changes),
            None => None,
        };
        Some(Question::of_change(Proposal {
            folder: self.folder(),
            before: (now.accepted.revision(), now.accepted.digest()),
            after: (now.found.revision(), now.found.digest()),
            authors: authors(&now.outlook.changes),
            shown: changes::shown(&now.accepted, &now.found, &now.outlook.changes),
            asks: asks.unwrap_or_else(|| self.started.approvals.changes.clone()),
        }))
    }

    fn folder(&self) -> String {
        self.places.config.display().to_string()
    }

    fn said(&self, now: &Now, asked: Option<ApprovalId>) -> Changes {
        let file = |change: &Change| FileChange {
            file: change.file.clone(),
            kind: change.kind.to_string(),
            taken: change.taken && now.wrong.is_none(),
            lines: change.lines.iter().map(|line| crate::record::redact::mask(line).into_owned()).collect(),
        };
        let config = now.found.check().ok().map(|setup| setup.config);
        let needs_restart = config.is_some_and(|config| {
            let posture = config.posture;
            config != Config { posture, ..self.started.clone() }
        });
        let approvals = self.serving.get().map(|serving| &serving.approvals);
        let request = asked.zip(approvals).and_then(|(id, approvals)| approvals.show(id).ok().flatten());
        let pending = request.as_ref().filter(|request| request.state == State::Pending);
        Changes {
            revision: now.found.revision(),
            files: now.outlook.changes.iter().map(file).collect(),
            wrong: now.wrong.clone(),
            needs_restart,
            able: pending.zip(approvals).map(|(request, approvals)| approvals.able(request)).unwrap_or_default(),
            approval: request.zip(approvals).map(|(request, approvals)| Box::new(approvals.view(&request))),
        }
    }
}

/// Who wrote what waits: the owners of its files, where these are people's logins; else whoever has it accepted.
fn authors(changes: &[Change]) -> BTreeSet<String> {
    let owner = |change: &Change| {
        let uid = std::fs::symlink_metadata(&change.file).ok()?.uid();
        // The superuser writes for others.
        login(uid).filter(|_| uid != 0)
    };
    let waiting = changes.iter().filter(|change| !change.taken);
    waiting.map(|change| owner(change).unwrap_or_else(operator)).collect()
}

fn denied(request: &Request) -> String {
    let (who, why) = match request.refusal() {
        Some(vote) => (vote.voter.as_str(), vote.reason.as_deref().unwrap_or("no reason given")),
        None => ("somebody", "no reason given"),
    };
    format!(
        "`{}`: {who} said no ({why}); until {} these very files are not asked about again",
        request.id, request.until.at
    )
}
