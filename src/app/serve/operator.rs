//! What the operator of a shared gate asks for over the control socket.

use std::sync::{Arc, OnceLock};

use super::keeper::Keeper;
use super::reaches::{SessionReaches, digest_of};
use crate::app::advise::{Advisor, Asking};
use crate::app::base::{agent_name, person};
use crate::app::surroundings::Environment;
use crate::app::{desk, held, said, trust};
use crate::approvals::{Approvals, Filter, State, View};
use crate::control::protocol::{
    Answer, Changes, ClosedSession, GateKind, Heard, Hold, HookQuestion, ListenerStatus, OpenSession, OpenedSession,
    Saying, SessionStatus, Status,
};
use crate::control::{Asker, Backend, ControlError};
use crate::doors::hook::{self, Agent};
use crate::doors::http::callers::Peer;
use crate::doors::http::listen::Closer;
use crate::enforce::{Gate, Tally};
use crate::memory::Remembered;
use crate::model::{ApprovalId, Posture, Principal, SessionId, Timestamp};
use crate::notify::Spool;
use crate::sandbox::{self, rewrite};
use crate::sessions::{Credentials, OpenSession as Opening, Sessions};

/// A shared gate, for its operator.
#[derive(Debug)]
pub(super) struct Operator {
    pub(super) since: Timestamp,
    pub(super) gate: Arc<Gate>,
    pub(super) sessions: Arc<Sessions>,
    pub(super) approvals: Arc<Approvals>,
    pub(super) notices: Spool,
    pub(super) reaches: Arc<SessionReaches>,
    pub(super) keeper: Arc<Keeper>,
    pub(super) closer: Arc<Closer>,
    pub(super) listeners: Vec<ListenerStatus>,
    pub(super) proxy: std::net::SocketAddr,
    pub(super) ca_pem: String,
    pub(super) log: std::path::PathBuf,
    /// The folder of its configuration.
    pub(super) config: std::path::PathBuf,
    pub(super) draining: Arc<OnceLock<()>>,
    pub(super) advisor: Advisor,
}

fn fault(error: impl std::fmt::Display) -> ControlError {
    ControlError::Fault(error.to_string())
}

impl Operator {
    fn goes_by(&self, config: Option<&std::path::Path>) -> Result<(), ControlError> {
        if config.is_none_or(|config| config == self.config) {
            return Ok(());
        }
        Err(ControlError::Unknown(format!("this gate goes by the configuration in `{}`", self.config.display())))
    }

    /// The session that is proven, or that a process stands behind.
    fn who(&self, credentials: Option<&str>, by: Asker) -> Result<Option<Principal>, ControlError> {
        let proven = credentials.and_then(Credentials::parse);
        let proven = proven.and_then(|credentials| self.sessions.find(&credentials));
        match by {
            Asker::Anybody if proven.is_none() => {
                Err(ControlError::Refused("a session's credentials are needed, as SESSION:TOKEN".to_owned()))
            }
            Asker::Anybody => Ok(proven),
            Asker::Process(process) => {
                let peer = Peer { address: None, uid: None, socket: None, process };
                let behind = || process.and_then(|_| self.reaches.runs.behind(peer));
                Ok(proven.or_else(behind))
            }
        }
    }
}

impl Backend for Operator {
    fn status(&self) -> Status {
        let tally = self.gate.tally();
        let (changes, wrong) = self.keeper.waiting();
        let mut troubles: Vec<String> = wrong.into_iter().collect();
        let unwritable = self.gate.unwritable();
        troubles.extend(unwritable.clone());
        troubles.extend(self.notices.trouble());
        troubles.extend(self.gate.buckets().trouble());
        let mut known = |result: Result<usize, crate::store::StoreError>| {
            result.unwrap_or_else(|error| {
                troubles.push(error.to_string());
                0
            })
        };
        // Each listener keeps a place for whoever comes next.
        let accepting = self.listeners.iter().filter(|one| one.name != "control" && one.name != "api").count();
        let accepting = if self.draining.get().is_some() { 0 } else { accepting };
        let sessions = known(self.sessions.list().map(|sessions| sessions.len()));
        let waiting = Filter { state: Some(State::Pending), ..Filter::default() };
        let approvals = known(self.approvals.list(&waiting).map(|requests| requests.len()));
        Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            kind: GateKind::Shared,
            since: self.since,
            posture: self.gate.posture(),
            revision: self.gate.rules().revision().to_owned(),
            listeners: self.listeners.clone(),
            connections: self.closer.open().saturating_sub(accepting),
            sessions,
            approvals,
            changes,
            troubles,
            unwritable: unwritable.is_some(),
            draining: self.draining.get().is_some(),
            requests: tally.dispositions.clone(),
            rejected: tally.rejected,
            log: self.log.clone(),
        }
    }

    fn open_session(&self, ask: OpenSession, by: Option<u32>) -> Result<OpenedSession, ControlError> {
        self.goes_by(ask.config.as_deref())?;
        let agent = ask.agent.as_deref().map(agent_name);
        let kubeconfigs: Vec<_> =
            ask.kubeconfigs.iter().filter_map(|path| Some((path.clone(), digest_of(path)?))).collect();
        // Of others than `run` the process that asks is not the one that stays.
        let run = by.filter(|pid| ask.until_exit && sandbox::is_run(*pid));
        let opening = Opening {
            agent: agent.clone(),
            person: person(),
            command: agent.clone(),
            pid: run,
            kubeconfigs: kubeconfigs.clone(),
        };
        let paths: Vec<_> = kubeconfigs.into_iter().map(|(path, _)| path).collect();
        let opened = self.sessions.open(opening).map_err(fault)?;
        let credentials = format!("{}:{}", opened.session, opened.token.expose());
        let proxy = format!("http://{credentials}@{}", self.proxy);
        let rewritten = rewrite(&paths, &proxy, &self.ca_pem).map_err(fault)?.unwrap_or_default();
        let mut warnings = rewritten.warnings.clone();
        let principal = Principal { session: opened.session, agent, person: person(), anonymous: false };
        if let Some(pid) = run {
            self.reaches.runs.add(principal.clone(), pid);
        }
        self.gate.memory().declare(opened.session, ask.declared).map_err(fault)?;
        held::opened(self.gate.memory(), self.gate.ledger(), &principal);
        self.reaches.keep(principal, &rewritten.servers, &mut warnings);
        Ok(OpenedSession {
            session: opened.session,
            credentials,
            proxy: self.proxy,
            ca_pem: self.ca_pem.clone(),
            extra_roots_pem: trust::pem(self.reaches.network.extra_roots()),
            kubeconfig: Some(rewritten.text).filter(|text| !text.is_empty()),
            observing: self.gate.posture() == Posture::Observe,
            warnings,
        })
    }

    fn close_session(&self, session: SessionId) -> Result<ClosedSession, ControlError> {
        self.reaches.forget(session);
        if self.sessions.close(session).map_err(fault)? {
            self.approvals.end_session(session).map_err(fault)?;
            Ok(ClosedSession { tally: self.gate.tally_of(session) })
        } else {
            Err(ControlError::Unknown(format!("there is no open session `{session}`")))
        }
    }

    fn quarantine(&self, session: SessionId, hold: Hold) -> Result<Remembered, ControlError> {
        let found = self.sessions.get(session).map_err(fault)?.map(|session| session.principal());
        // Of unnamed sessions and of hooks' only the gate's own tally knows.
        let unnamed = || Principal { session, agent: None, person: None, anonymous: true };
        let seen = || (self.gate.tally_of(session) != Tally::default()).then(unnamed);
        let principal = found.or_else(seen);
        let unknown = || ControlError::Unknown(format!("there is no session `{session}`"));
        held::hold(self.gate.memory(), self.gate.ledger(), principal.ok_or_else(unknown)?, &hold)
    }

    fn sessions(&self) -> Result<Vec<SessionStatus>, ControlError> {
        let told = |one: crate::sessions::Session| SessionStatus {
            session: one.id,
            agent: one.agent,
            person: one.person,
            since: one.opened_at,
            remembered: self.gate.memory().of(one.id),
        };
        Ok(self.sessions.list().map_err(fault)?.into_iter().map(told).collect())
    }

    fn approvals(&self, filter: &Filter) -> Result<Vec<View>, ControlError> {
        desk::list(&self.approvals, filter)
    }

    fn approval(&self, id: ApprovalId) -> Result<View, ControlError> {
        desk::show(&self.approvals, id)
    }

    fn refused(&self, id: ApprovalId, why: &str) {
        self.approvals.refused(id, None, why);
    }

    fn answer(&self, id: ApprovalId, answer: Answer) -> Result<View, ControlError> {
        desk::answer(&self.approvals, id, &answer)
    }

    fn hook(&self, agent: Agent, question: HookQuestion, by: Asker) -> Result<hook::Answer, ControlError> {
        self.goes_by(question.config.as_deref())?;
        let principal = self.who(question.credentials.as_deref(), by)?;
        let environment = match by {
            Asker::Anybody | Asker::Process(None) => Environment::Unknown,
            Asker::Process(Some(process)) => Environment::Of(process),
        };
        Ok(self.advisor.answer(agent, &question.input, Asking { principal, environment }))
    }

    fn hear(&self, saying: Saying, by: Asker) -> Result<Heard, ControlError> {
        self.goes_by(saying.config.as_deref())?;
        let session = match (self.who(saying.credentials.as_deref(), by)?, saying.decision) {
            (Some(principal), _) => principal.session,
            (None, Some(decision)) => said::hooked(&self.log, decision)?,
            (None, None) => return Err(said::nobody()),
        };
        said::hear(&self.approvals, session, &saying.said)
    }

    fn changes(&self) -> Result<Changes, ControlError> {
        Ok(self.keeper.changes())
    }

    fn accept(&self, revision: &str) -> Result<Changes, ControlError> {
        self.keeper.accept(revision)
    }
}
